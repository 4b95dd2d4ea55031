/* process() recurses until the stack is used up. */
#include "weir/abi.h"
__attribute__((noinline)) static int deeper(volatile char* above, int depth) {
  volatile char frame[4096];
  frame[0] = (char)(above[0] + depth);
  return deeper(frame, depth + 1) + frame[0];
}
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  volatile char top[1] = {1};
  (void)s, (void)c, (void)b;
  return deeper(top, 0) == 0 ? WEIR_OK : WEIR_E_PLUGIN;
}
#define ZOO_PROCESS process
#include "zoo.h"
