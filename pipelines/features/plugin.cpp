#include <weir/plugin.hpp>

#include "events/source.hpp"
#include "extract/extract.hpp"

WEIR_PLUGIN("features", "0.1.0", weir::sources<features::events>("events"),
            weir::operators<features::extract>("extract"))
