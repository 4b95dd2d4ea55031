// An exception leaves destroy().
#include <stdexcept>

#include "weir/abi.h"
static void destroy(void*) { throw std::runtime_error("thrown in destroy"); }
#define ZOO_DESTROY destroy
#include "zoo.h"
