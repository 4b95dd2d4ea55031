/* Needs a library that is not installed. */
int stand_in_that_is_missing(void);
__attribute__((used, visibility("hidden"))) int missing_library_user(void) { return stand_in_that_is_missing(); }
#include "zoo.h"
