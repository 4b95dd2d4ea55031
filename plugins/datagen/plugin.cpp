#include <weir/plugin.hpp>

#include "datagen/source.hpp"

WEIR_PLUGIN("datagen", "0.1.0", weir::sources<datagen::source>("source"))
