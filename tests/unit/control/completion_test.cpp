#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "control/command_line.hpp"
#include "control/command_tree.hpp"

namespace weir::control {
namespace {

using testing::HasSubstr;

void for_each_command(const command_info& c, const std::string& path,
                      const std::function<void(const command_info&, const std::string&)>& f) {
  f(c, path);
  for (const auto& s : c.commands) for_each_command(s, path + " " + s.name, f);
}

std::string script(shell of) { return completion_script(command_tree(), of); }

TEST(CommandTree, HasHelpForEveryCommandFlagAndArgument) {
  int flags = 0;
  for_each_command(command_tree(), "weir", [&](const command_info& c, const std::string& path) {
    EXPECT_FALSE(c.help.empty()) << path;
    for (const auto& f : c.flags) {
      ++flags;
      EXPECT_FALSE(f.help.empty()) << path << " " << f.names.front();
      EXPECT_TRUE(f.help.ends_with('.')) << path << " " << f.names.front() << ": " << f.help;
      EXPECT_TRUE(f.value == value_kind::none || !f.shown.empty()) << path << " " << f.names.front();
    }
    for (const auto& a : c.arguments) EXPECT_FALSE(a.help.empty()) << path << " " << a.names.front();
    // What does something shows how.
    if (c.commands.empty() && c.name != "version") {
      EXPECT_THAT(c.more, HasSubstr("Example")) << path;
    }
  });
  EXPECT_GT(flags, 30);
}

TEST(CommandTree, GivesOptionsWithAValueAKindForCompletion) {
  for_each_command(command_tree(), "weir", [&](const command_info& c, const std::string& path) {
    for (const auto& f : c.flags) {
      const bool takes_value =
          help_text(c, path).find(f.names.back() + " " + f.shown) != std::string::npos && !f.shown.empty();
      EXPECT_EQ(takes_value, f.value != value_kind::none) << path << " " << f.names.back();
    }
  });
}

TEST(Help, IsNeverWiderThanAHundredCharacters) {
  for_each_command(command_tree(), "weir", [](const command_info& c, const std::string& path) {
    const auto text = help_text(c, path);
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      EXPECT_LE(end - at, 110u) << path << ": " << text.substr(at, end - at);
      at = end + 1;
    }
  });
}

TEST(Completion, KnowsEveryFlagOfEveryCommandInEveryShell) {
  const auto bash = script(shell::bash), zsh = script(shell::zsh), fish = script(shell::fish);
  for_each_command(command_tree(), "", [&](const command_info& c, const std::string& full) {
    const auto path = full.empty() ? full : full.substr(1);
    for (const auto& f : c.flags) {
      for (const auto& n : f.names) {
        // bash: the line of the command's words.
        const auto line = bash.find("    '" + path + "') if [[ $cur == -* ]]");
        ASSERT_NE(line, std::string::npos) << path;
        const auto words = bash.substr(line, bash.find('\n', line) - line);
        EXPECT_TRUE(words.find("'" + n + " ") != std::string::npos || words.find(" " + n + " ") != std::string::npos ||
                    words.find(" " + n + "'") != std::string::npos || words.find("'" + n + "'") != std::string::npos)
            << "bash: " << path << " " << n;
        EXPECT_THAT(zsh, HasSubstr(n + "["));
        EXPECT_THAT(fish, HasSubstr("complete -c weir -n 'test \"$(__weir_path)\" = \"" + path + "\"'"));
        EXPECT_THAT(fish, HasSubstr(n.starts_with("--") ? " -l " + n.substr(2) : " -s " + n.substr(1)));
      }
    }
    for (const auto& s : c.commands) {
      EXPECT_THAT(bash, HasSubstr("'" + path + ":" + s.name + "')"));
      EXPECT_THAT(zsh, HasSubstr("'" + s.name + ":"));
      EXPECT_THAT(fish, HasSubstr(" -a " + s.name + " "));
    }
  });
}

}  // namespace
}  // namespace weir::control
