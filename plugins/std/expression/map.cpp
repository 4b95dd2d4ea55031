#include "map.hpp"

namespace weir::expression {

mapped_node::mapped_node(type t, std::vector<node_ptr> all, loop run, std::size_t width, bool fails, bool expensive)
    : node{t}, run_{run}, width_{width} {
  for (auto& a : all) add(std::move(a));
  can_fail |= fails;
  costly |= expensive;
  scratch = 3;
}

column mapped_node::eval(frame& f, row_set rows) const {
  auto* in = f.scratch<column>(slot + 2, args.size());
  const std::uint8_t* valid = nullptr;
  for (std::size_t k = 0; k < args.size(); ++k) {
    in[k] = args[k]->eval(f, rows);
    if (!in[k].valid || in[k].valid == valid) continue;
    if (!valid) {
      valid = in[k].valid;
      continue;
    }
    auto* both = f.scratch<std::uint8_t>(slot + 1);
    const std::uint8_t *a = valid, *b = in[k].valid;
    for_rows_or_more(rows, f.length(), [=](std::int64_t i) { both[i] = a[i] & b[i]; });
    valid = both;
  }
  void* out = f.scratch_bytes(slot, width_);
  run_(*this, f, rows, in, out, valid);
  return {out, valid};
}

void mapped_node::settle(call& c, frame& f, std::int64_t i, const std::uint8_t*& valid) const {
  if (c.null) {
    auto* own = f.scratch<std::uint8_t>(slot + 1);
    if (valid != own) valid = own_valid(f, slot + 1, valid);
    own[i] = 0;
  }
  if (!c.error.empty()) f.fail(i, std::move(c.error));
  c.special = c.null = false;
  c.error.clear();
}

}  // namespace weir::expression
