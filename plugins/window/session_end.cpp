// What becomes of sessions when the clock goes on, and how they are kept and told.
#include <algorithm>
#include <cstring>

#include "window/session.hpp"
#include "window/slot_numbers.hpp"

namespace window {

weir_slot* session::older_slot(const weir_batch& batch, std::uint32_t row, bool create) {
  weir_slot* out = nullptr;
  older_.slots(context(), batch, &row, 1, nullptr, create ? WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH : 0, &out);
  return out;
}

std::vector<session::copy> session::read_older(weir_slot* older) {
  std::vector<copy> out;
  std::string after;
  std::string_view key, value;
  for (bool more = older && older_.map_next(context(), older, {}, key, value); more;
       more = older_.map_next(context(), older, after, key, value)) {
    weir::packed_reader in{value};
    const std::string bytes = in.get<weir::bytes>().value;
    copy one((bytes.size() + 7) / 8);
    std::memcpy(one.data(), bytes.data(), bytes.size());
    out.push_back(std::move(one));
    after = key;
  }
  return out;
}

void session::put_older(weir_slot* older, const copy& c) {
  weir::packed_key key;
  key.add(load(slot_of(c), start_at_));
  weir::packed_row value;
  value.add(weir::bytes_view{{reinterpret_cast<const char*>(c.data()), c.size() * 8}});
  older_.map_put(context(), older, key.bytes(), value.bytes());
}

void session::remove_older(weir_slot* older, const copy& c) {
  weir::packed_key key;
  key.add(load(slot_of(c), start_at_));
  older_.map_remove(context(), older, key.bytes());
}

session::copy session::copy_of(const weir_slot* s) const {
  const std::size_t size = sizeof(weir_slot) + results_.fixed().value_size();
  copy out(size / 8);
  std::memcpy(out.data(), s, size);
  return out;
}

bool session::was_told(const weir_slot* s) const { return told_at_ && load(s, told_at_) != 0; }

// The time of one of its rows, by gaps: rows of two sessions are a gap apart at least.
std::int64_t session::space_of(const weir_slot* s) const { return space_at_ ? load(s, space_at_) : 0; }

session::fate session::settle(const weir_batch& keys, std::uint32_t row, weir_slot* s, std::int64_t watermark) {
  std::int64_t end = load(s, last_at_) + gap_ - 1;
  const bool ends = end <= watermark;
  if (ends && !was_told(s)) {
    tell(keys, row, s, WEIR_INSERT);
    if (told_at_) store(s, told_at_, 1);
  }
  if (ends) end += lateness_;
  if (end <= watermark) return fate::over;
  // A session whose timer has fired but that has grown since, or that stays for late rows.
  if (load(s, timer_at_) > watermark) return fate::same;
  store(s, timer_at_, end);
  set_timer(row, end);
  return fate::changed;
}

void session::settle_all(const weir::batch_view& fired, std::uint32_t row, weir_slot* slot, std::int64_t watermark) {
  std::int64_t left = 0;
  if (load(slot, older_at_) != 0) {
    weir_slot* const older = older_slot(fired.raw(), row, true);
    for (copy& c : read_older(older)) {
      const fate f = settle(fired.raw(), row, slot_of(c), watermark);
      if (f == fate::over) {
        results_.clear_sides(context(), fired.raw(), row, space_of(slot_of(c)));
        remove_older(older, c);
        continue;
      }
      ++left;
      if (f == fate::changed) put_older(older, c);
    }
    if (left == 0) older_.clear(context(), older);
  }
  // Sessions do not touch, so when the newest is over all before it are.
  if (settle(fired.raw(), row, slot, watermark) == fate::over) {
    results_.clear_sides(context(), fired.raw(), row, space_of(slot));
    results_.state().clear(context(), slot);
  } else {
    store(slot, older_at_, left);
  }
}

void session::on_timers(std::uint32_t, const weir::batch_view& fired, weir::batch_output& out) {
  const std::int64_t at = std::min(weir::detail::micros(watermark()), time_most);
  const std::int64_t count = fired.row_count();
  work_.begin(fired.raw());
  const std::uint32_t* const rows = work_.rows();
  weir_slot** const slots = work_.slots();
  results_.state().slots(context(), fired.raw(), fired.raw().rows, count, nullptr, WEIR_SLOTS_TOUCH, slots);
  begin_telling();
  for (std::int64_t k = 0; k < count; ++k)
    if (slots[k] && (slots[k]->flags & WEIR_SLOT_PRESENT)) settle_all(fired, rows[k], slots[k], at);
  send_timers(fired.raw());
  if (told_.empty()) return;
  std::vector<weir::column_view> keys;
  for (std::size_t i = 0; i < results_.key_fields().size(); ++i)
    keys.emplace_back(results_.key_fields()[i], *fired.raw().columns[i]);
  send(keys, out);
}

void session::begin_telling() {
  told_rows_.clear();
  told_.clear();
  told_changes_.clear();
  for (side_result* side : results_.sides()) side->begin();
}

void session::tell(const weir_batch& keys, std::uint32_t row, const weir_slot* s, std::uint8_t change) {
  const auto group = static_cast<std::uint32_t>(told_.size());
  for (side_result* side : results_.sides())
    side->collect(context(), keys, &row, 1, space_of(s), &group, std::int64_t{group} + 1);
  told_rows_.push_back(row);
  told_.push_back(copy_of(s));
  told_changes_.push_back(change);
}

void session::send(const std::vector<weir::column_view>& keys, weir::batch_output& out) {
  for (side_result* side : results_.sides()) side->finish();
  std::vector<const weir_slot*> slots;
  std::vector<std::int64_t> starts, ends;
  std::vector<std::uint32_t> groups;
  const bool changes = std::any_of(told_changes_.begin(), told_changes_.end(), [](auto c) { return c != WEIR_INSERT; });
  for (const copy& c : told_) {
    groups.push_back(static_cast<std::uint32_t>(slots.size()));
    slots.push_back(slot_of(c));
    starts.push_back(load(slots.back(), start_at_));
    ends.push_back(load(slots.back(), last_at_) + gap_);
  }
  results_.emit(out, {.keys = &keys,
                      .key_rows = told_rows_.data(),
                      .slots = slots.data(),
                      .start = starts.data(),
                      .end = ends.data(),
                      .groups = groups.data(),
                      .count = static_cast<std::int64_t>(slots.size()),
                      .changes = changes ? told_changes_.data() : nullptr});
}

}  // namespace window
