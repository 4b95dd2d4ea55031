/* Emits row numbers that the batch does not have. */
#include "weir/abi.h"
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  uint32_t rows[2];
  rows[0] = 0;
  rows[1] = (uint32_t)b->length + 1000;
  return ((const weir_host*)s)->emit_rows(c, 0, b, rows, 2, 0, 0);
}
#define ZOO_PROCESS process
#include "zoo.h"
