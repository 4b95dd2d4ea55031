#include <weir/plugin.hpp>

#include "window/pane_window.hpp"

WEIR_PLUGIN("window", "0.1.0", weir::operators<window::tumbling, window::sliding>("tumbling", "sliding"))
