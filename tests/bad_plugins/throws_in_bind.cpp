// An exception leaves bind(), across the C boundary.
#include <stdexcept>

#include "weir/abi.h"
static weir_code bind(const weir_host*, weir_bind*, void**) { throw std::runtime_error("thrown in bind"); }
#define ZOO_BIND bind
#include "zoo.h"
