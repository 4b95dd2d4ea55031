/* Passes through an input column that there is not. */
#include "zoo_schema.h"
static weir_code bind(const weir_host* h, weir_bind* b, void** p) {
  weir_view main_port = {"", 0};
  struct ArrowSchema column = zoo_column("u", "label"), *columns[1] = {&column};
  struct ArrowSchema schema = zoo_struct(columns, 1);
  const int32_t passes[1] = {1000};
  (void)p;
  return h->bind_output(b, main_port, &schema, passes);
}
#define ZOO_BIND bind
#include "zoo.h"
