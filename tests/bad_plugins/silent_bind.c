/* bind() fails and does not say why. */
#include "weir/abi.h"
static weir_code bind(const weir_host* h, weir_bind* b, void** p) { return (void)h, (void)b, (void)p, WEIR_E_CONFIG; }
#define ZOO_BIND bind
#include "zoo.h"
