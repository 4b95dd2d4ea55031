#include "functions.hpp"

#include <algorithm>

#include "cast.hpp"
#include "coerce.hpp"
#include "comparison.hpp"
#include "constant.hpp"
#include "logic.hpp"
#include "source.hpp"

namespace weir::expression {

void invocation::wrong(std::size_t i, std::string why) const {
  throw mistake{i < args.size() && args[i] ? args[i]->at : at_,
                std::string{name_} + ": " + why + ", as in " + std::string{usage_}};
}

void invocation::as(std::size_t i, type t) {
  const type given = args[i]->result;
  node_ptr n = coerced(args[i], t);
  if (!n)
    wrong(i, "argument " + std::to_string(i + 1) + " is " + expression::name(given) + " where " + expression::name(t) +
                 " is needed" + (can_cast(given, t) ? " (CAST converts it)" : ""));
  args[i] = std::move(n);
}

void invocation::as_shown(std::size_t i) {
  if (is_nested(is(i))) wrong(i, "a " + expression::name(args[i]->result) + " cannot become text");
  const std::uint32_t where = args[i]->at;
  args[i] = make_cast(std::move(args[i]), kind::text, false);
  args[i]->at = where;
  args[i] = fold(std::move(args[i]), true);
}

type invocation::unify(std::size_t first) {
  std::vector<node_ptr*> values;
  for (std::size_t i = first; i < args.size(); ++i) values.push_back(&args[i]);
  const std::string doing = std::string{name_} + " cannot mix";
  return expression::unify(std::move(values), doing.c_str());
}

std::string invocation::constant_text(std::size_t i, std::string_view what) const {
  const constant* c = constant_of(*args[i]);
  if (!c || c->value.null || c->result.is != kind::text) wrong(i, std::string{what} + " must be a text literal");
  return c->value.text;
}

std::int64_t invocation::constant_integer(std::size_t i, std::string_view what) const {
  const constant* c = constant_of(*args[i]);
  if (!c || c->value.null || !is_integer(c->result.is) ||
      static_cast<std::int64_t>(c->value.integer) != c->value.integer)
    wrong(i, std::string{what} + " must be a constant integer");
  return static_cast<std::int64_t>(c->value.integer);
}

bool invocation::is_constant_null(std::size_t i) const {
  const constant* c = constant_of(*args[i]);
  return c && c->value.null;
}

namespace {

node_ptr bind_coalesce(invocation& c) {
  const type t = c.unify();
  return t.is == kind::null ? make_null(t) : make_coalesce(t, std::move(c.args));
}

node_ptr bind_if(invocation& c) {
  c.args[0] = as_truth(std::move(c.args[0]), "if");
  const type t = c.unify(1);
  return make_choice(t, std::move(c.args));
}

template <bool Greatest>
node_ptr bind_extreme(invocation& c) {
  const type t = c.unify();
  if (t.is == kind::null) return make_null(t);
  node_ptr best = std::move(c.args[0]);
  for (std::size_t i = 1; i < c.args.size(); ++i) best = make_extreme(Greatest, std::move(best), std::move(c.args[i]));
  return best;
}

node_ptr bind_length(invocation& c) {  // of text: lists are found before
  return function_named("length")->bind(c);
}

constexpr function general_table[]{
    {"coalesce", 1, -1, "coalesce(value, ...)", bind_coalesce},
    {"ifnull", 2, 2, "ifnull(value, otherwise)", bind_coalesce},
    {"nullif", 2, 2, "nullif(value, other)", [](invocation& c) -> node_ptr { c.wrong(0, "needs two values"); }},
    {"if", 3, 3, "if(condition, value, otherwise)", bind_if},
    {"greatest", 1, -1, "greatest(value, ...)", bind_extreme<true>},
    {"least", 1, -1, "least(value, ...)", bind_extreme<false>},
    {"try", 1, 1, "try(expression)", [](invocation& c) { return make_try(std::move(c.args[0])); }},
    {"len", 1, 1, "len(list or text)", bind_length},
    {"list_contains", 2, 2, "list_contains(list, value)",
     [](invocation& c) -> node_ptr { c.wrong(0, "needs a list"); }},
    {"trace_id", 0, 0, "trace_id()", [](invocation&) { return make_trace_id(); }},
    {"source_id", 0, 0, "source_id()", [](invocation&) { return make_source_id(); }},
    {"change_kind", 0, 0, "change_kind()", [](invocation&) { return make_change_kind(); }},
};

}  // namespace

std::span<const function> general_functions() { return general_table; }

const function* function_named(std::string_view name) {
  for (const auto list :
       {general_functions(), text_functions(), pattern_functions(), number_functions(), time_functions()})
    for (const function& f : list)
      if (f.name == name) return &f;
  return nullptr;
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> out;
  for (const auto list :
       {general_functions(), text_functions(), pattern_functions(), number_functions(), time_functions()})
    for (const function& f : list) out.push_back(f.name);
  return out;
}

}  // namespace weir::expression
