/* process() writes to address 0. */
#include "weir/abi.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  (void)s, (void)c, (void)b;
  *(volatile int*)0 = 1;
  return WEIR_OK;
}
#define ZOO_PROCESS process
#include "zoo.h"
