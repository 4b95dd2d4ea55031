#pragma once
// The env of tests: a clock moved by hand, seeded randomness, an in-memory file system with crashes and injected
// faults.
#include <atomic>
#include <cstdint>
#include <mutex>

#include "base/env.hpp"
#include "base/memory_file_system.hpp"

namespace weir::base {

class test_env final : public env {
 public:
  explicit test_env(std::uint64_t seed = 1, std::int64_t now_us = 1'700'000'000'000'000)
      : now_us_(now_us), random_(seed), fs_(*this) {}

  std::int64_t now_us() override { return now_us_; }
  std::int64_t monotonic_ns() override { return monotonic_ns_; }
  /// Virtual too: what add_thread_cpu_ns() added, whichever thread asks.
  std::int64_t thread_cpu_ns() override { return cpu_ns_; }
  std::uint64_t random_u64() override;
  memory_file_system& fs() override { return fs_; }

  /// Moves both clocks forward.
  void advance_us(std::int64_t us) { now_us_ += us, monotonic_ns_ += us * 1000; }
  void advance_ns(std::int64_t ns) { monotonic_ns_ += ns, now_us_ = now_us_ + ns / 1000; }
  /// Sets the wall clock alone, as an administrator or a leap does; may go back.
  void set_now_us(std::int64_t us) { now_us_ = us; }
  void add_thread_cpu_ns(std::int64_t ns) { cpu_ns_ += ns; }

 private:
  std::atomic<std::int64_t> now_us_;
  std::atomic<std::int64_t> monotonic_ns_{0};
  std::atomic<std::int64_t> cpu_ns_{0};
  std::mutex mutex_;
  std::uint64_t random_;
  memory_file_system fs_;
};

}  // namespace weir::base
