// Something that is no std::exception leaves bind().
#include "weir/abi.h"
static weir_code bind(const weir_host*, weir_bind*, void**) { throw 42; }
#define ZOO_BIND bind
#include "zoo.h"
