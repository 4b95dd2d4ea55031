/* An operator with no input. */
#define ZOO_INPUTS 0
#include "zoo.h"
