// weir/detail/text.hpp: texts put together. One function that is not inlined keeps plugins small and quick to compile.
#ifndef WEIR_DETAIL_TEXT_HPP
#define WEIR_DETAIL_TEXT_HPP

#include <initializer_list>
#include <string>
#include <string_view>

// Functions of the control path: compiled for size, never into their callers.
#define WEIR_DETAIL_COLD [[gnu::cold, gnu::noinline]]

namespace weir::detail {

WEIR_DETAIL_COLD inline std::string sentence(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const auto p : parts) size += p.size();
  std::string out;
  out.reserve(size);
  for (const auto p : parts) out.append(p.data(), p.size());
  return out;
}
WEIR_DETAIL_COLD inline std::string digits(long long n) { return std::to_string(n); }

}  // namespace weir::detail
#endif  // WEIR_DETAIL_TEXT_HPP
