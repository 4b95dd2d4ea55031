// Quotients and remainders.
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "arithmetic.hpp"
#include "constant.hpp"
#include "divider.hpp"
#include "loops.hpp"
#include "number_text.hpp"
#include "values.hpp"

namespace weir::expression {

namespace {

template <class T>
constexpr bool is_signed_v = std::is_signed_v<T> || std::is_same_v<T, int128>;

// The divisor changes from row to row.
template <class T, bool Remainder>
class division final : public node {
 public:
  division(type t, node_ptr a, node_ptr b) : node{t} {
    add(std::move(a));
    add(std::move(b));
    can_fail = true;
  }
  column eval(frame& f, row_set rows) const override {
    const column l = args[0]->eval(f, rows), r = args[1]->eval(f, rows);
    const T* a = l.as<T>();
    const T* b = r.as<T>();
    T* out = f.scratch<T>(slot);
    const std::uint8_t* valid = both_valid(f, slot + 1, rows, l.valid, r.valid);
    bool bad = false;
    for_each_row(rows, [=, &bad](std::int64_t i) {
      const T n = a[i];
      T d = b[i];
      if (d == 0) {
        bad = true;
        d = 1;
      }
      if constexpr (is_signed_v<T>) {
        if (d == -1) {  // the one quotient that may not fit, and that traps
          if constexpr (Remainder) {
            out[i] = 0;
          } else {
            bad |= n == smallest;
            out[i] = n == smallest ? n : static_cast<T>(-n);
          }
          return;
        }
      }
      out[i] = Remainder ? static_cast<T>(n % d) : static_cast<T>(n / d);
    });
    if (bad)
      for_each_row(rows, [&](std::int64_t i) {
        if (valid && !valid[i]) return;
        if (b[i] == 0) {
          f.fail(i, std::string{"division by zero: "} + shown(args[0]->result, l, i) + (Remainder ? " % " : " // ") +
                        "0 (use nullif(divisor, 0) to get NULL)");
        } else if (is_signed_v<T> && !Remainder && a[i] == smallest && b[i] == static_cast<T>(-1)) {
          f.fail(i, "overflow of " + name(result) + ": " + shown(result, l, i) + " // -1");
        }
      });
    return {out, valid};
  }

 private:
  static constexpr T smallest =
      is_signed_v<T> ? static_cast<T>(static_cast<T>(1) << (sizeof(T) * 8 - 2)) * static_cast<T>(-2) : T{0};
};

// The divisor is a constant, neither 0 nor -1. Narrow types are divided as int64, uint64 as itself.
template <class T, bool Remainder>
class division_by final : public node {
 public:
  using divider = std::conditional_t<std::is_same_v<T, std::uint64_t>, unsigned_divider, signed_divider>;
  division_by(type t, node_ptr a, T d) : node{t}, divider_{d} { add(std::move(a)); }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const T* a = c.as<T>();
    T* out = f.scratch<T>(slot);
    const divider d = divider_;
    for_rows_or_more(rows, f.length(), [=](std::int64_t i) {
      out[i] = static_cast<T>(Remainder ? d.remainder(a[i]) : d.quotient(a[i]));
    });
    return {out, c.valid};
  }

 private:
  divider divider_;
};

// a % -1 and a % 1 are 0; a // -1 is a negation that may overflow.
template <class T>
class zeros final : public node {
 public:
  zeros(type t, node_ptr a) : node{t} { add(std::move(a)); }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    T* out = f.scratch<T>(slot);
    for_rows_or_more(rows, f.length(), [=](std::int64_t i) { out[i] = 0; });
    return {out, c.valid};
  }
};

