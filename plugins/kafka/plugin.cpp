#include <weir/plugin.hpp>

#include "sink.hpp"
#include "source.hpp"

WEIR_PLUGIN("kafka", "0.1.0", weir::sources<kafka::source>("source"), weir::operators<kafka::sink>("sink"))
