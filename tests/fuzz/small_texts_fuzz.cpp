// Numbers, durations, byte sizes and times that people write: whatever is accepted prints back to the same value, and nothing else
// than text that is safe to print comes out of printable().
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.hpp"
#include "base/timestamp.hpp"
#include "base/utf8.hpp"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::base;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  if (const auto us = parse_timestamp_us(text)) {
    must(*us >= min_timestamp_us && *us <= max_timestamp_us);
    must(parse_timestamp_us(print_timestamp_us(*us)) == us);
  }
  if (const auto us = parse_duration_us(text)) must(parse_duration_us(print_duration_us(*us)).value() == *us);
  if (const auto bytes = parse_byte_size(text)) must(parse_byte_size(print_byte_size(*bytes)).value() == *bytes);
  if (const auto number = parse_int64(text)) must(parse_int64(std::to_string(*number)).value() == *number);
  if (const auto hex = from_hex(text)) must(from_hex(to_hex(*hex)).value() == *hex);
  (void)parse_double(text);
  const std::string safe = printable(text);
  must(is_utf8(safe));
  must(safe.find_first_of(std::string_view{"\n\r\x1b\0", 4}) == std::string::npos);
  return 0;
}
