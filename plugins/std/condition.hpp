// What filter and route share: expressions of the node's options, compiled at bind, evaluated batch by batch.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "expression/program.hpp"
#include "weir/batch_operator.hpp"

namespace weir::standard {

// Compiled expressions over one input and their evaluator. The program outlives the evaluator.
class compiled {
 public:
  explicit compiled(const schema& in) : program_{std::make_unique<expression::program>(in)} {}

  expression::program& program() { return *program_; }
  // add_condition whose mistakes are errors of the option, at their place in its text.
  std::size_t condition(std::string_view text, const std::string& option);
  void seal() {
    program_->seal();
    evaluator_.emplace(*program_);
  }
  expression::evaluator& begin(const batch_view& batch) {
    evaluator_->begin({&batch.raw(), nullptr, nullptr});
    return *evaluator_;
  }

 private:
  std::unique_ptr<expression::program> program_;
  std::optional<expression::evaluator> evaluator_;
};

// The rows of a batch as the expression engine wants them.
inline expression::row_set rows_of(const batch_view& batch) { return {batch.raw().rows, batch.row_count()}; }

}  // namespace weir::standard
