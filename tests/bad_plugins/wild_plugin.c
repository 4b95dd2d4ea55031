/* weir_plugin_v1() returns a pointer into nowhere. */
#define ZOO_RETURN ((const weir_plugin*)0x10)
#include "zoo.h"
