#include <weir/plugin.hpp>

#include "codec.hpp"

WEIR_PLUGIN("raw", "0.1.0", weir::operators<raw::decoder, raw::encoder>("decode", "encode"))
