/* Its bind() writes to address 0. */
#include "weir/abi.h"
static int* volatile nowhere = 0; /* volatile: or a compiler that sees the null may leave the write out */
static weir_code bind_nowhere(const weir_host* host, weir_bind* bind, void** plan) {
  (void)host, (void)bind, (void)plan;
  *nowhere = 1;
  return WEIR_OK;
}
#define ZOO_BIND bind_nowhere
#include "zoo.h"
