// union: several inputs as one stream.
#pragma once

#include "weir/batch_operator.hpp"

namespace weir::standard {

// Batches go through as they come; nothing is copied, and nothing is promised about the order between inputs.
class merge final : public weir::batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Several inputs with the same columns as one stream."; }
  static constexpr std::uint32_t weir_inputs = WEIR_INPUTS_ANY;

  void bind(weir::binder& b) override;
  void process(const weir::batch_view& batch, weir::batch_output& out) override { out.emit_all(0, batch); }
};

}  // namespace weir::standard
