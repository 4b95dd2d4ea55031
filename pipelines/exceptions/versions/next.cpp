// exceptions 0.2.0, as a desk would get it next: it scores as 0.1.0 does. scripts/demo swaps it in while events flow.
#include <weir/plugin.hpp>

#include "scorer/scorer.hpp"

WEIR_PLUGIN("exceptions", "0.2.0", weir::operators<exceptions::scorer>("score"))
