/* Says that it wrote more rows than the builder has room for. */
#include "zoo_schema.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  const weir_host* host = (const weir_host*)s;
  weir_builder* builder = host->build(c, 0, 4);
  (void)b;
  if (!builder) return WEIR_E_MEMORY;
  builder->length = builder->capacity + 1000000;
  return host->emit(c, builder, 0);
}
#define ZOO_BIND zoo_bind_amount
#define ZOO_PROCESS process
#include "zoo.h"
