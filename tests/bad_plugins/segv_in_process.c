/* process() writes to address 0. */
#include "weir/abi.h"
static int* volatile nowhere = 0; /* volatile: or a compiler that sees the null may leave the write out */
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  (void)s, (void)c, (void)b;
  *nowhere = 1;
  return WEIR_OK;
}
#define ZOO_PROCESS process
#include "zoo.h"
