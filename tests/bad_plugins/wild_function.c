/* Its process() points to data. */
#include "weir/abi.h"
static const char data[64] = "not code";
#define ZOO_PROCESS (weir_code(*)(void*, weir_context*, const weir_batch*))(void*) data
#include "zoo.h"
