/* Declares the same output port twice. */
#include "weir/abi.h"
static weir_code bind(const weir_host* h, weir_bind* b, void** p) {
  weir_view main_port = {"", 0}, late = {"late", 4};
  (void)p;
  h->bind_output(b, main_port, h->bind_input(b, 0), 0);
  h->bind_output(b, late, h->bind_input(b, 0), 0);
  return h->bind_output(b, late, h->bind_input(b, 0), 0);
}
#define ZOO_BIND bind
#include "zoo.h"
