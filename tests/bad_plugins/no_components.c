/* Offers nothing. */
#define ZOO_OPERATORS NULL
#include "zoo.h"
