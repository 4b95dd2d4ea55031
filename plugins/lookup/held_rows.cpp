#include "lookup/held_rows.hpp"

#include <cstring>

namespace lookup {
namespace {

constexpr std::uint32_t no_key = UINT32_MAX;

template <class T>
void put(std::string& to, T v) {
  to.append(reinterpret_cast<const char*>(&v), sizeof v);
}
template <class T>
T take(std::string_view& from) {
  T v;
  if (from.size() < sizeof v) throw weir::plugin_error{"a held row is cut off"};
  std::memcpy(&v, from.data(), sizeof v);
  from.remove_prefix(sizeof v);
  return v;
}
struct trace {
  char id[16];
  std::uint32_t source;
};

}  // namespace

void held_rows::hold(const weir::batch_view& batch, std::uint32_t row, std::string_view key) {
  std::string bytes;
  put(bytes, key.data() ? static_cast<std::uint32_t>(key.size()) : no_key);
  bytes.append(key);
  const weir_batch& raw = batch.raw();
  put(bytes, raw.event_time ? raw.event_time[row] : WEIR_TIME_MIN);
  put(bytes, static_cast<std::uint8_t>(batch.change(row)));
  trace t{};
  if (raw.trace_id) std::memcpy(t.id, raw.trace_id + std::size_t{row} * 16, 16);
  if (raw.source_id) t.source = raw.source_id[row];
  put(bytes, t);
  weir::packed_row columns;
  for (std::size_t c = 0; c < fields_.size(); ++c) columns.add(batch.at(c), row);
  bytes.append(columns.bytes());
  rows_.push_back(std::move(bytes));
}

std::string_view held_rows::key(std::size_t i) const {
  std::string_view rest = rows_[i];
  const auto size = take<std::uint32_t>(rest);
  if (size == no_key) return {};
  return rest.substr(0, size);
}

void held_rows::write(std::size_t i, weir::batch_builder& to, std::int64_t at) const {
  std::string_view rest = rows_[i];
  const auto size = take<std::uint32_t>(rest);
  if (size != no_key) rest.remove_prefix(size);
  to.reserve(at + 1);
  to.times()[at] = take<std::int64_t>(rest);
  to.changes()[at] = take<std::uint8_t>(rest);
  const auto t = take<trace>(rest);
  if (auto* ids = to.trace_ids()) {
    std::memcpy(ids + at * 16, t.id, 16);
    to.source_ids()[at] = t.source;
  }
  weir::packed_reader in{rest};
  for (std::size_t c = 0; c < fields_.size(); ++c) in.append_to(to[c], fields_[c]);
}

}  // namespace lookup
