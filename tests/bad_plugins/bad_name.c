/* Its name would lead out of every directory. */
#define ZOO_PLUGIN_NAME "../etc"
#include "zoo.h"
