#include <weir/plugin.hpp>

#include "codec.hpp"

WEIR_PLUGIN("protobuf", "0.1.0", weir::operators<protobuf::decoder, protobuf::encoder>("decode", "encode"))
