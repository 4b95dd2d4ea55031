/* Emits an array whose column is shorter than the array says. */
#include "zoo_schema.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  struct ArrowArray array = zoo_make_array(b->length + 8, (size_t)(b->length + 8) * 8);
  array.children[0]->length = b->length;
  return ((const weir_host*)s)->emit_array(c, 0, &array, 0);
}
#define ZOO_BIND zoo_bind_amount
#define ZOO_PROCESS process
#include "zoo.h"
