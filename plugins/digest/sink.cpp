#include "digest/sink.hpp"

#include "shared/counts.hpp"

namespace digest {

void sink::bind(weir::binder& b) {
  const weir::schema& input = b.input();
  std::vector<std::uint32_t> columns;
  if (config_.has("columns")) {
    for (const auto& name : config_.get<std::vector<std::string>>("columns")) {
      const int found = input.find(name);
      if (found < 0)
        b.error(WEIR_E_SCHEMA, "columns", "there is no column '" + name + "'" + input.hint(name));
      else
        columns.push_back(static_cast<std::uint32_t>(found));
    }
  } else {
    for (std::uint32_t i = 0; i < input.size(); ++i) columns.push_back(i);
  }
  text_ = std::make_unique<row_text>(input, columns);
}

void sink::process(const weir::batch_view& batch) {
  rows_ += static_cast<std::uint64_t>(batch.row_count());
  sum_ += text_->sum(batch.raw());
}

void sink::report(weir::figures& f) {
  f.add("rows", rows_);
  f.add("sum", sum_);
}

void sink::save(std::string& to) const { weir::shared::write_counts(to, {{"rows", rows_}, {"sum", sum_}}); }

void sink::restore(std::string_view saved) {
  if (!weir::shared::add_counts(saved, {{"rows", &rows_}, {"sum", &sum_}}))
    throw weir::problem(WEIR_E_DATA,
                        "the snapshot holds '" + std::string(saved) +
                            "' for this sink, which is no digest: restore it into the pipeline that it was taken of");
}

}  // namespace digest
