/* A component with a name that no pipeline can say. */
#define ZOO_TYPE "Bad.Name"
#include "zoo.h"
