#pragma once

#include <optional>
#include <string>
#include <vector>

#include "condition.hpp"

namespace weir::standard {

// Columns by expressions. A column that is only named goes through without a copy; others are computed beside the input.
class project : public batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Columns by expressions."; }
  static constexpr auto options() {
    return weir::options(
        option("columns", list_of_text)
            .required()
            .doc("\"expression\", \"expression AS name\", \"*\" or \"* EXCEPT (name, ...)\", in the order of the output."));
  }
  explicit project(const config& c) : items_{c.get<std::vector<std::string>>("columns")} {}

  void bind(binder& b) override;
  void process(const batch_view& batch, batch_output& out) override;

 private:
  struct computed {
    std::size_t expression = 0;
    expression::kind is{};
    std::uint32_t width = 0;  // bytes of a value that may be written in place; 0: value by value
  };
  void add(binder& b, schema& out, std::vector<std::int32_t>& passes, const std::string& text, const std::string& option);
  void write(const computed& c, const expression::column& from, const batch_view& batch, column_writer& to) const;

  std::vector<std::string> items_;
  std::optional<compiled> compiled_;
  std::vector<computed> computed_;
  std::vector<std::uint32_t> good_;
};

}  // namespace weir::standard
