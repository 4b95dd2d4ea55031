/* discover() fails for ever, as if its broker were down. */
#include "weir/abi.h"
static weir_code discover(const weir_host* h, const void* p, weir_splits* s) {
  return (void)h, (void)p, (void)s, WEIR_E_EXTERNAL;
}
#define ZOO_DISCOVER discover
#include "zoo_source.h"
