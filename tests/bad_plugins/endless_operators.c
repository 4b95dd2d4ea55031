/* Its list of operators does not end with null. */
#include "weir/abi.h"
static const weir_operator zoo_operator;
static const weir_operator* const many[4096] = {[0 ... 4095] = &zoo_operator};
#define ZOO_OPERATORS many
#include "zoo.h"
