#include "model/dead_letter.hpp"

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "model/bits.hpp"

namespace weir::model {
namespace {

namespace at_column {
enum number : std::uint32_t {
  at,
  pipeline,
  operator_id,
  subtask,
  plugin,
  version,
  code,
  reason,
  original,
  split,
  offset,
  event_time,
  trace_id,
  source_id
};
}  // namespace at_column

constexpr std::int64_t rows_at_first = 64;

bool is_zero(const std::uint8_t* sixteen) {
  return std::all_of(sixteen, sixteen + 16, [](auto b) { return b == 0; });
}

}  // namespace

const schema_ref& dead_letter_schema() {
  static const schema_ref made =
      parse_schema(
          "at: timestamp, pipeline: utf8, operator: utf8, subtask: int32, plugin: utf8, version: utf8, code: int32, "
          "reason: utf8, original: binary, split: utf8?, offset: int64?, event_time: timestamp?, trace_id: utf8?, "
          "source_id: utf8?")
          .take();
  return made;
}

row_origin origin_of(const weir_batch& from, std::uint32_t row) noexcept {
  row_origin out;
  out.split = from.split;
  if (from.offset) {
    out.offset = from.offset[row];
  } else if (from.first_offset >= 0) {
    out.offset = from.first_offset + row;
  }
  if (from.event_time && from.event_time[row] != WEIR_TIME_MIN) out.event_time = from.event_time[row];
  if (from.trace_id && !is_zero(from.trace_id + 16 * std::size_t{row}))
    out.trace_id = from.trace_id + 16 * std::size_t{row};
  if (from.source_id && out.trace_id) out.source_number = from.source_id[row];
  return out;
}

dead_letter_builder::dead_letter_builder(dead_letter_place place)
    : place_(std::move(place)),
      builder_(builder_layout::make(dead_letter_schema()),
               {.tracing = true, .source = false, .checks = check_level::cheap}) {}

bool dead_letter_builder::put_text(std::uint32_t number, std::string_view text) {
  weir_column& c = builder_.view()->columns[number];
  auto* offsets = static_cast<std::int32_t*>(c.values);
  const std::int64_t end = offsets[rows_] + static_cast<std::int64_t>(text.size());
  if (end > c.data_capacity && batch_builder::grow_data(&c, end) != WEIR_OK) return false;
  if (!text.empty()) std::memcpy(c.data + offsets[rows_], text.data(), text.size());
  offsets[rows_ + 1] = static_cast<std::int32_t>(end);
  return true;
}

bool dead_letter_builder::add(const dead_letter& l) {
  if (!builder_.is_open()) {
    if (!builder_.open(rows_at_first)) return false;
    for (const std::uint32_t c :
         {at_column::split, at_column::offset, at_column::event_time, at_column::trace_id, at_column::source_id})
      if (batch_builder::column_validity(&builder_.view()->columns[c]) != WEIR_OK) {
        builder_.discard();
        return false;
      }
  }
  weir_builder& v = *builder_.view();
  if (builder_.grow(rows_ + 1) != WEIR_OK) return false;
  const bool traced = l.trace_id && !is_zero(l.trace_id);
  const std::string trace =
      traced ? base::to_hex(std::string_view(reinterpret_cast<const char*>(l.trace_id), 16)) : std::string();
  const std::pair<std::uint32_t, std::string_view> texts[] = {
      {at_column::pipeline, place_.pipeline},
      {at_column::operator_id, place_.operator_id},
      {at_column::plugin, place_.plugin},
      {at_column::version, place_.version},
      {at_column::reason, l.reason},
      {at_column::original, l.original},
      {at_column::split, l.split.value_or("")},
      {at_column::trace_id, trace},
      {at_column::source_id, l.source_id.value_or("")},
  };
  for (const auto& [number, text] : texts)
    if (!put_text(number, text)) return false;
  auto put = [&]<class T>(std::uint32_t number, T value) { static_cast<T*>(v.columns[number].values)[rows_] = value; };
  put(at_column::at, l.at);
  put(at_column::subtask, place_.subtask);
  put(at_column::code, l.code);
  put(at_column::offset, l.offset.value_or(0));
  put(at_column::event_time, l.event_time.value_or(0));
  auto present = [&](std::uint32_t number, bool there) { set_bit(v.columns[number].validity, rows_, there); };
  present(at_column::split, l.split.has_value());
  present(at_column::offset, l.offset.has_value());
  present(at_column::event_time, l.event_time.has_value());
  present(at_column::trace_id, traced);
  present(at_column::source_id, l.source_id.has_value());
  v.event_time[rows_] = l.event_time.value_or(l.at);
  if (traced) {
    std::memcpy(v.trace_id + 16 * rows_, l.trace_id, 16);
  } else {
    std::memset(v.trace_id + 16 * rows_, 0, 16);
  }
  v.source_id[rows_] = traced ? l.source_number : 0;
  traced_ = traced_ || traced;
  v.length = ++rows_;
  return true;
}

batch_ref dead_letter_builder::take() {
  if (rows_ == 0) return {};
  const std::uint32_t flags = traced_ ? WEIR_EMIT_TIMES | WEIR_EMIT_TRACES : WEIR_EMIT_TIMES;
  rows_ = 0;
  traced_ = false;
  return builder_.finish(flags, nullptr).take();
}

}  // namespace weir::model
