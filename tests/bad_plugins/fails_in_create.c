/* create() fails and does not say why. */
#include "weir/abi.h"
static weir_code create(const weir_host* h, weir_context* c, const void* p, void** s) {
  return (void)h, (void)c, (void)p, (void)s, WEIR_E_EXTERNAL;
}
#define ZOO_CREATE create
#include "zoo.h"
