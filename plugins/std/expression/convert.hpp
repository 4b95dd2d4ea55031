// The node under all casts: one value in, one value out, maybe an error.
#pragma once

#include <string>

#include "loops.hpp"
#include "node.hpp"
#include "values.hpp"

namespace weir::expression {

// Convert is a function object: bool(From, To&), false when the value has no counterpart. Total: it never returns false, and any bits
// may be given to it.
template <class From, class To, class Convert, bool Total>
class converter final : public node {
 public:
  converter(node_ptr a, type to, bool attempt, Convert c) : node{to}, convert_{c}, attempt_{attempt} {
    add(std::move(a));
    can_fail |= !Total && !attempt;
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const From* a = c.as<From>();
    To* out = f.scratch<To>(slot);
    if constexpr (Total) {
      const Convert convert = convert_;
      for_rows_or_more(rows, f.length(), [=](std::int64_t i) { convert(a[i], out[i]); });
      return {out, c.valid};
    }
    std::uint8_t* valid = nullptr;
    for_rows(rows, [&](std::int64_t i) {
      if (!c.is_valid(i)) {
        out[i] = To{};
        return;
      }
      if (convert_(a[i], out[i])) return;
      out[i] = To{};
      if (attempt_) {
        if (!valid) valid = own_valid(f, slot + 1, c.valid);
        valid[i] = 0;
      } else {
        f.fail(i, reason(c, i));
      }
    });
    return {out, valid ? valid : c.valid};
  }

 private:
  std::string reason(const column& c, std::int64_t i) const {
    const type& from = args[0]->result;
    if (from.is == kind::text) return "cannot read " + shown(from, c, i) + " as " + name(result);
    return "cannot cast " + shown(from, c, i) + " (" + name(from) + ") to " + name(result) + ": out of range";
  }
  Convert convert_;
  bool attempt_;
};

template <class From, class To, bool Total, class Convert>
node_ptr make_converter(node_ptr a, type to, bool attempt, Convert c) {
  return std::make_unique<converter<From, To, Convert, Total>>(std::move(a), to, attempt, c);
}

}  // namespace weir::expression
