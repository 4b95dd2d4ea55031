#include <weir/plugin.hpp>

#include "print/sink.hpp"

WEIR_PLUGIN("print", "0.1.0", weir::operators<print::sink>("sink"))
