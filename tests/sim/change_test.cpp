// Seeded runs of a pipeline that is changed while it runs: versions, edits, versions that fail, rollbacks by hand; with crashes at steps
// and at fault points, and with faults of the disk. What decides which definition runs is what decides in weir: the newest complete cut.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "../actors/pipeline.hpp"
#include "base/log.hpp"
#include "base/test_env.hpp"
#include "checkpoint/storage.hpp"
#include "job/simulation.hpp"
#include "plan/difference.hpp"
#include "task/canary_report.hpp"

namespace {

/// What a fault point does here: from the nth passage of a name on nothing reaches the disk any more, and the step that it happened in
/// is the last one.
struct fault_trap {
  weir::base::test_env* env = nullptr;
  std::string name;  // empty: none
  std::uint64_t left = 0;
  bool sprung = false;
  std::map<std::string, int> passed, killed;
};
fault_trap trap;

}  // namespace

extern "C" [[gnu::visibility("default")]] void weir_fault_point(const char* name);
extern "C" void weir_fault_point(const char* name) {
  ++trap.passed[name];
  if (trap.sprung || trap.name != name || trap.left-- > 0) return;
  trap.sprung = true;
  ++trap.killed[name];
  trap.env->fs().fail(weir::base::fs_op::changing, 1, EIO, true);
}

