#include <weir/plugin.hpp>

#include "window/pane_window.hpp"
#include "window/running.hpp"
#include "window/session.hpp"

WEIR_PLUGIN("window", "0.1.0",
            weir::operators<window::tumbling, window::sliding, window::session, window::count_window,
                            window::global_window, window::running>("tumbling", "sliding", "session", "count", "global",
                                                                    "running"))
