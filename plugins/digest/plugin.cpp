#include <weir/plugin.hpp>

#include "digest/sink.hpp"

WEIR_PLUGIN("digest", "0.1.0", weir::operators<digest::sink>("sink"))
