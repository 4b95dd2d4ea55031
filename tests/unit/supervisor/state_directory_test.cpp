#include "supervisor/state_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/test_env.hpp"
#include "config/load.hpp"
#include "temporary_directory.hpp"

namespace weir::supervisor {
namespace {

using testing::HasSubstr;

run_record record(run_status status, const std::string& fingerprint = "f") {
  run_record r;
  r.pipeline = "p";
  r.status = status;
  r.run = 3;
  r.generation = 8;
  r.pid = 77;
  r.fingerprint = fingerprint;
  return r;
}

start decide(const std::optional<run_record>& last, start_request how = {}) {
  if (how.fingerprint.empty()) how.fingerprint = "f";
  auto s = decide_start(last, 3, how, "/s/checkpoints");
  EXPECT_TRUE(s) << s.why().text();
  return *s;
}

TEST(DecideStart, BeginsAfreshWhereNothingHasRun) {
  auto s = decide_start(std::nullopt, 0, {.fingerprint = "f"}, "/s");
  ASSERT_TRUE(s);
  EXPECT_EQ(s->mode, start::how::afresh);
  EXPECT_EQ(s->run, 1u);
  EXPECT_FALSE(s->surprises);
}

TEST(DecideStart, BeginsAfreshAfterARunThatFinished) {
  const auto s = decide(record(run_status::finished));
  EXPECT_EQ(s.mode, start::how::afresh);
  EXPECT_EQ(s.run, 4u) << "its cuts must not mix with those of the run before";
  EXPECT_FALSE(s.surprises);
}

TEST(DecideStart, BeginsAfreshAfterARunThatWasCancelled) {
  const auto s = decide(record(run_status::cancelled));
  EXPECT_EQ(s.mode, start::how::afresh);
  EXPECT_EQ(s.run, 4u);
  EXPECT_THAT(s.why, HasSubstr("on_cancel"));
  EXPECT_FALSE(s.surprises);
}

TEST(DecideStart, ResumesWhatCrashedWasStoppedOrFailed) {
  for (const auto status : {run_status::running, run_status::stopped, run_status::failed}) {
    const auto s = decide(record(status));
    EXPECT_EQ(s.mode, start::how::resume) << name_of(status);
    EXPECT_EQ(s.run, 3u);
  }
}

TEST(DecideStart, ResumesFromTheSameBaseWhileTheRunMayHaveNoCutOfItsOwn) {
  auto last = record(run_status::running);
  last.base = "/save/7";
  EXPECT_EQ(decide(last).base, "/save/7");
}

TEST(DecideStart, LeavesStateAloneWhenTheSourcesChangedAndSaysTheWayBack) {
  const auto s = decide(record(run_status::stopped, "other"));
  EXPECT_EQ(s.mode, start::how::afresh);
  EXPECT_TRUE(s.surprises);
  EXPECT_THAT(s.why, HasSubstr("--from latest"));
}

TEST(DecideStart, DoesWhatIsAsked) {
  EXPECT_EQ(decide(record(run_status::running), {.fresh = true}).mode, start::how::afresh);
  const auto latest = decide(record(run_status::finished, "other"), {.from = "latest"});
  EXPECT_EQ(latest.mode, start::how::from);
  EXPECT_EQ(latest.base, "/s/checkpoints/3");
  EXPECT_EQ(latest.run, 4u);
  EXPECT_EQ(decide(std::nullopt, {.from = "/save/7"}).base, "/save/7");
  EXPECT_FALSE(decide_start(std::nullopt, 0, {.from = "latest"}, "/s"));
  EXPECT_FALSE(decide_start(std::nullopt, 0, {.fresh = true, .from = "latest"}, "/s"));
}

TEST(RunRecord, ReadsWhatItWrote) {
  auto r = record(run_status::stopped);
  r.file = "/a \"quoted\"\n.toml";
  r.base = "/b";
  r.started_at_us = 12;
  auto back = parse_run_record(to_json(r));
  ASSERT_TRUE(back) << back.why().text();
  EXPECT_EQ(to_json(*back), to_json(r));
}

TEST(RunRecord, RefusesEveryTruncationAndAFutureFormat) {
  const auto json = to_json(record(run_status::stopped));
  for (std::size_t n = 0; n + 2 < json.size(); ++n) EXPECT_FALSE(parse_run_record(json.substr(0, n))) << n;
  auto later = json;
  later.replace(later.find("\"format\": 1"), 11, "\"format\": 9");
  auto refused = parse_run_record(later);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.why().what, HasSubstr("later weir"));
}

TEST(RunRecord, IsTheOldOrTheNewOneAfterACrashAtEveryStep) {
  for (std::uint64_t n = 1;; ++n) {
    base::test_env env(n);
    ASSERT_TRUE(env.fs().make_directories("/s"));
    ASSERT_TRUE(env.fs().sync_directory("/"));
    auto r = record(run_status::running);
    ASSERT_TRUE(write_run_record(env, "/s", r));
    env.fs().fail(base::fs_op::changing, n, 5, true);
    r.generation = 9;
    const bool written = write_run_record(env, "/s", r).ok();
    env.fs().stop_failing();
    env.fs().crash_torn([&] { return env.random_u64(); });
    auto found = read_run_record(env, "/s");
    ASSERT_TRUE(found) << found.why().text();
    ASSERT_TRUE(found->has_value());
    EXPECT_TRUE((*found)->generation == 9 || ((*found)->generation == 8 && !written));
    if (written) break;
    ASSERT_LT(n, 100u);
  }
}

TEST(Lease, EndsWhenAnotherWorkerHasTakenOver) {
  base::test_env env;
  ASSERT_TRUE(env.fs().make_directories("/s"));
  auto r = record(run_status::running);
  ASSERT_TRUE(write_run_record(env, "/s", r));
  const lease mine(env, "/s", 8);
  EXPECT_TRUE(mine.still_mine());
  r.generation = 9;
  ASSERT_TRUE(write_run_record(env, "/s", r));
  const auto lost = mine.still_mine();
  ASSERT_FALSE(lost);
  EXPECT_THAT(lost.why().what, HasSubstr("taken over"));
}

TEST(Lease, DoesNotHoldWhenNobodyCanSay) {
  base::test_env env;
  ASSERT_TRUE(env.fs().make_directories("/s"));
  const lease mine(env, "/s", 8);
  EXPECT_FALSE(mine.still_mine());
  env.fs().put("/s/run.json", "{");
  EXPECT_FALSE(mine.still_mine());
}

class StateDirectory : public testing::Test {
 protected:
  std::unique_ptr<state_directory> open(const std::string& pipeline = "p") {
    auto opened = state_directory::open(base::real_env(), path(), pipeline);
    EXPECT_TRUE(opened) << opened.why().text();
    return opened ? std::move(opened).take() : nullptr;
  }
  std::string path() const { return folder_.path() + "/state"; }
  std::string cuts(int run) const { return path() + "/checkpoints/" + std::to_string(run); }
  temporary_directory folder_;
};

TEST_F(StateDirectory, GivesEachWorkerANewGenerationAndTheSamePlace) {
  auto s = open();
  ASSERT_TRUE(s->begin({.fingerprint = "f"}));
  auto first = s->next_worker(), second = s->next_worker();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->checkpoints, cuts(1));
  EXPECT_EQ(second->checkpoints, cuts(1));
  EXPECT_TRUE(std::filesystem::is_directory(cuts(1)));
  EXPECT_FALSE(first->right.still_mine());
  EXPECT_TRUE(second->right.still_mine());
}

