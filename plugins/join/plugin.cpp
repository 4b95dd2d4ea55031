#include <weir/plugin.hpp>

#include "join/join.hpp"

WEIR_PLUGIN("join", "0.1.0",
            weir::operators<join::keyed, join::tumbling, join::interval>("keyed", "tumbling", "interval"))
