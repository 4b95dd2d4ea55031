#pragma once
// The configuration as a tree of small values, each with its place in the file. Immutable once loaded; any thread may
// read it. Keys keep the order of the file.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/location.hpp"

namespace weir::config {

enum class kind : std::uint8_t {
  none,
  boolean,
  integer,
  floating,
  string,
  datetime,  ///< a TOML date or time: in `text` as RFC 3339
  duration,  ///< made by validation: microseconds in `integer`
  bytes,     ///< made by validation: bytes in `integer`
  list,
  table,
};
/// "a string", "an integer", ... for messages.
std::string_view name_of(kind k);

struct member;

struct value {
  kind type = kind::none;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<value> items;     ///< list
  std::vector<member> members;  ///< table

  location at;
  bool secret = false;      ///< never printed: `shown` is, or "<secret>"
  bool reference = false;   ///< had a ${...}: numbers and booleans may be read from its text
  bool unresolved = false;  ///< has a ${...} that was not resolved (check without environment)
  bool fallback = false;    ///< not in the file: the option's default
  std::string shown;        ///< what may be printed of a secret: the reference itself
  std::string literal;      ///< of a --set: the value as it was typed

  bool is(kind k) const { return type == k; }
  /// The value of a key of this table; null when there is none, or this is no table.
  const value* find(std::string_view key) const;
  value* find(std::string_view key);
  const member* find_member(std::string_view key) const;
  /// "a.b" through nested tables; a key that itself contains dots is found too. Empty: this value.
  const value* at_path(std::string_view path) const;

  // Of a key, or the other value when it is missing or of another type.
  std::string text_of(std::string_view key, std::string_view otherwise = {}) const;
  std::int64_t integer_of(std::string_view key, std::int64_t otherwise = 0) const;  ///< also duration, bytes
  bool boolean_of(std::string_view key, bool otherwise = false) const;
};

struct member {
  std::string key;
  location key_at;
  value item;
};

value make_string(std::string text, location at = {});
value make_table(location at = {});

/// For messages: `the string "abc"`, `the integer 7`, `a table`; secrets are not shown.
std::string describe(const value& v);

/// As JSON, without a newline; secrets as their reference or "<secret>". Times and sizes as people write them.
std::string print_json(const value& v);

}  // namespace weir::config
