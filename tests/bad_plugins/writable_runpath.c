/* Searches its libraries in a directory that anybody can make. */
#include "zoo.h"
