/* Linked with -z execstack: loading it would make the stacks of the whole process executable. */
#include "zoo.h"