template <class T>
class float_remainder final : public node {
 public:
  float_remainder(type t, node_ptr a, node_ptr b, bool exact = false) : node{t}, exact_{exact} {
    add(std::move(a));
    add(std::move(b));
    can_fail |= exact;
  }
  column eval(frame& f, row_set rows) const override {
    const column l = args[0]->eval(f, rows), r = args[1]->eval(f, rows);
    const T* a = l.as<T>();
    const T* b = r.as<T>();
    T* out = f.scratch<T>(slot);
    for_each_row(rows, [=](std::int64_t i) { out[i] = std::fmod(a[i], b[i]); });
    const std::uint8_t* valid = both_valid(f, slot + 1, rows, l.valid, r.valid);
    if (exact_)
      for_each_row(rows, [&](std::int64_t i) {
        if (b[i] == 0 && (!valid || valid[i]))
          f.fail(i, "division by zero: " + shown(result, l, i) + " % 0 (use nullif(divisor, 0) to get NULL)");
      });
    return {out, valid};
  }

 private:
  bool exact_;
};

template <class T>
class divisible final : public node {
 public:
  divisible(node_ptr a, std::int64_t d, bool negate) : node{kind::boolean}, by_{d}, negate_{negate} {
    add(std::move(a));
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const T* a = c.as<T>();
    auto* out = f.scratch<std::uint8_t>(slot);
    const divisibility by = by_;
    const bool negate = negate_;
    if (by.is_power()) {
      const std::uint64_t mask = by.mask();
      for_rows_or_more(rows, f.length(), [=](std::int64_t i) {
        out[i] = static_cast<std::uint8_t>(((static_cast<std::uint64_t>(a[i]) & mask) == 0) != negate);
      });
    } else {
      for_rows_or_more(rows, f.length(),
                       [=](std::int64_t i) { out[i] = static_cast<std::uint8_t>(by(a[i]) != negate); });
    }
    return {out, c.valid};
  }

 private:
  divisibility by_;
  bool negate_;
};

template <bool Remainder>
node_ptr division_of(type t, node_ptr a, node_ptr b) {
  const constant* divisor = constant_of(*b);
  return with_number(t.is, [&](auto tag) -> node_ptr {
    using T = typename decltype(tag)::value;
    if constexpr (std::is_floating_point_v<T>) {
      if constexpr (Remainder) return std::make_unique<float_remainder<T>>(t, std::move(a), std::move(b));
      return nullptr;
    } else {
      if constexpr (sizeof(T) == 4 || sizeof(T) == 8) {  // others are rare: divided one by one
        if (divisor && !divisor->value.null && divisor->value.integer != 0) {
          const auto d = static_cast<T>(divisor->value.integer);
          if (divisor->value.integer != -1) return std::make_unique<division_by<T, Remainder>>(t, std::move(a), d);
          if constexpr (Remainder) return std::make_unique<zeros<T>>(t, std::move(a));
          return make_negation(std::move(a));
        }
      }
      return std::make_unique<division<T, Remainder>>(t, std::move(a), std::move(b));
    }
  });
}

}  // namespace

node_ptr make_quotient(type result, node_ptr a, node_ptr b) {
  return division_of<false>(result, std::move(a), std::move(b));
}
node_ptr make_remainder(type result, node_ptr a, node_ptr b) {
  return division_of<true>(result, std::move(a), std::move(b));
}

node_ptr make_exact_remainder(node_ptr a, node_ptr b) {
  return std::make_unique<float_remainder<double>>(kind::float64, std::move(a), std::move(b), true);
}

node_ptr make_divisible(node_ptr& a, int128 divisor, bool negate) {
  const kind k = a->result.is;
  if (k != kind::int64 && k != kind::int32) return nullptr;
  if (divisor == 0 || divisor > std::numeric_limits<std::int64_t>::max() ||
      divisor <= std::numeric_limits<std::int64_t>::min())
    return nullptr;
  return with_number(k, [&](auto tag) -> node_ptr {
    using T = typename decltype(tag)::value;
    if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::int32_t>) {
      return std::make_unique<divisible<T>>(std::move(a), static_cast<std::int64_t>(divisor), negate);
    } else {
      return nullptr;
    }
  });
}

}  // namespace weir::expression
