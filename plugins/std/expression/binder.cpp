#include "binder.hpp"

#include <algorithm>
#include <numeric>

#include "arithmetic.hpp"
#include "cast.hpp"
#include "coerce.hpp"
#include "comparison.hpp"
#include "constant.hpp"
#include "functions.hpp"
#include "logic.hpp"
#include "number_text.hpp"
#include "parser.hpp"
#include "pattern.hpp"

namespace weir::expression {

namespace {

constexpr std::string_view arithmetic_signs[]{"+", "-", "*", "/", "//", "%", "^"};
constexpr std::string_view comparison_signs[]{
    "=", "<>", "<", ">", "<=", ">=", "is_distinct_from", "is_not_distinct_from"};

template <std::size_t N>
bool among(const std::string_view (&list)[N], std::string_view word) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

std::vector<std::string> names_of(const std::vector<field>& fields) {
  std::vector<std::string> out;
  for (const field& f : fields) out.push_back(f.name);
  return out;
}

}  // namespace

std::string nearest(const std::string& name, const std::vector<std::string>& names) {
  auto lower = [](std::string s) {
    for (char& c : s) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return s;
  };
  const std::string wanted = lower(name);
  std::string best;
  std::size_t best_distance = wanted.size() / 3 + 2;  // from here on it is another word
  for (const auto& candidate : names) {
    const std::string c = lower(candidate);
    std::vector<std::size_t> row(c.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    std::vector<std::size_t> before_last;
    for (std::size_t i = 1; i <= wanted.size(); ++i) {
      std::vector<std::size_t> last = row;
      row[0] = i;
      for (std::size_t j = 1; j <= c.size(); ++j) {
        row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (wanted[i - 1] != c[j - 1])});
        // Two neighbours that changed places are one slip.
        if (i > 1 && j > 1 && wanted[i - 1] == c[j - 2] && wanted[i - 2] == c[j - 1])
          row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
      before_last = std::move(last);
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

void binder::unknown_column(const syntax& s) const {
  const std::vector<std::string> names = names_of(schema_.fields);
  const std::string best = nearest(s.text, names);
  std::string why = "unknown column `" + s.text + "`";
  if (!best.empty()) {
    why += ", did you mean `" + (needs_quotes(best) ? "\"" + best + "\"" : best) + "`?";
  } else if (s.quoted) {
    why += " (a text is written in single quotes: '" + s.text + "')";
  } else if (!names.empty() && names.size() <= 12) {
    why += ": there are ";
    for (std::size_t i = 0; i < names.size(); ++i) why += (i ? ", " : "") + names[i];
  }
  throw mistake{s.at, why};
}

int binder::plain_column(const syntax& s) const { return s.is == form::name ? schema_.find(s.text) : -1; }

node_ptr binder::finish(node_ptr n, const syntax& s) {
  n->at = s.at;
  return fold(std::move(n), conditional_ > 0);
}

node_ptr binder::bind(const syntax& s) {
  switch (s.is) {
    case form::name:
    case form::field:
    case form::element:
      return value_at(place_of(s), s);
    case form::cast:
      return finish(cast_of(s), s);
    case form::choice:
      return finish(choice_of(s), s);
    case form::call:
      return finish(call_of(s), s);
    default:
      break;
  }
  node_ptr n = literal_of(s);
  n->at = s.at;
  return n;
}

// ---- columns and what is inside them

bool binder::leads_to_column(const syntax& s) const {
  const syntax* p = &s;
  while (p->is == form::field || p->is == form::element) p = p->args[0].get();
  return p->is == form::name;
}

binder::place binder::place_of(const syntax& s) {
  place p;
  if (s.is == form::name) {
    p.index = schema_.find(s.text);
    if (p.index < 0) unknown_column(s);
    p.shape = &schema_.fields[static_cast<std::size_t>(p.index)];
  } else {
    if (!leads_to_column(s)) throw mistake{s.at, "only columns have fields and elements"};
    p = place_of(*s.args[0]);
    if (s.is == form::field) {
      if (p.is.is != kind::record)
        throw mistake{s.at, "`" + s.text + "` is no field: what stands before it is " + name(p.is) + ", not a record"};
      const std::vector<std::string> names = names_of(p.shape->children);
      const auto found = static_cast<std::size_t>(std::find(names.begin(), names.end(), s.text) - names.begin());
      if (found == names.size()) {
        const std::string best = nearest(s.text, names);
        throw mistake{
            s.at, "unknown field `" + s.text + "`" + (best.empty() ? std::string{} : ", did you mean `" + best + "`?")};
      }
      p.steps.push_back({static_cast<int>(found), nullptr});
      p.shape = &p.shape->children[found];
    } else {
      if (p.is.is != kind::list) throw mistake{s.at, "[ ] takes an element of a list, but this is " + name(p.is)};
      node_ptr position = bind(*s.args[1]);
      const type given = position->result;
      node_ptr wide = coerced(position, kind::int64);
      if (!wide) throw mistake{s.args[1]->at, "the position in a list is an integer, not " + name(given)};
      p.steps.push_back({-1, std::move(wide)});
      p.shape = &p.shape->children[0];
    }
  }
  p.is = type_of(*p.shape);
  return p;
}

node_ptr binder::value_at(place p, const syntax& s) {
  if (is_nested(p.is.is))
    throw mistake{s.at, "this is a " + name(p.is) + ": take one of its values, like `" +
                            (p.is.is == kind::list ? "list[1]" : "record.field") + "`"};
  const int width = p.shape->width;
  node_ptr n;
  if (p.steps.empty()) {
    auto& shared = loaded_[p.index];
    if (!shared) shared = std::make_shared<loaded>();
    n = make_input(p.is, p.index, shared, width);
  } else {
    n = make_path(p.is, p.index, std::move(p.steps), width);
  }
  n->at = s.at;
  return n;
}

// ---- literals, casts, CASE

node_ptr binder::literal_of(const syntax& s) {
  scalar v;
  v.null = false;
  switch (s.is) {
    case form::null_value:
      return make_null({});
    case form::truth:
      v.integer = s.text == "true";
      return make_constant(kind::boolean, std::move(v));
    case form::text:
      v.text = s.text;
      return make_constant(kind::text, std::move(v), literal::text);
    case form::integer: {
      const auto n = parse_integer(s.text);
      if (!n) throw mistake{s.at, "this number has more than 38 digits, or is none"};
      v.integer = *n;
      const kind k = static_cast<std::int32_t>(*n) == *n   ? kind::int32
                     : static_cast<std::int64_t>(*n) == *n ? kind::int64
                                                           : kind::hugeint;
      return make_constant(k, std::move(v), literal::integer);
    }
    case form::decimal: {
      const std::size_t point = s.text.find('.');
      const int scale = static_cast<int>(s.text.size() - point - 1);
      const std::size_t first = s.text.find_first_not_of("-0");
      const int whole = first < point ? static_cast<int>(point - first) : 0;
      if (whole + scale <= decimal_digits_max) {
        v.integer = *parse_scaled(s.text, scale);
        return make_constant({kind::decimal, std::max(whole + scale, 1), scale}, std::move(v));
      }
      [[fallthrough]];  // too many digits for a decimal
    }
    default:
      v.real = parse_real(s.text).value_or(0);
      return make_constant(kind::float64, std::move(v));
  }
}

node_ptr binder::cast_of(const syntax& s) {
  const std::optional<kind> k = kind_named(s.text);
  if (!k) {
    const std::string best =
        nearest(s.text, {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
                         "float64", "decimal", "utf8", "binary", "timestamp", "date", "interval", "varchar", "double"});
    throw mistake{s.at,
                  "unknown type `" + s.text + "`" + (best.empty() ? std::string{} : ", did you mean `" + best + "`?")};
  }
  type to{*k};
  if (*k == kind::decimal) {
    to = {*k, s.precision < 0 ? 18 : s.precision, s.precision < 0 ? 3 : std::max(s.scale, 0)};
    if (s.precision == 0 || s.precision > decimal_digits_max || s.scale > s.precision)
      throw mistake{s.at, "a decimal has 1 to " + std::to_string(decimal_digits_max) +
                              " digits, and not more of them behind the point"};
  } else if (s.precision >= 0 && *k != kind::text) {
    throw mistake{s.at, "the type `" + s.text + "` takes no numbers in brackets"};
  }
  if (s.optional) ++conditional_;
  node_ptr a = bind(*s.args[0]);
  if (s.optional) --conditional_;
  if (!can_cast(a->result, to))
    throw mistake{s.at, "there is no conversion from " + name(a->result) + " to " + name(to)};
  return make_cast(std::move(a), to, s.optional);
}

template <class F>
node_ptr binder::with_value_of(const syntax& s, F body) {
  node_ptr v = bind(s);
  if (constant_of(*v) || input_index(*v) >= 0)
    return body([&] { return bind(s); });  // as cheap as reading a kept value
  const auto k = make_kept(v->result);
  node_ptr b = body([&] {
    node_ptr n = make_again(k);
    n->at = s.at;
    return n;
  });
  return make_let(k, std::move(v), std::move(b));
}

node_ptr binder::choice_of(const syntax& s) {
  auto build = [&](auto again) {
    std::vector<node_ptr> args;
    const std::size_t first = s.operand ? 1 : 0;
    int depth = 0;
    for (std::size_t i = first; i + 1 < s.args.size(); i += 2) {
      node_ptr when = bind(*s.args[i]);
      if (s.operand) {
        when = bind_comparison("=", again(), std::move(when), s.args[i]->at);
        when->at = s.args[i]->at;
        when = fold(std::move(when), conditional_ > 0);
      } else {
        when = as_truth(std::move(when), "WHEN");
      }
      args.push_back(std::move(when));
      if (!depth++) ++conditional_;  // all that follows the first condition may be left out
      args.push_back(bind(*s.args[i + 1]));
    }
    args.push_back(bind(*s.args.back()));
    --conditional_;
    std::vector<node_ptr*> values;
    for (std::size_t i = 1; i < args.size(); i += 2) values.push_back(&args[i]);
    values.push_back(&args.back());
    const type t = unify(std::move(values), "cannot mix");
    return make_choice(t, std::move(args));
  };
  if (!s.operand) return build([] { return node_ptr{}; });
  return with_value_of(*s.args[0], build);
}

// ---- calls

std::vector<node_ptr> binder::bind_all(const syntax& s, std::size_t first) {
  std::vector<node_ptr> out;
  for (std::size_t i = first; i < s.args.size(); ++i) out.push_back(bind(*s.args[i]));
  return out;
}

node_ptr binder::call_of(const syntax& s) {
  if (node_ptr n = special_of(s)) return n;
  const std::string& w = s.text;
  if (among(arithmetic_signs, w)) {
    node_ptr a = bind(*s.args[0]);
    return bind_arithmetic(w, std::move(a), bind(*s.args[1]), s.at);
  }
  if (among(comparison_signs, w)) {
    if (node_ptr n = divisible_of(s)) return n;
    node_ptr a = bind(*s.args[0]);
    return bind_comparison(w, std::move(a), bind(*s.args[1]), s.at);
  }
  if (w == "||") {
    node_ptr a = bind(*s.args[0]);
    return bind_concatenation(std::move(a), bind(*s.args[1]), s.at);
  }
  if (w == "negate") return bind_negation(bind(*s.args[0]), s.at);
  if (w == "plus") {
    node_ptr a = bind(*s.args[0]);
    if (!is_number(a->result.is) && a->result.is != kind::null)
      throw mistake{s.at, "`+` has no meaning for " + name(a->result)};
    return a;
  }
  const function* f = function_named(w);
  if (!f) {
    std::vector<std::string> names;
    for (const std::string_view n : function_names()) names.emplace_back(n);
    const std::string best = nearest(w, names);
    throw mistake{s.at,
                  "unknown function `" + w + "`" + (best.empty() ? std::string{} : ", did you mean `" + best + "`?")};
  }
  const int n = static_cast<int>(s.args.size());
  if (n < f->least || (f->most >= 0 && n > f->most))
    throw mistake{s.at, "`" + w + "` is called with " + std::to_string(n) + (n == 1 ? " argument" : " arguments") +
                            "; it is " + std::string{f->usage}};
  // Functions whose later arguments may never be needed.
  const bool lazy = w == "if" || w == "coalesce" || w == "ifnull" || w == "try";
  std::vector<node_ptr> args;
  for (std::size_t i = 0; i < s.args.size(); ++i) {
    const bool maybe = lazy && (i > 0 || w == "try");
    conditional_ += maybe;
    args.push_back(bind(*s.args[i]));
    conditional_ -= maybe;
  }
  invocation c{f->name, f->usage, s.at, std::move(args)};
  return f->bind(c);
}

node_ptr binder::special_of(const syntax& s) {
  const std::string& w = s.text;
  if (w == "and" || w == "or") {
    node_ptr a = as_truth(bind(*s.args[0]), w == "and" ? "AND" : "OR");
    ++conditional_;
    node_ptr b = as_truth(bind(*s.args[1]), w == "and" ? "AND" : "OR");
    --conditional_;
    return w == "and" ? make_and(std::move(a), std::move(b)) : make_or(std::move(a), std::move(b));
  }
  if (w == "not") return make_not(as_truth(bind(*s.args[0]), "NOT"));
  if (node_ptr n = nested_of(s)) return n;
  if (w == "is_null" || w == "is_not_null")
    return make_test(w == "is_null" ? test::is_null : test::is_not_null, bind(*s.args[0]));
  if (w.starts_with("is_") && w != "is_distinct_from" && w != "is_not_distinct_from") {
    const test what = w == "is_true"       ? test::is_true
                      : w == "is_not_true" ? test::is_not_true
                      : w == "is_false"    ? test::is_false
                                           : test::is_not_false;
    return make_test(what, as_truth(bind(*s.args[0]), "IS"));
  }
  if (w == "between") return between_of(s);
  if (w == "in") return in_of(s);
  if (w == "like" || w == "ilike") return like_of(s);
  if (w == "nullif" && s.args.size() == 2) return nullif_of(s);
  return nullptr;
}

node_ptr binder::nested_of(const syntax& s) {
  const std::string& w = s.text;
  const bool length = w == "len" || w == "length" || w == "array_length";
  const bool contains = w == "list_contains" || w == "array_contains";
  const bool test_null = w == "is_null" || w == "is_not_null";
  if (contains && s.args.size() != 2) throw mistake{s.at, "it is list_contains(list, value)"};
  if ((!length && !contains && !test_null) || s.args.empty() || !leads_to_column(*s.args[0])) {
    if (contains) throw mistake{s.args[0]->at, "list_contains needs a column of lists here"};
    return nullptr;
  }
  place p = place_of(*s.args[0]);
  if (contains) {
    if (p.is.is != kind::list) throw mistake{s.args[0]->at, "list_contains needs a list here, not " + name(p.is)};
    const field& child = p.shape->children[0];
    const type element = type_of(child);
    if (is_nested(element.is)) throw mistake{s.args[0]->at, "list_contains needs a list of plain values"};
    node_ptr value = bind(*s.args[1]);
    const type given = value->result;
    node_ptr wanted = coerced(value, element);
    if (!wanted) throw mistake{s.args[1]->at, "the list holds " + name(element) + ", not " + name(given)};
    return make_list_contains(p.index, std::move(p.steps), element, child.width, std::move(wanted));
  }
  if (length && p.is.is == kind::list && s.args.size() == 1) return make_list_length(p.index, std::move(p.steps));
  if (test_null && is_nested(p.is.is)) return make_nested_is_null(p.index, std::move(p.steps), w == "is_not_null");
  return nullptr;
}

node_ptr binder::between_of(const syntax& s) {
  return with_value_of(*s.args[0], [&](auto again) {
    node_ptr low = bind_comparison(">=", again(), bind(*s.args[1]), s.at);
    node_ptr high = bind_comparison("<=", again(), bind(*s.args[2]), s.at);
    low->at = high->at = s.at;
    return make_and(fold(std::move(low), true), fold(std::move(high), true));
  });
}

node_ptr binder::in_of(const syntax& s) {
  bool constants = true;
  {
    std::vector<node_ptr> all = bind_all(s);
    for (std::size_t i = 1; i < all.size(); ++i) constants &= constant_of(*all[i]) != nullptr;
    if (constants) {
      std::vector<node_ptr*> values;
      for (auto& a : all) values.push_back(&a);
      const type t = unify(std::move(values), "cannot compare");
      if (t.is == kind::null) return make_null(kind::boolean);
      std::vector<scalar> list;
      bool with_null = false;
      for (std::size_t i = 1; i < all.size(); ++i) {
        const constant* c = constant_of(*all[i]);
        if (!c) {
          constants = false;  // a conversion that fails: left for the rows
          break;
        }
        if (c->value.null)
          with_null = true;
        else
          list.push_back(c->value);
      }
      if (constants) return make_in(std::move(all[0]), std::move(list), with_null);
    }
  }
  return with_value_of(*s.args[0], [&](auto again) {
    node_ptr any;
    for (std::size_t i = 1; i < s.args.size(); ++i) {
      node_ptr one = bind_comparison("=", again(), bind(*s.args[i]), s.args[i]->at);
      one->at = s.args[i]->at;
      any = any ? make_or(std::move(any), std::move(one)) : std::move(one);
    }
    return any;
  });
}

node_ptr binder::like_of(const syntax& s) {
  const bool ignore_case = s.text == "ilike";
  const char* word = ignore_case ? "ILIKE" : "LIKE";
  auto text = [&](std::size_t i) {
    node_ptr n = bind(*s.args[i]);
    const type t = n->result;
    node_ptr out = coerced(n, kind::text);
    if (!out) throw mistake{s.args[i]->at, std::string{word} + " needs text, not " + name(t)};
    return out;
  };
  node_ptr value = text(0), pattern = text(1);
  std::string escape;
  if (s.args.size() > 2) {
    node_ptr e = text(2);
    const constant* c = constant_of(*e);
    if (!c || c->value.null || c->value.text.size() > 1)
      throw mistake{s.args[2]->at, "ESCAPE needs one character, as a literal"};
    escape = c->value.text;
  }
  const constant* c = constant_of(*pattern);
  if (!c) return make_like(std::move(value), std::move(pattern), escape, ignore_case);
  if (c->value.null) return make_null(kind::boolean);
  try {
    return make_like(std::move(value), c->value.text, escape, ignore_case);
  } catch (const std::string& why) {
    throw mistake{s.args[1]->at, why};
  }
}

node_ptr binder::nullif_of(const syntax& s) {
  return with_value_of(*s.args[0], [&](auto again) {
    node_ptr same = bind_comparison("=", again(), bind(*s.args[1]), s.at);
    same->at = s.at;
    node_ptr value = again();
    if (value->result.is == kind::null) return value;
    return make_nullif(std::move(value), fold(std::move(same), true));
  });
}

// x % constant = 0 (or <> 0): no remainder is needed.
node_ptr binder::divisible_of(const syntax& s) {
  if (s.text != "=" && s.text != "<>") return nullptr;
  const syntax &left = *s.args[0], &right = *s.args[1];
  if (left.is != form::call || (left.text != "%" && left.text != "mod") || left.args.size() != 2) return nullptr;
  if (right.is != form::integer || right.text != "0") return nullptr;
  node_ptr a = bind(*left.args[0]), d = bind(*left.args[1]);
  if (!is_integer(a->result.is) || !is_integer(d->result.is)) return nullptr;
  unify({&a, &d}, "cannot calculate");
  const constant* c = constant_of(*d);
  if (!c || c->value.null) return nullptr;
  return make_divisible(a, c->value.integer, s.text == "<>");
}

}  // namespace weir::expression
