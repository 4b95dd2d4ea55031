/* zoo_schema.h: schemas and arrays for the plugins that declare or emit their own. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "weir/abi.h"

#define ZOO_MAYBE_UNUSED __attribute__((unused))

/* Lives as long as the caller's variable: bind_output copies it and does not release it. */
ZOO_MAYBE_UNUSED static void zoo_keep_schema(struct ArrowSchema* schema) { schema->release = NULL; }
ZOO_MAYBE_UNUSED static struct ArrowSchema zoo_column(const char* format, const char* name) {
  struct ArrowSchema schema = {format, name, NULL, ARROW_FLAG_NULLABLE, 0, NULL, NULL, zoo_keep_schema, NULL};
  return schema;
}
ZOO_MAYBE_UNUSED static struct ArrowSchema zoo_struct(struct ArrowSchema** columns, int64_t count) {
  struct ArrowSchema schema = {"+s", "", NULL, 0, count, columns, NULL, zoo_keep_schema, NULL};
  return schema;
}
/* bind(): one output with one int64 column "amount", written by the plugin. */
ZOO_MAYBE_UNUSED static weir_code zoo_bind_amount(const weir_host* host, weir_bind* bind, void** plan) {
  weir_view main_port = {"", 0};
  struct ArrowSchema column = zoo_column("l", "amount"), *columns[1] = {&column};
  struct ArrowSchema schema = zoo_struct(columns, 1);
  (void)plan;
  return host->bind_output(bind, main_port, &schema, NULL);
}

/* An array of one fixed-width column, on the heap; release frees all of it once. */
struct zoo_array {
  struct ArrowArray column, *columns[1];
  const void *buffers[3], *struct_buffers[1];
  void* values;
};
ZOO_MAYBE_UNUSED static void zoo_release_column(struct ArrowArray* array) { array->release = NULL; }
ZOO_MAYBE_UNUSED static void zoo_release(struct ArrowArray* array) {
  struct zoo_array* all = (struct zoo_array*)array->private_data;
  if (all->column.release) all->column.release(&all->column);
  free(all->values);
  free(all);
  array->release = NULL;
}
/* `bytes` zeroed bytes of values for `length` rows. */
ZOO_MAYBE_UNUSED static struct ArrowArray zoo_make_array(int64_t length, size_t bytes) {
  struct zoo_array* all = (struct zoo_array*)calloc(1, sizeof *all);
  struct ArrowArray array = {length, 0, 0, 1, 1, all->struct_buffers, all->columns, NULL, zoo_release, all};
  all->values = calloc(1, bytes ? bytes : 1);
  all->buffers[1] = all->values;
  all->columns[0] = &all->column;
  all->column.length = length;
  all->column.n_buffers = 2;
  all->column.buffers = all->buffers;
  all->column.release = zoo_release_column;
  return array;
}
