// What the operators mean for which types.
#include <algorithm>

#include "arithmetic.hpp"
#include "binder.hpp"
#include "cast.hpp"
#include "coerce.hpp"
#include "comparison.hpp"
#include "constant.hpp"
#include "functions.hpp"
#include "time_math.hpp"

namespace weir::expression {

namespace {

[[noreturn]] void no_meaning(const std::string& sign, const node& a, const node& b, std::uint32_t at) {
  std::string why = "`" + sign + "` has no meaning for " + name(a.result) + " and " + name(b.result);
  if (a.result.is == kind::text || b.result.is == kind::text)
    why += sign == "+" ? ": texts are joined by ||" : ": convert the text with CAST(... AS type)";
  throw mistake{at, why};
}

bool is_text_literal(const node& n) {
  const constant* c = constant_of(n);
  return c && c->written == literal::text;
}
bool is_integer_literal(const node& n) {
  const constant* c = constant_of(n);
  return c && c->written == literal::integer;
}
bool is_time(kind k) { return k == kind::date || k == kind::timestamp || k == kind::interval; }

node_ptr as(node_ptr n, const type& t) {
  const std::uint32_t at = n->at;
  node_ptr out = make_cast(std::move(n), t, false);
  out->at = at;
  return fold(std::move(out), false);
}

// + - * with a date, timestamp or interval; null: not defined.
node_ptr time_arithmetic(const std::string& sign, node_ptr& a, node_ptr& b) {
  const bool minus = sign == "-";
  if (sign == "*") {
    if (b->result.is == kind::interval) std::swap(a, b);
    if (a->result.is != kind::interval || !can_coerce(*b, kind::int64)) return nullptr;
    return make_interval_product(std::move(a), coerced(b, kind::int64));
  }
  if (sign != "+" && !minus) return nullptr;
  // A text literal beside a time: a time to subtract, an interval to add.
  if (is_text_literal(*b))
    b = as(std::move(b), minus && a->result.is != kind::interval ? type{kind::timestamp} : type{kind::interval});
  if (!minus && (!is_time(a->result.is) || (a->result.is == kind::interval && b->result.is != kind::interval)))
    std::swap(a, b);
  const kind x = a->result.is, y = b->result.is;
  if (x == kind::interval) return y == kind::interval ? make_interval_sum(std::move(a), std::move(b), minus) : nullptr;
  if (x != kind::date && x != kind::timestamp) return nullptr;
  if (y == kind::interval) return make_timestamp_shift(as(std::move(a), kind::timestamp), std::move(b), minus);
  if (minus && x == kind::date && y == kind::date) return make_date_difference(std::move(a), std::move(b));
  if (minus && (y == kind::date || y == kind::timestamp))
    return make_timestamp_difference(as(std::move(a), kind::timestamp), as(std::move(b), kind::timestamp));
  if (x == kind::date && can_coerce(*b, kind::int32))
    return make_date_shift(std::move(a), coerced(b, kind::int32), minus);
  return nullptr;
}

type decimal_of(const type& t) { return t.is == kind::decimal ? t : type{kind::decimal, digits_of(t.is), 0}; }

node_ptr decimal_arithmetic(const std::string& sign, node_ptr a, node_ptr b, std::uint32_t at) {
  const type x = decimal_of(a->result), y = decimal_of(b->result);
  if (sign == "*") {
    const int scale = x.scale + y.scale;
    if (scale > decimal_digits_max)
      throw mistake{at, "the product would have " + std::to_string(scale) + " digits behind the point, more than " +
                            std::to_string(decimal_digits_max) + ": convert one side to fewer"};
    return make_sum(sum::multiply, {kind::decimal, std::min(x.precision + y.precision, decimal_digits_max), scale},
                    as(std::move(a), x), as(std::move(b), y));
  }
  if (sign == "%") {
    const int scale = std::max(x.scale, y.scale), whole = std::max(x.precision - x.scale, y.precision - y.scale);
    if (scale + whole > decimal_digits_max)  // no decimal holds both
      return make_exact_remainder(as(std::move(a), kind::float64), as(std::move(b), kind::float64));
    const type common = common_number(x, y);
    return make_remainder(common, as(std::move(a), common), as(std::move(b), common));
  }
  const int scale = std::max(x.scale, y.scale), whole = std::max(x.precision - x.scale, y.precision - y.scale);
  const type result{kind::decimal, std::min(whole + scale + 1, decimal_digits_max), scale};
  // The arguments only take the result's scale: one more digit before the point does not hurt them.
  return make_sum(sign == "+" ? sum::add : sum::subtract, result, as(std::move(a), result), as(std::move(b), result));
}

}  // namespace

node_ptr bind_arithmetic(const std::string& sign, node_ptr a, node_ptr b, std::uint32_t at) {
  for (node_ptr* n : {&a, &b})
    if (is_nested((*n)->result.is)) no_meaning(sign, *a, *b, at);
  if (is_time(a->result.is) || is_time(b->result.is)) {
    if (a->result.is == kind::null || b->result.is == kind::null) {
      // NULL beside a time: the result is NULL of the type that is most likely meant.
      const kind k = a->result.is == kind::null ? b->result.is : a->result.is;
      return make_null(k == kind::interval || (k == kind::date && sign == "+") ? k : kind::timestamp);
    }
    node_ptr n = time_arithmetic(sign, a, b);
    if (!n) no_meaning(sign, *a, *b, at);
    return n;
  }
  for (const node_ptr* n : {&a, &b}) {
    const kind k = (*n)->result.is;
    if (!is_number(k) && k != kind::null && !is_text_literal(**n)) no_meaning(sign, *a, *b, at);
  }
  if (is_text_literal(*a) && !is_number(b->result.is)) no_meaning(sign, *a, *b, at);
  if (is_text_literal(*b) && !is_number(a->result.is)) no_meaning(sign, *a, *b, at);
  if (a->result.is == kind::null && b->result.is == kind::null) a = make_null(kind::int32);

  if (sign == "^") {
    std::vector<node_ptr> args;
    args.push_back(std::move(a));
    args.push_back(std::move(b));
    invocation c{"^", "base ^ exponent", at, std::move(args)};
    return function_named("pow")->bind(c);
  }
  const kind x = a->result.is, y = b->result.is;
  const bool mixed = is_number(x) && is_number(y) && !is_integer_literal(*a) && !is_integer_literal(*b) &&
                     is_signed(x) != is_signed(y) &&
                     (is_signed(x) ? digits_of(x) <= digits_of(y) : digits_of(y) <= digits_of(x));
  const bool decimals = (a->result.is == kind::decimal || b->result.is == kind::decimal) && !is_float(a->result.is) &&
                        !is_float(b->result.is);
  if (decimals && sign != "/" && sign != "//" && a->result.is != kind::null && b->result.is != kind::null &&
      !is_text_literal(*a) && !is_text_literal(*b)) {
    // A literal of 0.5 beside an integer column: its digits count, not those of its type.
    return decimal_arithmetic(sign, std::move(a), std::move(b), at);
  }
  if (sign == "/") {
    const bool single = (x == kind::float32 || y == kind::float32) && x != kind::float64 && y != kind::float64;
    const type real = single ? kind::float32 : kind::float64;
    return make_ratio(real, as(std::move(a), real), as(std::move(b), real));
  }
  type t = unify({&a, &b}, "cannot calculate");
  // Of mixed sign, and no wider than the unsigned side: room for the result, too.
  if (mixed && (t.is == kind::int16 || t.is == kind::int32)) {
    t = kind::int64;
    a = as(std::move(a), t);
    b = as(std::move(b), t);
  }
  if (sign == "//") {
    if (!is_integer(t.is))
      throw mistake{at, "`//` divides integers, not " + name(t) + ": use / and round it, or CAST to an integer"};
    return make_quotient(t, std::move(a), std::move(b));
  }
  if (t.is == kind::decimal) return decimal_arithmetic(sign, std::move(a), std::move(b), at);
  if (sign == "%") return make_remainder(t, std::move(a), std::move(b));
  return make_sum(sign == "+" ? sum::add : sign == "-" ? sum::subtract : sum::multiply, t, std::move(a), std::move(b));
}

node_ptr bind_negation(node_ptr a, std::uint32_t at) {
  const kind k = a->result.is;
  if (k == kind::null) return make_null(kind::int32);
  if (!is_number(k) && k != kind::interval) throw mistake{at, "`-` has no meaning for " + name(a->result)};
  if (is_unsigned(k))
    a = as(std::move(a), k == kind::uint8    ? kind::int16
                         : k == kind::uint16 ? kind::int32
                         : k == kind::uint32 ? kind::int64
                                             : kind::hugeint);
  return make_negation(std::move(a));
}

node_ptr bind_comparison(const std::string& sign, node_ptr a, node_ptr b, std::uint32_t at) {
  (void)at;
  if (is_number(a->result.is) && is_number(b->result.is)) {
    const type x = a->result, y = b->result, both = common_number(x, y);
    if (both.is == kind::decimal && both.scale < std::max(x.scale, y.scale)) {
      // No digit behind the point may be lost here. Values that have too many before it are errors.
      const type exact{kind::decimal, decimal_digits_max, std::max(x.scale, y.scale)};
      a = as(std::move(a), exact);
      b = as(std::move(b), exact);
    }
  }
  const type t = unify({&a, &b}, "cannot compare");
  if (t.is == kind::null) {
    if (sign == "is_distinct_from" || sign == "is_not_distinct_from")
      return make_integer(kind::boolean, sign == "is_not_distinct_from");
    return make_null(kind::boolean);
  }
  if (sign == "is_distinct_from") return make_distinct(std::move(a), std::move(b), false);
  if (sign == "is_not_distinct_from") return make_distinct(std::move(a), std::move(b), true);
  return make_comparison(sign, std::move(a), std::move(b));
}

node_ptr bind_concatenation(node_ptr a, node_ptr b, std::uint32_t at) {
  if (is_nested(a->result.is) || is_nested(b->result.is)) no_meaning("||", *a, *b, at);
  if (a->result.is == kind::binary && (b->result.is == kind::binary || is_text_literal(*b)))
    return make_concatenation(kind::binary, std::move(a), as(std::move(b), kind::binary));
  if (b->result.is == kind::binary && is_text_literal(*a))
    return make_concatenation(kind::binary, as(std::move(a), kind::binary), std::move(b));
  return make_concatenation(kind::text, as(std::move(a), kind::text), as(std::move(b), kind::text));
}

}  // namespace weir::expression
