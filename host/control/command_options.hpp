#pragma once
// Commands and their options as the files of the command line make them: CLI11's tree, with what help and completion
// want to know about each option beside it. Only .cpp files that include CLI11 use it.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "control/command_tree.hpp"
#include "control/commands.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace weir::control {

class command_options {
 public:
  /// what: run when the line names this command; null: it only has commands.
  CLI::App& command(CLI::App& in, const char* name, const char* help, const char* more,
                    std::function<exit_code(console&)> what);
  CLI::Option* mark(CLI::Option* o, value_kind kind, const char* shown, std::vector<std::string> choices = {});
  CLI::Option* text(CLI::App& c, const char* names, std::string& to, const char* shown, const char* help);
  CLI::Option* choice(CLI::App& c, const char* names, std::string& to, const char* shown, std::vector<std::string> from,
                      const char* help);
  CLI::Option* file(CLI::App& c, const char* names, std::string& to, const char* help);
  CLI::Option* file(CLI::App& c, const char* names, std::vector<std::string>& to, const char* help);
  /// One value each time it is given.
  CLI::Option* each(CLI::App& c, const char* names, std::vector<std::string>& to, value_kind kind, const char* shown,
                    const char* help);
  void plugin_dirs(CLI::App& c, std::vector<std::string>& to);
  /// A file that is read, with what can be set in it.
  void pipeline(CLI::App& c, pipeline_arguments& to, bool many);
  /// A pipeline that runs or has run.
  CLI::Option* known_pipeline(CLI::App& c, std::string& to);

  flag_info describe(const CLI::Option& o) const;
  command_info describe(const CLI::App& c) const;

  /// The most values of an argument.
  static constexpr int values_max = 10'000;

 protected:
  std::function<exit_code(console&)> chosen_;

 private:
  struct value_info {
    value_kind kind = value_kind::none;
    std::string shown;
    std::vector<std::string> choices;
  };
  std::map<const CLI::Option*, value_info> kinds_;
};

/// swap, shadow, plan, apply, rollback, history: command_line_changes.cpp.
void add_change_commands(command_options& to, CLI::App& root);

}  // namespace weir::control
