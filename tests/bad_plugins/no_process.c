/* An operator without process(). */
#define ZOO_PROCESS NULL
#include "zoo.h"
