#pragma once
// One cut as it passes a task: what is asked of it, what it hands over.
//
//   coordinator --begin--> source tasks --barrier--> operator tasks      each task: flush, save, prepare; then goes on
//               <--state_block..., taken-- every task                    (state follows in slices between batches)
//               --complete | abort--> every task                         two-phase sinks commit, sources tell their broker
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/message.hpp"

namespace weir::task {

class task;
class keyed_state;

/// What a coordinator tells a task.
enum class order_kind : std::uint8_t {
  begin,     ///< a cut: a source cuts at once; others wait for its barrier, or cut when they have ended
  complete,  ///< the cut is durable
  abort,     ///< the cut was given up: what it held belongs to the next one
  finish,    ///< the last cut is complete: an ended task may leave
  look,      ///< no cut: some shadow is of no more use
};
struct order {
  order_kind what = order_kind::begin;
  std::uint64_t cut = 0;
  model::cut_kind kind = model::cut_kind::checkpoint;
  bool store =
      true;  ///< false: nothing is stored, only sinks prepare and commit (the end of a run without checkpoints)
};

/// Counts that go on after a restore, in the order of op::counters.
struct node_counts {
  std::uint64_t records_in = 0, batches_in = 0, bytes_in = 0, records_out = 0, batches_out = 0, bytes_out = 0;
  std::uint64_t late = 0, dead_letters = 0, skipped = 0;
};

/// One node of the chain at the cut.
struct node_cut {
  std::optional<std::string> saved;         ///< of weir.snapshot/1
  std::optional<std::string> saved_by_new;  ///< of a version that serves a share of the keys; as another subtask's
  std::optional<std::string> prepared;      ///< of weir.two_phase/1
  std::int64_t watermark_us = WEIR_TIME_MIN;
  node_counts counts;
};

struct split_cut {
  std::string id, position;
  std::int64_t watermark_us = WEIR_TIME_MIN;  ///< of the split
};

/// One task at the cut. State is not here: it went as blocks.
struct task_cut {
  std::uint64_t cut = 0;
  std::vector<node_cut> nodes;    ///< by place in the chain
  std::vector<split_cut> splits;  ///< of a source
  std::int64_t pause_us = 0;  ///< how long the task stood still for it: flushed, saved, prepared, passed the barrier on
  std::string in_flight;      ///< messages that the barrier overtook, or rows that wait for their turn (ordered_input)
};

/// Who collects a cut. Called on the tasks' threads, concurrently. [any]
class cut_sink {
 public:
  virtual ~cut_sink() = default;
  /// False: state blocks pile up; ask again later.
  virtual bool has_room() = 0;
  /// A block of the state of the node at this place of the task's chain.
  virtual void state_block(const task& from, std::uint32_t at, std::uint64_t cut, std::string block) = 0;
  /// Everything of this task is handed over.
  virtual void taken(const task& from, task_cut all) = 0;
  /// Nothing more will come out of the task; it stays to answer cuts until it is told to finish.
  virtual void ended(const task& from) = 0;
};

/// What a node had at the cut that is restored; several when it had another parallelism.
struct node_restore {
  std::uint64_t cut = 0;
  std::vector<std::string> saved, prepared;
  std::int64_t watermark_us = WEIR_TIME_MIN;
  node_counts counts;
  /// Loads the keyed state; null: there is none. Called on the task's thread.
  std::function<base::result<void>(keyed_state&)> load;
};

}  // namespace weir::task
