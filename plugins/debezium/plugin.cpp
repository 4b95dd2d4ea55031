#include <weir/plugin.hpp>

#include "decoder.hpp"
#include "encoder.hpp"

WEIR_PLUGIN("debezium", "0.1.0", weir::operators<debezium::decoder, debezium::encoder>("decode", "encode"))
