#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "exchange/waker.hpp"
#include "task/chain.hpp"

namespace weir::task {

/// What a task waits for after a step.
enum class step_result : std::uint8_t {
  worked,       ///< did something; step again
  wait_input,   ///< nothing to do until it is woken, or until wake_at_ns()
  wait_output,  ///< an output is full; it is woken when there is room
  finished,     ///< nothing more will come out of it
  failed,       ///< why() says why
};

/// Where the time of a task goes, nanoseconds since it began. Written by its thread, read by any.
struct task_times {
  std::atomic<std::int64_t> busy{0}, idle{0}, backpressured{0};
};

/// One subtask of a chain. step() and what it calls: one thread at a time. Never blocks longer than a source's poll may.
class task {
 public:
  task(std::string name, std::uint32_t subtask, const weir_host& table, base::env& env)
      : env_(env), chain_(subtask, table, env), name_(std::move(name)), subtask_(subtask) {}
  virtual ~task() = default;

  /// Makes the plugin instances; on the thread that will step.
  virtual bool create() { return chain_.create(); }
  virtual step_result step() = 0;
  /// Ends the plugin instances, on the same thread; figures can still be read.
  virtual void close() { chain_.close(); }
  /// Monotonic time at which step() has something to do without being woken; INT64_MAX: never.
  virtual std::int64_t wake_at_ns() const { return INT64_MAX; }
  /// [any] Stop reading; what is under way flows on to the sinks. Only sources listen.
  virtual void drain() {}

  chain& nodes() { return chain_; }
  const chain& nodes() const { return chain_; }
  const base::error& why() const { return chain_.failure().why(); }
  const std::string& name() const { return name_; }
  std::uint32_t subtask() const { return subtask_; }
  task_times& times() { return times_; }
  const task_times& times() const { return times_; }

 protected:
  base::env& env_;
  task_times times_;
  chain chain_;

 private:
  std::string name_;
  std::uint32_t subtask_;
};

}  // namespace weir::task
