// An exception leaves poll().
#include <stdexcept>

#include "weir/abi.h"
static weir_code poll(void*, weir_context*, std::int64_t) { throw std::runtime_error("thrown in poll"); }
#define ZOO_POLL poll
#include "zoo_source.h"
