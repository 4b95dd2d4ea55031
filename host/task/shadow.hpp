#pragma once
// Another version of an operator at work beside the one that serves, in the same task: it gets a copy of the state and
// then the same input, and what it gives out is compared and goes nowhere.
//
//   [control] make: create()     at the cut: the plugin's saved bytes, then the state, block by block as the cut
//   captures it;
//                                what comes meanwhile waits        then: after each call of the old version, the same
//                                call
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "operator/collector.hpp"
#include "operator/instance.hpp"
#include "operator/spec.hpp"
#include "task/keyed_state.hpp"
#include "task/shadow_compare.hpp"
#include "task/shadow_report.hpp"

namespace weir::task {

/// Of one node in one subtask. It fails alone: the chain never sees an error of it.
class shadow {
 public:
  /// [control] at: the node in the chain. what: state_is_cut false, the state is of nobody else. memory: of its state;
  /// null: no limit. An error: why it could not be created.
  static base::result<std::unique_ptr<shadow>> make(std::uint32_t at, std::shared_ptr<const op::spec> what,
                                                    std::uint32_t subtask, const weir_host& table, base::env& env,
                                                    std::int64_t watermark_us, shadow_rules rules,
                                                    std::shared_ptr<shadow_report> report,
                                                    std::shared_ptr<state::memory_pool> memory);
  ~shadow();
  std::uint32_t at() const { return at_; }

  // ---- [task]
  /// Its cut has not come yet.
  bool waits() const { return phase_ == phase::waiting; }
  /// The cut: flushed, saved. fork: blocks of the state follow.
  void begin(const std::optional<std::string>& saved, std::int64_t watermark_us, bool fork);
  bool forking() const { return phase_ == phase::forking; }
  void load(std::string_view block);
  /// That was all of the state.
  void loaded();
  /// The cut was given up.
  void fork_failed();

  /// What the old version gave out in the call that follows below.
  void gave(std::uint32_t port, const model::batch_ref& rows) {
    if (follows()) before_.push_back({port, rows});
  }
  // The calls of the old version, after it has made them.
  void process(std::uint32_t port, const model::batch_ref& batch) { take({call::process, port, batch, 0, {}}); }
  void advance(std::int64_t watermark_us) { take({call::advance, 0, {}, watermark_us, {}}); }
  void fire_processing_timers(std::int64_t now_us) { take({call::fire, 0, {}, now_us, {}}); }
  void end_of_port(std::uint32_t port) { take({call::end_of_port, port, {}, 0, {}}); }
  void flush() { take({call::flush, 0, {}, 0, {}}); }
  std::int64_t next_processing_timer() const;
  /// Some of what waited while it got its state. False: there was nothing to do.
  bool catch_up();
  /// It has failed, or somebody has ended it: of no more use.
  bool over();

  /// Batches that may wait for it while it gets its state, bytes.
  static constexpr std::int64_t most_behind = 256 << 20;

 private:
  enum class phase : std::uint8_t { waiting, forking, following, over };
  enum class call : std::uint8_t { process, advance, fire, end_of_port, flush };
  struct event {
    call what;
    std::uint32_t port;
    model::batch_ref batch;
    std::int64_t time;
    std::vector<shadow_compare::given> before;
  };
  struct recorder final : op::collector {
    std::vector<shadow_compare::given> rows;
    bool collect(std::uint32_t port, const model::batch_ref& batch) override {
      rows.push_back({port, batch});
      return true;
    }
  };
  shadow(std::uint32_t at, std::shared_ptr<const op::spec> what, std::uint32_t subtask, shadow_rules rules,
         std::shared_ptr<shadow_report> report);
  bool follows() const { return phase_ == phase::forking || phase_ == phase::following; }
  void take(event e);
  void run(const event& e);
  void end(std::string_view what, std::string why);
  void let_go();

  const std::uint32_t at_, subtask_;
  const std::shared_ptr<const op::spec> what_;
  const std::shared_ptr<shadow_report> report_;
  phase phase_ = phase::waiting;
  op::chain_error failure_;
  recorder now_;
  std::unique_ptr<keyed_state> state_;  // before the instance: it outlives it
  std::unique_ptr<op::instance> instance_;
  shadow_compare compare_;
  std::optional<std::string> saved_;
  std::int64_t watermark_us_ = WEIR_TIME_MIN;
  std::vector<shadow_compare::given> before_;  // of the call that the old version makes
  std::deque<event> behind_;
  std::int64_t behind_bytes_ = 0;
};

}  // namespace weir::task
