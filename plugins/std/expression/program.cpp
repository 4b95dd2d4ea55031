#include "program.hpp"

#include "cast.hpp"
#include "coerce.hpp"
#include "loops.hpp"
#include "values.hpp"

namespace weir::expression {

std::size_t program::keep(node_ptr n) {
  roots_.push_back(std::move(n));
  return roots_.size() - 1;
}

std::size_t program::add(const syntax& tree) {
  binder b{*schema_, loads_};
  node_ptr n = b.bind(tree);
  if (n->result.is == kind::null)
    throw mistake{tree.at, "the type of this expression is not known: CAST(NULL AS type) gives it one"};
  if (n->result.is == kind::interval)
    throw mistake{tree.at, "an interval cannot be a column: take a part of it, like epoch_us(...)"};
  if (n->result.is == kind::hugeint) n = make_cast(std::move(n), {kind::decimal, decimal_digits_max, 0}, false);
  return keep(std::move(n));
}

std::size_t program::add(std::string_view text) { return add(*parse(text)); }

std::size_t program::add_condition(std::string_view text) {
  const syntax_ptr tree = parse(text);
  binder b{*schema_, loads_};
  return keep(as_truth(b.bind(*tree), "this option"));
}

void program::seal() {
  for (auto& r : roots_) r->number(numbers_);
  schema_ = nullptr;
}

column evaluator::eval_into(std::size_t n, row_set rows, void* target) {
  const node& root = program_->root(n);
  // Columns and constants have their values elsewhere; a step may also hand on another's. Those are copied.
  const bool direct = root.writes && root.scratch > 0 && reinterpret_cast<std::uintptr_t>(target) % 16 == 0;
  if (direct) frame_.redirect(root.slot, target);
  column c = root.eval(frame_, rows);
  if (direct) frame_.redirect(root.slot, nullptr);
  if (c.values == target) return c;
  with_value(root.result.is, [&](auto tag) {
    using T = typename decltype(tag)::value;
    const T* from = c.as<T>();
    auto* to = static_cast<char*>(target);  // whose alignment for 128 bits is not promised
    for_rows_or_more(rows, frame_.length(), [=](std::int64_t i) {
      std::memcpy(to + i * static_cast<std::int64_t>(sizeof(T)), from + i, sizeof(T));
    });
  });
  c.values = target;
  return c;
}

std::int64_t evaluator::select(std::size_t n, row_set rows, std::uint32_t* out) {
  const column c = eval(n, rows);
  const auto* keep = c.as<std::uint8_t>();
  const std::uint8_t* valid = c.valid;
  std::int64_t count = 0;
  if (!frame_.errors().empty()) {
    for_rows(rows, [&](std::int64_t i) {
      out[count] = static_cast<std::uint32_t>(i);
      count += keep[i] & (valid ? valid[i] : 1) & !frame_.has_failed(i) & 1;
    });
  } else if (valid) {
    for_rows(rows, [&](std::int64_t i) {
      out[count] = static_cast<std::uint32_t>(i);
      count += keep[i] & valid[i] & 1;
    });
  } else {
    for_rows(rows, [&](std::int64_t i) {
      out[count] = static_cast<std::uint32_t>(i);
      count += keep[i] & 1;
    });
  }
  return count;
}

}  // namespace weir::expression
