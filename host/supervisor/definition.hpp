#pragma once
// What a pipeline is at the moment, when it can be changed while it runs: definitions/N.json in the state directory. A
// definition is never changed; a swap or an edit makes the next one. Which one holds is written in every cut (its fact
// "definition"): so a restore runs what made the cut, and a cut that became complete is what decides between the old and
// the new version after a crash.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.hpp"

namespace weir::supervisor {

struct definition {
  std::uint64_t number = 0;       ///< from 1
  std::string file;               ///< of the pipeline, as a person named it
  std::string text;               ///< of the file
  std::vector<std::string> sets;  ///< "id.key=value": a person's, then those that swaps have added
  std::uint64_t given = 0;        ///< how many of them are a person's
  std::string origin;             ///< origin_of what a person gave: who starts with the same again goes on with this
  std::uint64_t from = 0;         ///< the one that it was made from; 0: none
  std::int64_t made_at_us = 0;    ///< wall clock
};

/// Digest of a pipeline as a person gives it.
std::string origin_of(const std::string& text, const std::vector<std::string>& sets);

/// The key of a cut's fact that holds the number.
inline constexpr char definition_fact[] = "definition";

/// nullopt: there is none of that number. An error: it cannot be read.
base::result<std::optional<definition>> read_definition(base::env& env, const std::string& state_directory,
                                                        std::uint64_t number);
/// The highest number; 0: there is none.
base::result<std::uint64_t> newest_definition(base::env& env, const std::string& state_directory);
/// Writes it under the next number, which it gets. One writer at a time.
base::result<void> add_definition(base::env& env, const std::string& state_directory, definition& what);
/// Removes all older than the newest `kept`, but not `needed`, and the plugins that swaps brought and no definition names
/// any more.
base::result<void> trim_definitions(base::env& env, const std::string& state_directory, std::uint64_t kept,
                                    std::uint64_t needed);
/// Where the plugins are that swaps bring.
std::string kept_plugins(const std::string& state_directory);

}  // namespace weir::supervisor
