/* weir_plugin_v1() returns null. */
#define ZOO_RETURN NULL
#include "zoo.h"
