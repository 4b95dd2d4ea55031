/* Says that a float32 column is input column 0 passed through, which has another type (no input of the tests begins with one). */
#include "zoo_schema.h"
static weir_code bind(const weir_host* h, weir_bind* b, void** p) {
  weir_view main_port = {"", 0};
  struct ArrowSchema column = zoo_column("f", "ratio"), *columns[1] = {&column};
  struct ArrowSchema schema = zoo_struct(columns, 1);
  const int32_t passes[1] = {0};
  (void)p;
  return h->bind_output(b, main_port, &schema, passes);
}
#define ZOO_BIND bind
#include "zoo.h"
