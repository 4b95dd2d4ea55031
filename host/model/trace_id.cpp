#include "model/trace_id.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

namespace weir::model {
namespace {

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_dash_of_uuid(std::size_t at) noexcept { return at == 8 || at == 13 || at == 18 || at == 23; }

/// Reads 32 hex digits, with dashes where a UUID has them.
bool parse_hex(std::string_view text, bool dashes, trace_id& out) noexcept {
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (dashes && is_dash_of_uuid(i)) {
      if (text[i] != '-') return false;
      continue;
    }
    const int d = digit(text[i]);
    if (d < 0) return false;
    auto& byte = out[digits / 2];
    byte = static_cast<std::uint8_t>(digits % 2 ? byte | d : d << 4);
    ++digits;
  }
  return digits == 32;
}

trace_id from_hash(const XXH128_hash_t& hash) noexcept {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  trace_id id{};
  std::memcpy(id.data(), canonical.digest, id.size());
  return id;
}

}  // namespace

trace_id parse_trace_id(std::string_view text) noexcept {
  trace_id id{};
  if (text.empty()) return id;
  if (text.size() == 32 && parse_hex(text, false, id)) return id;
  if (text.size() == 36 && parse_hex(text, true, id)) return id;
  return from_hash(XXH3_128bits(text.data(), text.size()));
}

trace_id trace_id_of_place(std::string_view split, std::int64_t offset) noexcept {
  return from_hash(XXH3_128bits_withSeed(split.data(), split.size(), static_cast<XXH64_hash_t>(offset)));
}

std::string print_trace_id(const std::uint8_t* bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(32, '0');
  bool any = false;
  for (std::size_t i = 0; i < 16; ++i) {
    any = any || bytes[i] != 0;
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  if (!any) text.clear();
  return text;
}

}  // namespace weir::model
