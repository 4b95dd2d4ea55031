// What the shared library exports: its name and version, and the names that a pipeline uses ("@name@.large_orders").
#include "@class@.hpp"

WEIR_PLUGIN("@name@", "0.1.0", weir::operators<@class@::large_orders>("large_orders"))
