#pragma once
// Packs values as weir/ext/draft/state.h says, written apart from the host's and the SDK's code; and JSON as a tree.
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rows.hpp"
#include "state/unpack.hpp"

namespace weir::state::test {

inline std::size_t own_alignment(const model::data_type& t) {
  std::size_t most = 1;
  if (t.id == model::type_id::structure)
    for (const model::field& f : t.children) most = std::max(most, own_alignment(f.type));
  else if (t.id != model::type_id::fixed_binary && t.id != model::type_id::boolean)
    most = static_cast<std::size_t>(std::max(1, t.value_bytes()));
  return most;
}

/// Random values; zero: instead of them nothing, null or empty.
struct packer {
  random& r;
  packing how;
  bool zero = false;
  std::string out{};

  void fields(const std::vector<model::field>& all) {
    std::size_t most = 1;
    for (const model::field& f : all) {
      field(f);
      most = std::max(most, own_alignment(f.type));
    }
    pad(most);
  }

 private:
  void pad(std::size_t to) {
    while (how == packing::in_place && out.size() % to != 0) out.push_back('\0');
  }
  void field(const model::field& f) {
    if (f.nullable && how != packing::in_place) {
      const bool there = !zero && pick(r, 0, 3) != 0;
      out.push_back(there ? 1 : 0);
      if (!there) return;
    }
    pad(own_alignment(f.type));
    value(f.type);
  }
  void value(const model::data_type& t) {
    using model::type_id;
    switch (t.id) {
      case type_id::boolean:
        out.push_back(!zero && pick(r, 0, 1) ? 1 : 0);
        return;
      case type_id::utf8:
      case type_id::binary: {
        std::string text;
        for (std::int64_t n = zero ? 0 : pick(r, 0, 9); n > 0; --n)
          text.push_back(t.id == type_id::binary ? static_cast<char>(pick(r, 0, 3) - 1)
                                                 : static_cast<char>(pick(r, 'a', 'f')));
        if (how == packing::plain) {
          const auto n = static_cast<std::uint32_t>(text.size());
          out.append(reinterpret_cast<const char*>(&n), 4);
          out += text;
          return;
        }
        for (const char c : text) {
          out.push_back(c);
          if (c == 0) out.push_back('\xff');
        }
        out.append(2, '\0');
        return;
      }
      case type_id::list: {
        const auto n = static_cast<std::uint32_t>(zero ? 0 : pick(r, 0, 4));
        if (how == packing::plain) out.append(reinterpret_cast<const char*>(&n), 4);
        for (std::uint32_t i = 0; i < n; ++i) {
          if (how == packing::ordered) out.push_back(1);
          field(t.children[0]);
        }
        if (how == packing::ordered) out.push_back(0);
        return;
      }
      case type_id::structure:
        for (const model::field& f : t.children) field(f);
        pad(own_alignment(t));
        return;
      default:
        number(t);
    }
  }
  void number(const model::data_type& t) {
    using model::type_id;
    const auto width = static_cast<std::size_t>(t.value_bytes());
    std::string bytes(width, '\0');
    const std::int64_t small = pick(r, -100, 100);
    if (zero) {
    } else if (t.id == type_id::float32) {
      const float v = static_cast<float>(small) / 8;
      std::memcpy(bytes.data(), &v, 4);
    } else if (t.id == type_id::float64) {
      const double v = static_cast<double>(small) / 8;
      std::memcpy(bytes.data(), &v, 8);
    } else if (t.id == type_id::fixed_binary || (t.id != type_id::decimal128 && t.id != type_id::date &&
                                                 t.id != type_id::timestamp && pick(r, 0, 1) == 0)) {
      for (char& c : bytes) c = static_cast<char>(pick(r, 0, 255));
    } else {
      std::memset(bytes.data(), small < 0 ? 0xff : 0, width);
      std::memcpy(bytes.data(), &small, std::min<std::size_t>(width, 8));
    }
    if (how == packing::ordered && t.id != type_id::fixed_binary) {
      const std::string little = bytes;
      for (std::size_t i = 0; i < width; ++i) bytes[i] = little[width - 1 - i];
      const bool real = t.id == type_id::float32 || t.id == type_id::float64;
      const bool minus = (bytes[0] & 0x80) != 0;
      const bool is_unsigned =
          t.id == type_id::uint8 || t.id == type_id::uint16 || t.id == type_id::uint32 || t.id == type_id::uint64;
      if (real && minus)
        for (char& c : bytes) c = static_cast<char>(~c);
      else if (!is_unsigned)
        bytes[0] = static_cast<char>(bytes[0] ^ 0x80);
    }
    out += bytes;
  }
};

/// A JSON text as a tree; numbers and literals stay as they are written.
struct json {
  char kind = '0';  // { [ or a scalar
  std::string scalar{};
  std::vector<std::pair<std::string, json>> members{};  // [: without names

  static json parse(std::string_view text) {
    json out = value(text);
    EXPECT_TRUE(text.empty()) << text;
    return out;
  }
  const json* find(std::string_view name) const {
    for (const auto& [n, v] : members)
      if (n == name) return &v;
    return nullptr;
  }
  std::string text() const {
    if (kind == '0') return scalar;
    std::string out(1, kind);
    for (const auto& [name, v] : members) {
      if (out.size() > 1) out += ',';
      if (kind == '{') out += "\"" + name + "\":";
      out += v.text();
    }
    return out + (kind == '{' ? "}" : "]");
  }

 private:
  static std::string quoted(std::string_view& from) {
    std::size_t n = 1;
    while (from[n] != '"') n += from[n] == '\\' ? 2 : 1;
    std::string out(from.substr(0, n + 1));
    from.remove_prefix(n + 1);
    return out;
  }
  static json value(std::string_view& from) {
    json out;
    if (from.front() == '{' || from.front() == '[') {
      out.kind = from.front();
      from.remove_prefix(1);
      while (from.front() != '}' && from.front() != ']') {
        std::string name;
        if (out.kind == '{') {
          name = quoted(from);
          name = name.substr(1, name.size() - 2);
          from.remove_prefix(1);
        }
        out.members.emplace_back(name, value(from));
        if (from.front() == ',') from.remove_prefix(1);
      }
      from.remove_prefix(1);
      return out;
    }
    if (from.front() == '"') {
      out.scalar = quoted(from);
      return out;
    }
    const std::size_t n = std::min(from.find_first_of(",}]"), from.size());
    out.scalar = from.substr(0, n);
    from.remove_prefix(n);
    return out;
  }
};

inline std::string json_of(const model::schema_ref& schema, packing how, std::string_view bytes) {
  std::string out;
  value_json(schema).append(out, how, bytes);
  return out;
}

}  // namespace weir::state::test
