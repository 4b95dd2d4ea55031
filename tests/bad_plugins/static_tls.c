/* Uses initial-exec thread-local storage, of which a process has a small fixed amount. */
static __thread int counter __attribute__((tls_model("initial-exec")));
__attribute__((used, visibility("hidden"))) int static_tls_user(void) { return ++counter; }
#include "zoo.h"
