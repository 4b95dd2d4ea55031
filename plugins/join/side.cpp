#include "join/side.hpp"

#include <cstring>

namespace join {

void side::declare(weir::binder& b, std::uint32_t& next, const char* name, std::int64_t ttl_us) {
  weir::schema value;
  value.fields = {{.name = "event_time", .kind = weir::type::timestamp, .nullable = false}};
  value.fields.insert(value.fields.end(), fields_.begin(), fields_.end());
  rows_.declare(b, next, {.name = name, .kind = WEIR_STATE_LIST, .value = std::move(value), .ttl_us = ttl_us});
}

std::string_view side::pack(const weir::batch_view& batch, std::uint32_t row) {
  bytes_.clear();
  bytes_.add(batch.raw().event_time ? batch.raw().event_time[row] : WEIR_TIME_MIN);
  for (const column& c : columns_) bytes_.add(batch.at(c.input), row);
  return bytes_.bytes();
}

bool side::remove(weir_context* c, weir_slot* list, std::string_view packed) const {
  const std::uint64_t size = rows_.list_size(c, list);
  std::vector<std::string> left;
  bool found = false;
  for (std::uint64_t i = 0; i < size; ++i) {
    const std::string_view one = rows_.list_at(c, list, i);
    if (!found && one.substr(8) == packed.substr(8))
      found = true;
    else
      left.emplace_back(one);
  }
  if (!found) return false;
  for (const auto& one : left) rows_.list_add(c, list, one);
  rows_.list_trim(c, list, size);
  return true;
}

}  // namespace join
