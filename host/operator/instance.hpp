#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/env.hpp"
#include "model/batch.hpp"
#include "operator/collector.hpp"
#include "operator/context.hpp"
#include "operator/spec.hpp"
#include "weir/abi.h"
#include "weir/ext/draft/handover.h"
#include "weir/ext/draft/snapshot.h"
#include "weir/ext/draft/timers.h"
#include "weir/ext/draft/two_phase.h"

namespace weir::op {

/// An operator, sink, decoder or encoder at work in one subtask. All calls [task], create to destroy on one thread.
/// Every call says whether the chain still works; when it does not, the reason is in the chain_error.
class instance {
 public:
  /// what and out outlive it. table: what the plugin is given, lives as long as the process.
  /// kept: where it counts, for a node whose instances come and go; null: in itself.
  instance(const spec& what, std::uint32_t subtask, const weir_host& table, collector& out, chain_error& failure,
           base::env& env, counters* kept = nullptr);
  ~instance();
  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;

  /// Before create, or between two calls. state outlives the instance; null: it declared none.
  void use(state_access* state);
  bool create();
  /// Destroys the plugin's instance; counters stay.
  void close();
  /// One batch for an input port. Hashes the key when the port has one and nobody did before, and makes the batch dense
  /// for operators that do not read selections.
  bool process(std::uint32_t port, const model::batch_ref& batch);
  /// The event-time clock of the node has moved; never back. Timers that are due fire first.
  bool advance(std::int64_t watermark_us);
  /// Processing-time timers that are due fire.
  bool fire_processing_timers(std::int64_t now_us);
  // Of two instances that share their state: who divides the keys takes the timers out, and tells each its own.
  /// due: dense, as state_access::pop_due gives them.
  bool tell_timers(std::uint32_t family, const model::batch& due);
  static constexpr std::int64_t timers_a_call = 1024;
  /// The clock stands there (set_watermark), its timers have fired.
  bool tell_watermark();
  /// When the next one is due, wall clock; INT64_MAX: none.
  std::int64_t next_processing_timer() const;
  bool end_of_port(std::uint32_t port);
  bool flush();

  // ---- the cut: weir.snapshot/1 and weir.two_phase/1, as far as the plugin has them
  /// Behind flush. nullopt in *out: the plugin keeps nothing.
  bool save(std::optional<std::string>* out);
  bool restore(std::string_view saved);
  bool keeps_own_state() const { return snapshot_ != nullptr; }
  bool two_phase() const { return two_phase_ != nullptr; }
  bool prepare(std::uint64_t cut, std::string* out);
  bool commit(std::uint64_t cut, std::string_view prepared);
  bool abort(std::uint64_t cut, std::string_view prepared);
  bool recover(std::uint64_t cut, std::string_view prepared);
  /// weir.handover/1: it may follow, and be followed by, another instance that has prepared this cut.
  bool hands_over() const { return handover_ != nullptr; }
  bool take_over(std::uint64_t cut, std::string_view prepared);

  /// Figures of the report extension, if the plugin has it.
  void report(const std::function<void(std::string_view name, std::uint64_t value)>& add);
  /// A row that the host itself could not use (an event time that is null): as if the plugin had called dead_letter.
  bool dead_letter(const model::batch& from, std::uint32_t row, std::string_view why);

  std::int64_t watermark() const { return context_.watermark; }
  const counters& counts() const { return context_.counts; }
  counters& counts() { return context_.counts; }
  /// After a restore, before the first call of process: the clock stands where it stood, without being told.
  void set_watermark(std::int64_t watermark_us) {
    context_.watermark = watermark_us;
    context_.counts.watermark_us.store(watermark_us, std::memory_order_relaxed);
  }
  /// The same without a trace in the counts: of an instance that does not serve yet.
  void set_clock(std::int64_t watermark_us) { context_.watermark = watermark_us; }
  bool restores() const;
  /// WEIR_SNAPSHOT_TO_ALL: each subtask has a copy of what is saved.
  bool restores_to_all() const { return restores() && (snapshot_->flags & WEIR_SNAPSHOT_TO_ALL) != 0; }
  const spec& what() const { return context_.what; }

 private:
  /// Around each slot: an exception that leaves the plugin is the plugin's failure.
  template <class Call>
  weir_code call(Call&& into_plugin);
  /// Of an operator under suspicion: each row in a call of its own, known ones not at all.
  bool process_one_by_one(std::uint32_t port, const model::batch& batch);
  bool process_batch(std::uint32_t port, const model::batch_ref& batch);
  bool fire(std::uint32_t time_kind, std::int64_t until_us);

  weir_context context_;
  const weir_host& table_;
  void* self_ = nullptr;
  bool created_ = false;
  bool suspected_;                       // as long as rows go one by one
  const weir_timers* timers_ = nullptr;  // what the plugin offers; null: nothing
  const weir_snapshot* snapshot_ = nullptr;
  const weir_two_phase* two_phase_ = nullptr;
  const weir_handover* handover_ = nullptr;
};

}  // namespace weir::op
