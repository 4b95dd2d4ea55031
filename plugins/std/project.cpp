#include "project.hpp"

#include <algorithm>

#include "writer.hpp"

namespace weir::standard {

using weir::expression::form;
using weir::expression::mistake;

struct project::columns_in_work {
  weir::schema columns;
  std::vector<std::int32_t> passes;

  void add(weir::field f, std::int32_t from) {
    columns.fields.push_back(std::move(f));
    passes.push_back(from);
  }
};

void project::add_item(std::size_t number, const weir::schema& input, columns_in_work& out) {
  const weir::expression::item item = weir::expression::parse_item(items_[number]);
  if (!item.expression) {  // a star
    for (const auto& d : item.dropped)
      if (input.find(d->text) < 0)
        throw mistake{d->at, "there is no column `" + d->text + "` to leave out" + input.hint(d->text)};
    for (std::size_t i = 0; i < input.size(); ++i) {
      auto is_dropped = [&](const auto& d) { return d->text == input[i].name; };
      if (std::none_of(item.dropped.begin(), item.dropped.end(), is_dropped))
        out.add(input[i], static_cast<std::int32_t>(i));
    }
    return;
  }
  const weir::expression::syntax& e = *item.expression;
  std::string name = item.name;
  if (name.empty() && (e.is == form::name || e.is == form::field)) name = e.text;
  if (e.is == form::name)
    if (const int i = input.find(e.text); i >= 0) {
      weir::field f = input[static_cast<std::size_t>(i)];
      f.name = std::move(name);
      out.add(std::move(f), i);
      return;
    }
  const std::size_t n = program_->add(e);
  if (name.empty())
    throw mistake{static_cast<std::int64_t>(items_[number].size()), "a computed column needs a name: add AS name"};
  const weir::expression::type t = program_->type_of_result(n);
  computed_.push_back({n, t, name});
  out.add(weir::expression::field_of(t, std::move(name)), -1);
}

void project::bind(weir::binder& b) {
  program_.emplace(b.input());
  computed_.clear();
  columns_in_work out;
  bool good = true;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const std::string option = "columns[" + std::to_string(i) + "]";
    const std::size_t first = out.columns.size();
    try {
      add_item(i, b.input(), out);
    } catch (const mistake& m) {
      b.error(WEIR_E_CONFIG, option, m.why, m.at);
      good = false;
    }
    for (std::size_t k = first; k < out.columns.size(); ++k)
      if (const int same = out.columns.find(out.columns[k].name); same < static_cast<int>(k)) {
        b.error(WEIR_E_CONFIG, option, "there are two columns `" + out.columns[k].name + "`: rename one with AS");
        good = false;
      }
  }
  if (good && out.columns.fields.empty()) {
    b.error(WEIR_E_CONFIG, "columns", "no column is left");
    good = false;
  }
  if (!good) return;
  program_->seal();
  evaluator_.emplace(*program_);
  b.output("", std::move(out.columns), std::move(out.passes));
}

void project::process(const weir::batch_view& batch, weir::batch_output& out) {
  if (computed_.empty()) return out.emit_all(0, batch);
  evaluator_->begin(input_of(batch));
  auto beside = out.build_beside(0, batch);
  std::size_t failed = 0;
  for (std::size_t i = 0; i < computed_.size(); ++i) {
    write(*evaluator_, computed_[i].expression, computed_[i].is, rows_of(batch), batch.length(), beside[i]);
    // A row is handed over once, for the first of its columns that fails.
    for (const auto& errors = evaluator_->errors(); failed < errors.size(); ++failed)
      out.dead_letter(batch, errors[failed].row, computed_[i].name + ": " + errors[failed].why);
  }
  if (!failed) return out.emit_all(0, batch, std::move(beside));
  std::uint32_t* rows = out.row_buffer(batch.row_count());
  std::int64_t count = 0;
  for (const std::uint32_t row : batch.rows()) {
    rows[count] = row;
    count += !evaluator_->has_failed(row);
  }
  out.emit_rows(0, batch, rows, count, std::move(beside));
}

}  // namespace weir::standard
