/* Keeps the context and uses it in destroy(), which was not given it. */
#include "weir/abi.h"
static weir_context* kept;
static const weir_host* host;
static weir_code process(void* s, weir_context* c, const weir_batch* b) {
  host = (const weir_host*)s;
  kept = c;
  return host->emit_rows(c, 0, b, b->rows, b->row_count, 0, 0);
}
static void destroy(void* s) {
  weir_view text = {"still here", 10};
  (void)s;
  if (kept) host->log(kept, WEIR_LOG_INFO, text);
}
#define ZOO_PROCESS process
#define ZOO_DESTROY destroy
#include "zoo.h"
