#include "digest/numbers.hpp"

#include <algorithm>
#include <bit>

#include "shared/digits.hpp"

namespace digest {
namespace {

number_range range(const std::int64_t* values, std::size_t count) {
  number_range r{values[0], values[0]};
  for (std::size_t i = 1; i < count; ++i) {
    r.least = std::min(r.least, values[i]);
    r.most = std::max(r.most, values[i]);
  }
  return r;
}

void short_numbers(const std::int64_t* values, std::size_t count, short_texts& out) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t digits = weir::shared::eight_digits(static_cast<std::uint32_t>(values[i]));
    const int skip = std::countr_zero(digits | (1ull << 56)) & ~7;
    out.text[i] = (digits | weir::shared::ascii_zeros) >> skip;
    out.size[i] = 8 - static_cast<std::uint32_t>(skip) / 8;
  }
}

void eight_digits(const std::int64_t* values, std::int64_t base, std::size_t count, short_texts& out) {
  for (std::size_t i = 0; i < count; ++i)
    out.text[i] = weir::shared::eight_digits(static_cast<std::uint32_t>(values[i] - base)) | weir::shared::ascii_zeros;
}

}  // namespace

const number_writer portable_numbers{range, short_numbers, eight_digits};

}  // namespace digest
