#pragma once
// The command line as data: what completion scripts and their tests are made from.
#include <string>
#include <vector>

namespace weir::control {

enum class value_kind : unsigned char { none, text, choice, file, directory };

struct flag_info {
  std::vector<std::string> names;  ///< "--json", "-h"
  std::string help;
  value_kind value = value_kind::none;  ///< none: a switch
  std::string shown;                    ///< what the help calls the value: "FILE"
  std::vector<std::string> choices;
  bool repeatable = false;
  bool required = false;
};

struct command_info {
  std::string name;
  std::string help;
  std::string more;  ///< what stands at the end of its help: examples
  std::vector<flag_info> flags;
  std::vector<flag_info> arguments;  ///< positional, in order; names has the one shown in the help
  std::vector<command_info> commands;
};

/// The help of one command; `path` is the whole command, "weir plugin list". Lines are at most 100 characters long.
std::string help_text(const command_info& of, const std::string& path);

enum class shell : unsigned char { bash, zsh, fish };

/// A script that makes the shell complete `weir`: `source <(weir completion bash)`.
std::string completion_script(const command_info& root, shell of);

}  // namespace weir::control
