#pragma once
// Runs the program weir (or another one) with arguments and gives what it said. A run that hangs is killed by ctest's
// time limit.
#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace weir::cli {

using words = std::vector<std::string>;

struct outcome {
  int code = -1;  ///< exit code; 128 + n: killed by signal n
  std::string out, err;
};

/// A process with its stdout and stderr in files, so that nothing blocks on a full pipe.
class process {
 public:
  /// environment: set on top of the test's own; an empty value removes the variable.
  explicit process(const words& arguments, const std::map<std::string, std::string>& environment = {},
                   const std::string& stdout_to = {});
  ~process();
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  pid_t id() const { return pid_; }
  void send_signal(int number);
  /// Waits until stderr holds `text`; false when the process ended without it.
  bool wait_for_stderr(const std::string& text);
  std::string stderr_so_far() const;
  /// Whether it has ended by now.
  bool ended();
  outcome wait();

 private:
  std::string folder_;
  pid_t pid_ = -1;
  bool reaped_ = false;
  int status_ = 0;
};

/// The program under test with these arguments.
outcome weir(const words& arguments, const std::map<std::string, std::string>& environment = {});
words weir_command(const words& arguments);

/// A folder that is gone when the object is.
class temporary_folder {
 public:
  temporary_folder();
  ~temporary_folder();
  const std::string& path() const { return path_; }
  /// Writes a file there; its path.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

std::string read_file(const std::string& path);

}  // namespace weir::cli
