/* Two components of one name. */
#include "weir/abi.h"
static const weir_operator zoo_operator;
static const weir_operator* const twice[] = {&zoo_operator, &zoo_operator, 0};
#define ZOO_OPERATORS twice
#include "zoo.h"
