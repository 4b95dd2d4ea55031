#pragma once

#include <optional>
#include <string>

#include "condition.hpp"

namespace weir::standard {

// Rows for which a condition is true. Nothing is copied: the batch goes on with a selection.
class filter : public batch_operator {
 public:
  static constexpr bool selections = true;
  static constexpr const char* summary() { return "Rows for which a condition is true."; }
  static constexpr auto options() {
    return weir::options(option("where", text).required().doc("The condition; rows where it is false or null are dropped."));
  }
  explicit filter(const config& c) : where_{c.get<std::string>("where")} {}

  void bind(binder& b) override {
    compiled_.emplace(b.input());
    condition_ = compiled_->condition(where_, "where");
    compiled_->seal();
    b.output_like_input("");
  }
  void process(const batch_view& batch, batch_output& out) override {
    auto& e = compiled_->begin(batch);
    std::uint32_t* kept = out.row_buffer(batch.row_count());
    const auto count = e.select(condition_, rows_of(batch), kept);
    for (const auto& bad : e.errors()) out.dead_letter(batch, bad.row, bad.why);
    if (count == batch.row_count())
      out.emit_all(0, batch);
    else
      out.emit_rows(0, batch, kept, count);
  }

 private:
  std::string where_;
  std::optional<compiled> compiled_;
  std::size_t condition_ = 0;
};

}  // namespace weir::standard
