/* Its weir_operator is larger than that of the ABI it names. */
#define ZOO_OPERATOR_SIZE (sizeof(weir_operator) + 8)
#include "zoo.h"
