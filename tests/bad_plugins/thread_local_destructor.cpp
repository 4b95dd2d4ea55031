// A thread_local with a destructor, touched in process(): the image stays as long as that thread lives. Loads, with a warning.
struct noisy {
  int value = 0;
  ~noisy() { value = -1; }
};
static thread_local noisy kept;
#include "weir/abi.h"
static weir_code process(void* self, weir_context* context, const weir_batch* batch) {
  kept.value += 1;
  return ((const weir_host*)self)->emit_rows(context, 0, batch, batch->rows, batch->row_count, nullptr, 0);
}
#define ZOO_PROCESS process
#include "zoo.h"