TEST_F(StateDirectory, ResumesInTheSamePlaceAfterACrash) {
  {
    auto s = open();
    ASSERT_TRUE(s->begin({.fingerprint = "f"}));
  }
  auto s = open();
  auto how = s->begin({.fingerprint = "f"});
  ASSERT_TRUE(how);
  EXPECT_EQ(how->mode, start::how::resume);
  EXPECT_EQ(s->next_worker()->checkpoints, cuts(1));
}

TEST_F(StateDirectory, KeepsTheCutsOfTheRunBeforeAndNoOlderOnes) {
  for (int run = 1; run <= 4; ++run) {
    auto s = open();
    ASSERT_TRUE(s->begin({.fingerprint = "f"}));
    ASSERT_TRUE(s->end(run_status::finished));
    EXPECT_TRUE(std::filesystem::exists(cuts(run)));
    EXPECT_EQ(std::filesystem::exists(cuts(run - 1)), run > 1);
    EXPECT_FALSE(std::filesystem::exists(cuts(run - 2)));
  }
}

TEST_F(StateDirectory, RemovesTheCutsOfACancelledRunAndNoOthers) {
  {
    auto s = open();
    ASSERT_TRUE(s->begin({.fingerprint = "f"}));
    ASSERT_TRUE(s->end(run_status::stopped));
    EXPECT_TRUE(std::filesystem::exists(cuts(1)));
  }
  auto s = open();
  ASSERT_TRUE(s->begin({.fingerprint = "f", .fresh = true}));
  ASSERT_TRUE(s->end(run_status::cancelled));
  EXPECT_TRUE(std::filesystem::exists(cuts(1)));
  EXPECT_FALSE(std::filesystem::exists(cuts(2)));
  s.reset();
  auto next = open();
  EXPECT_EQ(next->last()->status, run_status::cancelled);
  EXPECT_FALSE(next->begin({.fingerprint = "f", .from = "latest"})) << "there is nothing to go on from";
  auto how = next->begin({.fingerprint = "f"});
  ASSERT_TRUE(how);
  EXPECT_EQ(how->mode, start::how::afresh);
}

TEST_F(StateDirectory, KeepsTheCutsThatItsRunBeganWith) {
  for (int run = 1; run <= 2; ++run) {
    auto s = open();
    ASSERT_TRUE(s->begin({.fingerprint = "f"}));
    ASSERT_TRUE(s->end(run_status::finished));
  }
  auto s = open();
  ASSERT_TRUE(s->begin({.fingerprint = "f", .from = cuts(1)}));
  EXPECT_TRUE(std::filesystem::exists(cuts(1)));
}

