/* An operator in plain C11, against weir/abi.h alone: passes every column through, and writes one text column (option
 * "column") again in upper case (ASCII letters) as a new column "<column>_upper". Rows whose text is empty go to the
 * dead-letter port.
 *
 *   cc -std=c11 $(pkg-config --cflags weir-sdk) $(pkg-config --variable=plugin_cflags weir-sdk) \
 *      $(pkg-config --variable=plugin_ldflags weir-sdk) -o libuppercase.so uppercase.c
 *
 * It shows what the C++ layer does for an author: binding, reading columns, a builder beside the batch, errors by code
 * and text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/abi.h"

enum { name_size = 128 };

typedef struct plan {
  uint32_t column;
} plan;

typedef struct instance {
  const weir_host* host;
  const plan* bound;
} instance;

static weir_view view(const char* text) {
  weir_view v = {text, strlen(text)};
  return v;
}

static weir_code bind(const weir_host* host, weir_bind* node, void** out) {
  weir_value option;
  host->config_get(host->bind_config(node), view("column"), &option);
  if (option.kind != WEIR_TEXT || option.text.size == 0 || option.text.size + sizeof "_upper" > name_size)
    return host->bind_error(node, WEIR_E_CONFIG, view("column"), -1, view("must be the name of a text column"));

  const struct ArrowSchema* in = host->bind_input(node, 0);
  int64_t found = -1;
  for (int64_t i = 0; i < in->n_children; ++i) {
    const char* name = in->children[i]->name;
    if (strlen(name) == option.text.size && memcmp(name, option.text.data, option.text.size) == 0) found = i;
  }
  if (found < 0)
    return host->bind_error(node, WEIR_E_SCHEMA, view("column"), -1, view("there is no such column in the input"));
  if (strcmp(in->children[found]->format, "u") != 0)
    return host->bind_error(node, WEIR_E_SCHEMA, view("column"), -1, view("the column is no text (utf8)"));

  /* The output: all input columns, which pass through, and the new one. The host copies the schema. */
  char name[name_size];
  snprintf(name, sizeof name, "%.*s_upper", (int)option.text.size, option.text.data);
  const int64_t count = in->n_children + 1;
  struct ArrowSchema** children = malloc((size_t)count * sizeof *children);
  int32_t* passes = malloc((size_t)count * sizeof *passes);
  plan* made = malloc(sizeof *made);
  if (!children || !passes || !made) {
    free(children);
    free(passes);
    free(made);
    return host->bind_error(node, WEIR_E_MEMORY, view(""), -1, view("out of memory"));
  }
  struct ArrowSchema added = {.format = "u", .name = name, .flags = in->children[found]->flags};
  struct ArrowSchema all = {.format = "+s", .name = "", .n_children = count, .children = children};
  for (int64_t i = 0; i < in->n_children; ++i) {
    children[i] = in->children[i];
    passes[i] = (int32_t)i;
  }
  children[count - 1] = &added;
  passes[count - 1] = -1;
  const weir_code code = host->bind_output(node, view(""), &all, passes);
  free(children);
  free(passes);
  if (code < 0) {
    free(made);
    return code;
  }
  made->column = (uint32_t)found;
  *out = made;
  return WEIR_OK;
}

static void unbind(void* bound) { free(bound); }

static weir_code create(const weir_host* host, weir_context* context, const void* bound, void** self) {
  instance* made = malloc(sizeof *made);
  if (!made) return host->fail(context, WEIR_E_MEMORY, view("out of memory"));
  made->host = host;
  made->bound = bound;
  *self = made;
  return WEIR_OK;
}

static void destroy(void* self) { free(self); }

static weir_code process(void* self, weir_context* context, const weir_batch* batch) {
  const instance* me = self;
  const weir_host* host = me->host;
  const struct ArrowArray* column = batch->columns[me->bound->column];
  const uint8_t* validity = column->null_count ? column->buffers[0] : NULL;
  const int32_t* from = column->buffers[1];
  const char* text = column->buffers[2];

  weir_builder* beside = host->build_beside(context, 0, batch);
  uint32_t* kept = host->row_buffer(context, batch->row_count);
  if (!beside || !kept) return host->fail(context, WEIR_E_MEMORY, view("out of memory"));
  weir_column* out = &beside->columns[0];
  const int64_t bytes = batch->length ? from[batch->length] : 0;
  weir_code code = WEIR_OK;
  if (bytes > out->data_capacity && (code = host->grow_data(context, out, bytes)) < 0) return code;
  if (validity && (code = host->column_validity(context, out)) < 0) return code;

  int32_t* to = out->values;
  int64_t kept_count = 0;
  for (int64_t row = 0; row < batch->length; ++row) {
    const int32_t size = from[row + 1] - from[row];
    to[row + 1] = to[row] + size;
    for (int32_t i = 0; i < size; ++i) {
      const char c = text[from[row] + i];
      out->data[to[row] + i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    if (validity && !(validity[row >> 3] >> (row & 7) & 1)) out->validity[row >> 3] &= (uint8_t) ~(1u << (row & 7));
  }
  for (int64_t k = 0; k < batch->row_count; ++k) {
    const uint32_t row = batch->rows ? batch->rows[k] : (uint32_t)k;
    const int null = validity && !(validity[row >> 3] >> (row & 7) & 1);
    if (!null && from[row + 1] == from[row]) {
      code = host->dead_letter(context, batch, row, WEIR_E_DATA, view("the text is empty"), view(""));
      if (code < 0) return code;
      continue;
    }
    kept[kept_count++] = row;
  }
  if (kept_count == 0) {
    host->discard(context, beside);
    return WEIR_OK;
  }
  return host->emit_rows(context, 0, batch, kept, kept_count, beside, 0);
}

static const weir_option options[] = {
    {.name = "column",
     .type = "string",
     .doc = "The text column to write in upper case.",
     .flags = WEIR_OPTION_REQUIRED},
    {.name = NULL},
};

static const weir_operator uppercase = {
    .struct_size = sizeof(weir_operator),
    .kind = WEIR_KIND_OPERATOR,
    .flags = WEIR_SELECTIONS | WEIR_STATELESS,
    .input_count = 1,
    .type = "uppercase",
    .summary = "Adds a text column in upper case.",
    .options = options,
    .option_size = sizeof(weir_option),
    .bind = bind,
    .unbind = unbind,
    .create = create,
    .destroy = destroy,
    .process = process,
};

static const weir_operator* const operators[] = {&uppercase, NULL};

static const weir_plugin plugin = {
    .struct_size = sizeof(weir_plugin),
    .abi_major = WEIR_ABI_MAJOR,
    .abi_minor = WEIR_ABI_MINOR,
    .name = "uppercase",
    .version = "1.0.0",
    .operators = operators,
    .summary = "A sample plugin in plain C.",
};

WEIR_EXPORT const weir_plugin* weir_plugin_v1(void) { return &plugin; }
