#pragma once
// A plan as a drawing (drawing.hpp): one box for each node of the file, its hidden decoder or encoder told in a line.
#include "plan/drawing.hpp"
#include "plan/plan.hpp"

namespace weir::plan {

struct explain_options {
  bool schemas = false;  ///< with the columns of every node's main output, or of what a sink gets
};

drawing describe(const plan& of, const explain_options& how = {});

}  // namespace weir::plan
