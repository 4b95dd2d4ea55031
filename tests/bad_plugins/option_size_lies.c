/* Its option_size is not that of a weir_option. */
#include "weir/abi.h"
static const weir_option options[] = {{"limit", "int", "1", "A limit.", 0, 0, 0, 0}, {0}};
#define ZOO_OPTIONS options
#define ZOO_OPTION_SIZE 8
#include "zoo.h"
