/* A sink that declares an output. */
#define ZOO_KIND WEIR_KIND_SINK
#include "zoo.h"
