/* An option whose text is nowhere. */
#include "weir/abi.h"
static const weir_option options[] = {{"limit", "int", (const char*)0x20, "A limit.", 0, 0, 0, 0}, {0}};
#define ZOO_OPTIONS options
#include "zoo.h"
