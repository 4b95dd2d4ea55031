/* Its constructor calls exit(0): the process would look as if all went well. */
#include <stdlib.h>
__attribute__((constructor)) static void leave(void) { exit(0); }
#include "zoo.h"
