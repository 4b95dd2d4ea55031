// Casts among bool and the numbers.
#include <cmath>
#include <limits>

#include "cast.hpp"
#include "convert.hpp"
#include "number_text.hpp"

namespace weir::expression {

namespace {

template <class T>
constexpr bool is_signed_v = std::is_signed_v<T> || std::is_same_v<T, int128>;

// All values of From are values of To (floats: rounded).
template <class From, class To>
constexpr bool fits_always() {
  if constexpr (std::is_floating_point_v<To>) return !std::is_same_v<From, double> || std::is_same_v<To, double>;
  if constexpr (std::is_floating_point_v<From>) return false;
  if constexpr (is_signed_v<From> == is_signed_v<To>) return sizeof(From) <= sizeof(To);
  return is_signed_v<To> && sizeof(From) < sizeof(To);
}

struct widen {
  template <class From, class To>
  bool operator()(From v, To& out) const {
    out = static_cast<To>(v);
    return true;
  }
};

template <class To>
constexpr double upper_bound = 0;  // the first float above all values of To
template <>
constexpr double upper_bound<std::int8_t> = 0x1p7;
template <>
constexpr double upper_bound<std::int16_t> = 0x1p15;
template <>
constexpr double upper_bound<std::int32_t> = 0x1p31;
template <>
constexpr double upper_bound<std::int64_t> = 0x1p63;
template <>
constexpr double upper_bound<int128> = 0x1p127;
template <>
constexpr double upper_bound<std::uint8_t> = 0x1p8;
template <>
constexpr double upper_bound<std::uint16_t> = 0x1p16;
template <>
constexpr double upper_bound<std::uint32_t> = 0x1p32;
template <>
constexpr double upper_bound<std::uint64_t> = 0x1p64;

struct narrow {
  template <class From, class To>
  bool operator()(From v, To& out) const {
    if constexpr (std::is_same_v<From, double> && std::is_same_v<To, float>) {
      out = static_cast<float>(v);
      return !std::isinf(out) || std::isinf(v);
    } else if constexpr (std::is_floating_point_v<From>) {
      const double r = std::nearbyint(static_cast<double>(v));  // halves go to the even neighbour
      if (!(r < upper_bound<To> && r >= (is_signed_v<To> ? -upper_bound<To> : 0.0))) return false;
      out = static_cast<To>(r);
      return true;
    } else {
      out = static_cast<To>(v);
      if (static_cast<From>(out) != v) return false;
      if constexpr (is_signed_v<From> != is_signed_v<To>) {
        // Same bits, other sign: a value that was negative on one side alone.
        if constexpr (is_signed_v<From>) return v >= 0;
        if constexpr (is_signed_v<To>) return out >= 0;
      }
      return true;
    }
  }
};

struct to_truth {
  template <class From>
  bool operator()(From v, std::uint8_t& out) const {
    out = v != 0;
    return true;
  }
};

// ---- decimals

struct from_decimal_to_float {
  int128 power;
  bool operator()(int128 v, double& out) const {
    // Up to here both numbers are exact as doubles, so the quotient is the nearest one. Above, whole and rest go
    // separately.
    constexpr int128 exact = static_cast<int128>(1) << 53;
    if (v <= exact && v >= -exact) {
      out = static_cast<double>(v) / static_cast<double>(power);
    } else {
      out = static_cast<double>(v / power) + static_cast<double>(v % power) / static_cast<double>(power);
    }
    return true;
  }
};

// v / 10^scale, halves away from zero.
inline int128 rounded(int128 v, int128 power) {
  const int128 q = v / power, r = v % power;
  if (2 * (r < 0 ? -r : r) < power) return q;
  return v < 0 ? q - 1 : q + 1;
}

struct from_decimal_to_integer {
  int128 power;
  bool operator()(int128 v, int128& out) const {
    out = power == 1 ? v : rounded(v, power);
    return true;
  }
};

struct from_integer_to_decimal {
  int128 power, limit;  // 10^scale, 10^(precision - scale)
  template <class From>
  bool operator()(From v, int128& out) const {
    const auto wide = static_cast<int128>(v);
    if (wide >= limit || wide <= -limit) return false;
    out = wide * power;
    return true;
  }
};

struct from_float_to_decimal {
  double power, limit;  // 10^scale, 10^precision
  template <class From>
  bool operator()(From v, int128& out) const {
    const double scaled = std::round(static_cast<double>(v) * power);
    if (!(scaled > -limit && scaled < limit)) return false;
    out = static_cast<int128>(scaled);
    return true;
  }
};

struct rescale {
  int128 up, down, limit;  // multiply by up, divide by down, keep below limit
  bool operator()(int128 v, int128& out) const {
    if (down > 1) {
      out = rounded(v, down);
      return out < limit && out > -limit;
    }
    if (__builtin_mul_overflow(v, up, &out)) return false;
    return out < limit && out > -limit;
  }
};
struct rescale_up {
  int128 up;
  bool operator()(int128 v, int128& out) const {
    out = static_cast<int128>(static_cast<uint128>(v) * static_cast<uint128>(up));
    return true;
  }
};

node_ptr decimal_to_decimal(node_ptr a, type to, bool attempt) {
  const type from = a->result;
  const int up = to.scale > from.scale ? to.scale - from.scale : 0,
            down = from.scale > to.scale ? from.scale - to.scale : 0;
  if (!down && to.precision - to.scale >= from.precision - from.scale)
    return make_converter<int128, int128, true>(std::move(a), to, attempt, rescale_up{power_of_ten(up)});
  return make_converter<int128, int128, false>(
      std::move(a), to, attempt, rescale{power_of_ten(up), power_of_ten(down), power_of_ten(to.precision)});
}

// Through float64 or a 128-bit integer.
node_ptr from_decimal(node_ptr a, type to, bool attempt) {
  const int scale = a->result.scale;
  if (to.is == kind::decimal) return decimal_to_decimal(std::move(a), to, attempt);
  if (to.is == kind::boolean) return make_converter<int128, std::uint8_t, true>(std::move(a), to, attempt, to_truth{});
  node_ptr n = is_float(to.is) ? make_converter<int128, double, true>(std::move(a), kind::float64, attempt,
                                                                      from_decimal_to_float{power_of_ten(scale)})
                               : make_converter<int128, int128, true>(std::move(a), kind::hugeint, attempt,
                                                                      from_decimal_to_integer{power_of_ten(scale)});
  return n->result == to ? std::move(n) : make_number_cast(std::move(n), to, attempt);
}

// Casts take at most two steps: narrow integers and bool become int64 first, float32 becomes float64. That keeps the
// number of conversions small, and the first step is a plain vectorised loop.
node_ptr widened(node_ptr a) {
  const kind k = a->result.is;
  if (k == kind::int64 || k == kind::uint64 || k == kind::hugeint || k == kind::float64) return a;
  return with_number(k, [&](auto tag) -> node_ptr {
    using From = typename decltype(tag)::value;
    if constexpr (std::is_same_v<From, float>) {
      return make_converter<float, double, true>(std::move(a), kind::float64, false, widen{});
    } else if constexpr (sizeof(From) <= 4) {
      return make_converter<From, std::int64_t, true>(std::move(a), kind::int64, false, widen{});
    } else {
      return std::move(a);
    }
  });
}

// Calls f with the types that widened() leaves.
template <class F>
node_ptr with_wide(kind k, F f) {
  switch (k) {
    case kind::int64:
      return f(of<std::int64_t>{});
    case kind::uint64:
      return f(of<std::uint64_t>{});
    case kind::hugeint:
      return f(of<int128>{});
    default:
      return f(of<double>{});
  }
}

node_ptr to_decimal(node_ptr a, type to, bool attempt, int digits) {
  if (a->result.is == kind::float64)
    return make_converter<double, int128, false>(
        std::move(a), to, attempt,
        from_float_to_decimal{static_cast<double>(power_of_ten(to.scale)),
                              static_cast<double>(power_of_ten(to.precision))});
  if (a->result.is == kind::uint64) a = make_number_cast(std::move(a), kind::hugeint, false);
  const from_integer_to_decimal c{power_of_ten(to.scale), power_of_ten(to.precision - to.scale)};
  const bool fits = digits <= to.precision - to.scale;
  if (a->result.is == kind::hugeint) {
    return fits ? make_converter<int128, int128, true>(std::move(a), to, attempt, c)
                : make_converter<int128, int128, false>(std::move(a), to, attempt, c);
  }
  return fits ? make_converter<std::int64_t, int128, true>(std::move(a), to, attempt, c)
              : make_converter<std::int64_t, int128, false>(std::move(a), to, attempt, c);
}

}  // namespace

node_ptr make_number_cast(node_ptr a, type to, bool attempt) {
  const kind from = a->result.is;
  if (from == kind::decimal) return from_decimal(std::move(a), to, attempt);
  a = widened(std::move(a));
  if (a->result == to) return a;
  // A 128-bit value may have 39 digits: it has to be looked at.
  const int digits = from == kind::boolean ? 1 : from == kind::hugeint ? decimal_digits_max + 1 : digits_of(from);
  if (to.is == kind::decimal) return to_decimal(std::move(a), to, attempt, digits);
  // Whether every value of the type before the first step fits.
  const bool fits =
      from == kind::boolean || (is_integer(from) && is_integer(to.is) && common_number(from, to.is) == to);
  return with_wide(a->result.is, [&](auto from_tag) -> node_ptr {
    using From = typename decltype(from_tag)::value;
    if (to.is == kind::boolean) return make_converter<From, std::uint8_t, true>(std::move(a), to, attempt, to_truth{});
    return with_number(to.is, [&](auto to_tag) -> node_ptr {
      using To = typename decltype(to_tag)::value;
      if constexpr (!fits_always<From, To>()) {
        if (!fits) return make_converter<From, To, false>(std::move(a), to, attempt, narrow{});
      }
      // Also the second half of a cast like int8 -> int16, which always fits.
      if constexpr (std::is_floating_point_v<From> && !std::is_floating_point_v<To>) {
        return nullptr;
      } else {
        return make_converter<From, To, true>(std::move(a), to, attempt, widen{});
      }
    });
  });
}

}  // namespace weir::expression
