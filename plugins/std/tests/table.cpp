#include "table.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "expression/number_text.hpp"

namespace weir::expression::test {

namespace {

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  int depth = 0;
  std::string part;
  for (char c : text) {
    if (c == '<' || c == '[' || c == '{' || c == '(') ++depth;
    if (c == '>' || c == ']' || c == '}' || c == ')') --depth;
    if (c == by && depth == 0) {
      out.push_back(std::move(part));
      part.clear();
    } else {
      part += c;
    }
  }
  out.push_back(std::move(part));
  return out;
}

int width_of(weir::type t) {
  switch (t) {
    case weir::type::int8:
    case weir::type::uint8:
      return 1;
    case weir::type::int16:
    case weir::type::uint16:
      return 2;
    case weir::type::int32:
    case weir::type::uint32:
    case weir::type::float32:
    case weir::type::date32:
      return 4;
    case weir::type::decimal128:
      return 16;
    default:
      return 8;
  }
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", c);
    out += two;
  }
  return out;
}

}  // namespace

field field_named(std::string name, std::string_view type) {
  field f;
  f.name = std::move(name);
  static constexpr std::pair<std::string_view, weir::type> kinds[]{
      {"bool", weir::type::boolean},    {"int8", weir::type::int8},           {"int16", weir::type::int16},
      {"int32", weir::type::int32},     {"int64", weir::type::int64},         {"uint8", weir::type::uint8},
      {"uint16", weir::type::uint16},   {"uint32", weir::type::uint32},       {"uint64", weir::type::uint64},
      {"float32", weir::type::float32}, {"float64", weir::type::float64},     {"utf8", weir::type::utf8},
      {"binary", weir::type::binary},   {"timestamp", weir::type::timestamp}, {"date", weir::type::date32}};
  for (const auto& [word, k] : kinds)
    if (type == word) {
      f.kind = k;
      return f;
    }
  if (type.starts_with("decimal(")) {
    f.kind = weir::type::decimal128;
    if (std::sscanf(std::string{type}.c_str(), "decimal(%d,%d)", &f.precision, &f.scale) != 2)
      throw std::runtime_error{"bad decimal"};
  } else if (type.starts_with("fixed(")) {
    f.kind = weir::type::fixed_binary;
    f.width = std::atoi(std::string{type.substr(6)}.c_str());
  } else if (type.starts_with("list<")) {
    f.kind = weir::type::list;
    f.children.push_back(field_named("item", type.substr(5, type.size() - 6)));
  } else if (type.starts_with("record<")) {
    f.kind = weir::type::record;
    for (const auto& part : split(type.substr(7, type.size() - 8), ',')) {
      const std::size_t blank = part.find(' ');
      f.children.push_back(field_named(part.substr(0, blank), std::string_view{part}.substr(blank + 1)));
    }
  } else {
    throw std::runtime_error{"unknown type " + std::string{type}};
  }
  return f;
}

