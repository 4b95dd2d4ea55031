#pragma once
// Other versions of nodes, made beside the ones that serve, and put in their place when a cut passes the task.
//
//   [control] prepare: create() on an instance of its own      [task] the barrier of the cut: flush, save, go on, then
//             output and errors lead nowhere yet                      the pointer changes; state, timers, counts, clock stay
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "operator/collector.hpp"
#include "operator/context.hpp"
#include "operator/instance.hpp"
#include "operator/spec.hpp"
#include "source/reader.hpp"
#include "state/evolution.hpp"
#include "task/canary_report.hpp"
#include "task/shadow.hpp"

namespace weir::task {

/// The next instance of one node of a chain.
struct prepared_node {
  /// Where its output goes: nowhere, until it serves.
  struct relay final : op::collector {
    op::collector* to = nullptr;
    op::chain_error* failure = nullptr;
    bool collect(std::uint32_t port, const model::batch_ref& batch) override {
      if (to) return to->collect(port, batch);
      failure->set(base::plugin_error("it gave out records before it was given any"));
      return false;
    }
  };
  std::uint32_t at = 0;  ///< in the chain
  std::shared_ptr<const op::spec> what;
  op::chain_error failure;
  relay out;
  std::unique_ptr<op::instance> made;
  std::unique_ptr<state::evolution>
      becomes;                            ///< what its keyed state must become when it serves; null: it stays as it is
  std::unique_ptr<prepared_node> before;  ///< of the instance that it follows, when that one was prepared too
};

/// The source at the head of a chain: its reader and what that calls. The first one of a task serves at once; the next is made
/// [control] beside it, and says nothing before it serves.
struct prepared_source {
  struct split_relay final : op::split_listener {
    op::split_listener* to = nullptr;
    void split_idle(std::uint32_t split) override {
      if (to) to->split_idle(split);
    }
    void split_end(std::uint32_t split) override {
      if (to) to->split_end(split);
    }
    void split_pending(std::uint32_t split, std::int64_t records) override {
      if (to) to->split_pending(split, records);
    }
  };
  struct bracket final : source::reader::bracket {
    weir_context* of = nullptr;
    void begin() override { of->begin(nullptr); }
    bool end(weir_code code, const char* slot) override { return of->end(code, slot); }
  };
  std::shared_ptr<const op::spec> what;
  op::chain_error failure;
  prepared_node::relay out;
  split_relay splits;
  std::unique_ptr<weir_context> context;
  bracket around;
  std::unique_ptr<source::reader> reader;  // goes first

  prepared_source(std::shared_ptr<const op::spec> of, std::uint32_t subtask, const weir_host& table, base::env& env,
                  op::counters& counts)
      : what(std::move(of)) {
    out.failure = &failure;
    context = std::make_unique<weir_context>(*what, subtask, out, failure, env, &splits, &counts);
    around.of = context.get();
    reader = std::make_unique<source::reader>(*what->source, what->plan, table, context.get(), around);
  }
  void serve(op::collector& to, op::chain_error& error, op::split_listener& listener) {
    failure.become(error);
    out.to = &to;
    splits.to = &listener;
  }
};

/// A version that serves a share of the keys of one node: it begins, gets more, or gets all of them.
struct canary_work {
  std::uint32_t at = 0;                 ///< in the chain
  std::unique_ptr<prepared_node> next;  ///< null: it serves a share already
  std::unique_ptr<prepared_node>
      last;                 ///< with next, of one that saves: takes over in the end, with what both have saved
  double part = 0;          ///< of the keys, 0 to 1
  bool takes_over = false;  ///< of all of them, and the one that served the rest goes
  std::shared_ptr<canary_report> report;
};

/// All of one task at one cut. Made and prepared [control], carried out [task], once.
struct exchange_work {
  std::uint64_t cut = 0;
  std::vector<std::unique_ptr<prepared_node>> nodes;
  std::unique_ptr<prepared_source> source;  ///< null: the head stays
  std::vector<canary_work> canaries;
  std::vector<std::unique_ptr<shadow>>
      shadows;  ///< that begin beside what serves; the state of their nodes is copied at the cut
  /// Called on the task's thread: how long the task stood still for it, us; or why it could not be done, and then the task
  /// has failed.
  std::function<void(std::int64_t pause_us)> done;
};

}  // namespace weir::task
