#include <weir/plugin.hpp>

#include "file/sink.hpp"
#include "file/source.hpp"

WEIR_PLUGIN("file", "0.1.0", weir::sources<file::source>("source"), weir::operators<file::sink>("sink"))
