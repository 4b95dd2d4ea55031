/* An operator of an unknown kind. */
#define ZOO_KIND 99
#include "zoo.h"
