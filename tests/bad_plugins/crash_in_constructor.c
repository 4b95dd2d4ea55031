/* Its constructor writes to address 0. */
static int* volatile nowhere = 0; /* volatile: or a compiler that sees the null may leave the write out */
__attribute__((constructor)) static void crash(void) { *nowhere = 1; }
#include "zoo.h"
