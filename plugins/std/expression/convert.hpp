// The node under all casts: one value in, one value out, maybe an error.
#pragma once

#include <string>

#include "loops.hpp"
#include "node.hpp"
#include "values.hpp"

namespace weir::expression {

// What converters share: the rows that have no counterpart become NULL (TRY_CAST) or errors.
class conversion : public node {
 protected:
  conversion(node_ptr a, type to, bool attempt, bool total) : node{to}, attempt_{attempt} {
    add(std::move(a));
    can_fail |= !total && !attempt;
  }
  // Row i of `from` does not fit. `valid` is the result's validity so far.
  void settle(frame& f, const column& from, std::int64_t i, const std::uint8_t*& valid) const;

 private:
  bool attempt_;
};

// Convert is a function object: bool(From, To&), false when the value has no counterpart. Total: it never returns
// false, and any bits may be given to it.
template <class From, class To, class Convert, bool Total>
class converter final : public conversion {
 public:
  converter(node_ptr a, type to, bool attempt, Convert c) : conversion{std::move(a), to, attempt, Total}, convert_{c} {}
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const From* a = c.as<From>();
    To* out = f.scratch<To>(slot);
    const std::uint8_t* valid = c.valid;
    if constexpr (Total) {
      const Convert convert = convert_;
      for_rows_or_more(rows, f.length(), [=](std::int64_t i) { convert(a[i], out[i]); });
    } else {
      for_each_row(rows, [&](std::int64_t i) {
        out[i] = To{};
        if (c.is_valid(i) && !convert_(a[i], out[i])) [[unlikely]] {
          out[i] = To{};
          settle(f, c, i, valid);
        }
      });
    }
    return {out, valid};
  }

 private:
  Convert convert_;
};

template <class From, class To, bool Total, class Convert>
node_ptr make_converter(node_ptr a, type to, bool attempt, Convert c) {
  return std::make_unique<converter<From, To, Convert, Total>>(std::move(a), to, attempt, c);
}

}  // namespace weir::expression
