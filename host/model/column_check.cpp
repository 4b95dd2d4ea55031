#include "model/column_check.hpp"

#include <cstring>

#include "base/cat.hpp"
#include "model/bits.hpp"
#include "model/utf8.hpp"

namespace weir::model {

using base::cat;

std::string offsets_fault(const std::int32_t* offsets, std::int64_t length, std::int64_t room) {
  if (offsets[0] != 0) return cat("its first offset is ", offsets[0], ", not 0");
  bool back = false;
  for (std::int64_t i = 0; i < length; ++i) back |= offsets[i + 1] < offsets[i];
  if (back) {
    for (std::int64_t i = 0; i < length; ++i)
      if (offsets[i + 1] < offsets[i])
        return cat("offset ", i + 1, " is ", offsets[i + 1], ", less than the ", offsets[i], " before it");
  }
  if (offsets[length] > room) return cat("its last offset is ", offsets[length], " and there is room for ", room);
  return {};
}

std::string utf8_fault(const std::int32_t* offsets, const char* data, const std::uint8_t* validity,
                       std::int64_t length) {
  if (is_utf8({data, static_cast<std::size_t>(offsets[length])})) {
    // The whole text is right; it is cut right when no row begins inside a character.
    bool inside = false;
    for (std::int64_t i = 1; i < length; ++i)
      inside |= offsets[i] < offsets[length] && (static_cast<unsigned char>(data[offsets[i]]) & 0xc0) == 0x80;
    if (!inside) return {};
  }
  for (std::int64_t i = 0; i < length; ++i) {
    if (validity && !bit_at(validity, i)) continue;
    if (!is_utf8({data + offsets[i], static_cast<std::size_t>(offsets[i + 1] - offsets[i])}))
      return cat("row ", i, " is not UTF-8");
  }
  return {};
}

std::string decimal_fault(const void* values, const std::uint8_t* validity, std::int64_t length, int precision) {
  unsigned __int128 limit = 1;
  for (int i = 0; i < precision; ++i) limit *= 10;
  for (std::int64_t i = 0; i < length; ++i) {
    if (validity && !bit_at(validity, i)) continue;
    __int128 v;
    std::memcpy(&v, static_cast<const char*>(values) + i * 16, 16);
    const unsigned __int128 size = v < 0 ? -static_cast<unsigned __int128>(v) : static_cast<unsigned __int128>(v);
    if (size >= limit) return cat("row ", i, " has more than ", precision, " digits");
  }
  return {};
}

}  // namespace weir::model
