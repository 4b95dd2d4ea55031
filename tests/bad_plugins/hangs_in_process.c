/* process() never returns. */
#include <unistd.h>

#include "weir/abi.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  (void)s, (void)c, (void)b;
  for (;;) pause();
}
#define ZOO_PROCESS process
#include "zoo.h"
