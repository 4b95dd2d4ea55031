// What the shared library exports: its name and version, and the names that a pipeline uses ("@name@.quiet_accounts").
#include "@class@.hpp"

WEIR_PLUGIN("@name@", "0.1.0", weir::operators<@class@::quiet_accounts>("quiet_accounts"))