TEST_F(StateDirectory, SaysThatACutIsNotThere) {
  auto s = open();
  auto how = s->begin({.fingerprint = "f", .from = folder_.path() + "/nothing"});
  ASSERT_FALSE(how);
  EXPECT_EQ(how.why().by, base::blame::config);
}

TEST_F(StateDirectory, RefusesASecondWriterAndNamesTheFirst) {
  auto s = open();
  auto second = state_directory::open(base::real_env(), path(), "p");
  ASSERT_FALSE(second);
  EXPECT_THAT(second.why().what, HasSubstr(std::to_string(::getpid())));
  EXPECT_THAT(second.why().what, HasSubstr("weir stop"));
}

TEST_F(StateDirectory, StaysLockedAsLongAsAWorkerThatInheritedTheLockLives) {
  auto s = open();
  int live[2];
  ASSERT_EQ(::pipe(live), 0);
  const pid_t worker = ::fork();
  if (worker == 0) {
    ::close(live[1]);
    char end;
    while (::read(live[0], &end, 1) > 0) {
    }
    ::_exit(0);
  }
  s.reset();
  EXPECT_FALSE(state_directory::open(base::real_env(), path(), "p"));
  ::close(live[1]);
  ::close(live[0]);
  ::waitpid(worker, nullptr, 0);
  EXPECT_TRUE(open());
}

TEST_F(StateDirectory, RefusesTheStateOfAnotherPipeline) {
  ASSERT_TRUE(open()->begin({.fingerprint = "f"}));
  EXPECT_FALSE(state_directory::open(base::real_env(), path(), "other"));
}

TEST_F(StateDirectory, DoesNotGuessFromADamagedRecord) {
  ASSERT_TRUE(open()->begin({.fingerprint = "f"}));
  std::ofstream(path() + "/run.json") << "{";
  auto s = open();
  EXPECT_FALSE(s->begin({.fingerprint = "f"}));
  auto fresh = s->begin({.fingerprint = "f", .fresh = true});
  ASSERT_TRUE(fresh) << fresh.why().text();
  EXPECT_EQ(fresh->run, 2u) << "old cuts are there: they must not count as this run's";
}

TEST_F(StateDirectory, WritesNothingOnceSomebodyElseHasTakenOver) {
  auto s = open();
  ASSERT_TRUE(s->begin({.fingerprint = "f"}));
  auto other = *read_run_record(base::real_env(), path());
  other->generation += 1000;
  ASSERT_TRUE(write_run_record(base::real_env(), path(), *other));
  EXPECT_FALSE(s->next_worker());
  EXPECT_FALSE(s->end(run_status::finished));
}

config::pipeline pipeline_of(const std::string& text) {
  auto loaded = config::load_pipeline_text(base::real_env(), "p.toml", text);
  EXPECT_TRUE(loaded.pipeline) << loaded.problems.text();
  return loaded.pipeline ? *loaded.pipeline : config::pipeline{};
}

std::string text_of(const std::string& source_config, const std::string& more = "") {
  return "format = 1\nname = \"p\"\n" + more + "[[source]]\nid = \"s\"\nuses = \"a.b\"\nconfig = { " + source_config +
         " }\n[[sink]]\nid = \"o\"\nuses = \"a.c\"\nfrom = [\"s\"]\n";
}

TEST(Fingerprint, IsOfTheSourcesWhateverTheOrderOfTheirKeys) {
  const auto f = fingerprint_of_sources(pipeline_of(text_of("topic = \"a\", n = 1")));
  EXPECT_EQ(f, fingerprint_of_sources(pipeline_of(text_of("n = 1, topic = \"a\""))));
  EXPECT_EQ(f, fingerprint_of_sources(pipeline_of(text_of("topic = \"a\", n = 1", "parallelism = 4\n"))));
  EXPECT_NE(f, fingerprint_of_sources(pipeline_of(text_of("topic = \"b\", n = 1"))));
}

TEST(StateDirectoryOf, FollowsThePipelineThenTheEnvironment) {
  std::map<std::string, std::string> env{{"HOME", "/home/me"}};
  const auto variable = [&](const char* name) { return env[name]; };
  const auto of = [&](const std::string& more) {
    auto d = state_directory_of(pipeline_of(text_of("n = 1", more)), variable);
    return d ? *d : "error: " + d.why().what;
  };
  EXPECT_EQ(of(""), "/home/me/.local/state/weir/p");
  env["XDG_STATE_HOME"] = "/xdg";
  EXPECT_EQ(of(""), "/xdg/weir/p");
  env["WEIR_STATE_DIR"] = "/var/lib/weir";
  EXPECT_EQ(of(""), "/var/lib/weir/p");
  EXPECT_EQ(of("[state]\ndirectory = \"/data\"\n"), "/data/p");
  EXPECT_EQ(of("[checkpoint]\nstorage = \"file:///cuts/p\"\n"), "/cuts/p");
  EXPECT_THAT(of("[checkpoint]\nstorage = \"s3://bucket/p\"\n"), HasSubstr("not supported"));
  env.clear();
  EXPECT_THAT(of(""), HasSubstr("WEIR_STATE_DIR"));
}

}  // namespace
}  // namespace weir::supervisor
