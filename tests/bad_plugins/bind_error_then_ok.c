/* bind() reports an error and then succeeds. */
#include "weir/abi.h"
static weir_code bind(const weir_host* h, weir_bind* b, void** p) {
  static const char why[] = "the limit is too low";
  weir_view option = {"limit", 5}, text = {why, sizeof why - 1};
  int32_t passes[64];
  weir_view main_port = {"", 0};
  (void)p;
  for (int32_t i = 0; i < 64; ++i) passes[i] = i;
  h->bind_error(b, WEIR_E_CONFIG, option, -1, text);
  h->bind_output(b, main_port, h->bind_input(b, 0), passes);
  return WEIR_OK;
}
static const weir_option options[] = {{"limit", "int", "1", "A limit.", 0, 0, 0, 0}, {0}};
#define ZOO_BIND bind
#define ZOO_OPTIONS options
#include "zoo.h"
