#include "filter.hpp"

namespace weir::standard {

void filter::bind(weir::binder& b) {
  program_.emplace(b.input());
  try {
    program_->add_condition(where_);
  } catch (const weir::expression::mistake& m) {
    b.error(WEIR_E_CONFIG, "where", m.why, m.at);
    return;
  }
  program_->seal();
  evaluator_.emplace(*program_);
  b.output_like_input("");
}

void filter::process(const weir::batch_view& batch, weir::batch_output& out) {
  evaluator_->begin(input_of(batch));
  std::uint32_t* rows = out.row_buffer(batch.row_count());
  const std::int64_t count = evaluator_->select(0, rows_of(batch), rows);
  if (!evaluator_->errors().empty()) bury(*evaluator_, batch, out, "where");
  if (count == batch.row_count()) {
    out.emit_all(0, batch);
  } else {
    out.emit_rows(0, batch, rows, count);
  }
}

}  // namespace weir::standard
