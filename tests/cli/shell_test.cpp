// What shells and terminals see: completion, colours, full disks, and a project made from a template.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "program.hpp"

namespace weir::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

// What bash offers for the last of these words.
std::string completed(const std::string& line) {
  const auto script = "source <(" WEIR_PROGRAM " completion bash); COMP_WORDS=(" + line +
                      "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _weir; printf '%s\\n' \"${COMPREPLY[@]}\"";
  const auto got = process({"bash", "-c", script}).wait();
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.err, "");
  return got.out;
}

TEST(BashCompletion, OffersCommandsFlagsAndValues) {
  EXPECT_EQ(completed("weir gr"), "graph\n");
  EXPECT_EQ(completed("weir plugin ve"), "verify\n");
  EXPECT_EQ(completed("weir run p.toml --metrics"), "--metrics-listen\n--metrics-port\n");
  EXPECT_EQ(completed("weir graph --format s"), "svg\n");
  EXPECT_EQ(completed("weir plugin list --j"), "--json\n");
  EXPECT_EQ(completed("weir completion ''"), "bash\nzsh\nfish\n");
  EXPECT_THAT(completed("weir ''"), HasSubstr("check\n"));
}

// What a command writes to a terminal on stderr.
std::string on_terminal(const words& arguments, const char* no_color, const char* term) {
  int master = -1;
  const pid_t pid = ::forkpty(&master, nullptr, nullptr, nullptr);
  if (pid == 0) {
    *no_color ? ::setenv("NO_COLOR", no_color, 1) : ::unsetenv("NO_COLOR");
    ::setenv("TERM", term, 1);
    std::vector<char*> argv;
    for (const auto& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  std::string out;
  char buffer[4096];
  for (ssize_t n; (n = ::read(master, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  int status = 0;
  ::waitpid(pid, &status, 0);
  ::close(master);
  return out;
}

TEST(Colour, IsForTerminalsThatWantIt) {
  const auto command = weir_command({"rum"});
  EXPECT_THAT(on_terminal(command, "", "xterm"), HasSubstr("\x1b[31;1merror:\x1b[0m"));
  EXPECT_THAT(on_terminal(command, "1", "xterm"), Not(HasSubstr("\x1b")));
  EXPECT_THAT(on_terminal(command, "", "dumb"), Not(HasSubstr("\x1b")));
}

TEST(Stdout, ThatIsFullIsAnError) {
  process p(weir_command({"version"}), {}, "/dev/full");
  const auto got = p.wait();
  EXPECT_EQ(got.code, 73);
  EXPECT_THAT(got.err, HasSubstr("cannot write to stdout"));
}

TEST(NewOperator, CopiesTheTemplateWithTheNamesFilledIn) {
  const temporary_folder files;
  files.write("template/@name@.toml", "uses = \"@name@.@class@\"\n");
  files.write("template/src/@class@.hpp", "class @class@ {};  // @name@ @other@\n");
  const auto got = weir(
      {"new", "operator", "fraud-score", "--dir", files.path() + "/made", "--template", files.path() + "/template"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.out, files.path() + "/made\n");
  EXPECT_THAT(got.err, HasSubstr("Wrote 2 files"));
  EXPECT_EQ(read_file(files.path() + "/made/fraud-score.toml"), "uses = \"fraud-score.fraud_score\"\n");
  EXPECT_EQ(read_file(files.path() + "/made/src/fraud_score.hpp"), "class fraud_score {};  // fraud-score @other@\n");
}

TEST(NewOperator, LeavesNothingOfTheRealTemplateUnfilled) {
  const temporary_folder files;
  const auto to = files.path() + "/made";
  const auto got = weir({"new", "operator", "fraud-score", "--dir", to});
  ASSERT_EQ(got.code, 0) << got.err;
  int count = 0;
  for (const auto& e : std::filesystem::recursive_directory_iterator(to)) {
    EXPECT_THAT(e.path().string(), Not(HasSubstr("@")));
    if (!e.is_regular_file()) continue;
    ++count;
    EXPECT_THAT(read_file(e.path()), Not(HasSubstr("@name@")));
    EXPECT_THAT(read_file(e.path()), Not(HasSubstr("@class@")));
  }
  EXPECT_GE(count, 5);
  EXPECT_TRUE(std::filesystem::exists(to + "/CMakeLists.txt"));
  EXPECT_TRUE(std::filesystem::exists(to + "/fraud-score.toml"));
}

TEST(GraphOutput, IsAFileWhenAsked) {
  const temporary_folder files;
  const auto got = weir({"schema", "--plugin-dir", WEIR_PROBE_DIR, "-o", files.path() + "/weir.schema.json"});
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_EQ(got.out, "");
  EXPECT_THAT(read_file(files.path() + "/weir.schema.json"), HasSubstr("\"$schema\""));
}

}  // namespace
}  // namespace weir::cli
