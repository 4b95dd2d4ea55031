#include <weir/plugin.hpp>

#include "nexmark/source.hpp"

WEIR_PLUGIN("nexmark", "0.1.0", weir::sources<nexmark::source>("source"))
