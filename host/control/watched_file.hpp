#pragma once
// `weir run --watch`: looks at the pipeline's file, and applies an edit as `weir apply` does.
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/env.hpp"
#include "base/log.hpp"
#include "control/control_socket.hpp"

namespace weir::control {

/// Whether a file has another text than the last one that somebody took. A text counts when it was the same at two looks,
/// one after the other: whoever writes it may be half through.
class edited_text {
 public:
  explicit edited_text(std::string known) : known_(std::move(known)) {}
  /// now: what the file says. The text to take, known from then on; null: nothing is new.
  const std::string* look(std::string now);

 private:
  std::string known_, seen_;
  bool saw_ = false;
};

/// A thread of its own, from the constructor to the destructor. A file that is wrong, or cannot be read, is logged once and
/// changes nothing.
class watched_file {
 public:
  /// file: absolute. text: that runs. sets: those of the run hold for the edited file, too.
  watched_file(base::env& env, controlled& what, const std::string& pipeline, std::string file, std::string text,
               std::vector<std::string> sets);
  ~watched_file();

 private:
  void run();
  void apply(const std::string& text);

  base::env& env_;
  controlled& what_;
  const base::logger log_;
  const std::string file_;
  const std::vector<std::string> sets_;
  edited_text text_;
  std::string last_failure_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace weir::control
