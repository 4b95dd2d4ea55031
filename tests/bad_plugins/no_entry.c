/* A shared library that is no weir plugin: it does not export weir_plugin_v1. */
#define ZOO_NO_ENTRY
#include "zoo.h"
