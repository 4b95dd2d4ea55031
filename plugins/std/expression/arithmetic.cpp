#include "arithmetic.hpp"

#include <limits>
#include <string>
#include <type_traits>

#include "loops.hpp"
#include "number_text.hpp"
#include "values.hpp"

namespace weir::expression {

namespace {

template <class T>
struct unsigned_of : std::make_unsigned<T> {};
template <>
struct unsigned_of<int128> {
  using type = uint128;
};
template <class T>
using unsigned_t = typename unsigned_of<T>::type;
template <class T>
constexpr bool is_signed_v = std::is_signed_v<T> || std::is_same_v<T, int128>;
template <class T>
constexpr int bits = static_cast<int>(sizeof(T) * 8);

// Each operation wraps around, and its flag has the highest bit set when it did. Made of plain operations, so that the
// loop over them is vectorised.
struct add {
  static constexpr const char* sign = " + ";
  template <class T>
  static T value(T a, T b) {
    using U = unsigned_t<T>;
    return static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
  }
  template <class T>
  static unsigned_t<T> flag(T a, T b, T r) {
    if constexpr (is_signed_v<T>) return static_cast<unsigned_t<T>>((a ^ r) & (b ^ r));
    return static_cast<T>(-static_cast<T>(r < a));
  }
};
struct subtract {
  static constexpr const char* sign = " - ";
  template <class T>
  static T value(T a, T b) {
    using U = unsigned_t<T>;
    return static_cast<T>(static_cast<U>(a) - static_cast<U>(b));
  }
  template <class T>
  static unsigned_t<T> flag(T a, T b, T r) {
    if constexpr (is_signed_v<T>) return static_cast<unsigned_t<T>>((a ^ b) & (a ^ r));
    return static_cast<T>(-static_cast<T>(a < b));
  }
};
struct multiply {
  static constexpr const char* sign = " * ";
  template <class T>
  static T value(T a, T b) {
    using U = std::conditional_t<(sizeof(T) < 4), unsigned, unsigned_t<T>>;
    return static_cast<T>(static_cast<U>(a) * static_cast<U>(b));
  }
  template <class T>
  static unsigned_t<T> flag(T a, T b, T r) {
    if constexpr (sizeof(T) <= 4) {
      using W = std::conditional_t<is_signed_v<T>, std::int64_t, std::uint64_t>;
      const W wide = static_cast<W>(a) * static_cast<W>(b);
      return static_cast<unsigned_t<T>>(static_cast<unsigned_t<T>>(wide != static_cast<W>(r)) << (bits<T> - 1));
    } else {
      T ignored;
      return static_cast<unsigned_t<T>>(__builtin_mul_overflow(a, b, &ignored)) << (bits<T> - 1);
    }
  }
};

void fail_overflow(frame& f, std::int64_t row, const type& t, int128 a, const char* sign, int128 b) {
  std::string why = "overflow of " + name(t) + ": ";
  append_integer(why, a);
  why += sign;
  append_integer(why, b);
  f.fail(row, std::move(why));
}

template <class Op, class T>
class integer_sum final : public node {
 public:
  integer_sum(type t, node_ptr a, node_ptr b) : node{t} {
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
    unsigned_t<T> bad = 0;
    for_rows_or_more(rows, f.length(), [=, &bad](std::int64_t i) {
      const T v = Op::value(a[i], b[i]);
      bad |= Op::flag(a[i], b[i], v);
      out[i] = v;
    });
    if (bad >> (bits<T> - 1)) report(f, rows, a, b, valid);
    return {out, valid};
  }

 private:
  // Some row wrapped around, maybe one that is null or was not asked for.
  void report(frame& f, row_set rows, const T* a, const T* b, const std::uint8_t* valid) const {
    for_each_row(rows, [&](std::int64_t i) {
      if ((valid && !valid[i]) || !(Op::flag(a[i], b[i], Op::value(a[i], b[i])) >> (bits<T> - 1))) return;
      fail_overflow(f, i, result, static_cast<int128>(a[i]), Op::sign, static_cast<int128>(b[i]));
    });
  }
};

// Decimals: 128-bit integers that must keep to their number of digits.
template <class Op>
class decimal_sum final : public node {
 public:
  decimal_sum(type t, node_ptr a, node_ptr b) : node{t}, limit_{power_of_ten(t.precision)} {
    add(std::move(a));
    add(std::move(b));
    can_fail = true;
  }
  column eval(frame& f, row_set rows) const override {
    const column l = args[0]->eval(f, rows), r = args[1]->eval(f, rows);
    const auto* a = l.as<int128>();
    const auto* b = r.as<int128>();
    auto* out = f.scratch<int128>(slot);
    const std::uint8_t* valid = both_valid(f, slot + 1, rows, l.valid, r.valid);
    const int128 limit = limit_;
    bool bad = false;
    for_rows_or_more(rows, f.length(), [=, &bad](std::int64_t i) {
      const int128 v = Op::value(a[i], b[i]);
      bad |= v >= limit || v <= -limit || Op::flag(a[i], b[i], v) >> 127;
      out[i] = v;
    });
    if (bad) {
      for_each_row(rows, [&](std::int64_t i) {
        if (valid && !valid[i]) return;
        const int128 v = Op::value(a[i], b[i]);
        if (v < limit && v > -limit && !(Op::flag(a[i], b[i], v) >> 127)) return;
        f.fail(i, "overflow of " + name(result) + ": " + shown(args[0]->result, l, i) + Op::sign +
                      shown(args[1]->result, r, i));
      });
    }
    return {out, valid};
  }

