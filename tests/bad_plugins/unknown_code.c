/* process() returns a code that is no answer. */
#include "weir/abi.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) { return (void)s, (void)c, (void)b, 12345; }
#define ZOO_PROCESS process
#include "zoo.h"
