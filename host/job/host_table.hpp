#pragma once
#include "weir/abi.h"

namespace weir::job {

/// The table that every plugin of this process is given; lives as long as the process. [any]
const weir_host& host_table();

}  // namespace weir::job
