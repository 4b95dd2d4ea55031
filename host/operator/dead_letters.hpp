#pragma once
#include <cstdint>
#include <string_view>

#include "base/env.hpp"
#include "base/log.hpp"
#include "model/dead_letter.hpp"
#include "model/row_json.hpp"
#include "operator/collector.hpp"
#include "operator/counters.hpp"
#include "operator/spec.hpp"

namespace weir::op {

/// Rows of one node that could not be processed, under its error policy: fail stops the chain, skip counts and logs them,
/// dead_letter collects them for the dead-letter port. [task]
class dead_letters {
 public:
  dead_letters(const spec& what, std::uint32_t subtask, base::env& env, const base::logger& log, counters& counts);

  /// One row of `from` (null: a source's record that has no row). WEIR_OK: the row is dealt with;
  /// otherwise the policy is fail: `*why` is the error.
  weir_code add(const model::batch* from, std::uint32_t row, weir_code code, std::string_view reason,
                std::string_view original, base::error* why);
  /// Sends what was collected to the port behind the node's own outputs.
  bool flush(collector& out);

 private:
  const spec& what_;
  base::env& env_;
  const base::logger& log_;
  counters& counts_;
  model::dead_letter_builder builder_;
  base::log_limiter limiter_;
  std::string text_;
};

}  // namespace weir::op
