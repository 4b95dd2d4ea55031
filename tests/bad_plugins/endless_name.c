/* Its name is no terminated text. */
static const char endless[4096] = {[0 ... 4095] = 'a'};
#define ZOO_PLUGIN_NAME endless
#include "zoo.h"
