// filter: the rows for which a condition is true.
#pragma once

#include <optional>
#include <string>

#include "expression/program.hpp"
#include "rows.hpp"

namespace weir::standard {

// Rows are passed on by number: no value is read that the condition does not ask for, none is copied.
class filter final : public expression_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Rows for which a condition is true."; }
  static constexpr auto options() {
    return weir::options(
        weir::option("where", weir::text).required().doc("The condition, an SQL expression over the input's columns."));
  }
  explicit filter(const weir::config& c) : where_{c.get<std::string>("where")} {}

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  std::string where_;
  std::optional<weir::expression::program> program_;
  std::optional<weir::expression::evaluator> evaluator_;
};

}  // namespace weir::standard