 private:
  int128 limit_;
};

template <class Op, class T>
class float_sum final : public node {
 public:
  float_sum(type t, node_ptr a, node_ptr b) : node{t} {
    add(std::move(a));
    add(std::move(b));
  }
  column eval(frame& f, row_set rows) const override {
    const column l = args[0]->eval(f, rows), r = args[1]->eval(f, rows);
    const T* a = l.as<T>();
    const T* b = r.as<T>();
    T* out = f.scratch<T>(slot);
    for_rows_or_more(rows, f.length(), [=](std::int64_t i) { out[i] = Op{}(a[i], b[i]); });
    return {out, both_valid(f, slot + 1, rows, l.valid, r.valid)};
  }
};

struct plus_op {
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
};
struct minus_op {
  template <class T>
  T operator()(T a, T b) const {
    return a - b;
  }
};
struct times_op {
  template <class T>
  T operator()(T a, T b) const {
    return a * b;
  }
};
struct ratio_op {
  template <class T>
  __attribute__((no_sanitize("float-divide-by-zero"))) T operator()(T a, T b) const {
    return a / b;
  }
};

template <class Checked, class Float>
node_ptr sum_of(type t, node_ptr a, node_ptr b) {
  if (t.is == kind::decimal) return std::make_unique<decimal_sum<Checked>>(t, std::move(a), std::move(b));
  return with_number(t.is, [&](auto tag) -> node_ptr {
    using T = typename decltype(tag)::value;
    if constexpr (std::is_floating_point_v<T>) {
      return std::make_unique<float_sum<Float, T>>(t, std::move(a), std::move(b));
    } else {
      return std::make_unique<integer_sum<Checked, T>>(t, std::move(a), std::move(b));
    }
  });
}

// Signed numbers and intervals; unsigned ones were widened before.
template <class T>
class negation final : public node {
 public:
  explicit negation(node_ptr a) : node{a->result} {
    add(std::move(a));
    can_fail |= !std::is_floating_point_v<T> && result.is != kind::decimal;
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const T* a = c.as<T>();
    T* out = f.scratch<T>(slot);
    if constexpr (std::is_floating_point_v<T>) {
      for_rows_or_more(rows, f.length(), [=](std::int64_t i) { out[i] = -a[i]; });
    } else {
      bool bad = false;
      for_rows_or_more(rows, f.length(), [=, &bad](std::int64_t i) {
        bad |= a[i] == smallest;
        out[i] = subtract::value(T{0}, a[i]);
      });
      if (bad && result.is != kind::decimal)
        for_each_row(rows, [&](std::int64_t i) {
          if (c.is_valid(i) && a[i] == smallest)
            f.fail(i, "overflow of " + name(result) + ": -(" + shown(result, c, i) + ")");
        });
    }
    return {out, c.valid};
  }

 private:
  static constexpr T smallest =
      std::is_floating_point_v<T>
          ? T{0}
          : static_cast<T>(static_cast<unsigned_t<std::conditional_t<std::is_floating_point_v<T>, int, T>>>(1)
                           << (bits<T> - 1));
};

class interval_negation final : public node {
 public:
  explicit interval_negation(node_ptr a) : node{a->result} { add(std::move(a)); }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const auto* a = c.as<span>();
    auto* out = f.scratch<span>(slot);
    for_rows_or_more(rows, f.length(), [=](std::int64_t i) {
      out[i] = {subtract::value(0, a[i].months), subtract::value(0, a[i].days),
                subtract::value(std::int64_t{0}, a[i].micros)};
    });
    return {out, c.valid};
  }
};

}  // namespace

node_ptr make_sum(sum what, type result, node_ptr a, node_ptr b) {
  switch (what) {
    case sum::add:
      return sum_of<add, plus_op>(result, std::move(a), std::move(b));
    case sum::subtract:
      return sum_of<subtract, minus_op>(result, std::move(a), std::move(b));
    default:
      return sum_of<multiply, times_op>(result, std::move(a), std::move(b));
  }
}

node_ptr make_ratio(type result, node_ptr a, node_ptr b) {
  if (result.is == kind::float32)
    return std::make_unique<float_sum<ratio_op, float>>(result, std::move(a), std::move(b));
  return std::make_unique<float_sum<ratio_op, double>>(result, std::move(a), std::move(b));
}

node_ptr make_negation(node_ptr a) {
  if (a->result.is == kind::interval) return std::make_unique<interval_negation>(std::move(a));
  return with_number(a->result.is, [&](auto tag) -> node_ptr {
    using T = typename decltype(tag)::value;
    if constexpr (std::is_floating_point_v<T> || is_signed_v<T>) {
      return std::make_unique<negation<T>>(std::move(a));
    } else {
      return nullptr;
    }
  });
}

}  // namespace weir::expression
