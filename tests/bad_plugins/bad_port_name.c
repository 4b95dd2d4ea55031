/* Declares a port with the name that the host's own dead-letter port has. */
#include "weir/abi.h"
static weir_code bind(const weir_host* h, weir_bind* b, void** p) {
  weir_view main_port = {"", 0}, taken = {"dead_letter", 11};
  (void)p;
  h->bind_output(b, main_port, h->bind_input(b, 0), 0);
  return h->bind_output(b, taken, h->bind_input(b, 0), 0);
}
#define ZOO_BIND bind
#include "zoo.h"
