#include <weir/plugin.hpp>

#include "keyed/dedupe.hpp"

WEIR_PLUGIN("keyed", "0.1.0", weir::operators<keyed::dedupe>("dedupe"))
