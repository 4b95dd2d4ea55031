/* Its version is not a semantic version. */
#define ZOO_VERSION "v1"
#include "zoo.h"
