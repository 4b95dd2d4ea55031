// An exception leaves create().
#include <stdexcept>

#include "weir/abi.h"
static weir_code create(const weir_host*, weir_context*, const void*, void**) {
  throw std::runtime_error("thrown in create");
}
#define ZOO_CREATE create
#include "zoo.h"
