#include <weir/plugin.hpp>

#include "calendar/due.hpp"
#include "events/source.hpp"

WEIR_PLUGIN("sla", "0.1.0", weir::sources<sla::events>("events"), weir::operators<sla::due>("due"))
