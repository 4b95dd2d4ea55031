#include <weir/plugin.hpp>

#include "lookup/file.hpp"

WEIR_PLUGIN("lookup", "0.1.0", weir::operators<lookup::file>("file"))
