// What the operators here share: how they begin a batch, and what becomes of rows whose expressions fail.
#pragma once

#include <string_view>

#include "expression/program.hpp"
#include "weir/batch_operator.hpp"

namespace weir::standard {

inline weir::expression::row_set rows_of(const weir::batch_view& batch) {
  return {batch.raw().rows, batch.row_count()};
}

// Hands the rows that could not be evaluated to the dead-letter port.
inline void bury(const weir::expression::evaluator& e, const weir::batch_view& batch, weir::batch_output& out,
                 std::string_view what) {
  for (const auto& bad : e.errors()) out.dead_letter(batch, bad.row, std::string{what} + ": " + bad.why);
}

// An operator that evaluates expressions. Begins a batch with the names of sources at hand.
class expression_operator : public weir::batch_operator {
 protected:
  weir::expression::input input_of(const weir::batch_view& batch) const {
    return {&batch.raw(),
            [](const void* who, std::uint32_t number) {
              return static_cast<const expression_operator*>(who)->source_name(number);
            },
            this};
  }
};

}  // namespace weir::standard
