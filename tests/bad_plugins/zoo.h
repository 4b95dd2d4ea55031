/* zoo.h: a plugin that is right in everything. A bad plugin defines the one macro that is its defect, then includes this as its
 * last line. The plugin is called like its file (ZOO_NAME), its component "bad": a pipeline says `uses = "hangs_in_process.bad"`.
 * Every plugin here has a constructor that appends a line to the file $WEIR_ZOO_CANARY: so a test sees whether any of its code
 * has run. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/abi.h"

#define ZOO_UNUSED __attribute__((unused))

static weir_view zoo_view(const char* text) {
  weir_view v;
  v.data = text;
  v.size = strlen(text);
  return v;
}

__attribute__((constructor)) static void zoo_canary(void) {
  const char* path = getenv("WEIR_ZOO_CANARY");
  FILE* file = path ? fopen(path, "a") : NULL;
  if (!file) return;
  fputs(ZOO_NAME "\n", file);
  fclose(file);
}

/* Output = input: every column is passed through. */
ZOO_UNUSED static weir_code zoo_bind(const weir_host* host, weir_bind* bind, void** plan) {
  int32_t passes[64];
  const struct ArrowSchema* schema = host->bind_input(bind, 0);
  (void)plan;
  for (int32_t i = 0; i < 64; ++i) passes[i] = i;
  return host->bind_output(bind, zoo_view(""), schema, passes);
}
ZOO_UNUSED static weir_code zoo_create(const weir_host* host, weir_context* context, const void* plan, void** self) {
  (void)context, (void)plan;
  *self = (void*)host; /* enough of an instance */
  return WEIR_OK;
}
ZOO_UNUSED static void zoo_destroy(void* self) { (void)self; }
ZOO_UNUSED static weir_code zoo_process(void* self, weir_context* context, const weir_batch* batch) {
  const weir_host* host = (const weir_host*)self;
  return host->emit_rows(context, 0, batch, batch->rows, batch->row_count, NULL, 0);
}

#ifndef ZOO_NO_TABLES
#  ifndef ZOO_ABI_MAJOR
#    define ZOO_ABI_MAJOR WEIR_ABI_MAJOR
#  endif
#  ifndef ZOO_ABI_MINOR
#    define ZOO_ABI_MINOR WEIR_ABI_MINOR
#  endif
#  ifndef ZOO_PLUGIN_SIZE
#    define ZOO_PLUGIN_SIZE sizeof(weir_plugin)
#  endif
#  ifndef ZOO_PLUGIN_NAME
#    define ZOO_PLUGIN_NAME ZOO_NAME
#  endif
#  ifndef ZOO_VERSION
#    define ZOO_VERSION "1.2.0"
#  endif
#  ifndef ZOO_OPERATOR_SIZE
#    define ZOO_OPERATOR_SIZE sizeof(weir_operator)
#  endif
#  ifndef ZOO_KIND
#    define ZOO_KIND WEIR_KIND_OPERATOR
#  endif
#  ifndef ZOO_FLAGS
#    define ZOO_FLAGS WEIR_SELECTIONS
#  endif
#  ifndef ZOO_INPUTS
#    define ZOO_INPUTS 1
#  endif
#  ifndef ZOO_TYPE
#    define ZOO_TYPE "bad"
#  endif
#  ifndef ZOO_OPTIONS
#    define ZOO_OPTIONS NULL
#  endif
#  ifndef ZOO_OPTION_SIZE
#    define ZOO_OPTION_SIZE sizeof(weir_option)
#  endif
#  ifndef ZOO_BIND
#    define ZOO_BIND zoo_bind
#  endif
#  ifndef ZOO_CREATE
#    define ZOO_CREATE zoo_create
#  endif
#  ifndef ZOO_DESTROY
#    define ZOO_DESTROY zoo_destroy
#  endif
#  ifndef ZOO_PROCESS
#    define ZOO_PROCESS zoo_process
#  endif
#  ifndef ZOO_END_OF_PORT
#    define ZOO_END_OF_PORT NULL
#  endif
#  ifndef ZOO_FLUSH
#    define ZOO_FLUSH NULL
#  endif

ZOO_UNUSED static const weir_operator zoo_operator = {(uint32_t)ZOO_OPERATOR_SIZE,
                                                      ZOO_KIND,
                                                      ZOO_FLAGS,
                                                      ZOO_INPUTS,
                                                      ZOO_TYPE,
                                                      "A component with one defect.",
                                                      ZOO_OPTIONS,
                                                      ZOO_OPTION_SIZE,
                                                      ZOO_BIND,
                                                      NULL /* unbind */,
                                                      ZOO_CREATE,
                                                      ZOO_DESTROY,
                                                      ZOO_PROCESS,
                                                      NULL /* on_watermark */,
                                                      ZOO_END_OF_PORT,
                                                      ZOO_FLUSH,
                                                      NULL /* extension */};

#  ifndef ZOO_OPERATORS
ZOO_UNUSED static const weir_operator* const zoo_operators[] = {&zoo_operator, NULL};
#    define ZOO_OPERATORS zoo_operators
#  endif
#  ifndef ZOO_SOURCES
#    define ZOO_SOURCES NULL
#  endif

ZOO_UNUSED static const weir_plugin zoo_plugin = {
    (uint32_t)ZOO_PLUGIN_SIZE,  ZOO_ABI_MAJOR, ZOO_ABI_MINOR, ZOO_PLUGIN_NAME, ZOO_VERSION, ZOO_OPERATORS, ZOO_SOURCES,
    "A plugin with one defect."};

#  ifndef ZOO_NO_ENTRY
#    ifdef __cplusplus
extern "C"
#    endif
    WEIR_EXPORT const weir_plugin*
    weir_plugin_v1(void) {
#    ifdef ZOO_RETURN
  return ZOO_RETURN;
#    else
  return &zoo_plugin;
#    endif
}
#  endif
#endif /* ZOO_NO_TABLES */
