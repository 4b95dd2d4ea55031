#pragma once
// All that is wrong with a configuration, collected, so that a person fixes a file in one round.
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/location.hpp"

namespace weir::config {

enum class severity : std::uint8_t { warning, error };

struct diagnostic {
  severity level = severity::error;
  location at;
  std::string what;  ///< one sentence that holds the reader's next step
};

class diagnostics {
 public:
  void error(location at, std::string what) { add({severity::error, std::move(at), std::move(what)}); }
  void warning(location at, std::string what) { add({severity::warning, std::move(at), std::move(what)}); }
  void add(diagnostic d);

  bool failed() const { return errors_ > 0; }
  std::size_t error_count() const { return errors_; }
  bool empty() const { return all_.empty(); }
  /// In the order of the files; equal ones once.
  std::vector<diagnostic> sorted() const;

  /// For people: "file:line:column: error: what", the line, the caret. At most `most` of them, then how many more.
  std::string text(std::size_t most = 50) const;
  /// {"level":"error","file":...,"line":...,"column":...,"what":...} a line.
  std::string json_lines() const;
  /// One config error that holds text().
  base::error to_error() const;

 private:
  std::vector<diagnostic> all_;
  std::size_t errors_ = 0;
};

}  // namespace weir::config
