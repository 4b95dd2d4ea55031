/* poll() does not keep to wait_us: it never returns. */
#include <unistd.h>

#include "weir/abi.h"
static weir_code poll(void* s, weir_context* c, int64_t wait_us) {
  (void)s, (void)c, (void)wait_us;
  for (;;) pause();
}
#define ZOO_POLL poll
#include "zoo_source.h"
