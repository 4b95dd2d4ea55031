/* Its weir_plugin claims to have two gigabytes. */
#define ZOO_PLUGIN_SIZE 0x7fffffff
#include "zoo.h"
