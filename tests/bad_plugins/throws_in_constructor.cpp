// Its constructor throws: the exception meets the dynamic loader, which cannot handle it.
#include <stdexcept>
__attribute__((constructor)) static void throw_it() { throw std::runtime_error("thrown in a constructor"); }
#include "zoo.h"
