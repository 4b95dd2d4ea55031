// weir_plugin_v1() throws.
#define ZOO_NO_ENTRY
#include <stdexcept>

#include "zoo.h"
extern "C" WEIR_EXPORT const weir_plugin* weir_plugin_v1(void) { throw std::runtime_error("thrown in the entry"); }
