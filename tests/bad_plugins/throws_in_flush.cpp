// An exception leaves flush().
#include <stdexcept>

#include "weir/abi.h"
static weir_code flush(void*, weir_context*) { throw std::runtime_error("thrown in flush"); }
#define ZOO_FLUSH flush
#include "zoo.h"
