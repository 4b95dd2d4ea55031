#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "exchange/writer.hpp"
#include "operator/context.hpp"
#include "operator/instance.hpp"
#include "source/split_watermarks.hpp"
#include "source/stamper.hpp"
#include "task/canary.hpp"
#include "task/cut.hpp"
#include "task/exchange_work.hpp"
#include "task/keyed_state.hpp"

namespace weir::task {

/// The nodes of one subtask that call each other directly. Built by the job, then used by one thread. Node 0 is the head.
class chain {
 public:
  chain(std::uint32_t subtask, const weir_host& table, base::env& env) : subtask_(subtask), table_(table), env_(env) {}
  chain(const chain&) = delete;
  chain& operator=(const chain&) = delete;

  // ---- building, before the first step
  /// Adds a node behind those that are there; returns its number. A source may only be the head; it has no instance.
  std::uint32_t add(std::shared_ptr<const op::spec> what);
  /// Event time and trace facts are taken from the node's main output; `watermarks` is told the newest times.
  void stamp(std::uint32_t node, source::stamp_rule rule, source::split_watermarks* watermarks);
  /// output: a port of the node, or the number of its ports for dead letters.
  void connect(std::uint32_t node, std::uint32_t output, std::uint32_t to_node, std::uint32_t to_port);
  void connect(std::uint32_t node, std::uint32_t output, std::unique_ptr<exchange::writer> writer);
  /// For the source at the head: what its plugin is given. Null: the head is an operator.
  weir_context* source_context() { return nodes_[0]->source; }
  /// The source at the head, which must be one: now, and again when another one follows it. The clock stays where it is.
  void serve(prepared_source& source, op::split_listener& splits);
  /// Where a node counts, whichever instance serves.
  op::counters& counters_of(std::uint32_t node) { return nodes_[node]->counters; }

  /// What the node had at the cut that is restored: for create().
  void restore(std::uint32_t node, node_restore what) {
    nodes_[node]->restored = std::move(what);
    restores_ = true;
  }
  /// Null: the node has no keyed state. Blocks of the snapshot are loaded into it before create().
  keyed_state* state_at(std::uint32_t node) { return nodes_[node]->state.get(); }
  const keyed_state* state_at(std::uint32_t node) const { return nodes_[node]->state.get(); }

  // ---- exchanging
  /// [control] While it runs: another instance for the node, as `what` says, created. Where it declares its state otherwise than the
  /// one before, what is there is converted while rows flow. An error: why it could not be created, or that cannot be.
  base::result<std::unique_ptr<prepared_node>> prepare(std::uint32_t node, std::shared_ptr<const op::spec> what,
                                                       std::int64_t watermark_us);
  /// Behind cut() and pass_barrier(): they serve from here on, with what the old ones saved. The old ones stay until
  /// let_go().
  bool exchange(std::vector<std::unique_ptr<prepared_node>> with, const task_cut& at);
  /// As exchange(): versions that serve a share of the keys of their nodes, or another share, or take over.
  bool follow_canaries(std::vector<canary_work> with, const task_cut& at);
  /// Destroys the instances that served before.
  void let_go();
  /// Some more entries of keyed state become what the versions that serve declare. False: nothing was left, or it failed.
  bool evolve_some(std::size_t most);
  /// All that is left, of one node; of all.
  bool evolve_rest(std::uint32_t node);
  bool evolve_rest();
  /// Right before cut(): from that cut on it runs beside the node's instance. Instead of one that was there.
  void attach(std::unique_ptr<shadow> what);
  /// Lets shadows that are of no more use go.
  void look_at_shadows();
  /// Shadows make up for what waited while they got their state. False: nobody had anything to do.
  bool follow_shadows();

