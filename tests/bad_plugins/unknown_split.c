/* Emits rows of a split that it was not given. */
#include "weir/abi.h"
struct zoo_reader;
static weir_code zoo_emit(struct zoo_reader* reader, weir_context* c, uint32_t split);
static weir_code poll(void* s, weir_context* c, int64_t wait_us) {
  return (void)wait_us, zoo_emit((struct zoo_reader*)s, c, 4000);
}
#define ZOO_POLL poll
#include "zoo_source.h"
