/* Built for a newer minor version of the ABI than this host speaks. */
#define ZOO_ABI_MINOR (WEIR_ABI_MINOR + 2)
#include "zoo.h"
