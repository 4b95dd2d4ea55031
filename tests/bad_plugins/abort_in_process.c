/* process() aborts. */
#include <stdlib.h>

#include "weir/abi.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  (void)s, (void)c, (void)b;
  abort();
}
#define ZOO_PROCESS process
#include "zoo.h"
