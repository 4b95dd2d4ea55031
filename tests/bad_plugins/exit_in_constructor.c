/* Its constructor ends the process with exit code 0. */
#include <stdio.h>
#include <unistd.h>
__attribute__((constructor)) static void leave(void) {
  fputs("goodbye from the constructor\n", stderr);
  _exit(0);
}
#include "zoo.h"
