// The last words of a process that a plugin takes with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "program.hpp"

namespace weir::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A sanitizer would report the crash itself, before weir's handler.
std::map<std::string, std::string> without_sanitizers_handlers() {
  std::map<std::string, std::string> all;
  for (const char* name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"}) {
    const char* before = std::getenv(name);
    all[name] = std::string(before ? before : "") + ":handle_segv=0:handle_sigbus=0:handle_abort=0";
  }
  return all;
}

struct crash : testing::Test {
  std::string file(const std::string& plugin) const { return WEIR_BAD_PLUGIN_DIR "/lib" + plugin + ".so"; }
  outcome run(const std::string& command, const std::string& plugin, const words& more = {"--no-supervisor"}) const {
    words all{
        command,
        files_.write("p.toml", "format = 1\nname = \"crash\"\nplugin." + plugin + " = { path = \"" + file(plugin) +
                                   "\" }\n"
                                   "[[source]]\nid = \"numbers\"\nuses = \"probe.numbers\"\n"
                                   "config = { count = 10 }\n"
                                   "[[operator]]\nid = \"it\"\nfrom = [\"numbers\"]\nuses = \"" +
                                   plugin +
                                   ".bad\"\n"
                                   "[[sink]]\nid = \"sum\"\nuses = \"probe.adder\"\nfrom = [\"it\"]\n"),
        "--plugin-dir", WEIR_PROBE_DIR};
    if (command == "run") all.insert(all.end(), more.begin(), more.end());
    return weir(all, without_sanitizers_handlers());
  }
  temporary_folder files_;
};

TEST_F(crash, OfAConstructorNamesTheFileThatWasBeingLoaded) {
  for (const char* command : {"check", "run"}) {
    const outcome got = run(command, "crash_in_constructor");
    EXPECT_EQ(got.code, 128 + SIGSEGV) << got.err;
    EXPECT_THAT(got.err,
                AllOf(HasSubstr("weir: crashed (segmentation fault) while plugin "),
                      HasSubstr(file("crash_in_constructor")), HasSubstr("was being loaded: its static objects")));
  }
}

TEST_F(crash, OfAConstructorIsToldByTheSupervisorWithTheFile) {
  const outcome got = run("run", "crash_in_constructor", {"--set", "restart.strategy=none"});
  EXPECT_EQ(got.code, 70) << got.err;
  EXPECT_THAT(got.err, HasSubstr("the worker crashed: segmentation fault while plugin " + file("crash_in_constructor") +
                                 " was being loaded"));
}

TEST_F(crash, OfBindNamesThePluginAndItsVersion) {
  const outcome got = run("check", "crash_in_bind");
  EXPECT_EQ(got.code, 128 + SIGSEGV) << got.err;
  EXPECT_THAT(got.err, HasSubstr("while plugin crash_in_bind 1.2.0 was in bind() of crash_in_bind.bad"));
}

TEST_F(crash, AtWorkNamesPluginOperatorAndPipeline) {
  for (const char* plugin : {"segv_in_process", "stack_overflow_in_process"}) {
    const outcome got = run("run", plugin);
    EXPECT_EQ(got.code, 128 + SIGSEGV) << got.err;
    EXPECT_THAT(got.err, HasSubstr("in plugin " + std::string(plugin) + " 1.2.0, operator it/0 of pipeline crash"));
  }
  const outcome got = run("run", "abort_in_process");
  EXPECT_EQ(got.code, 128 + SIGABRT) << got.err;
  EXPECT_THAT(got.err, HasSubstr("weir: crashed (abort) in plugin abort_in_process 1.2.0"));
}

TEST_F(crash, APluginThatCallsExitIsNotTakenForASuccess) {
  const outcome got = run("check", "calls_exit_in_constructor");
  EXPECT_EQ(got.code, 70) << got.err;
  EXPECT_THAT(got.err, AllOf(HasSubstr("ended the process by exit()"), HasSubstr(file("calls_exit_in_constructor"))));
}

}  // namespace
}  // namespace weir::cli
