/* A table of options inside itself. */
#include "weir/abi.h"
static const weir_option options[] = {{"again", "table", 0, "Itself.", 0, options, 0, 0}, {0}};
#define ZOO_OPTIONS options
#include "zoo.h"
