// weir/schema.hpp: schemas as plain C++ values, used while a pipeline is bound and by operators whose columns are only
// known then. Control path: clarity before speed.
#ifndef WEIR_SCHEMA_HPP
#define WEIR_SCHEMA_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/arrow.h"
#include "weir/detail/nearest.hpp"
#include "weir/detail/text.hpp"
#include "weir/failure.hpp"
#include "weir/types.hpp"

namespace weir {

enum class type : std::uint8_t {
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  utf8,
  binary,
  fixed_binary,
  timestamp,
  date32,
  decimal128,
  list,
  record
};

// One column, or one field of a record column, or the element of a list.
struct field {
  std::string name;
  weir::type kind = weir::type::int64;
  bool nullable = true;
  std::int32_t width = 0;         // fixed_binary: bytes
  std::int32_t precision = 0;     // decimal128
  std::int32_t scale = 0;         // decimal128
  std::vector<field> children{};  // list: one element; record: its fields
  std::string metadata{};         // Arrow's key-value metadata, as its specification encodes it; empty: none

  WEIR_DETAIL_COLD [[nodiscard]] bool same_type(const field& o) const {
    if (kind != o.kind || width != o.width || precision != o.precision || scale != o.scale ||
        children.size() != o.children.size())
      return false;
    for (std::size_t i = 0; i < children.size(); ++i)
      if (!children[i].same_type(o.children[i]) ||
          (kind == weir::type::record && children[i].name != o.children[i].name))
        return false;
    return true;
  }
};

inline std::string_view to_string(type t) {
  constexpr std::string_view names[] = {"bool",      "int8",   "int16",   "int32",   "int64", "uint8",  "uint16",
                                        "uint32",    "uint64", "float32", "float64", "utf8",  "binary", "fixed_binary",
                                        "timestamp", "date",   "decimal", "list",    "record"};
  return names[static_cast<std::size_t>(t)];
}
// The type as people read it: "int64", "decimal(38,2)", "list<utf8>", "record{id int64, name utf8}".
WEIR_DETAIL_COLD inline std::string to_string(const field& f) {
  using detail::digits;
  using detail::sentence;
  const auto name = to_string(f.kind);
  switch (f.kind) {
    case type::decimal128:
      return sentence({name, "(", digits(f.precision), ",", digits(f.scale), ")"});
    case type::fixed_binary:
      return sentence({name, "(", digits(f.width), ")"});
    case type::list:
      return sentence({name, "<", to_string(f.children.at(0)), ">"});
    case type::record: {
      std::string out{name};
      const char* between = "{";
      for (const auto& child : f.children)
        out += sentence({std::exchange(between, ", "), child.name, " ", to_string(child)});
      return out += '}';
    }
    default:
      return std::string{name};
  }
}

// The columns of one port.
struct schema {
  std::vector<field> fields{};

  [[nodiscard]] std::size_t size() const { return fields.size(); }
  [[nodiscard]] const field& operator[](std::size_t i) const { return fields[i]; }
  // The index of a column, -1: there is none of this name.
  WEIR_DETAIL_COLD [[nodiscard]] int find(std::string_view name) const {
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (fields[i].name == name) return static_cast<int>(i);
    return -1;
  }
  // The index of a column that must exist; the error names the nearest one.
  WEIR_DETAIL_COLD [[nodiscard]] int require(std::string_view name) const {
    if (const int found = find(name); found >= 0) return found;
    throw schema_error{detail::sentence({"there is no column '", name, "'", hint(name)})};
  }
  // "; did you mean 'price'?" or "; the columns are a, b".
  WEIR_DETAIL_COLD [[nodiscard]] std::string hint(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const auto& f : fields) names.push_back(f.name);
    return detail::hint(name, names, "the input has");
  }
};

