// Functions of numbers.
#include <cmath>
#include <limits>
#include <numbers>

#include "arithmetic.hpp"
#include "cast.hpp"
#include "constant.hpp"
#include "convert.hpp"
#include "functions.hpp"
#include "map.hpp"
#include "number_text.hpp"

namespace weir::expression {

namespace {

// ---- floats: the C library's, with its NaN and infinities

template <double (*Fn)(double)>
double real1(call&, double v) {
  return Fn(v);
}
double power(call&, double a, double b) { return std::pow(a, b); }
double arc(call&, double a, double b) { return std::atan2(a, b); }
double log_of(call&, double base, double v) { return std::log10(v) / std::log10(base); }
double natural(double v) { return std::log(v); }
double log10_of(double v) { return std::log10(v); }
double log2_of(double v) { return std::log2(v); }
double e_to(double v) { return std::exp(v); }
double root(double v) { return std::sqrt(v); }
double cube_root(double v) { return std::cbrt(v); }
double sine(double v) { return std::sin(v); }
double cosine(double v) { return std::cos(v); }
double tangent(double v) { return std::tan(v); }
double arc_sine(double v) { return std::asin(v); }
double arc_cosine(double v) { return std::acos(v); }
double arc_tangent(double v) { return std::atan(v); }
double to_radians(double v) { return v * (std::numbers::pi / 180); }
double to_degrees(double v) { return v * (180 / std::numbers::pi); }
std::uint8_t is_nan(call&, double v) { return std::isnan(v); }
std::uint8_t is_infinite(call&, double v) { return std::isinf(v); }
std::uint8_t is_finite(call&, double v) { return std::isfinite(v); }

template <double (*Fn)(double)>
node_ptr bind_real(invocation& c) {
  c.as(0, kind::float64);
  return make_mapped<real1<Fn>>(kind::float64, std::move(c.args));
}

// ---- rounding

enum class way : std::uint8_t { nearest, down, up, cut };

template <way W, class T>
T rounded_float(T v) {
  if constexpr (W == way::nearest) return std::round(v);
  if constexpr (W == way::down) return std::floor(v);
  if constexpr (W == way::up) return std::ceil(v);
  return std::trunc(v);
}
template <way W, class T>
T whole(call&, T v) {
  return rounded_float<W>(v);
}
template <way W, class T>
T with_digits(call&, T v, std::int32_t digits) {
  if (digits < 0) {
    const double unit = std::pow(10.0, -static_cast<double>(digits));
    const double r = rounded_float<W>(static_cast<double>(v) / unit) * unit;
    return std::isfinite(r) ? static_cast<T>(r) : T{0};
  }
  const double unit = std::pow(10.0, static_cast<double>(digits));
  const double r = rounded_float<W>(static_cast<double>(v) * unit) / unit;
  return std::isfinite(r) ? static_cast<T>(r) : v;
}

// v / unit, rounded.
int128 rounded_whole(way w, int128 v, int128 unit) {
  const int128 q = v / unit, r = v % unit;
  switch (w) {
    case way::nearest:
      return 2 * (r < 0 ? -r : r) < unit ? q : v < 0 ? q - 1 : q + 1;
    case way::down:
      return r < 0 ? q - 1 : q;
    case way::up:
      return r > 0 ? q + 1 : q;
    default:
      return q;
  }
}

// Decimals and integers: divided by `unit`, and multiplied by `back`.
struct round_exact {
  way how;
  int128 unit, back, limit;
  bool operator()(int128 v, int128& out) const {
    out = rounded_whole(how, v, unit) * back;
    return out < limit && out > -limit;
  }
};

template <way W>
node_ptr bind_round(invocation& c) {
  if (c.is(0) == kind::null) c.as(0, kind::float64);
  if (!is_number(c.is(0))) {
    if (c.is(0) == kind::text)
      c.as(0, kind::float64);
    else
      c.wrong(0, "needs a number, not " + name(c.args[0]->result));
  }
  const type t = c.args[0]->result;
  if (is_float(t.is)) {
    if (c.count() == 2) {
      c.as(1, kind::int32);
      if (t.is == kind::float32) return make_mapped<with_digits<W, float>>(t, std::move(c.args));
      return make_mapped<with_digits<W, double>>(t, std::move(c.args));
    }
    if (t.is == kind::float32) return make_mapped<whole<W, float>>(t, std::move(c.args));
    return make_mapped<whole<W, double>>(t, std::move(c.args));
  }
  std::int64_t digits = 0;
  if (c.count() == 2) {
    if (c.is_constant_null(1)) return make_null(t);
    digits = c.constant_integer(1, "the number of digits of an integer or decimal");
  }
  const int scale = t.is == kind::decimal ? t.scale : 0;
  if (digits >= scale) return std::move(c.args[0]);
  const auto dropped = static_cast<int>(std::min<std::int64_t>(scale - digits, decimal_digits_max));
  const int128 unit = power_of_ten(dropped);
  if (t.is == kind::decimal) {
    const type to{kind::decimal, t.precision, static_cast<int>(std::max<std::int64_t>(digits, 0))};
    const int128 back =
        power_of_ten(std::min(decimal_digits_max, static_cast<int>(std::max<std::int64_t>(-digits, 0))));
    return make_converter<int128, int128, false>(std::move(c.args[0]), to, false,
                                                 round_exact{W, unit, back, power_of_ten(to.precision)});
  }
  node_ptr wide = make_cast(std::move(c.args[0]), kind::hugeint, false);
  wide = make_converter<int128, int128, false>(std::move(wide), kind::hugeint, false,
                                               round_exact{W, unit, unit, power_of_ten(decimal_digits_max)});
  return make_cast(std::move(wide), t, false);
}

// ---- sign and size

struct size_of_number {
  template <class T>
  bool operator()(T v, T& out) const {
    if constexpr (std::is_floating_point_v<T>) {
      out = std::fabs(v);
      return true;
    } else {
      out = v < 0
                ? static_cast<T>(
                      0 -
                      static_cast<std::make_unsigned_t<std::conditional_t<std::is_same_v<T, int128>, std::int64_t, T>>>(
                          v))
                : v;
      return out >= 0;
    }
  }
  bool operator()(int128 v, int128& out) const {
    out = v < 0 ? static_cast<int128>(-static_cast<uint128>(v)) : v;
    return out >= 0;
  }
};

node_ptr bind_abs(invocation& c) {
  if (c.is(0) == kind::null || c.is(0) == kind::text) c.as(0, kind::float64);
  const type t = c.args[0]->result;
  if (!is_number(t.is)) c.wrong(0, "needs a number, not " + name(t));
  if (is_unsigned(t.is)) return std::move(c.args[0]);
  return with_number(t.is, [&](auto tag) -> node_ptr {
    using T = typename decltype(tag)::value;
    constexpr bool total = std::is_floating_point_v<T>;
    return make_converter<T, T, total>(std::move(c.args[0]), t, false, size_of_number{});
  });
}

struct sign_of_number {
  template <class T>
  bool operator()(T v, std::int8_t& out) const {
    out = static_cast<std::int8_t>((v > T{0}) - (v < T{0}));
    return true;
  }
};

node_ptr bind_sign(invocation& c) {
  if (c.is(0) == kind::null || c.is(0) == kind::text) c.as(0, kind::float64);
  if (!is_number(c.is(0))) c.wrong(0, "needs a number, not " + name(c.args[0]->result));
  return with_number(c.is(0), [&](auto tag) -> node_ptr {
    using T = typename decltype(tag)::value;
    return make_converter<T, std::int8_t, true>(std::move(c.args[0]), kind::int8, false, sign_of_number{});
  });
}

node_ptr bind_two_reals(invocation& c, node_ptr (*make)(std::vector<node_ptr>)) {
  c.all_as(kind::float64);
  return make(std::move(c.args));
}

node_ptr bind_division(invocation& c, bool remainder) {
  const type t = c.unify();
  if (!is_number(t.is)) c.wrong(0, "needs numbers, not " + name(t));
  if (!remainder && !is_integer(t.is)) c.wrong(0, "needs integers, not " + name(t) + ": use a / b");
  if (remainder) return make_remainder(t, std::move(c.args[0]), std::move(c.args[1]));
  return make_quotient(t, std::move(c.args[0]), std::move(c.args[1]));
}

template <auto Fn>
node_ptr bind_float_test(invocation& c) {
  c.as(0, kind::float64);
  return make_mapped<Fn>(kind::boolean, std::move(c.args), false, false);
}

node_ptr bind_pi(invocation&) {
  scalar s;
  s.null = false;
  s.real = std::numbers::pi;
  return make_constant(kind::float64, std::move(s));
}

constexpr function number_table[]{
    {"abs", 1, 1, "abs(number)", bind_abs},
    {"round", 1, 2, "round(number [, digits])", bind_round<way::nearest>},
    {"floor", 1, 1, "floor(number)", bind_round<way::down>},
    {"ceil", 1, 1, "ceil(number)", bind_round<way::up>},
    {"ceiling", 1, 1, "ceiling(number)", bind_round<way::up>},
    {"trunc", 1, 2, "trunc(number [, digits])", bind_round<way::cut>},
    {"sign", 1, 1, "sign(number)", bind_sign},
    {"sqrt", 1, 1, "sqrt(number)", bind_real<root>},
    {"cbrt", 1, 1, "cbrt(number)", bind_real<cube_root>},
    {"pow", 2, 2, "pow(base, exponent)",
     [](invocation& c) {
       return bind_two_reals(c,
                             [](std::vector<node_ptr> a) { return make_mapped<power>(kind::float64, std::move(a)); });
     }},
    {"power", 2, 2, "power(base, exponent)",
     [](invocation& c) {
       return bind_two_reals(c,
                             [](std::vector<node_ptr> a) { return make_mapped<power>(kind::float64, std::move(a)); });
     }},
    {"exp", 1, 1, "exp(number)", bind_real<e_to>},
    {"ln", 1, 1, "ln(number)", bind_real<natural>},
    {"log", 1, 2, "log([base,] number)",
     [](invocation& c) {
       c.all_as(kind::float64);
       return c.count() == 1 ? make_mapped<real1<log10_of>>(kind::float64, std::move(c.args))
                             : make_mapped<log_of>(kind::float64, std::move(c.args));
     }},
    {"log2", 1, 1, "log2(number)", bind_real<log2_of>},
    {"log10", 1, 1, "log10(number)", bind_real<log10_of>},
    {"sin", 1, 1, "sin(radians)", bind_real<sine>},
    {"cos", 1, 1, "cos(radians)", bind_real<cosine>},
    {"tan", 1, 1, "tan(radians)", bind_real<tangent>},
    {"asin", 1, 1, "asin(number)", bind_real<arc_sine>},
    {"acos", 1, 1, "acos(number)", bind_real<arc_cosine>},
    {"atan", 1, 1, "atan(number)", bind_real<arc_tangent>},
    {"atan2", 2, 2, "atan2(y, x)",
     [](invocation& c) {
       return bind_two_reals(c, [](std::vector<node_ptr> a) { return make_mapped<arc>(kind::float64, std::move(a)); });
     }},
    {"radians", 1, 1, "radians(degrees)", bind_real<to_radians>},
    {"degrees", 1, 1, "degrees(radians)", bind_real<to_degrees>},
    {"pi", 0, 0, "pi()", bind_pi},
    {"mod", 2, 2, "mod(a, b)", [](invocation& c) { return bind_division(c, true); }},
    {"div", 2, 2, "div(a, b)", [](invocation& c) { return bind_division(c, false); }},
    {"isnan", 1, 1, "isnan(number)", bind_float_test<is_nan>},
    {"isinf", 1, 1, "isinf(number)", bind_float_test<is_infinite>},
    {"isfinite", 1, 1, "isfinite(number)", bind_float_test<is_finite>},
};

}  // namespace

std::span<const function> number_functions() { return number_table; }

}  // namespace weir::expression
