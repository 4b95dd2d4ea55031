// `weir run` as two processes: what happens when one of them dies, and to whom the state directory belongs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include "pipelines.hpp"
#include "program.hpp"

namespace weir::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

// A second is long enough for a person, too long for a test that kills a worker again and again.
// No cut comes in between: what a restart goes back to is the beginning.
constexpr const char* restarts_from_the_beginning =
    "\n[checkpoint]\ninterval = \"1h\"\n[restart]\ninitial_backoff = \"10ms\"\nmax_backoff = \"50ms\"\n";
constexpr const char* restarts_soon =
    "\n[checkpoint]\ninterval = \"100ms\"\n[restart]\ninitial_backoff = \"10ms\"\nmax_backoff = \"50ms\"\n";

// What follows `key` in the nth (from 1) line of the log that holds `event`; waits for it. 0: the program ended
// without.
long number_in_log(process& of, const std::string& event, int nth, const std::string& key) {
  for (;;) {
    const bool last = of.ended();
    const auto log = of.stderr_so_far();
    std::size_t at = 0;
    for (int seen = 0; (at = log.find(event, at)) != std::string::npos; ++at) {
      const auto end = log.find('\n', at);
      if (end == std::string::npos) break;
      if (++seen < nth) continue;
      const auto found = log.find("\"" + key + "\":", at);
      return found < end ? std::atol(log.c_str() + found + key.size() + 3) : -1;
    }
    if (last) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

pid_t worker(process& of, int attempt = 1) {
  return static_cast<pid_t>(number_in_log(of, "worker started", attempt, "process"));
}
bool runs(process& of, int attempt = 1) { return number_in_log(of, "pipeline runs", attempt, "nodes") > 0; }

bool is_gone(pid_t pid) {
  const auto status = read_file("/proc/" + std::to_string(pid) + "/status");
  return status.empty() || status.find("\nState:\tZ") != std::string::npos;
}

class Supervisor : public testing::Test {
 protected:
  words command(const std::string& pipeline, words more = {}) const {
    words all = weir_command(
        {"run", files_.write("p.toml", pipeline), "--plugin-dir", WEIR_PROBE_DIR, "--json", "--log-format", "json"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::map<std::string, std::string> environment() const { return {{"WEIR_STATE_DIR", files_.path() + "/state"}}; }
  std::string run_json() const { return read_file(files_.path() + "/state/probe/run.json"); }
  temporary_folder files_;
};

TEST_F(Supervisor, RestartsAWorkerThatIsKilledAgainAndAgain) {
  process p(command(std::string(endless_pipeline) + restarts_soon), environment());
  constexpr int kills = 5;
  for (int i = 1; i <= kills; ++i) {
    ASSERT_TRUE(runs(p, i)) << p.wait().err;
    ::kill(worker(p, i), SIGKILL);
  }
  ASSERT_TRUE(runs(p, kills + 1)) << p.wait().err;
  p.send_signal(SIGTERM);
  const auto got = p.wait();
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.err, HasSubstr("killed by signal 9"));
  EXPECT_THAT(got.out, HasSubstr("\"state\":\"drained\""));
  EXPECT_THAT(got.out, HasSubstr("\"restarts\":5"));
  EXPECT_EQ(std::count(got.out.begin(), got.out.end(), '\n'), 1) << "one result, whatever happened before: " << got.out;
  EXPECT_THAT(run_json(), HasSubstr("\"stopped\""));
}

TEST_F(Supervisor, EndsTheRunWhenAWorkerDiesAndThereAreNoCheckpoints) {
  process p(command(endless_pipeline), environment());
  ASSERT_TRUE(runs(p)) << p.wait().err;
  ::kill(worker(p), SIGKILL);
  const auto got = p.wait();
  EXPECT_EQ(got.code, 70) << got.err;
  EXPECT_THAT(got.err, HasSubstr("killed by signal 9"));
  EXPECT_THAT(got.err, Not(HasSubstr("restarted")));
  EXPECT_EQ(got.out, "");
  EXPECT_FALSE(std::filesystem::exists(files_.path() + "/state")) << "nothing is kept without checkpoints";
}

TEST_F(Supervisor, GivesUpWhenTheStrategySaysSo) {
  process p(command(std::string(endless_pipeline) +
                    "\n[checkpoint]\n[restart]\nstrategy = \"fixed-delay\"\nattempts = 2\ndelay = \"1ms\"\n"),
            environment());
  for (int i = 1; i <= 3; ++i) {
    ASSERT_TRUE(runs(p, i)) << p.wait().err;
    ::kill(worker(p, i), SIGKILL);
  }
  const auto got = p.wait();
  EXPECT_EQ(got.code, 70) << got.err;
  EXPECT_THAT(got.err, HasSubstr("is not restarted"));
  EXPECT_THAT(run_json(), HasSubstr("\"failed\""));
}

TEST_F(Supervisor, DoesNotRestartWhatARestartCannotCure) {
  const auto got = process(command(std::string(failing_pipeline) + restarts_soon), environment()).wait();
  EXPECT_EQ(got.code, 65) << got.err;
  EXPECT_THAT(got.out, HasSubstr("\"restarts\":0"));
  EXPECT_THAT(got.out, HasSubstr("id 7 is refused"));
}

TEST_F(Supervisor, TakesItsWorkerWithItWhenItIsKilled) {
  process p(command(std::string(endless_pipeline) + restarts_soon), environment());
  ASSERT_TRUE(runs(p)) << p.wait().err;
  const pid_t its = worker(p);
  ASSERT_FALSE(is_gone(its));
  ::kill(its, SIGSTOP);  // not even a stopped one is left, to go on later
  p.send_signal(SIGKILL);
  EXPECT_EQ(p.wait().code, 128 + SIGKILL);
  while (!is_gone(its)) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_THAT(run_json(), HasSubstr("\"running\"")) << "nobody could write how it ended";

  process again(command(std::string(endless_pipeline) + restarts_soon), environment());
  ASSERT_TRUE(runs(again)) << again.wait().err;
  EXPECT_THAT(again.stderr_so_far(), HasSubstr("goes on where the last one was"));
  again.send_signal(SIGTERM);
  EXPECT_EQ(again.wait().code, 0);
}

TEST_F(Supervisor, DrainsOnceWhenAServiceManagerTellsBothProcesses) {
  process p(command(endless_pipeline));
  ASSERT_TRUE(runs(p)) << p.wait().err;
  const pid_t its = worker(p);
  for (const pid_t to : {its, p.id()}) ::kill(to, SIGTERM);
  const auto got = p.wait();
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("\"state\":\"drained\""));
}

TEST_F(Supervisor, LeavesCtrlCOfTheTerminalToTheSupervisor) {
  process p(command(endless_pipeline));
  ASSERT_TRUE(runs(p)) << p.wait().err;
  for (int i = 0; i < 3; ++i) ::kill(worker(p), SIGINT);
  p.send_signal(SIGINT);
  const auto got = p.wait();
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("\"state\":\"drained\""));
}

TEST_F(Supervisor, RestartsThePipelineThatWasStartedWhateverBecomesOfItsFile) {
  process p(command(std::string(endless_pipeline) + restarts_soon), environment());
  ASSERT_TRUE(runs(p)) << p.wait().err;
  files_.write("p.toml", "half an edit = ");
  ::kill(worker(p), SIGKILL);
  ASSERT_TRUE(runs(p, 2)) << p.wait().err;
  p.send_signal(SIGTERM);
  EXPECT_EQ(p.wait().code, 0);
}

TEST_F(Supervisor, StopsWhileItWaitsToRestart) {
  process p(command(std::string(endless_pipeline) +
                    "\n[checkpoint]\n[restart]\ninitial_backoff = \"1h\"\nmax_backoff = \"1h\"\n"),
            environment());
  ASSERT_TRUE(runs(p)) << p.wait().err;
  ::kill(worker(p), SIGKILL);
  ASSERT_TRUE(p.wait_for_stderr("is restarted")) << p.wait().err;
  p.send_signal(SIGTERM);
  const auto got = p.wait();
  EXPECT_EQ(got.code, 143) << got.err;
  EXPECT_THAT(got.err, HasSubstr("killed by signal 9"));
}

TEST_F(Supervisor, RestartsAWorkerThatSomebodyStopped) {
  process p(command(std::string(endless_pipeline) + restarts_soon + "[limits]\nhang_timeout = \"5s\"\n"),
            environment());
  ASSERT_TRUE(runs(p)) << p.wait().err;
  ::kill(worker(p), SIGSTOP);
  ASSERT_TRUE(runs(p, 2)) << p.wait().err;
  EXPECT_THAT(p.stderr_so_far(), HasSubstr("gave no sign of life"));
  EXPECT_TRUE(is_gone(worker(p)));
  p.send_signal(SIGTERM);
  EXPECT_EQ(p.wait().code, 0);
}

TEST_F(Supervisor, RefusesASecondRunOfThePipelineAndNamesTheFirst) {
  process p(command(std::string(endless_pipeline) + restarts_soon), environment());
  ASSERT_TRUE(runs(p)) << p.wait().err;
  const auto got = process(command(std::string(endless_pipeline) + restarts_soon), environment()).wait();
  EXPECT_EQ(got.code, 75) << got.err;
  EXPECT_THAT(got.err, HasSubstr("process " + std::to_string(p.id()) + " holds it"));
  p.send_signal(SIGTERM);
  EXPECT_EQ(p.wait().code, 0);
}

TEST_F(Supervisor, GoesOnAfterAStopAndStartsAfreshAfterTheEndOrWhenTold) {
  const auto run = [&](const std::string& pipeline, words more = {}, bool stop = true) {
    process p(command(pipeline + restarts_soon, std::move(more)), environment());
    if (stop) {
      EXPECT_TRUE(runs(p)) << p.wait().err;
      p.send_signal(SIGTERM);
    }
    const auto got = p.wait();
    EXPECT_EQ(got.code, 0) << got.err;
    return got.err;
  };
  EXPECT_THAT(run(endless_pipeline), HasSubstr("starts afresh"));
  EXPECT_THAT(run(endless_pipeline), HasSubstr("goes on where the last one was"));
  EXPECT_THAT(run(endless_pipeline, {"--fresh"}), HasSubstr("--fresh"));
  // Another input: its positions mean nothing.
  const words ten{"--set", "numbers.count=10"};
  const auto changed = run(endless_pipeline, ten, false);
  EXPECT_THAT(changed, HasSubstr("--from latest"));
  EXPECT_THAT(changed, HasSubstr("\"level\":\"warn\""));
  EXPECT_THAT(run_json(), HasSubstr("\"finished\""));
  EXPECT_THAT(run(endless_pipeline, ten, false), HasSubstr("the last run finished its input"));
}

TEST_F(Supervisor, RemovesTheCheckpointsWhenItIsStoppedForGood) {
  const auto pipeline =
      std::string(endless_pipeline) +
      "\n[checkpoint]\ninterval = \"20ms\"\non_cancel = \"delete\"\n[restart]\ninitial_backoff = \"10ms\"\n";
  const auto cuts = [&](int run) { return files_.path() + "/state/probe/checkpoints/" + std::to_string(run); };
  const auto has_a_cut = [&](process& p, int run) {
    while (!p.ended() && (!std::filesystem::exists(cuts(run)) || std::filesystem::is_empty(cuts(run))))
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return !p.ended();
  };
  int run = 0;
  for (const words& more : {words{}, words{"--no-supervisor"}}) {
    process p(command(pipeline, more), environment());
    ASSERT_TRUE(has_a_cut(p, ++run)) << p.wait().err;
    p.send_signal(SIGTERM);
    const auto got = p.wait();
    EXPECT_EQ(got.code, 0) << got.err;
    EXPECT_THAT(got.err, HasSubstr("starts afresh"));
    EXPECT_THAT(got.out, HasSubstr("\"state\":\"drained\""));
    EXPECT_THAT(run_json(), HasSubstr("\"cancelled\""));
    EXPECT_FALSE(std::filesystem::exists(cuts(run)));
  }
  EXPECT_THAT(weir({"ps"}, environment()).out, HasSubstr("cancelled"));
  {  // who asks for a savepoint wants to go on
    process p(command(pipeline), environment());
    ASSERT_TRUE(has_a_cut(p, ++run)) << p.wait().err;
    ASSERT_TRUE(runs(p)) << p.wait().err;
    const auto stop = weir({"stop", "probe", "--savepoint", files_.path() + "/at-end"}, environment());
    EXPECT_EQ(stop.code, 0) << stop.err;
    EXPECT_EQ(p.wait().code, 0);
    EXPECT_THAT(run_json(), HasSubstr("\"stopped\""));
    EXPECT_TRUE(std::filesystem::exists(cuts(run)));
  }
  // Neither a crash nor a stop at once is for good: something may still be in the checkpoints alone.
  process p(command(pipeline), environment());
  ASSERT_TRUE(runs(p)) << p.wait().err;
  EXPECT_THAT(p.stderr_so_far(), HasSubstr("goes on where the last one was"));
  ::kill(worker(p), SIGKILL);
  ASSERT_TRUE(runs(p, 2)) << p.wait().err;
  EXPECT_TRUE(std::filesystem::exists(cuts(run)));
  p.send_signal(SIGTERM);
  EXPECT_EQ(p.wait().code, 0);
  EXPECT_FALSE(std::filesystem::exists(cuts(run)));
}

TEST_F(Supervisor, KeepsOutOfTheWayOfADebugger) {
  process p(command(std::string(endless_pipeline) + restarts_soon, {"--no-supervisor"}), environment());
  ASSERT_TRUE(runs(p)) << p.wait().err;
  p.send_signal(SIGTERM);
  const auto got = p.wait();
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.err, Not(HasSubstr("worker started")));
  EXPECT_THAT(run_json(), HasSubstr("\"stopped\""));
}

TEST_F(Supervisor, StopsWhenToldAtItsSocketAndIsListed) {
  const auto ask = [&](words arguments) { return weir(arguments, environment()); };
  EXPECT_THAT(ask({"ps"}).err, HasSubstr("no pipelines"));
  process p(command(std::string(endless_pipeline) + restarts_soon), environment());
  ASSERT_TRUE(runs(p)) << p.wait().err;
  const auto socket = files_.path() + "/state/probe/control.sock";
  EXPECT_EQ(std::filesystem::status(socket).permissions(), std::filesystem::perms(0600));
  const auto live = ask({"ps", "--json"});
  EXPECT_THAT(live.out, HasSubstr("\"state\":\"running\"")) << live.err;
  EXPECT_THAT(live.out, HasSubstr("\"process\":" + std::to_string(p.id())));
  EXPECT_THAT(live.out, HasSubstr("\"process\":" + std::to_string(worker(p)))) << "the worker answered";
  EXPECT_THAT(live.out, HasSubstr("\"operator\":\"numbers\""));
  const auto stop = ask({"stop", "probe"});
  EXPECT_EQ(stop.code, 0) << stop.err;
  // It returns when the run has ended: the directory is free.
  EXPECT_THAT(run_json(), HasSubstr("\"stopped\""));
  EXPECT_FALSE(std::filesystem::exists(socket));
  const auto got = p.wait();
  EXPECT_EQ(got.code, 0) << got.err;
  EXPECT_THAT(got.out, HasSubstr("\"state\":\"drained\""));
  EXPECT_THAT(ask({"ps"}).out, HasSubstr("stopped"));
  EXPECT_EQ(ask({"stop", "probe"}).code, 69);
  EXPECT_EQ(ask({"stop", "other"}).code, 78);
}

TEST_F(Supervisor, HasASocketHoweverLongTheNameOfItsDirectory) {
  const auto state = files_.path() + "/" + std::string(200, 'd');
  process p(command(std::string(endless_pipeline) + restarts_soon), {{"WEIR_STATE_DIR", state}});
  ASSERT_TRUE(runs(p)) << p.wait().err;
  const auto stop = weir({"stop", state + "/probe"});
  EXPECT_EQ(stop.code, 0) << stop.err;
  EXPECT_EQ(p.wait().code, 0);
}

TEST_F(Supervisor, StopsBetweenTwoWorkersWhenTold) {
  process p(command(std::string(endless_pipeline) +
                    "\n[checkpoint]\n[restart]\ninitial_backoff = \"1h\"\nmax_backoff = \"1h\"\n"),
            environment());
  ASSERT_TRUE(runs(p)) << p.wait().err;
  ::kill(worker(p), SIGKILL);
  ASSERT_TRUE(p.wait_for_stderr("is restarted")) << p.wait().err;
  EXPECT_THAT(weir({"ps"}, environment()).out, HasSubstr("restarting"));
  EXPECT_EQ(weir({"savepoint", "probe"}, environment()).code, 75);
  const auto stop = weir({"stop", "probe"}, environment());
  EXPECT_EQ(stop.code, 0) << stop.err;
  EXPECT_EQ(p.wait().code, 143);
}

TEST_F(Supervisor, TakesSavepointsWhenToldAndStartsFromThem) {
  const auto pipeline = std::string(endless_pipeline) + restarts_soon;
  const auto during = files_.path() + "/during", at_end = files_.path() + "/at-end";
  {
    process p(command(pipeline), environment());
    ASSERT_TRUE(runs(p)) << p.wait().err;
    const auto saved = weir({"savepoint", "probe", during}, environment());
    EXPECT_EQ(saved.code, 0) << saved.err;
    EXPECT_EQ(saved.out, during + "\n");
    EXPECT_EQ(weir({"savepoint", "probe", during}, environment()).code, 78) << "it must not be written over";
    const auto stopped = weir({"stop", "probe", "--savepoint", at_end}, environment());
    EXPECT_EQ(stopped.code, 0) << stopped.err;
    EXPECT_EQ(stopped.out, at_end + "\n");
    EXPECT_EQ(p.wait().code, 0);
  }
  std::filesystem::remove_all(files_.path() + "/state");  // a savepoint needs nothing else
  for (const auto& from : {during, at_end}) {
    process p(command(pipeline, {"--from", from}), environment());
    ASSERT_TRUE(runs(p)) << p.wait().err;
    EXPECT_THAT(p.stderr_so_far(), HasSubstr("state is restored"));
    EXPECT_THAT(p.stderr_so_far(), HasSubstr(from));
    p.send_signal(SIGTERM);
    EXPECT_EQ(p.wait().code, 0);
  }
}

TEST_F(Supervisor, SendsARecordThatCrashesItsOperatorToDeadLetters) {
  const auto got =
      process(command(std::string(good_pipeline) + restarts_from_the_beginning,
                      {"--set", "picky.refuse=-1", "--set", "picky.crash=777", "--set", "numbers.count=1000"}),
              environment())
          .wait();
  EXPECT_EQ(got.code, 0) << got.err;
  // Twice among others, once alone; then it is known.
  EXPECT_THAT(got.out, HasSubstr("\"restarts\":3"));
  EXPECT_THAT(got.out, HasSubstr("\"dead_letters\":1,"));
  EXPECT_THAT(got.out, HasSubstr("\"sum\":\"" + std::to_string(999 * 1000 / 2 - 777) + "\""));
  EXPECT_THAT(got.err, HasSubstr("operator picky"));
}

TEST_F(Supervisor, EndsTheRunAtARecordThatCrashesItsOperatorWhenBadRecordsShallEndIt) {
  const auto got = process(command(std::string(failing_pipeline) + restarts_from_the_beginning,
                                   {"--set", "picky.refuse=-1", "--set", "picky.crash=7"}),
                           environment())
                       .wait();
  EXPECT_EQ(got.code, 65) << got.err;
  EXPECT_THAT(got.err, HasSubstr("this record ended the worker process"));
}

TEST_F(Supervisor, SaysThatFreshNeedsCheckpoints) {
  const auto got = process(command(good_pipeline, {"--fresh"}), environment()).wait();
  EXPECT_EQ(got.code, 78) << got.err;
  EXPECT_THAT(got.err, HasSubstr("[checkpoint]"));
}

}  // namespace
}  // namespace weir::cli
