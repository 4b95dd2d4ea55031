// An exception leaves process(), across the C boundary.
#include <stdexcept>

#include "weir/abi.h"
static weir_code process(void*, weir_context*, const weir_batch*) { throw std::runtime_error("thrown in process"); }
#define ZOO_PROCESS process
#include "zoo.h"
