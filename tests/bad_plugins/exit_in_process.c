/* process() ends the process with exit code 0, as if all were done. */
#include <unistd.h>

#include "weir/abi.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  (void)s, (void)c, (void)b;
  _exit(0);
}
#define ZOO_PROCESS process
#include "zoo.h"
