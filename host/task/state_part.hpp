#pragma once
// Keyed state as one of two instances sees it that share it, each serving some of the keys.
#include "model/group_share.hpp"
#include "task/keyed_state.hpp"

namespace weir::task {

/// Batches hold rows of the own keys alone, so a slot needs no look; name spaces are what both have entries in. Timers fall
/// due for both at once: who divides the rows divides them, too (canary). [task]
class state_part final : public op::state_access {
 public:
  /// of and part outlive it; the part may change between calls.
  state_part(keyed_state& of, const model::group_part& part) : of_(of), part_(part) {}

  std::uint32_t state_count() const override { return of_.state_count(); }
  std::uint32_t timer_count() const override { return of_.timer_count(); }
  std::uint32_t epoch() const override { return of_.epoch(); }
  weir_code slots(std::uint32_t state, const model::batch& rows_of, std::span<const std::uint32_t> key,
                  const std::uint32_t* rows, std::int64_t count, const std::int64_t* name_spaces, std::uint32_t flags,
                  weir_slot** out) override {
    return of_.slots(state, rows_of, key, rows, count, name_spaces, flags, out);
  }
  weir_code touch(std::uint32_t state, weir_slot* s) override { return of_.touch(state, s); }
  weir_code clear(std::uint32_t state, weir_slot* s) override { return of_.clear(state, s); }
  weir_code bytes_get(std::uint32_t state, weir_slot* s, weir_view* out) override {
    return of_.bytes_get(state, s, out);
  }
  weir_code bytes_put(std::uint32_t state, weir_slot* s, weir_view v) override { return of_.bytes_put(state, s, v); }
  weir_code list_size(std::uint32_t state, weir_slot* s, std::uint64_t* out) override {
    return of_.list_size(state, s, out);
  }
  weir_code list_add(std::uint32_t state, weir_slot* s, weir_view e) override { return of_.list_add(state, s, e); }
  weir_code list_at(std::uint32_t state, weir_slot* s, std::uint64_t i, weir_view* out) override {
    return of_.list_at(state, s, i, out);
  }
  weir_code list_trim(std::uint32_t state, weir_slot* s, std::uint64_t from) override {
    return of_.list_trim(state, s, from);
  }
  weir_code map_get(std::uint32_t state, weir_slot* s, weir_view k, weir_view* out) override {
    return of_.map_get(state, s, k, out);
  }
  weir_code map_put(std::uint32_t state, weir_slot* s, weir_view k, weir_view v) override {
    return of_.map_put(state, s, k, v);
  }
  weir_code map_remove(std::uint32_t state, weir_slot* s, weir_view k) override { return of_.map_remove(state, s, k); }
  weir_code map_next(std::uint32_t state, weir_slot* s, weir_view after, weir_view* k, weir_view* v) override {
    return of_.map_next(state, s, after, k, v);
  }
  weir_code scan(std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor, model::batch_ref* keys,
                 weir_slot*** out) override {
    return of_.scan(state, name_space, part_, cursor, keys, out);
  }
  weir_code drop(std::uint32_t state, std::int64_t name_space) override { return of_.drop(state, name_space, part_); }
  weir_code next_name_space(std::uint32_t state, std::int64_t from, std::int64_t* out) override {
    return of_.next_name_space(state, from, part_, out);
  }
  weir_code timer_set(std::uint32_t family, const model::batch& rows_of, std::span<const std::uint32_t> key,
                      const std::uint32_t* rows, const std::int64_t* times_us, std::int64_t count) override {
    return of_.timer_set(family, rows_of, key, rows, times_us, count);
  }
  weir_code timer_clear(std::uint32_t family, const model::batch& rows_of, std::span<const std::uint32_t> key,
                        const std::uint32_t* rows, const std::int64_t* times_us, std::int64_t count) override {
    return of_.timer_clear(family, rows_of, key, rows, times_us, count);
  }
  model::batch_ref pop_due(std::uint32_t, std::int64_t, std::int64_t, std::uint32_t*) override { return {}; }
  std::int64_t next_timer(std::uint32_t time_kind) const override { return of_.next_timer(time_kind); }
  const std::string& why() const override { return of_.why(); }
  void set_time(std::int64_t now_us, std::int64_t watermark_us) override { of_.set_time(now_us, watermark_us); }

 private:
  keyed_state& of_;
  const model::group_part& part_;
};

}  // namespace weir::task
