// weir_plugin_v1() throws.
#define ZOO_NO_ENTRY
#include "zoo.h"
#include <stdexcept>
extern "C" WEIR_EXPORT const weir_plugin* weir_plugin_v1(void) { throw std::runtime_error("thrown in the entry"); }
