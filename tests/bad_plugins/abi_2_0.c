/* Built for another major version of the ABI. */
#define ZOO_ABI_MAJOR 2
#define ZOO_ABI_MINOR 0
#include "zoo.h"
