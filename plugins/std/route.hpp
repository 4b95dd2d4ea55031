// route: each row to the port of the first condition that is true for it, the others to the main port.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rows.hpp"

namespace weir::standard {

class route final : public expression_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() {
    return "Each row to the port of the first condition that is true, else to the main port.";
  }
  static constexpr weir_option rule_options[]{
      weir::option("when", weir::text)
          .required()
          .doc("The condition, an SQL expression over the input's columns.")
          .raw(),
      weir::option("to", weir::text)
          .required()
          .doc("The name of the output port: `from = [\"node:name\"]` reads it.")
          .raw(),
      {}};
  static constexpr auto options() {
    return weir::options(
        weir::option("routes", weir::list_of_tables)
            .required()
            .nested(rule_options)
            .doc("Conditions in the order they are tried; rows that none takes leave by the main port."));
  }
  explicit route(const weir::config& c);

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override;

 private:
  struct rule {
    std::string when, to;
    std::uint32_t port{0};
  };
  std::vector<rule> rules_;
  std::vector<std::string> ports_;  // names, in the order they appear; the first is the main port, ""
  std::optional<weir::expression::program> program_;
  std::optional<weir::expression::evaluator> evaluator_;
  // Reused from batch to batch.
  std::vector<std::uint16_t> port_of_;       // by physical row
  std::vector<std::uint32_t> open_, taken_;  // rows that no condition has taken yet; those that the last one took
  std::vector<std::int64_t> counts_;         // rows of each port
};

}  // namespace weir::standard
