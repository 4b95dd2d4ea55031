/* An option of a type that there is not. */
#include "weir/abi.h"
static const weir_option options[] = {{"limit", "number", "1", "A limit.", 0, 0, 0, 0}, {0}};
#define ZOO_OPTIONS options
#include "zoo.h"