  // ---- running
  /// Makes the plugin instances, and restores what was given to them.
  bool create();
  bool push(std::uint32_t node, std::uint32_t port, const model::batch_ref& batch);
  /// The event-time clock of all nodes moves, and is told to the writers.
  bool advance(std::int64_t watermark_us);
  /// The head has nothing to say for now, or again: told to the writers.
  void tell_status(model::activity status);
  /// [any] What ends from now on before its data does goes on in another job: plugins are not told of an end that is none.
  void goes_on() { goes_on_.store(true, std::memory_order_relaxed); }
  /// Nothing more comes on an input port of the head.
  bool end_of_head_port(std::uint32_t port);
  /// All is over: every node ends its ports and flushes in order, then the writers end.
  bool finish();
  bool has_room();
  /// The pipeline is deterministic: what goes out says in which step of event time it was made, or must be taken.
  void take_turns(std::int64_t step_us) { step_us_ = step_us; }
  bool takes_turns() const { return step_us_ > 0; }
  /// What is made from now on takes its turn no earlier than this step; WEIR_TIME_MIN: at its own time.
  void set_turn(std::int64_t step) { turn_us_ = step; }
  /// The head's event-time timers until then fire, those of one step before the next begins; then advance().
  bool advance_in_steps(std::int64_t watermark_us);
  bool fire_processing_timers(std::int64_t now_us);
  /// Wall clock; INT64_MAX: none.
  std::int64_t next_processing_timer() const;
  /// The sizes of all keyed state, for those who watch. It looks at every name space: not for each batch.
  void publish_state() {
    for (auto& n : nodes_)
      if (n->state) n->state->publish();
  }

  /// [any] As published: keyed state is above its memory until a cut has been made of it.
  bool wants_cut() const {
    return std::any_of(nodes_.begin(), nodes_.end(), [](const auto& n) { return n->state && n->state->wants_cut(); });
  }

  /// [any] As published: of all keyed state.
  std::uint64_t state_entries() const {
    std::uint64_t sum = 0;
    for (const auto& n : nodes_) sum += n->state ? n->state->entries() : 0;
    return sum;
  }

  /// [any] As published: some of the keyed state had no room in memory.
  bool has_state_on_disk() const {
    return std::any_of(nodes_.begin(), nodes_.end(),
                       [](const auto& n) { return n->state && n->state->entries_on_disk() > 0; });
  }

  // ---- the cut
  /// [control] Before the first step: each cut holds all of the state, not what changed.
  void capture_all() { all_ = true; }
  bool has_state() const { return has_state_; }
  /// Every node in order: flush, save, prepare; with `store` its state is captured from now on.
  bool cut(task_cut& into, bool store);
  void pass_barrier(model::barrier b);
  /// About so many bytes of captured state, as blocks by place; *more: there is more.
  void capture(std::size_t about_bytes, bool* more, const std::function<void(std::uint32_t, std::string)>& give);
  bool is_over_budget() {
    return std::any_of(nodes_.begin(), nodes_.end(), [](auto& n) { return n->state && n->state->is_over_budget(); });
  }
  /// No rows may come until more of the cut in work is captured: memory is full of what it has still to say.
  bool is_jammed() {
    return std::any_of(nodes_.begin(), nodes_.end(), [](auto& n) { return n->state && n->state->is_jammed(); });
  }
  /// The newest cut was given up: what changed before it belongs to the next one.
  void abandon_state();
  /// The cut became durable (committed), or was given up.
  bool settle(const task_cut& of, bool committed);

  /// Ends the plugin instances; counters stay.
  void close();
  op::chain_error& failure() { return failure_; }
  const op::chain_error& failure() const { return failure_; }

  // ---- watching
  std::size_t size() const { return nodes_.size(); }
  const op::spec& what(std::uint32_t node) const { return *nodes_[node]->what; }
  std::shared_ptr<const op::spec> spec_at(std::uint32_t node) const { return nodes_[node]->what; }
  const op::counters& counts(std::uint32_t node) const;  ///< [any]
  op::instance* operator_at(std::uint32_t node) { return nodes_[node]->instance.get(); }
  const std::vector<std::unique_ptr<exchange::writer>>& writers() const { return writers_; }

