// weir/failure.hpp: what a plugin throws to say who must act. detail/trampoline.hpp turns each into a code and a text;
// nothing of this crosses the boundary.
#ifndef WEIR_FAILURE_HPP
#define WEIR_FAILURE_HPP

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "weir/codes.h"

namespace weir {

// Base of all of them: a code and one sentence that holds the reader's next step.
class problem : public std::exception {
 public:
  problem(weir_code code, std::string why) : code_{code}, why_{std::move(why)} {}
  [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }
  [[nodiscard]] weir_code code() const noexcept { return code_; }

 private:
  weir_code code_;
  std::string why_;
};

// This row cannot be processed. Thrown while a row is processed: what the row has emitted so far is taken back, the row
// goes to the dead-letter port, the next row follows. Thrown anywhere else it fails the task.
struct failure : problem {
  explicit failure(std::string why) : problem{WEIR_E_DATA, std::move(why)} {}
};
// A system outside (a broker, a disk, a service) failed; the host tries again with backoff.
struct external_failure : problem {
  explicit external_failure(std::string why) : problem{WEIR_E_EXTERNAL, std::move(why)} {}
};
// A column is missing or of the wrong type.
struct schema_error : problem {
  explicit schema_error(std::string why) : problem{WEIR_E_SCHEMA, std::move(why)} {}
};
// An option is wrong: `option` is its path ("retry.max"), `at` a byte offset inside its text, -1: the whole value.
struct config_error : problem {
  config_error(std::string path, std::string why, std::int64_t offset = -1)
      : problem{WEIR_E_CONFIG, std::move(why)}, option{std::move(path)}, at{offset} {}
  std::string option;
  std::int64_t at;
};
// The plugin's own mistake: a broken invariant.
struct plugin_error : problem {
  explicit plugin_error(std::string why) : problem{WEIR_E_PLUGIN, std::move(why)} {}
};

namespace detail {
// A host call returned an error: pass its code back as it is, the host knows why.
struct host_refused {
  weir_code code;
};
inline void host_says(weir_code code) {
  if (code < 0) [[unlikely]]
    throw host_refused{code};
}
}  // namespace detail
}  // namespace weir
#endif  // WEIR_FAILURE_HPP
