/* Declares an int64 column and emits an array with a column of 32-bit values: half as many bytes, and a field too many. */
#include "zoo_schema.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  struct ArrowArray array = zoo_make_array(b->length, (size_t)b->length * 4);
  array.n_children = 2; /* the array of children has one */
  return ((const weir_host*)s)->emit_array(c, 0, &array, 0);
}
#define ZOO_BIND zoo_bind_amount
#define ZOO_PROCESS process
#include "zoo.h"
