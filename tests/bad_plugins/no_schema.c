/* Declares an output without a schema. */
#include "weir/abi.h"
static weir_code bind(const weir_host* h, weir_bind* b, void** p) {
  weir_view main_port = {"", 0};
  (void)p;
  return h->bind_output(b, main_port, 0, 0);
}
#define ZOO_BIND bind
#include "zoo.h"
