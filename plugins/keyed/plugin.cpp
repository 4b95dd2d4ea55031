#include <weir/plugin.hpp>

#include "keyed/deadline.hpp"
#include "keyed/dedupe.hpp"
#include "keyed/sessionize.hpp"

WEIR_PLUGIN("keyed", "0.1.0",
            weir::operators<keyed::dedupe, keyed::deadline, keyed::sessionize>("dedupe", "deadline", "sessionize"))
