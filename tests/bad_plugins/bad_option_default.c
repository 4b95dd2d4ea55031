/* An option whose default is not of its own type. */
#include "weir/abi.h"
static const weir_option options[] = {{"limit", "int", "\"many\"", "A limit.", 0, 0, 0, 0}, {0}};
#define ZOO_OPTIONS options
#include "zoo.h"
