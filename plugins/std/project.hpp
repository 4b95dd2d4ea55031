// project: columns chosen, renamed and computed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rows.hpp"

namespace weir::standard {

// Columns that are only named go through without being copied; the others are written beside them, at the rows' own
// places.
class project final : public expression_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Columns chosen, renamed and computed."; }
  static constexpr auto options() {
    return weir::options(
        weir::option("columns", weir::list_of_text)
            .required()
            .doc("Output columns in order: \"column\", \"expression AS name\", \"*\", \"* EXCEPT (column, ...)\"."));
  }
  explicit project(const weir::config& c) : items_{c.get<std::vector<std::string>>("columns")} {}

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  struct computed {
    std::size_t expression;
    weir::expression::type is;
    std::string name;
  };
  struct columns_in_work;
  void add_item(std::size_t number, const weir::schema& input, columns_in_work& out);

  std::vector<std::string> items_;
  std::optional<weir::expression::program> program_;
  std::optional<weir::expression::evaluator> evaluator_;
  std::vector<computed> computed_;
};

}  // namespace weir::standard
