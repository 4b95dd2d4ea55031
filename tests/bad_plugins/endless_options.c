/* A table of options that does not end. */
#include "weir/abi.h"
static const weir_option options[4096] = {[0 ... 4095] = {"limit", "int", "1", "A limit.", 0, 0, 0, 0}};
#define ZOO_OPTIONS options
#include "zoo.h"
