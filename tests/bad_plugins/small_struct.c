/* Its weir_plugin is smaller than the first version of the contract. */
#define ZOO_PLUGIN_SIZE 24
#include "zoo.h"
