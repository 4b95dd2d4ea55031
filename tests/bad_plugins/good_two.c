/* Has no defect either: another content, and another version of the same plugin `good`. */
#define ZOO_PLUGIN_NAME "good"
#define ZOO_VERSION "1.3.0"
#include "zoo.h"
