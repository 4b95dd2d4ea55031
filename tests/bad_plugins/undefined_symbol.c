/* Calls a function that no library defines. The dynamic loader refuses it, before its constructors run. */
int nobody_defines_this(void);
__attribute__((used, visibility("hidden"))) int undefined_symbol_user(void) { return nobody_defines_this(); }
#include "zoo.h"