 private:
  struct member;
  struct target {
    std::uint32_t at, port;
  };
  struct route {
    std::vector<target> nodes;
    std::vector<exchange::writer*> writers;
  };
  /// Where a node's output goes.
  struct router final : op::collector {
    chain* owner = nullptr;
    std::uint32_t number = 0;
    std::vector<route> routes;
    bool collect(std::uint32_t port, const model::batch_ref& batch) override;
  };
  struct member {
    std::shared_ptr<const op::spec> what;
    router out;
    op::counters counters;                    // whichever instance serves
    std::unique_ptr<keyed_state> state;       // before the instance: it outlives it
    std::unique_ptr<prepared_node> prepared;  // owns what the instance uses, when it was prepared
    std::unique_ptr<op::instance> instance;   // null: a source
    std::unique_ptr<canary> second;           // a newer version that serves some of the keys; null: none
    std::unique_ptr<shadow> beside;           // another version that is watched; null: none
    weir_context* source = nullptr;           // of a source, whose task owns it; null: an operator
    std::optional<source::stamper> main_stamper, side_stamper;
    source::split_watermarks* watermarks = nullptr;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t>
        in_turn;  // by port and split: as its rows alone tell it
    std::uint32_t port_count = 1;
    std::optional<node_restore> restored;

    // What serves: the instance, or both versions while there are two.
    bool process(std::uint32_t port, const model::batch_ref& batch) {
      return second ? second->process(port, batch) : instance->process(port, batch);
    }
    bool advance(std::int64_t watermark_us) {
      return second ? second->advance(watermark_us) : instance->advance(watermark_us);
    }
    bool fire_processing_timers(std::int64_t now_us) {
      return second ? second->fire_processing_timers(now_us) : instance->fire_processing_timers(now_us);
    }
    bool end_of_port(std::uint32_t port) { return second ? second->end_of_port(port) : instance->end_of_port(port); }
    bool flush() { return second ? second->flush() : instance->flush(); }
  };
  bool restore(member& n);
  bool begin_canary(member& n, canary_work& with, const task_cut& at);
  bool process(member& n, std::uint32_t port, const model::batch_ref& batch);
  /// For the shadow of a node, after its instance.
  template <class Call>
  void beside(member& n, Call&& what) {
    if (!n.beside) return;
    what(*n.beside);
    if (n.beside->over()) [[unlikely]]
      n.beside.reset();
  }
  /// watermark_us: of the split in front of the batch; behind it when this returns.
  bool hand_out_in_turns(const route& to, const model::batch_ref& batch, std::int64_t& watermark_us,
                         std::int64_t bound_us);
  bool hand_on(const route& to, const model::batch_ref& batch);
  bool stamp_and_hand_on(member& from, std::uint32_t port, const model::batch_ref& batch);

  const std::uint32_t subtask_;
  const weir_host& table_;
  base::env& env_;
  op::chain_error failure_;
  std::vector<std::unique_ptr<exchange::writer>> writers_;
  std::vector<std::unique_ptr<member>> nodes_;
  struct retired {
    std::shared_ptr<const op::spec> what;
    std::unique_ptr<prepared_node> prepared;  // before the instance: it outlives it
    std::unique_ptr<op::instance> instance;
    std::uint32_t at = 0;
    std::uint64_t last_cut = 0;  // that it prepared
  };
  /// Of the data, not of this job.
  bool is_end(const op::instance& of) const {
    return !goes_on_.load(std::memory_order_relaxed) || of.watermark() == model::watermark_merge::end;
  }
  /// Who has prepared that cut: the node's instance, or the one before.
  op::instance& who_prepared(std::uint32_t node, std::uint64_t cut);
  std::vector<retired> retired_;
  bool has_evolutions_ = false;  // one of the stores may hold values of another version
  bool has_state_ = false;
  bool has_shadows_ = false;
  std::atomic<bool> goes_on_{false};
  std::int64_t step_us_ = 0;  // 0: not deterministic
  std::int64_t turn_us_ = WEIR_TIME_MIN;
  bool all_ = false;
  bool has_processing_timers_ = false;
  bool restores_ = false;  // this run goes on from a cut
};

}  // namespace weir::task
