#include "control/version.hpp"

namespace weir::control {

const char* const version_text = WEIR_VERSION;

}  // namespace weir::control
