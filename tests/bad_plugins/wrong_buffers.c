/* Emits an array whose column has three buffers where its type has two. */
#include "zoo_schema.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  struct ArrowArray array = zoo_make_array(b->length, (size_t)b->length * 8);
  array.children[0]->n_buffers = 3;
  return ((const weir_host*)s)->emit_array(c, 0, &array, 0);
}
#define ZOO_BIND zoo_bind_amount
#define ZOO_PROCESS process
#include "zoo.h"
