/* Declares an output whose schema is garbage: a struct with a column of an unknown type. */
#include "zoo_schema.h"
static weir_code bind(const weir_host* h, weir_bind* b, void** p) {
  weir_view main_port = {"", 0};
  struct ArrowSchema column = zoo_column("?", "amount"), *columns[1] = {&column};
  struct ArrowSchema schema = zoo_struct(columns, 1);
  (void)p;
  return h->bind_output(b, main_port, &schema, 0);
}
#define ZOO_BIND bind
#include "zoo.h"
