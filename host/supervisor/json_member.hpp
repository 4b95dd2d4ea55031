#pragma once
// Members of JSON objects that may have been written by another version: of another type they are as if they were not there.
#include <cstdint>
#include <string>

namespace weir::supervisor {

/// Json: of nlohmann. Empty when there is none.
template <class Json>
std::string text_of(const Json& j, const char* key) {
  const auto at = j.find(key);
  return at != j.end() && at->is_string() ? at->template get<std::string>() : std::string();
}

/// 0 when there is none.
template <class Json>
std::uint64_t number_of(const Json& j, const char* key) {
  const auto at = j.find(key);
  return at != j.end() && at->is_number_unsigned() ? at->template get<std::uint64_t>() : 0;
}

}  // namespace weir::supervisor
