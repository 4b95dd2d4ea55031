/* Exports a second symbol, which another library could bind to instead of its own. Linked without the version script. */
int extra_thing(void);
__attribute__((visibility("default"))) int extra_thing(void) { return 1; }
#include "zoo.h"
