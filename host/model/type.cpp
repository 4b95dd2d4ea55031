#include "model/type.hpp"

#include <unordered_set>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "base/text.hpp"

namespace weir::model {

using base::cat;
using base::result;

data_type data_type::fixed_binary_of(std::int32_t width) {
  data_type t(type_id::fixed_binary);
  t.width = width;
  return t;
}

data_type data_type::decimal_of(std::int32_t precision, std::int32_t scale) {
  data_type t(type_id::decimal128);
  t.precision = precision;
  t.scale = scale;
  return t;
}

data_type data_type::list_of(data_type element, bool nullable) {
  data_type t(type_id::list);
  t.children.push_back({.name = "item", .type = std::move(element), .nullable = nullable, .metadata = {}});
  return t;
}

data_type data_type::struct_of(std::vector<field> children) {
  data_type t(type_id::structure);
  t.children = std::move(children);
  return t;
}

std::int32_t data_type::value_bytes() const noexcept {
  switch (id) {
    case type_id::int8:
    case type_id::uint8:
      return 1;
    case type_id::int16:
    case type_id::uint16:
      return 2;
    case type_id::int32:
    case type_id::uint32:
    case type_id::float32:
    case type_id::date:
      return 4;
    case type_id::int64:
    case type_id::uint64:
    case type_id::float64:
    case type_id::timestamp:
      return 8;
    case type_id::decimal128:
      return 16;
    case type_id::fixed_binary:
      return width;
    case type_id::boolean:
    case type_id::utf8:
    case type_id::binary:
    case type_id::list:
    case type_id::structure:
      return 0;
  }
  return 0;
}

int data_type::buffer_count() const noexcept {
  switch (id) {
    case type_id::structure:
      return 1;
    case type_id::utf8:
    case type_id::binary:
      return 3;
    default:
      return 2;
  }
}

bool operator==(const data_type& a, const data_type& b) {
  return a.id == b.id && a.width == b.width && a.precision == b.precision && a.scale == b.scale &&
         a.children == b.children;
}

namespace {

result<void> check_type(const data_type& t, const std::string& path, int depth, std::size_t& count);

result<void> check_fields(const std::vector<field>& fields, const std::string& path, int depth, std::size_t& count) {
  std::unordered_set<std::string_view> names;
  for (const field& f : fields) {
    if (f.name.empty())
      return base::config_error(cat("a column", path.empty() ? "" : " of ", path, " has no name: give it one"));
    if (f.name.find('\0') != std::string::npos)
      return base::config_error(cat("the column name ", base::quoted(f.name), " holds a NUL byte: rename it"));
    if (!names.insert(f.name).second)
      return base::config_error(cat("the name ", base::quoted(f.name), " is there twice",
                                    path.empty() ? std::string() : " in " + path, ": rename one of the columns"));
    WEIR_TRY(check_type(f.type, path.empty() ? f.name : path + "." + f.name, depth, count));
  }
  return {};
}

result<void> check_type(const data_type& t, const std::string& path, int depth, std::size_t& count) {
  if (depth > type_depth_max)
    return base::config_error(cat("column ", path, " is nested deeper than ", type_depth_max, " levels: flatten it"));
  if (++count > schema_fields_max)
    return base::config_error(
        cat("more than ", schema_fields_max, " columns and nested fields: select the ones you need"));
  switch (t.id) {
    case type_id::fixed_binary:
      if (t.width < 1 || t.width > (1 << 20))
        return base::config_error(
            cat("column ", path, ": fixed_binary(", t.width, ") must be 1 to 1048576 bytes wide"));
      break;
    case type_id::decimal128:
      if (t.precision < 1 || t.precision > 38 || t.scale < 0 || t.scale > t.precision)
        return base::config_error(cat("column ", path, ": decimal128(", t.precision, ",", t.scale,
                                      ") must have a precision of 1 to 38 and a scale of 0 to the precision"));
      break;
    case type_id::list:
      if (t.children.size() != 1)
        return base::config_error(cat("column ", path, ": a list has exactly one element type"));
      return check_type(t.children[0].type, path + "[]", depth + 1, count);
    case type_id::structure:
      return check_fields(t.children, path, depth + 1, count);
    default:
      break;
  }
  return {};
}

}  // namespace

result<schema_ref> schema::make(std::vector<field> fields) {
  std::size_t count = 0;
  WEIR_TRY(check_fields(fields, "", 0, count));
  return schema_ref(std::make_shared<const schema>(token{}, std::move(fields)));
}

schema_ref schema::of(std::vector<field> fields) { return make(std::move(fields)).take(); }

int schema::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].name == name) return static_cast<int>(i);
  return -1;
}

std::vector<std::string> schema::names() const {
  std::vector<std::string> all;
  for (const field& f : fields_) all.push_back(f.name);
  return all;
}

std::string schema_difference(const schema& given, const schema& declared) {
  for (std::size_t i = 0; i < declared.size() || i < given.size(); ++i) {
    if (i >= given.size()) return cat("column ", i, ", \"", declared[i].text(), "\", is missing");
    if (i >= declared.size()) return cat("column ", i, ", \"", given[i].text(), "\", is not declared");
    if (!(given[i] == declared[i]))
      return cat("column ", i, " is \"", given[i].text(), "\" but \"", declared[i].text(), "\" is declared");
  }
  return {};
}

}  // namespace weir::model
