/* process() fails and does not say why. */
#include "weir/abi.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  return (void)s, (void)c, (void)b, WEIR_E_DATA;
}
#define ZOO_PROCESS process
#include "zoo.h"
