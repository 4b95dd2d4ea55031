#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/env.hpp"
#include "base/result.hpp"
#include "base/seeded_bug.hpp"
#include "operator/spec.hpp"
#include "operator/state_access.hpp"
#include "state/evolution.hpp"
#include "state/store.hpp"

namespace weir::task {

/// The keyed state and timers of one node in one subtask: joins the state room to the operator room. [task]
class keyed_state final : public op::state_access {
 public:
  keyed_state(const op::spec& what, std::uint32_t subtask, base::env& env);
  /// Before the first use: its part of the memory that all keyed state shares, and where it goes beyond.
  void limit(state::spill_options how) { store_.spill(std::move(how)); }

  // ---- the cut
  /// all: not only what changed since the cut before.
  void cut(bool all) {
    if (all) store_.abandon();  // as if the cut before had come to nothing
    store_.cut();
    capturing_ = true;
  }
  bool capturing() const { return capturing_; }
  bool is_over_budget() { return store_.is_over_budget(); }
  /// No rows until more of the cut in work is captured.
  bool is_jammed() { return store_.is_jammed(); }
  void capture(std::size_t about_bytes, std::string& block) { capturing_ = store_.capture(about_bytes, block); }
  void abandon() {
    if (!base::seeded_bug("forget_failed_cut") || store_.capturing()) store_.abandon();
    capturing_ = false;
  }
  /// Values with other fields than declared are converted; how: what is allowed, and whom to ask where the host cannot.
  base::result<void> load(std::string_view block, const state::load_options& how) { return store_.load(block, how); }
  base::result<void> loaded() { return store_.loaded(); }
  const std::vector<std::string>& conversions() const { return store_.conversions(); }  ///< behind loaded()

  // ---- another version that declares it otherwise
  /// [any] From what one version declares to what another does, in one subtask. Null: it stays as it is.
  static base::result<std::unique_ptr<state::evolution>> evolution_of(const op::spec& was,
                                                                      std::shared_ptr<const op::spec> now,
                                                                      std::uint32_t subtask);
  /// Between two calls: the version that is used from now on declares it so. An error ends the task.
  base::result<void> evolve(std::unique_ptr<state::evolution> how);
  /// Some more entries become what that version declares; all that are left. True: there were any.
  base::result<bool> evolve_some(std::size_t most);
  base::result<void> evolve_rest();
  std::uint64_t evolves() const { return evolves_.load(std::memory_order_relaxed); }  ///< [any] as published

  /// What others see of its size from now on.
  void publish() {
    memory_bytes_.store(store_.memory_bytes(), std::memory_order_relaxed);
    entries_.store(store_.entries(), std::memory_order_relaxed);
    entries_on_disk_.store(store_.cold_entries(), std::memory_order_relaxed);
    wants_cut_.store(store_.wants_cut(), std::memory_order_relaxed);
    evolves_.store(store_.evolves(), std::memory_order_relaxed);
  }
  std::uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }  ///< [any] as published
  std::uint64_t entries() const { return entries_.load(std::memory_order_relaxed); }            ///< [any] as published
  std::uint64_t entries_on_disk() const {
    return entries_on_disk_.load(std::memory_order_relaxed);
  }  ///< [any] as published
  /// [any] As published: a cut would let it give memory back.
  bool wants_cut() const { return wants_cut_.load(std::memory_order_relaxed); }

  // ---- for an operator that serves a part of the keys (state_part.hpp)
  weir_code scan(std::uint32_t state, std::int64_t name_space, const model::group_part& of, std::uint64_t* cursor,
                 model::batch_ref* keys, weir_slot*** out) {
    return store_.scan(state, name_space, of, cursor, keys, out);
  }
  weir_code drop(std::uint32_t state, std::int64_t name_space, const model::group_part& of) {
    return store_.drop(state, name_space, of);
  }
  weir_code next_name_space(std::uint32_t state, std::int64_t from, const model::group_part& of, std::int64_t* out) {
    return store_.next_name_space(state, from, of, out);
  }

