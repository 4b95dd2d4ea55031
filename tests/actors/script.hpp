#pragma once
// What the plugin "actors" does, and what it has seen: shared memory between a test and a plugin in the same process. The test
// writes the address of its script into the pipeline, as the option `script`.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace actors {

struct script {
  using number = std::atomic<std::int64_t>;

  // ---- the source
  number splits{1};
  number records{1000};       ///< of each split; -1: without end
  number rows{10};            ///< of a batch
  number pace_us{0};          ///< time from one batch to the next; 0: as fast as they are read
  number discover_fails{0};   ///< so many times discover() says that something outside is away
  number discover_throws{0};  ///< 1: discover() says that it will never work
  number open_fails{0};       ///< 1: the source's instances cannot be made
  // ---- the sink
  number sink_sleep_us{0};            ///< in each process()
  number sink_fails_at{-1};           ///< rows, over all subtasks
  std::int64_t* waited_ns = nullptr;  ///< the sink writes here for each row the time since the source made it; null: no
  std::int64_t waited_room = 0;

  // ---- seen
  number discovered{0}, emitted{0}, taken{0}, batches_taken{0}, flushed{0}, reported{0};
  number alive{0};  ///< instances between open and destroy, sources and sinks

  std::string address() const { return std::to_string(reinterpret_cast<std::uintptr_t>(this)); }
};

}  // namespace actors
