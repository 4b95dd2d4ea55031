/* position() fails. */
#include "weir/abi.h"
static weir_code position(void* s, weir_context* c, uint32_t n, weir_bytes* b) {
  return (void)s, (void)c, (void)n, (void)b, WEIR_E_PLUGIN;
}
#define ZOO_POSITION position
#include "zoo_source.h"
