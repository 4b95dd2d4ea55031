#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/crash.hpp"
#include "base/env.hpp"
#include "base/log.hpp"
#include "model/batch_builder.hpp"
#include "operator/collector.hpp"
#include "operator/counters.hpp"
#include "operator/dead_letters.hpp"
#include "operator/spec.hpp"
#include "operator/state_access.hpp"
#include "weir/abi.h"
#include "weir/ext/draft/timers.h"

namespace weir::op {

/// What a source says about its splits; sources have one, operators none. [task]
class split_listener {
 public:
  virtual ~split_listener() = default;
  virtual void split_idle(std::uint32_t split) = 0;
  virtual void split_end(std::uint32_t split) = 0;
  virtual void split_pending(std::uint32_t split, std::int64_t records) = 0;
};

}  // namespace weir::op

/// One node in one subtask, as its plugin sees it. Everything [task].
struct weir_context {
 public:
  weir_context(const weir::op::spec& what, std::uint32_t subtask, weir::op::collector& out,
               weir::op::chain_error& failure, weir::base::env& env, weir::op::split_listener* splits = nullptr,
               weir::op::counters* kept = nullptr);

  /// Around each call into the plugin: `input` is the batch of process() or on_timers() with its key columns, null otherwise.
  void begin(const weir::model::batch* input, std::span<const std::uint32_t> key = {});
  /// Drops what the call left open, sends dead letters, and turns its code into success or the chain's error.
  bool end(weir_code code, const char* slot);

  const weir::op::spec& what;
  const std::uint32_t subtask;
  weir::op::collector& out;
  weir::op::chain_error& failure;
  weir::base::env& env;
  weir::op::split_listener* const splits;
  weir::base::logger log;
  weir::op::counters own_counts;
  weir::op::counters& counts;  ///< own_counts, or those of a node whose instances come and go
  weir::op::dead_letters dead;
  std::int64_t watermark = WEIR_TIME_MIN;

  /// Output of one port. builders: all columns; beside: only those that are not passed through, made on first use.
  struct port_state {
    std::unique_ptr<weir::model::builder_stock> builders, beside;
    bool late = false;  // "late" or "late.<input>": what goes out of it is counted as late
  };
  std::vector<port_state> ports;
  const weir::model::batch* input = nullptr;
  std::span<const std::uint32_t> input_key;  // its key columns
  weir::op::state_access* state = nullptr;   // null: the node declared neither state nor timers
  std::vector<std::uint32_t> key_of_keys;    // 0, 1, ...: the key columns of a batch that has only them
  weir::model::batch_ref scanned;            // keys of the last scan in this call
  weir_batch scanned_view{};
  std::vector<weir::model::buffer_ref> row_buffers;  // given out by row_buffer, not yet used
  std::string why;                                   // the text of fail()
  weir::base::activity doing;                        // for the report of a crash
  const weir::base::activity* outside = nullptr;     // whose call this one happens in: chained nodes nest
  weir_code why_code = WEIR_OK;

  weir::model::builder_stock& stock(std::uint32_t port, bool beside);
  /// Hands a finished batch on and counts it.
  weir_code send(std::uint32_t port, const weir::model::batch_ref& batch);
  weir_code broken(weir::base::error why);
};

namespace weir::op {

/// Fills the [task] slots of the table that plugins are given: everything but binding, configuration and discovery.
void fill_context_slots(weir_host& table);
/// The same for the extensions: everything but `declare`.
void fill_state_slots(weir_state_host& table);
void fill_timer_slots(weir_timers_host& table);

}  // namespace weir::op
