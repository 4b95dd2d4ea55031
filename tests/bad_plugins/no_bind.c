/* An operator without bind(). */
#define ZOO_BIND NULL
#include "zoo.h"
