#pragma once

#include <optional>
#include <string>
#include <vector>

#include "condition.hpp"

namespace weir::standard {

// Each row to the port of the first condition that is true; the others to the main port. Nothing is copied.
class route : public batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Each row to the port of the first condition that is true, else to the main port."; }
  static constexpr weir_option route_options[] = {
      option("when", text).required().doc("The condition.").raw(),
      option("to", text).required().doc("Name of the port; several conditions may have the same one.").raw(),
      weir_option{}};
  static constexpr auto options() {
    return weir::options(option("routes", list_of_tables).required().nested(route_options).doc("Asked in this order."));
  }
  explicit route(const config& c);

  void bind(binder& b) override;
  void process(const batch_view& batch, batch_output& out) override;

 private:
  struct one {
    std::string when, to, option;
    std::size_t condition = 0;
    std::uint32_t port = 0;
  };
  std::vector<one> routes_;
  std::optional<compiled> compiled_;
  std::vector<std::vector<std::uint32_t>> by_port_;
  std::vector<std::uint32_t> left_, taken_, rest_;
};

}  // namespace weir::standard
