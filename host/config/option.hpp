#pragma once
// One declared option of a component or of the pipeline file itself. Validation, defaults, documentation and the JSON
// schema of editors all come from a list of these.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/diagnostics.hpp"
#include "config/value.hpp"

struct weir_option;

namespace weir::config {

enum class option_type : std::uint8_t {
  boolean,
  integer,
  floating,
  string,
  duration,     ///< "10s"
  bytes,        ///< "64MiB", or an integer
  enumeration,  ///< one of `values`
  list,         ///< of `element`
  table,        ///< of `nested`; with `open`, of other keys too
  map,          ///< free keys, scalar values
  any,          ///< whatever is written
};
std::string_view name_of(option_type type);

struct option {
  std::string name;
  option_type type = option_type::string;
  option_type element = option_type::any;  ///< of a list
  std::optional<std::string> fallback;     ///< TOML text: "10s" stands for the string or duration, 5 for the number
  std::string doc;                         ///< one sentence
  std::vector<std::string> values;         ///< of an enumeration
  std::vector<option> nested;              ///< of a table, or of the tables of a list
  bool required = false;
  bool secret = false;                      ///< never printed
  bool deprecated = false;                  ///< accepted with a warning; doc says what to use instead
  bool open = false;                        ///< table: keys that are not declared are accepted
  std::optional<std::int64_t> least, most;  ///< of integers, durations (us) and bytes
};

/// The options that a plugin declares, copied; checked, because a plugin may lie: known types, sane names, bounded
/// counts and depth, defaults that fit their type. `option_size` is sizeof(weir_option) where the plugin was built.
base::result<std::vector<option>> options_from_abi(const ::weir_option* first, std::uint64_t option_size);

struct validation {
  /// Whose table it is, for messages: `kafka.source`, `[[source]] "trades"`.
  std::string owner;
  /// What its entries are called: "key" of the pipeline file, "option" of a component.
  std::string noun = "option";
};

/// `given` (a table) checked against the options: unknown names with the nearest known one, types, ranges, required
/// ones. The result has every option that was given or has a default, in its final type (duration, bytes). Problems go
/// to `problems`; then the result is as good as it gets, for finding more of them.
value validate(const value& given, std::span<const option> options, const validation& how, diagnostics& problems);

}  // namespace weir::config
