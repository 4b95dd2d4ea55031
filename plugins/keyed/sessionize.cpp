#include "keyed/sessionize.hpp"

#include <algorithm>
#include <cstring>

namespace keyed {

using weir::shared::in_slot;

sessionize::sessionize(const weir::config& c) : gap_{c.get<weir::duration>("gap").count()} {
  if (gap_ <= 0 || gap_ > std::int64_t{1} << 59)
    throw c.error("gap", "must be longer than nothing, and no age of the world");
}

void sessionize::bind(weir::binder& b) {
  if (b.key().empty())
    b.error(WEIR_E_CONFIG, "", "it needs a key: give the operator `exchange = { kind = \"hash\", key = [\"...\"] }`");
  for (const char* name : {"session_start", "session_row"})
    if (b.input().find(name) >= 0)
      b.error(WEIR_E_SCHEMA, "",
              std::string{"the input has a column '"} + name + "' already: rename it with std.project");
  if (b.first_error() != WEIR_OK) return;
  weir::shared::value_layout layout;
  start_at_ = layout.add("start", weir::type::timestamp);
  last_at_ = layout.add("last", weir::type::timestamp);
  rows_at_ = layout.add("rows", weir::type::int64);
  std::uint32_t next = 0;
  // Forgotten when the next row would begin a session anyway.
  sessions_.declare(b, next,
                    {.name = "session", .value = layout.fields(), .value_size = layout.size(), .ttl_us = 2 * gap_});
  weir::schema out = b.input();
  std::vector<std::int32_t> passes;
  for (std::size_t i = 0; i < out.size(); ++i) passes.push_back(static_cast<std::int32_t>(i));
  out.fields.push_back({.name = "session_start", .kind = weir::type::timestamp, .nullable = false});
  out.fields.push_back({.name = "session_row", .kind = weir::type::int64, .nullable = false});
  passes.insert(passes.end(), {-1, -1});
  b.output("", std::move(out), std::move(passes));
  b.output_like_input("late");
}

void sessionize::process(const weir::batch_view& batch, weir::batch_output& out) {
  const std::int64_t count = batch.row_count();
  const std::int64_t* const times = batch.raw().event_time;
  if (!times)
    throw weir::plugin_error{"a session needs records with an event time: give the source a [watermark] with a field"};
  work_.begin(batch.raw());
  const std::uint32_t* const rows = work_.rows();
  weir_slot** const slots = work_.slots();
  sessions_.slots(context(), batch.raw(), batch.raw().rows, count, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                  slots);
  auto beside = out.build_beside(0, batch);
  beside[0].reserve(batch.length());
  beside[1].reserve(batch.length());
  auto* const starts = beside[0].values<std::int64_t>();
  auto* const numbers = beside[1].values<std::int64_t>();
  std::uint32_t *const good = out.row_buffer(count), *const late = out.row_buffer(count);
  std::int64_t n = 0, late_n = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    weir_slot* const s = slots[k];
    struct {
      std::int64_t start, last, rows;
    } v;
    static_assert(sizeof v == 24);
    std::memcpy(&v, in_slot(s, start_at_), sizeof v);
    const std::uint32_t row = rows[k];
    const std::int64_t t = times[row];
    if (!(s->flags & WEIR_SLOT_PRESENT) || t >= v.last + gap_) {
      v = {t, t, 0};
    } else if (t <= v.start - gap_) {
      late[late_n++] = row;
      continue;
    }
    v.start = std::min(v.start, t);
    v.last = std::max(v.last, t);
    ++v.rows;
    s->flags |= WEIR_SLOT_PRESENT;
    std::memcpy(in_slot(s, start_at_), &v, sizeof v);
    starts[row] = v.start;
    numbers[row] = v.rows;
    good[n++] = row;
  }
  beside[0].set_size(batch.length());
  beside[1].set_size(batch.length());
  if (n) out.emit_rows(0, batch, good, n, std::move(beside));
  if (late_n) out.emit_rows(1, batch, late, late_n);
}

}  // namespace keyed
