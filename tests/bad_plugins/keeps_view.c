/* Keeps the batch of a call and emits its rows in the next one, when it is gone. */
#include "weir/abi.h"
static const weir_batch* kept;
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  const weir_batch* old = kept;
  kept = b;
  if (!old) return WEIR_OK;
  return ((const weir_host*)s)->emit_rows(c, 0, old, 0, 1, 0, 0);
}
#define ZOO_PROCESS process
#include "zoo.h"
