#include <weir/plugin.hpp>

#include "window/pane_window.hpp"
#include "window/session.hpp"

WEIR_PLUGIN("window", "0.1.0", weir::operators<window::tumbling, window::sliding, window::session>("tumbling", "sliding", "session"))
