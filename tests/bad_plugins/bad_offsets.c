/* Emits texts whose offsets go back. */
#include "zoo_schema.h"
static weir_code bind(const weir_host* h, weir_bind* b, void** p) {
  weir_view main_port = {"", 0};
  struct ArrowSchema column = zoo_column("u", "label"), *columns[1] = {&column};
  struct ArrowSchema schema = zoo_struct(columns, 1);
  (void)p;
  return h->bind_output(b, main_port, &schema, 0);
}
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  const weir_host* host = (const weir_host*)s;
  weir_builder* builder = host->build(c, 0, 2);
  int32_t* offsets;
  (void)b;
  if (!builder) return WEIR_E_MEMORY;
  offsets = (int32_t*)builder->columns[0].values;
  offsets[1] = 1000000;
  offsets[2] = -5;
  builder->length = 2;
  return host->emit(c, builder, 0);
}
#define ZOO_BIND bind
#define ZOO_PROCESS process
#include "zoo.h"
