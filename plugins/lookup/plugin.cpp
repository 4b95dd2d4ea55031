#include <weir/plugin.hpp>

#include "lookup/file.hpp"
#include "lookup/postgres.hpp"
#include "lookup/stream.hpp"

WEIR_PLUGIN("lookup", "0.1.0",
            weir::operators<lookup::file, lookup::postgres, lookup::stream>("file", "postgres", "stream"))