  // ---- op::state_access
  using batch = model::batch;
  using key_span = std::span<const std::uint32_t>;
  std::uint32_t state_count() const override { return states_; }
  std::uint32_t timer_count() const override { return timers_; }
  std::uint32_t epoch() const override { return store_.epoch(); }
  weir_code slots(std::uint32_t state, const batch& of, key_span key, const std::uint32_t* rows, std::int64_t count,
                  const std::int64_t* name_spaces, std::uint32_t flags, weir_slot** out) override {
    if (base::seeded_bug("forget_touch")) flags &= ~WEIR_SLOTS_TOUCH;
    return store_.slots(state, of, key, rows, count, name_spaces, flags, out);
  }
  weir_code touch(std::uint32_t state, weir_slot* s) override { return store_.touch(state, s); }
  weir_code clear(std::uint32_t state, weir_slot* s) override { return store_.clear(state, s); }
  weir_code bytes_get(std::uint32_t state, weir_slot* s, weir_view* out) override {
    return store_.bytes_get(state, s, out);
  }
  weir_code bytes_put(std::uint32_t state, weir_slot* s, weir_view v) override { return store_.bytes_put(state, s, v); }
  weir_code list_size(std::uint32_t state, weir_slot* s, std::uint64_t* out) override {
    return store_.list_size(state, s, out);
  }
  weir_code list_add(std::uint32_t state, weir_slot* s, weir_view e) override { return store_.list_add(state, s, e); }
  weir_code list_at(std::uint32_t state, weir_slot* s, std::uint64_t i, weir_view* out) override {
    return store_.list_at(state, s, i, out);
  }
  weir_code list_trim(std::uint32_t state, weir_slot* s, std::uint64_t from) override {
    return store_.list_trim(state, s, from);
  }
  weir_code map_get(std::uint32_t state, weir_slot* s, weir_view k, weir_view* out) override {
    return store_.map_get(state, s, k, out);
  }
  weir_code map_put(std::uint32_t state, weir_slot* s, weir_view k, weir_view v) override {
    return store_.map_put(state, s, k, v);
  }
  weir_code map_remove(std::uint32_t state, weir_slot* s, weir_view k) override {
    return store_.map_remove(state, s, k);
  }
  weir_code map_next(std::uint32_t state, weir_slot* s, weir_view after, weir_view* k, weir_view* v) override {
    return store_.map_next(state, s, after, k, v);
  }
  weir_code scan(std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor, model::batch_ref* keys,
                 weir_slot*** out) override {
    return store_.scan(state, name_space, cursor, keys, out);
  }
  weir_code drop(std::uint32_t state, std::int64_t name_space) override { return store_.drop(state, name_space); }
  weir_code next_name_space(std::uint32_t state, std::int64_t from, std::int64_t* out) override {
    return store_.next_name_space(state, from, out);
  }
  weir_code timer_set(std::uint32_t family, const batch& of, key_span key, const std::uint32_t* rows,
                      const std::int64_t* times_us, std::int64_t count) override {
    return store_.timer_set(family, of, key, rows, times_us, count);
  }
  weir_code timer_clear(std::uint32_t family, const batch& of, key_span key, const std::uint32_t* rows,
                        const std::int64_t* times_us, std::int64_t count) override {
    return store_.timer_clear(family, of, key, rows, times_us, count);
  }
  model::batch_ref pop_due(std::uint32_t time_kind, std::int64_t until_us, std::int64_t most,
                           std::uint32_t* family) override {
    return store_.pop_due(time_kind, until_us, most, family);
  }
  std::int64_t next_timer(std::uint32_t time_kind) const override { return store_.next_timer(time_kind); }
  const std::string& why() const override { return store_.why(); }
  void set_time(std::int64_t now_us, std::int64_t watermark_us) override { store_.set_time(now_us, watermark_us); }

 private:
  base::error failed(weir_code code) const;

  std::uint32_t states_, timers_;
  bool capturing_ = false;
  std::atomic<std::uint64_t> memory_bytes_{0}, entries_{0}, entries_on_disk_{0}, evolves_{0};
  std::atomic<bool> wants_cut_{false};
  state::store store_;
};

}  // namespace weir::task
