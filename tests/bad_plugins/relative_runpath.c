/* Searches its libraries in a directory relative to where weir was started. */
#include "zoo.h"
