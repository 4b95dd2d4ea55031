#pragma once
// What a worker tells its supervisor, one JSON object a line on a pipe: {"beat":1}, {"running":1}, {"stopping":1},
// {"ended":{...}}, and of a crash {"crash":...} (base/crash.hpp). Anything else in it, such as a half line of a process
// that died, is skipped.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace weir::supervisor {

/// How a worker's run ended, told by itself as its last words.
struct ended_report {
  enum class state : std::uint8_t {
    finished,   ///< the input ended
    drained,    ///< told to stop: in order
    stopped,    ///< told to stop at once
    failed,     ///< a restart may help: `why` says
    refused,    ///< it did not come to run: configuration, command line
    cancelled,  ///< told to stop for good: in order, and nobody will go on from its cuts
  };
  ended_report::state how = state::failed;
  int code = 0;                    ///< exit code that the program ends with
  std::string output;              ///< for stdout
  std::optional<base::error> why;  ///< not told to the person yet
};

struct crash_report {
  std::string what;                          ///< "segmentation fault"
  std::string plugin, version, operator_id;  ///< empty: none was running
  std::uint32_t subtask = 0;
  std::string doing;         ///< "was being loaded", when no operator was running yet: `plugin` is the file
  std::uint64_t record = 0;  ///< fingerprint of the record that it was processing; 0: not known
  std::string text() const;  ///< "segmentation fault in plugin risk 1.2.0, operator exposure/3"
};

inline constexpr std::string_view beat_line = "{\"beat\":1}\n";
inline constexpr std::string_view running_line = "{\"running\":1}\n";
inline constexpr std::string_view stopping_line = "{\"stopping\":1}\n";
std::string to_line(const ended_report& of);

/// What has come over the pipe so far.
class report_reader {
 public:
  void add(std::string_view bytes);

  std::uint64_t beats = 0;  ///< lines of any kind: signs of life
  bool running = false;     ///< the pipeline came to run
  bool stopping = false;    ///< it was told to end, not by the supervisor
  std::optional<ended_report> ended;
  std::optional<crash_report> crash;

 private:
  void line(std::string_view text);
  std::string rest_;
};

}  // namespace weir::supervisor
