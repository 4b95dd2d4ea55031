#include <weir/plugin.hpp>

#include "decoder.hpp"
#include "encoder.hpp"

WEIR_PLUGIN("json", "0.1.0", weir::operators<json::decoder, json::encoder>("decode", "encode"))
