#pragma once
// SIGTERM and SIGINT as calls, counted. Construct it before any other thread starts,
// so that all of them leave these signals to this one.
#include <csignal>
#include <functional>
#include <memory>
#include <thread>

namespace weir::control {

class stop_signals {
 public:
  /// Called on a thread of its own with the signal's number; times is 1 for the first.
  using handler = std::function<void(int signal, int times)>;

  explicit stop_signals(handler what);
  /// The signals do what they did before.
  ~stop_signals();
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;

 private:
  void listen();
  handler what_;
  sigset_t before_{};
  int signals_ = -1, end_ = -1;  // a signalfd and an eventfd
  std::thread thread_;
};

}  // namespace weir::control