namespace weir {
namespace {

constexpr int events = 3000;
constexpr const char* definition_fact = "definition";

/// What a numbered definition is: the part of the pipeline that changes.
struct definition {
  std::string version = "v1";
  int parallelism = 2;
  bool filter = false;
  auto operator<=>(const definition&) const = default;
};

plan::plan_ptr plan_of(const definition& what) {
  static std::map<definition, plan::plan_ptr> made;
  auto& slot = made[what];
  if (slot) return slot;
  const std::string parallelism = "parallelism = " + std::to_string(what.parallelism) + "\n";
  std::string text = R"(
[plugin]
activity = { path = ")" WEIR_SWAP_PLUGINS "/activity_" +
                     what.version + R"(.so" }
[checkpoint]
interval = "10ms"
[[source]]
id = "nexmark"
uses = "nexmark.source"
config = { events = )" +
                     std::to_string(events) + R"( }
watermark = { out_of_orderness = "0s" }
[[operator]]
id = "counts"
uses = "activity.counter"
from = ["nexmark:bid"]
exchange = { kind = "hash", key = "bidder" }
config = { quiet = "10ms" }
)" + parallelism;
  if (what.filter)
    text += R"(
[[operator]]
id = "all"
uses = "std.filter"
from = ["counts"]
exchange = { kind = "rebalance" }
config = { where = "bids > 0" }
)" + parallelism;
  text += std::string(R"(
[[sink]]
id = "digest"
uses = "digest.sink"
from = [")") +
          (what.filter ? "all" : "counts") + "\"]\n";
  return slot = actors::plan_of(text, WEIR_PLUGIN_DIR);
}

using figures = std::map<std::string, std::uint64_t>;

const figures& wanted() {
  static const figures known = [] {
    base::test_env env(1);
    auto run = job::simulation::make(plan_of({.parallelism = 1}), {}, env, 1);
    EXPECT_TRUE(run) << run.why().text();
    while ((*run)->step()) {
    }
    auto ended = (*run)->result();
    EXPECT_TRUE(ended) << ended.why().text();
    return ended->sinks.at("digest");
  }();
  return known;
}

struct told {
  int crashes = 0, at_points = 0, errors = 0, swaps = 0, edits = 0, failed = 0, taken_back = 0, given_up = 0,
      too_late = 0, shares = 0, took_over = 0, converted = 0;
  std::uint64_t cuts = 0, trace = 0;
};

/// One pipeline's life, over crashes.
class life {
 public:
  life(std::uint64_t seed, told& did) : env_(seed), random_(seed), did_(did) {
    trap.env = &env_;
    const std::uint32_t batches[] = {1, 7, 64, 1024};
    how_.batch_rows = batches[random_() % 4];
    how_.queue_bytes = chance(50) ? 4096 : 1 << 20;
    how_.cuts = {.interval_us = 500 + static_cast<std::int64_t>(random_() % 8'000),
                 .timeout_us = chance(20) ? 3'000 : 60'000'000,
                 .min_pause_us = 0,
                 .tolerable_failures = static_cast<std::uint32_t>(random_() % 3),
                 .aligned_timeout_us = chance(50) ? 0 : 1'000'000,
                 .incremental = chance(80)};
    definitions_[1] = {.parallelism = 1 + static_cast<int>(random_() % 3)};
  }

  /// Until the input is read, whatever happens on the way.
  void live() {
    for (attempt_ = 0; attempt_ < 300; ++attempt_) {
      calm_ = attempt_ > 40;
      if (calm_) how_.cuts.timeout_us = 60'000'000;
      if (one_process() || testing::Test::HasFailure()) return;
    }
    FAIL() << "it never came to its end";
  }

 private:
  /// A change from when it was asked for until a cut has decided.
  struct change {
    std::uint64_t from = 0, to = 0, cut = 0;
    bool hot = true, serves = false, bad = false;
    // Of a version that takes over bit by bit.
    bool by_share = false, moves = false;
    bool converts = false;  // its state has another layout
    double part = 0;
    std::shared_ptr<task::canary_report> report{};
  };

  bool chance(int percent) { return random_() % 100 < static_cast<std::uint64_t>(percent); }

  void arm() {
    env_.fs().stop_failing();
    trap.sprung = false;
    trap.name.clear();
    if (calm_) return;
    if (chance(30)) env_.fs().fail(base::fs_op::changing, 1 + random_() % 300, chance(50) ? EIO : ENOSPC, chance(30));
    static const std::vector<std::string> points{
        "exchange.prepared",   "exchange.announced",     "exchange.before",    "exchange.done",
        "exchange.let_go",     "canary.prepared",        "cut.begun",          "cut.announced",
        "cut.complete",        "manifest.before_rename", "manifest.renamed",   "manifest.synced",
        "task.barrier_passed", "task.state_captured",    "cut.commits_ordered"};
    if (!chance(60)) return;
    trap.name = points[random_() % points.size()];
    trap.left = random_() % (trap.name.starts_with("exchange") ? 4 : 12);
  }

  /// From a start to the end, a crash or an error. True: the input is read.
  bool one_process() {
    arm();
    std::uint64_t steps = !calm_ && chance(50) ? 20 + random_() % 4000 : UINT64_MAX;
    auto storage =
        checkpoint::storage::open(env_, {.directory = "/state", .pipeline = "sim", .key_groups = 128, .retained = 2});
    if (!storage) return error(storage.why());
    how_.storage = storage->get();
    change_.reset();  // whoever comes after a crash asks the newest cut
    for (;;) {
      auto newest = (*storage)->newest();
      if (!newest) return error(newest.why());
      const std::uint64_t number = definition_of(*newest);
      // What was told to be committed is.
      EXPECT_GE(number, committed_) << "a committed change is gone";
      EXPECT_TRUE(definitions_.contains(number));
      EXPECT_FALSE(bad_.contains(number)) << "a cut of a version that fails at its first record";
      if (testing::Test::HasFailure()) return true;
      switch (one_job(number, std::move(*newest), steps)) {
        case end::crashed:
          storage->reset();
          chance(50) ? env_.fs().crash_torn([&] { return random_(); }) : env_.fs().crash();
          ++did_.crashes;
          return false;
        case end::error:
          return error(*why_);
        case end::again:
          continue;
        case end::over:
          return true;
      }
    }
  }

  enum class end { crashed, error, again, over };

  end one_job(std::uint64_t number, std::optional<checkpoint::snapshot> from, std::uint64_t& steps) {
    // An edit that was drained for: the cut is still the old one's.
    if (change_ && !change_->hot && !change_->serves) {
      EXPECT_EQ(number, change_->from);
      change_->serves = true;
      change_->cut = from ? from->facts().cut : 0;
      number = change_->to;
    }
    const bool restores = from.has_value();
    how_.restore = std::move(from);
    how_.facts = {{definition_fact, std::to_string(number)}};
    how_.hold_cuts_us = 0;
    how_.completed = [this](const checkpoint::cut_info& cut) { completed(cut.cut); };
    const definition what = definitions_.at(number);
    auto made = job::simulation::make(plan_of(what), how_, env_, random_());
    if (!made) return failed(made.why());
    running_ = number;
    job::simulation& run = **made;
    bool drained = false;
    const bool changes = !calm_ || attempt_ < 60;
    const int every = 50 + static_cast<int>(random_() % 600);
    while (run.step()) {
      if (trap.sprung) {
        ++did_.at_points;
        return left(run), end::crashed;
      }
      if (steps-- == 0) return left(run), end::crashed;
      if (take_back_ && late_steps_-- == 0) {
        run.what().cancel();
        while (run.step()) {
        }
        if (trap.sprung) {  // before it was taken back: what became complete meanwhile may stay
          ++did_.at_points;
          return left(run), end::crashed;
        }
        return left(run), goes_back();
      }
      if (changes && !change_ && !drained && random_() % static_cast<std::uint64_t>(every) == 0)
        drained = ask(run, restores);
      else if (change_ && change_->by_share && change_->serves && !change_->moves && !change_->bad &&
               random_() % 200 == 0)
        share(run, chance(40) ? change_->part * 1.5 : 1);
      else if (change_ && change_->serves && change_->hot && random_() % 300 == 0)
        late_steps_ = 0, take_back_ = true;  // by hand
    }
    left(run);
    if (!run.over()) {
      ADD_FAILURE() << "nobody can go on, and it is not over";
      return end::over;
    }
    auto ended = run.result();
    if (!ended) {
      // A version that fails before a cut of its own, perhaps before all subtasks have it: the one before goes on.
      if (change_ && (change_->serves || change_->hot) && !trap.sprung && change_->bad) {
        ++did_.failed;
        return goes_back();
      }
      return failed(ended.why());
    }
    if (drained && change_ && !change_->hot) return end::again;
    EXPECT_EQ(ended->late, 0u);
    // One that served a share until the end and had no record of it, but timers: its rows say who made them.
    if (change_ && change_->by_share && change_->bad)
      EXPECT_EQ(ended->sinks.at("digest").at("rows"), wanted().at("rows"));
    else
      EXPECT_EQ(ended->sinks.at("digest"), wanted());
    EXPECT_EQ(ended->records_in, static_cast<std::uint64_t>(events));
    return end::over;
  }

  /// A change of some kind. True: the job was told to drain for it.
  bool ask(job::simulation& run, bool restored) {
    definition next = definitions_.at(running_);
    change c{.from = running_, .to = ++newest_definition_};
    const int kind = static_cast<int>(random_() % 10);
    if (kind < 3) {  // an edit
      next.parallelism = 1 + static_cast<int>(random_() % 3);
      next.filter = chance(50);
      definitions_[c.to] = next;
      if (plan::compare(*plan_of(definitions_.at(running_)), *plan_of(next)).how != plan::reach::rebuilt) return false;
      c.hot = false;
      change_ = c;
      ++did_.edits;
      run.what().drain(true);
      return true;
    }
    // Without a cut there is nothing to go back to; and near the end it might get no record any more, and serve well.
    c.bad = kind == 3 && restored && read_so_far(run) < events / 2;
    const std::string other = next.version == "v1" ? "v2" : "v1";
    next.version = c.bad ? "throws_at_once" : next.version != "state_6" && chance(40) ? "state_6" : other;
    definitions_[c.to] = next;
    const auto between = plan::compare(*plan_of(definitions_.at(running_)), *plan_of(next));
    EXPECT_EQ(between.how, plan::reach::hot);
    const std::int64_t hold_us = c.bad ? 1'000'000 : chance(50) ? 0 : static_cast<std::int64_t>(random_() % 20'000);
    if (c.bad) bad_.insert(c.to);
    const bool converts = !between.converted.empty();
    c.by_share = !converts && chance(50);
    c.converts = converts;
    change_ = c;
    if (c.by_share) {
      share(run, 0.01 * static_cast<double>(1 + random_() % 60));
      return false;
    }
    auto asked =
        run.what().exchange({plan_of(next), between.exchanged, {{definition_fact, std::to_string(c.to)}}, hold_us},
                            [this](std::optional<job::exchange_failure> failure, job::exchanged how) {
                              if (!change_) return;
                              if (failure && failure->untouched) {
                                ++did_.given_up;
                                change_.reset();
                              } else if (failure) {
                                // Somebody hears of it on another thread, a while later.
                                late_steps_ = random_() % 2000;
                                take_back_ = true;
                              } else {
                                ++did_.swaps;
                                did_.converted += change_->converts;
                                change_->serves = true;
                                change_->cut = how.cut;
                                running_ = change_->to;
                              }
                            });
    if (!asked) change_.reset();
    return false;
  }

  /// From the next cut on the version of the change serves so much; 1: it takes over.
  void share(job::simulation& run, double part) {
    change& c = *change_;
    const auto now = plan_of(definitions_.at(c.from)), next = plan_of(definitions_.at(c.to));
    const std::uint32_t node = now->find("counts");
    const bool all = part >= 1, begins = !c.serves;
    if (begins) c.report = std::make_shared<task::canary_report>(now->nodes[node].parallelism);
    c.moves = true;
    auto asked = run.what().canary({.next = next,
                                    .plan = all ? next : now,
                                    .node = node,
                                    .begins = begins,
                                    .part = part,
                                    .takes_over = all,
                                    .facts = {{definition_fact, std::to_string(all ? c.to : c.from)}},
                                    .hold_cuts_us = c.bad ? 1'000'000 : static_cast<std::int64_t>(random_() % 10'000),
                                    .report = c.report},
                                   [=, this](std::optional<job::exchange_failure> failure, job::exchanged how) {
                                     if (!change_) return;
                                     change_->moves = false;
                                     if (failure && failure->untouched) {
                                       ++did_.given_up;
                                       if (begins) change_.reset();
                                     } else if (failure) {
                                       late_steps_ = random_() % 2000;
                                       take_back_ = true;
                                     } else {
                                       ++(all ? did_.took_over : did_.shares);
                                       change_->serves = true;
                                       change_->cut = how.cut;
                                       change_->part = part;
                                       change_->by_share = !all;
                                       if (all) running_ = change_->to;
                                     }
                                   });
    if (!asked) change_.reset();
  }

  static std::uint64_t read_so_far(job::simulation& run) {
    std::uint64_t read = 0;
    for (const auto& f : run.what().figures())
      if (f.node == 0) read += f.records_out;
    return read;
  }

  void completed(std::uint64_t cut) {
    ++did_.cuts;
    if (!change_ || !change_->serves || change_->by_share || cut <= change_->cut || trap.sprung) return;
    EXPECT_FALSE(change_->bad);
    committed_ = change_->to;
    change_.reset();
    take_back_ = false;
  }

  /// The version on probation is taken back; the next job begins with the newest cut and the definition that it names.
  end goes_back() {
    ++did_.taken_back;
    take_back_ = false;
    // Of a hot change not all subtasks need to have told when the first of them fails.
    if (change_) must_be_ = change_->from;
    change_.reset();
    return end::again;
  }

  void left(job::simulation& run) { did_.trace = did_.trace * 31 + run.trace(); }

  std::uint64_t definition_of(const std::optional<checkpoint::snapshot>& newest) {
    std::uint64_t number = 1;
    if (newest) number = std::strtoull(newest->facts().facts.at(definition_fact).c_str(), nullptr, 10);
    if (must_be_) {
      EXPECT_EQ(number, *must_be_) << "what was taken back is in a cut";
    }
    must_be_.reset();
    return number;
  }

  end failed(const base::error& why) {
    why_ = why;
    return end::error;
  }
  bool error(const base::error& why) {
    ++did_.errors;
    EXPECT_FALSE(calm_) << why.text();
    must_be_.reset();
    take_back_ = false;
    return false;
  }

  base::test_env env_;
  std::mt19937_64 random_;
  told& did_;
  job::options how_;
  std::map<std::uint64_t, definition> definitions_;
  std::set<std::uint64_t> bad_;
  std::uint64_t running_ = 1, committed_ = 0, newest_definition_ = 1;
  std::optional<change> change_;
  std::optional<std::uint64_t> must_be_;
  std::optional<base::error> why_;
  bool take_back_ = false, calm_ = false;
  std::uint64_t late_steps_ = 0;
  int attempt_ = 0;
};

std::uint64_t number(const char* name, std::uint64_t fallback) {
  const char* value = std::getenv(name);
  return value && *value ? std::strtoull(value, nullptr, 10) : fallback;
}

void simulate(std::uint64_t seed, told* did) {
  SCOPED_TRACE("WEIR_SIM_SEED=" + std::to_string(seed));
  life(seed, *did).live();
  trap.name.clear();
  trap.sprung = false;
}

class Changes : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    base::log_options quiet;
    quiet.level = std::getenv("WEIR_SIM_TALK") ? base::log_level::info : base::log_level::off;
    base::configure_logging(quiet);
  }
};

TEST_F(Changes, GiveTheSameDigestWhateverCrashesAndIsTakenBack) {
  told all;
  if (const std::uint64_t one = number("WEIR_SIM_SEED", 0)) {
    simulate(one, &all);
  } else {
    const std::uint64_t seeds = number("WEIR_SIM_SEEDS", 300);
    for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) simulate(seed, &all);
    const int least = static_cast<int>(seeds) / 20;
    EXPECT_GT(all.crashes, least);
    EXPECT_GT(all.at_points, least);
    EXPECT_GT(all.swaps, least);
    EXPECT_GT(all.converted, least);
    EXPECT_GT(all.edits, least);
    EXPECT_GT(all.shares, least);
    EXPECT_GT(all.took_over, least / 2);
    EXPECT_GT(all.failed, least / 4);
    EXPECT_GT(all.taken_back, least / 2);
    for (const char* point :
         {"exchange.announced", "exchange.before", "exchange.done", "exchange.let_go", "cut.complete"})
      EXPECT_GT(trap.killed[point], 0) << point;
  }
  std::printf(
      "%d crashes (%d at fault points), %d errors; %d swaps (%d to another layout), %d shares, %d took over, %d edits, "
      "%d versions that "
      "failed, %d taken back, %d "
      "given up; %llu cuts\n",
      all.crashes, all.at_points, all.errors, all.swaps, all.converted, all.shares, all.took_over, all.edits,
      all.failed, all.taken_back, all.given_up, static_cast<unsigned long long>(all.cuts));
}

TEST_F(Changes, TheSameSeedGivesTheSameRun) {
  for (std::uint64_t seed = 900; seed < 910; ++seed) {
    told one, two;
    simulate(seed, &one);
    simulate(seed, &two);
    EXPECT_EQ(one.trace, two.trace);
    EXPECT_EQ(std::tie(one.crashes, one.swaps, one.cuts), std::tie(two.crashes, two.swaps, two.cuts));
  }
}

}  // namespace
}  // namespace weir