namespace detail {

WEIR_DETAIL_COLD inline std::int32_t number_at(std::string_view& text) {
  std::int32_t n = 0;
  bool minus = false;
  if (!text.empty() && text.front() == '-') minus = true, text.remove_prefix(1);
  while (!text.empty() && text.front() >= '0' && text.front() <= '9')
    n = n * 10 + (text.front() - '0'), text.remove_prefix(1);
  return minus ? -n : n;
}

WEIR_DETAIL_COLD inline std::string metadata_of(const char* raw) {
  if (!raw) return {};
  const char* p = raw;
  auto next = [&p] {
    std::int32_t n;
    __builtin_memcpy(&n, p, sizeof n);
    p += sizeof n;
    return n;
  };
  for (std::int32_t pairs = next() * 2; pairs > 0; --pairs) p += next();
  return {raw, static_cast<std::size_t>(p - raw)};
}

WEIR_DETAIL_COLD inline field read_field(const ArrowSchema& in) {
  field out{.name = in.name ? in.name : "",
            .nullable = (in.flags & ARROW_FLAG_NULLABLE) != 0,
            .metadata = metadata_of(in.metadata)};
  const std::string_view format = in.format ? in.format : "";
  auto unknown = [&] {
    return schema_error{sentence(
        {"column '", out.name, "' has the type '", format, "' of Arrow, which weir does not carry: cast it before"})};
  };
  if (in.dictionary || format.empty()) throw unknown();
  constexpr std::string_view plain = "bcsilCSILfguz";
  constexpr type kinds[] = {type::boolean, type::int8,   type::int16,  type::int32,  type::int64,
                            type::uint8,   type::uint16, type::uint32, type::uint64, type::float32,
                            type::float64, type::utf8,   type::binary};
  if (format.size() == 1) {
    const auto place = plain.find(format[0]);
    if (place == std::string_view::npos) throw unknown();
    out.kind = kinds[place];
  } else if (auto rest = format.substr(2); format.starts_with("w:")) {
    out.kind = type::fixed_binary;
    out.width = number_at(rest);
  } else if (format.starts_with("tsu:")) {
    out.kind = type::timestamp;
  } else if (format == "tdD") {
    out.kind = type::date32;
  } else if (format.starts_with("d:")) {
    out.kind = type::decimal128;
    out.precision = number_at(rest);
    if (!rest.empty() && rest[0] == ',') rest.remove_prefix(1), out.scale = number_at(rest);
    if (!rest.empty() && rest != ",128") throw unknown();
  } else if (format == "+l" || format == "+s") {
    out.kind = format == "+l" ? type::list : type::record;
    for (std::int64_t i = 0; i < in.n_children; ++i) out.children.push_back(read_field(*in.children[i]));
  } else {
    throw unknown();
  }
  return out;
}

// A schema in Arrow's shape, owned by this object. Release is the object's: the host copies.
class arrow_schema {
 public:
  arrow_schema() = default;
  WEIR_DETAIL_COLD explicit arrow_schema(const schema& s) {
    fill({.name = "", .kind = type::record, .nullable = false, .children = s.fields});
  }
  WEIR_DETAIL_COLD explicit arrow_schema(const field& f) { fill(f); }
  arrow_schema(const arrow_schema&) = delete;
  arrow_schema& operator=(const arrow_schema&) = delete;
  [[nodiscard]] const ArrowSchema* get() const { return &raw_; }

 private:
  WEIR_DETAIL_COLD void fill(const field& f) {
    format_ = format_of(f);
    name_ = f.name;
    metadata_ = f.metadata;
    children_ = std::vector<arrow_schema>(f.children.size());
    pointers_.resize(f.children.size());
    for (std::size_t i = 0; i < f.children.size(); ++i) {
      children_[i].fill(f.children[i]);
      pointers_[i] = &children_[i].raw_;
    }
    raw_.format = format_.c_str();
    raw_.name = name_.c_str();
    raw_.metadata = metadata_.empty() ? nullptr : metadata_.data();
    raw_.flags = f.nullable ? ARROW_FLAG_NULLABLE : 0;
    raw_.n_children = static_cast<std::int64_t>(children_.size());
    raw_.children = pointers_.data();
    raw_.release = [](ArrowSchema* s) { s->release = nullptr; };
  }
  WEIR_DETAIL_COLD static std::string format_of(const field& f) {
    constexpr std::string_view plain[] = {"b", "c", "s", "i", "l", "C", "S", "I", "L", "f", "g", "u", "z"};
    switch (f.kind) {
      case type::fixed_binary:
        return sentence({"w:", digits(f.width)});
      case type::timestamp:
        return "tsu:UTC";
      case type::date32:
        return "tdD";
      case type::decimal128:
        return sentence({"d:", digits(f.precision), ",", digits(f.scale)});
      case type::list:
        return "+l";
      case type::record:
        return "+s";
      default:
        return std::string{plain[static_cast<std::size_t>(f.kind)]};
    }
  }
  std::string format_, name_, metadata_;
  std::vector<arrow_schema> children_;
  std::vector<ArrowSchema*> pointers_;
  ArrowSchema raw_{};
};
}  // namespace detail

// Reads an Arrow schema (a struct whose children are the columns). Throws schema_error for types that weir does not
// know.
WEIR_DETAIL_COLD inline schema read_schema(const ArrowSchema& in) {
  schema out;
  for (std::int64_t i = 0; i < in.n_children; ++i) out.fields.push_back(detail::read_field(*in.children[i]));
  return out;
}
}  // namespace weir
#endif  // WEIR_SCHEMA_HPP
