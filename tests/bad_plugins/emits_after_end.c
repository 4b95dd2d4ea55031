/* Emits one more row in each flush(), also after its only input has ended and it was flushed before. */
#include "zoo_schema.h"
static const weir_host* host;
static weir_code create(const weir_host* h, weir_context* c, const void* p, void** s) {
  (void)c, (void)p;
  host = h;
  *s = (void*)h;
  return WEIR_OK;
}
static weir_code emit_one(weir_context* c) {
  weir_builder* builder = host->build(c, 0, 1);
  if (!builder) return WEIR_E_MEMORY;
  ((int64_t*)builder->columns[0].values)[0] = 1;
  builder->length = 1;
  return host->emit(c, builder, 0);
}
static weir_code process(void* s, weir_context* c, const weir_batch* b) { return (void)s, (void)b, emit_one(c); }
static weir_code flush(void* s, weir_context* c) { return (void)s, emit_one(c); }
#define ZOO_BIND zoo_bind_amount
#define ZOO_CREATE create
#define ZOO_PROCESS process
#define ZOO_FLUSH flush
#include "zoo.h"
