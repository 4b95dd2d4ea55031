#include <weir/plugin.hpp>

#include "codec.hpp"

WEIR_PLUGIN("csv", "0.1.0", weir::operators<csv::decoder, csv::encoder>("decode", "encode"))
