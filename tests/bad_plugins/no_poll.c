/* A source without poll(). */
#include "weir/abi.h"
static weir_code bind(const weir_host* h, weir_bind* b, void** p) { return (void)h, (void)b, (void)p, WEIR_E_PLUGIN; }
static weir_code discover(const weir_host* h, const void* p, weir_splits* s) {
  return (void)h, (void)p, (void)s, WEIR_OK;
}
static weir_code create(const weir_host* h, weir_context* c, const void* p, void** s) {
  return (void)h, (void)c, (void)p, (void)s, WEIR_OK;
}
static void destroy(void* s) { (void)s; }
static weir_code open_split(void* s, weir_context* c, uint32_t n, weir_view i, weir_view p) {
  return (void)s, (void)c, (void)n, (void)i, (void)p, WEIR_OK;
}
static weir_code position(void* s, weir_context* c, uint32_t n, weir_bytes* b) {
  return (void)s, (void)c, (void)n, (void)b, WEIR_OK;
}
static const weir_source source = {
    sizeof(weir_source), 0,        "bad", "", 0, sizeof(weir_option), bind, 0, discover, create, destroy, open_split, 0,
    /* poll */ 0,        position, 0,     0};
static const weir_source* const sources[] = {&source, 0};
#define ZOO_OPERATORS NULL
#define ZOO_SOURCES sources
#include "zoo.h"