table::array& table::make(const field& f, const std::vector<std::string>& values) {
  array& a = arrays_.emplace_back();
  const auto n = static_cast<std::int64_t>(values.size());
  auto* valid = reinterpret_cast<unsigned char*>(a.take(values.size() / 8 + 1));
  std::int64_t nulls = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const bool present = values[static_cast<std::size_t>(i)] != null_text;
    nulls += !present;
    if (present) valid[i / 8] = static_cast<unsigned char>(valid[i / 8] | 1 << (i % 8));
  }
  a.raw.length = n;
  a.raw.null_count = nulls;
  a.buffers.push_back(nulls ? valid : nullptr);
  auto value = [&](std::int64_t i) {
    return values[static_cast<std::size_t>(i)] == null_text ? std::string{} : values[static_cast<std::size_t>(i)];
  };
  if (f.kind == weir::type::list || f.kind == weir::type::record) {
    std::vector<std::vector<std::string>> parts(f.children.size());
    auto* offsets = reinterpret_cast<std::int32_t*>(a.take((values.size() + 1) * 4));
    for (std::int64_t i = 0; i < n; ++i) {
      const std::string v = value(i);
      const auto inside =
          v.size() > 2 ? split(std::string_view{v}.substr(1, v.size() - 2), ';') : std::vector<std::string>{};
      if (f.kind == weir::type::list) {
        parts[0].insert(parts[0].end(), inside.begin(), inside.end());
        offsets[i + 1] = static_cast<std::int32_t>(parts[0].size());
      } else {
        for (std::size_t k = 0; k < parts.size(); ++k) parts[k].push_back(k < inside.size() ? inside[k] : null_text);
      }
    }
    if (f.kind == weir::type::list) a.buffers.push_back(offsets);
    for (std::size_t k = 0; k < parts.size(); ++k) a.children.push_back(&make(f.children[k], parts[k]).raw);
  } else if (f.kind == weir::type::utf8 || f.kind == weir::type::binary) {
    auto* offsets = reinterpret_cast<std::int32_t*>(a.take((values.size() + 1) * 4));
    std::string all;
    for (std::int64_t i = 0; i < n; ++i) {
      all += unescaped(value(i));
      offsets[i + 1] = static_cast<std::int32_t>(all.size());
    }
    char* data = a.take(all.size());
    std::memcpy(data, all.data(), all.size());
    a.buffers.push_back(offsets);
    a.buffers.push_back(data);
  } else if (f.kind == weir::type::boolean) {
    auto* bits = reinterpret_cast<unsigned char*>(a.take(values.size() / 8 + 1));
    for (std::int64_t i = 0; i < n; ++i)
      if (value(i) == "1") bits[i / 8] = static_cast<unsigned char>(bits[i / 8] | 1 << (i % 8));
    a.buffers.push_back(bits);
  } else {
    const int width = f.kind == weir::type::fixed_binary ? f.width : width_of(f.kind);
    char* data = a.take(values.size() * static_cast<std::size_t>(width));
    for (std::int64_t i = 0; i < n; ++i) {
      const std::string v = value(i);
      char* at = data + i * width;
      if (f.kind == weir::type::fixed_binary) {
        std::memcpy(at, v.data(), std::min(v.size(), static_cast<std::size_t>(width)));
      } else if (f.kind == weir::type::float64) {
        const double d = std::strtod(v.c_str(), nullptr);
        std::memcpy(at, &d, 8);
      } else if (f.kind == weir::type::float32) {
        const float d = std::strtof(v.c_str(), nullptr);
        std::memcpy(at, &d, 4);
      } else {
        const int128 whole = v.empty() ? 0 : parse_scaled(v, 0).value();
        std::memcpy(at, &whole, static_cast<std::size_t>(width));
      }
    }
    a.buffers.push_back(data);
  }
  a.raw.n_buffers = static_cast<std::int64_t>(a.buffers.size());
  a.raw.buffers = a.buffers.data();
  a.raw.n_children = static_cast<std::int64_t>(a.children.size());
  a.raw.children = a.children.data();
  return a;
}

table& table::add(const std::string& name, std::string_view type, const std::vector<std::string>& values) {
  schema_.fields.push_back(field_named(name, type));
  pointers_.push_back(&make(schema_.fields.back(), values).raw);
  rows_ = static_cast<std::int64_t>(values.size());
  return *this;
}

weir_batch table::batch() {
  weir_batch b{};
  b.struct_size = sizeof b;
  b.column_count = static_cast<std::uint32_t>(pointers_.size());
  b.length = b.row_count = rows_;
  b.columns = pointers_.data();
  b.first_offset = -1;
  b.split = UINT32_MAX;
  return b;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '\\' ? "\\\\" : c == '\t' ? "\\t" : c == '\n' ? "\\n" : std::string(1, c);
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const char c = text[++i];
    out += c == 't' ? '\t' : c == 'n' ? '\n' : c;
  }
  return out;
}

std::string encoded(const expression::type& t, const column& c, std::int64_t row) {
  if (!c.is_valid(row)) return null_text;
  std::string out;
  char number[64];
  switch (t.is) {
    case kind::boolean:
      return c.as<std::uint8_t>()[row] ? "1" : "0";
    case kind::int8:
      append_integer(out, c.as<std::int8_t>()[row]);
      break;
    case kind::int16:
      append_integer(out, c.as<std::int16_t>()[row]);
      break;
    case kind::int32:
    case kind::date:
      append_integer(out, c.as<std::int32_t>()[row]);
      break;
    case kind::int64:
    case kind::timestamp:
      append_integer(out, c.as<std::int64_t>()[row]);
      break;
    case kind::uint8:
      append_integer(out, c.as<std::uint8_t>()[row]);
      break;
    case kind::uint16:
      append_integer(out, c.as<std::uint16_t>()[row]);
      break;
    case kind::uint32:
      append_integer(out, c.as<std::uint32_t>()[row]);
      break;
    case kind::uint64:
      append_integer(out, c.as<std::uint64_t>()[row]);
      break;
    case kind::hugeint:
    case kind::decimal:
      append_integer(out, c.as<int128>()[row]);
      break;
    case kind::float32:
    case kind::float64: {
      const double v = t.is == kind::float32 ? static_cast<double>(c.as<float>()[row]) : c.as<double>()[row];
      if (std::isnan(v)) return "nan";
      if (std::isinf(v)) return v < 0 ? "-inf" : "inf";
      std::snprintf(number, sizeof number, "%a", v);
      return number;
    }
    case kind::text:
      return escaped(c.as<text_ref>()[row].view());
    case kind::binary:
      return hex(c.as<text_ref>()[row].view());
    default:
      return "?";
  }
  return out;
}

}  // namespace weir::expression::test
