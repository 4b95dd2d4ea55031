#pragma once
// The bytes of a block: BLOCKS.md says what they mean. Little endian.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "state/block_reader.hpp"
#include "state/key.hpp"
#include "weir/ext/draft/state.h"

namespace weir::state {

inline constexpr std::string_view block_magic = "WSB";
inline constexpr std::uint8_t block_version = 1;
/// Magic, version, and a uint32: how many bytes come after it.
inline constexpr std::size_t block_head_bytes = 8;

enum class record : std::uint8_t { name_space = 1, put = 2, merge = 3, removed = 4, dropped = 5, reset = 6, ended = 7 };
/// Beside the record in its byte: key_long and key_nulls, moved out of the way.
inline constexpr std::uint8_t record_key_long = 0x10;
inline constexpr std::uint8_t record_key_nulls = 0x20;
inline constexpr std::uint8_t record_mask = 0x0f;

inline void put_varint(std::string& out, std::uint64_t v) {
  char text[10];
  std::size_t n = 0;
  while (v >= 0x80) {
    text[n++] = static_cast<char>(v | 0x80);
    v >>= 7;
  }
  text[n++] = static_cast<char>(v);
  out.append(text, n);
}
inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}
template <class T>
void put_fixed(std::string& out, T v) {
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}

/// What stands at the start of each section: whose records these are.
struct section_head {
  std::uint32_t kind = 0;  // WEIR_STATE_..., block_timer_kind
  std::string name;
  std::string key;  // schemas, as text
  std::string value;
  std::string map_key;
  std::uint32_t value_size = 0;
  bool timed = false;           // a put has the time of the last write before the value
  std::int32_t key_width = -1;  // of keys without record_key_long (a timer's time not counted)
  std::uint32_t group_begin = 0, group_end = 0, groups = 0;  // the key groups of whoever wrote it: of drops and resets
  void put(std::string& out) const;
};

/// Records of one section, with the name space said when it changes.
class record_writer {
 public:
  void begin_record(record what, std::int64_t name_space, std::uint32_t key_bits = 0) {
    if (!said_ || name_space != name_space_) {
      text.push_back(static_cast<char>(record::name_space));
      put_fixed(text, name_space);
      name_space_ = name_space;
      said_ = true;
    }
    text.push_back(static_cast<char>(static_cast<std::uint8_t>(what) | ((key_bits & key_long) ? record_key_long : 0) |
                                     ((key_bits & key_nulls) ? record_key_nulls : 0)));
  }
  void put_key(const key_bytes& key) {
    if ((key.bits & key_long) != 0) put_varint(text, key.size);
    text.append(key.data, key.size);
  }
  /// What follows may stand behind other records.
  void forget_name_space() noexcept { said_ = false; }
  bool empty() const noexcept { return text.empty(); }
  void clear() {
    text.clear();
    said_ = false;
  }
  std::string text;

 private:
  std::int64_t name_space_ = 0;
  bool said_ = false;
};

/// Adds a section to the block that begins at `start`; its first one begins it.
void put_section(std::string& block, std::size_t start, const section_head& head, std::string_view records);

/// Reads what the functions above wrote; after anything that is not there, failed() is true and all else is empty.
class block_cursor {
 public:
  explicit block_cursor(std::string_view from) : left_(from) {}
  bool failed() const noexcept { return failed_; }
  bool done() const noexcept { return failed_ || left_.empty(); }
  std::size_t left() const noexcept { return left_.size(); }
  std::string_view take(std::uint64_t n) {
    if (n > left_.size()) {
      failed_ = true;
      left_ = {};
      return {};
    }
    const std::string_view part = left_.substr(0, static_cast<std::size_t>(n));
    left_.remove_prefix(static_cast<std::size_t>(n));
    return part;
  }
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      v |= std::uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return v;
    }
    failed_ = true;
    return 0;
  }
  std::string_view text() { return take(varint()); }
  template <class T>
  T fixed() {
    T v{};
    const std::string_view part = take(sizeof v);
    if (part.size() == sizeof v) std::memcpy(&v, part.data(), sizeof v);
    return v;
  }

 private:
  std::string_view left_;
  bool failed_ = false;
};

/// The value part of a put or merge, not yet looked into.
struct stored_record {
  record what = record::put;
  std::int64_t name_space = 0;
  key_bytes key;                // of a timer: the time in front is in it
  std::int64_t written_us = 0;  // of a section that is timed
  std::string_view body;        // put: the value (value, bytes); put, merge of list and map: see BLOCKS.md
};

/// Reads the sections of a block and the records of each. Errors say what is broken.
class block_parser {
 public:
  /// Checks magic and version.
  static base::result<block_parser> open(std::string_view block);
  /// The next section, or false at the end.
  base::result<bool> next_section(section_head& head);
  /// The next record of that section, or false at its end.
  base::result<bool> next_record(stored_record& out);

 private:
  explicit block_parser(std::string_view rest) : block_(rest), section_(std::string_view()) {}
  base::error broken(std::string_view what) const;
  block_cursor block_;
  block_cursor section_;
  section_head head_;
  std::int64_t name_space_ = 0;
};

}  // namespace weir::state
