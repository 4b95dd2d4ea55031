/* Its constructor writes to address 0, if the canary file may be written at all. */
#include "weir/abi.h"
__attribute__((constructor)) static void crash(void) { *(volatile int*)0 = 1; }
#include "zoo.h"
