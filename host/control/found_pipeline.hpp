#pragma once
// Pipelines as people name them on a command line.
#include <string>

#include "base/result.hpp"

namespace weir::control {

/// A running or stopped pipeline: by its name, its file, or its state directory.
struct found_pipeline {
  std::string state_directory;
  std::string savepoints;  ///< where savepoints go when nobody says
};
base::result<found_pipeline> find_pipeline(const std::string& told);

/// The same path from everywhere.
base::result<std::string> absolute_path(const std::string& path);

}  // namespace weir::control
