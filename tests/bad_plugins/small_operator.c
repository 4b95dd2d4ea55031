/* Its weir_operator is smaller than the first version of the contract. */
#define ZOO_OPERATOR_SIZE 64
#include "zoo.h"
