#include <weir/plugin.hpp>

#include "events/source.hpp"
#include "scorer/scorer.hpp"

WEIR_PLUGIN("exceptions", "0.1.0", weir::sources<exceptions::events>("events"),
            weir::operators<exceptions::scorer>("score"))
