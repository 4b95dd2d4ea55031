/* Linked with -z nodelete: never unloaded. Loads, with a warning. */
#include "zoo.h"
