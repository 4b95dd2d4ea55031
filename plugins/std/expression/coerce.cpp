#include "coerce.hpp"

#include <limits>

#include "cast.hpp"
#include "constant.hpp"

namespace weir::expression {

namespace {

literal written(const node& n) {
  const constant* c = constant_of(n);
  return c ? c->written : literal::none;
}
bool is_null_value(const node& n) { return n.result.is == kind::null; }

// Whether an integer literal is a value of this integer type.
bool fits(int128 v, kind k) {
  auto within = [v](auto t) {
    using T = decltype(t);
    return v >= static_cast<int128>(std::numeric_limits<T>::min()) &&
           v <= static_cast<int128>(std::numeric_limits<T>::max());
  };
  switch (k) {
    case kind::int8:
      return within(std::int8_t{});
    case kind::int16:
      return within(std::int16_t{});
    case kind::int32:
      return within(std::int32_t{});
    case kind::int64:
      return within(std::int64_t{});
    case kind::uint8:
      return within(std::uint8_t{});
    case kind::uint16:
      return within(std::uint16_t{});
    case kind::uint32:
      return within(std::uint32_t{});
    case kind::uint64:
      return within(std::uint64_t{});
    default:
      return true;
  }
}

bool widens(const type& from, const type& to) {
  if (!is_number(from.is) || !is_number(to.is)) return from.is == kind::date && to.is == kind::timestamp;
  if (to.is == kind::decimal) {
    if (from.is == kind::decimal)
      return from.scale <= to.scale && from.precision - from.scale <= to.precision - to.scale;
    return is_integer(from.is) && (digits_of(from.is) <= to.precision - to.scale);
  }
  return common_number(from, to) == to;
}

}  // namespace

node_ptr fold(node_ptr n, bool conditional) {
  if (n->args.empty() || !n->foldable) return n;
  for (const auto& a : n->args)
    if (!constant_of(*a)) return n;
  numbering numbers;
  n->number(numbers);
  frame f{numbers.buffers, numbers.memos};
  f.begin({});
  const column c = n->eval(f, {nullptr, 1});
  if (!f.errors().empty()) {
    if (conditional) return n;
    throw mistake{n->at, f.errors()[0].why};
  }
  node_ptr out = make_constant(n->result, scalar_of(n->result, c, 0));
  out->at = n->at;
  return out;
}

bool can_coerce(const node& n, const type& t) {
  if (n.result == t || is_null_value(n)) return !is_nested(t.is);
  if (is_nested(n.result.is) || is_nested(t.is)) return false;
  switch (written(n)) {
    case literal::text:
      return true;
    case literal::integer:
      if (is_integer(t.is)) return fits(constant_of(n)->value.integer, t.is);
      return is_number(t.is);
    default:
      return widens(n.result, t);
  }
}

node_ptr coerced(node_ptr& n, const type& t) {
  if (n->result == t) return std::move(n);
  if (!can_coerce(*n, t)) return nullptr;
  const std::uint32_t at = n->at;
  node_ptr out = make_cast(std::move(n), t, false);
  out->at = at;
  return fold(std::move(out), false);
}

type unify(std::vector<node_ptr*> values, const char* doing) {
  type common;
  const node* first = nullptr;
  auto clash = [&](const node& n, const type& with) {
    throw mistake{n.at, std::string{doing} + " " + name(with) + " with " + name(n.result) +
                            ": convert one side, like CAST(... AS " +
                            (is_nested(with.is) ? std::string{"utf8"} : name(with)) + ")"};
  };
  auto join = [&](const node& n, const type& t) {
    if (common.is == kind::null) {
      common = t;
      first = &n;
      return;
    }
    if (common == t) return;
    if (is_number(common.is) && is_number(t.is)) {
      common = common_number(common, t);
    } else if ((common.is == kind::date && t.is == kind::timestamp) ||
               (common.is == kind::timestamp && t.is == kind::date)) {
      common = kind::timestamp;
    } else {
      clash(n, common);
    }
  };
  for (node_ptr* v : values) {
    if (is_nested((*v)->result.is))
      throw mistake{(*v)->at, std::string{doing} + " a " + name((*v)->result) + ": take one of its values"};
    if (!is_null_value(**v) && written(**v) == literal::none) join(**v, (*v)->result);
  }
  for (node_ptr* v : values) {
    if (is_null_value(**v) || written(**v) != literal::integer) continue;
    if (is_integer(common.is) && fits(constant_of(**v)->value.integer, common.is)) continue;
    join(**v, (*v)->result);
  }
  for (node_ptr* v : values)
    if (!is_null_value(**v) && written(**v) == literal::text && common.is == kind::null) common = kind::text;
  if (common.is == kind::null) return common;
  for (node_ptr* v : values) {
    if ((*v)->result == common) continue;
    const type from = (*v)->result;
    const bool by_itself = is_null_value(**v) || written(**v) == literal::text ||
                           (is_number(from.is) && is_number(common.is)) ||
                           (from.is == kind::date && common.is == kind::timestamp);
    if (!by_itself) clash(**v, common);
    const std::uint32_t at = (*v)->at;
    *v = make_cast(std::move(*v), common, false);
    (*v)->at = at;
    *v = fold(std::move(*v), false);
  }
  return common;
}

node_ptr as_truth(node_ptr n, const char* where) {
  if (n->result.is == kind::boolean) return n;
  if (is_null_value(*n) || written(*n) == literal::text) return coerced(n, kind::boolean);
  throw mistake{n->at, std::string{where} + " needs a condition, not " + name(n->result) +
                           (is_number(n->result.is) ? ": compare it, like `... <> 0`" : "")};
}

}  // namespace weir::expression
