#include "config/value.hpp"

#include <nlohmann/json.hpp>

#include "base/cat.hpp"
#include "base/text.hpp"

namespace weir::config {

std::string_view name_of(kind k) {
  switch (k) {
    case kind::none:
      return "nothing";
    case kind::boolean:
      return "a boolean";
    case kind::integer:
      return "an integer";
    case kind::floating:
      return "a float";
    case kind::string:
      return "a string";
    case kind::datetime:
      return "a date or time";
    case kind::duration:
      return "a duration";
    case kind::bytes:
      return "a size in bytes";
    case kind::list:
      return "a list";
    case kind::table:
      return "a table";
  }
  return "nothing";
}

const member* value::find_member(std::string_view key) const {
  for (const member& m : members)
    if (m.key == key) return &m;
  return nullptr;
}

const value* value::find(std::string_view key) const {
  const member* m = find_member(key);
  return m ? &m->item : nullptr;
}

value* value::find(std::string_view key) { return const_cast<value*>(std::as_const(*this).find(key)); }

const value* value::at_path(std::string_view path) const {
  if (path.empty()) return this;
  if (const value* whole = find(path)) return whole;
  // Every split at a dot, the longest first key last: keys with dots are rare, and short paths make this cheap.
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const value* inner = find(path.substr(0, dot));
    if (!inner) continue;
    if (const value* found = inner->at_path(path.substr(dot + 1))) return found;
  }
  return nullptr;
}

std::string value::text_of(std::string_view key, std::string_view otherwise) const {
  const value* v = find(key);
  return v && (v->is(kind::string) || v->is(kind::datetime)) ? v->text : std::string(otherwise);
}

std::int64_t value::integer_of(std::string_view key, std::int64_t otherwise) const {
  const value* v = find(key);
  return v && (v->is(kind::integer) || v->is(kind::duration) || v->is(kind::bytes)) ? v->integer : otherwise;
}

bool value::boolean_of(std::string_view key, bool otherwise) const {
  const value* v = find(key);
  return v && v->is(kind::boolean) ? v->boolean : otherwise;
}

value make_string(std::string text, location at) {
  value v;
  v.type = kind::string;
  v.text = std::move(text);
  v.at = std::move(at);
  return v;
}

value make_table(location at) {
  value v;
  v.type = kind::table;
  v.at = std::move(at);
  return v;
}

std::string describe(const value& v) {
  if (v.secret) return v.shown.empty() ? base::cat(name_of(v.type), " (secret)") : base::quoted(v.shown, 80);
  switch (v.type) {
    case kind::boolean:
      return base::cat("the boolean ", v.boolean);
    case kind::integer:
      return base::cat("the integer ", v.integer);
    case kind::floating:
      return base::cat("the float ", v.real);
    case kind::string:
      return base::cat("the string ", base::quoted(v.text, 80));
    case kind::datetime:
      return base::cat("the time ", v.text);
    case kind::duration:
      return base::cat("the duration ", base::print_duration_us(v.integer));
    case kind::bytes:
      return base::cat("the size ", base::print_byte_size(static_cast<std::uint64_t>(v.integer)));
    default:
      return std::string(name_of(v.type));
  }
}

namespace {

nlohmann::ordered_json to_json(const value& v) {
  if (v.secret) return v.shown.empty() ? "<secret>" : v.shown;
  switch (v.type) {
    case kind::none:
      return nullptr;
    case kind::boolean:
      return v.boolean;
    case kind::integer:
      return v.integer;
    case kind::floating:
      return v.real;
    case kind::string:
    case kind::datetime:
      return v.text;
    case kind::duration:
      return base::print_duration_us(v.integer);
    case kind::bytes:
      return base::print_byte_size(static_cast<std::uint64_t>(v.integer));
    case kind::list: {
      auto list = nlohmann::ordered_json::array();
      for (const value& item : v.items) list.push_back(to_json(item));
      return list;
    }
    case kind::table: {
      auto table = nlohmann::ordered_json::object();
      for (const member& m : v.members) table[m.key] = to_json(m.item);
      return table;
    }
  }
  return nullptr;
}

}  // namespace

std::string print_json(const value& v) {
  return to_json(v).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace weir::config
