/* An operator with unknown flags. */
#define ZOO_FLAGS 0x40000000u
#include "zoo.h"
