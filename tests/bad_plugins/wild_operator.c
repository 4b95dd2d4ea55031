/* Its list of operators points into nowhere. */
#include "weir/abi.h"
static const weir_operator* const wild[] = {(const weir_operator*)0x1000, 0};
#define ZOO_OPERATORS wild
#include "zoo.h"
