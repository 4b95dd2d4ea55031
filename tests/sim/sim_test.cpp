// Seeded runs of whole pipelines with crashes and faults; see README.md.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "../actors/pipeline.hpp"
#include "base/log.hpp"
#include "base/test_env.hpp"
#include "checkpoint/storage.hpp"
#include "job/simulation.hpp"

namespace weir {
namespace {

constexpr int events = 4000;

struct scenario {
  std::string name,
      operators;  ///< `operators`: TOML between the source "nexmark" and the sink "digest", which reads "last"
};

const std::vector<scenario>& scenarios() {
  static const std::vector<scenario> all{
      {"filter", R"(
[[operator]]
id = "some"
uses = "std.filter"
from = ["nexmark:bid"]
config = { where = "auction % 2 = 0" }
parallelism = PARALLEL
[[operator]]
id = "last"
uses = "std.project"
from = ["some"]
config = { columns = ["auction", "price"] }
exchange = { kind = "rebalance" }
parallelism = PARALLEL
)"},
      {"dedupe", R"(
[[operator]]
id = "kept"
uses = "keyed.dedupe"
from = ["nexmark:bid"]
exchange = { kind = "hash", key = ["bidder", "auction"] }
config = { keep = "last", columns = ["price", "ts"] }
parallelism = PARALLEL
[[operator]]
id = "last"
uses = "std.project"
from = ["kept"]
config = { columns = ["bidder", "auction", "price", "ts"] }
parallelism = PARALLEL
)"},
      {"sliding windows and the best of them", R"(
[[operator]]
id = "counts"
uses = "window.sliding"
from = ["nexmark:bid"]
exchange = { kind = "hash", key = "auction" }
config = { size = "50ms", slide = "10ms", aggregates = ["count() AS bids", "sum(price) AS sum"] }
parallelism = PARALLEL
[[operator]]
id = "busiest"
uses = "window.tumbling"
from = ["counts"]
parallelism = 1
config = { size = "10ms", best_rows = { by = "bids", columns = ["auction", "bids", "sum"] } }
[[operator]]
id = "last"
uses = "std.project"
from = ["busiest"]
parallelism = 1
config = { columns = ["epoch_ms(window_end) AS window_end", "auction", "bids", "sum"] }
)"},
      {"sessions", R"(
[[operator]]
id = "sessions"
uses = "window.session"
from = ["nexmark:bid"]
exchange = { kind = "hash", key = "bidder" }
config = { gap = "20ms", aggregates = ["count() AS bids"] }
parallelism = PARALLEL
[[operator]]
id = "last"
uses = "std.project"
from = ["sessions"]
config = { columns = ["bidder", "bids", "epoch_ms(window_start) AS session_start", "epoch_ms(window_end) AS session_end"] }
parallelism = PARALLEL
)"},
      {"a window join", R"(
[[operator]]
id = "sellers"
uses = "window.tumbling"
from = ["nexmark:auction"]
exchange = { kind = "hash", key = "seller" }
config = { size = "40ms", aggregates = ["count() AS auctions"] }
parallelism = PARALLEL
[[operator]]
id = "both"
uses = "join.tumbling"
from = [
  { port = "nexmark:person", exchange = { kind = "hash", key = "id" } },
  { port = "sellers", exchange = { kind = "hash", key = "seller" } },
]
config = { size = "40ms", columns = ["left.id", "left.name", "right.window_start"] }
parallelism = PARALLEL
[[operator]]
id = "last"
uses = "std.project"
from = ["both"]
config = { columns = ["id", "name", "epoch_ms(window_start) AS window_start"] }
parallelism = PARALLEL
)"},
      {"a join of all that was ever seen", R"(
[[operator]]
id = "last"
uses = "join.keyed"
from = [
  { port = "nexmark:person", exchange = { kind = "hash", key = "id" } },
  { port = "nexmark:auction", exchange = { kind = "hash", key = "seller" } },
]
config = { columns = ["left.name", "left.city", "left.state", "right.id AS auction"] }
parallelism = PARALLEL
)"},
  };
  return all;
}

plan::plan_ptr plan_of(const scenario& what, int parallelism) {
  static std::map<std::pair<std::string, int>, plan::plan_ptr> made;
  auto& slot = made[{what.name, parallelism}];
  if (slot) return slot;
  std::string text = R"(
[checkpoint]
interval = "10ms"
[[source]]
id = "nexmark"
uses = "nexmark.source"
config = { events = )" +
                     std::to_string(events) + R"(, splits = 3, out_of_order_us = 50000 }
watermark = { out_of_orderness = "51ms" }   # event times are cut down to milliseconds
parallelism = PARALLEL
)" + what.operators + R"(
[[sink]]
id = "digest"
uses = "digest.sink"
from = ["last"]
)" + (std::getenv("WEIR_SIM_ROWS") ? "[[sink]]\nid = \"rows\"\nuses = \"print.sink\"\nfrom = [\"last\"]\n" : "");
  for (std::size_t at; (at = text.find("PARALLEL")) != std::string::npos;)
    text.replace(at, 8, std::to_string(parallelism));
  return slot = actors::plan_of(text, WEIR_PLUGIN_DIR);
}

using figures = std::map<std::string, std::uint64_t>;

/// Without storage and faults.
figures wanted(const scenario& what) {
  static std::map<std::string, figures> known;
  auto& slot = known[what.name];
  if (!slot.empty()) return slot;
  base::test_env env(1);
  auto run = job::simulation::make(plan_of(what, 1), {}, env, 1);
  EXPECT_TRUE(run) << run.why().text();
  while ((*run)->step()) {
  }
  EXPECT_TRUE((*run)->over());
  auto ended = (*run)->result();
  EXPECT_TRUE(ended) << ended.why().text();
  return slot = ended->sinks.at("digest");
}

struct told {
  int crashes = 0, errors = 0, restores = 0, rescaled = 0;
  std::uint64_t cuts = 0, trace = 0;
};

/// One seed to its end. Throws away nothing: what it did is in `did`.
void simulate(std::uint64_t seed, told* did) {
  SCOPED_TRACE("WEIR_SIM_SEED=" + std::to_string(seed));
  base::test_env env(seed);
  std::mt19937_64 random(seed);
  auto chance = [&](int percent) { return random() % 100 < static_cast<std::uint64_t>(percent); };
  const scenario& what = scenarios()[random() % scenarios().size()];
  const std::uint32_t batches[] = {1, 7, 64, 1024};
  int parallelism = 1 + static_cast<int>(random() % 3);
  job::options how;
  how.batch_rows = batches[random() % 4];
  how.queue_bytes = chance(50) ? 4096 : 1 << 20;
  how.cuts = {.interval_us = 500 + static_cast<std::int64_t>(random() % 20'000),
              .timeout_us = chance(20) ? 3'000 : 60'000'000,
              .min_pause_us = 0,
              .tolerable_failures = static_cast<std::uint32_t>(random() % 3),
              .aligned_timeout_us = chance(50) ? 0 : 1'000'000,
              .incremental = chance(80)};

  for (int attempt = 0; attempt < 200; ++attempt) {
    const bool calm = attempt > 30;  // faults end some time, and then it must come to its end
    if (calm) how.cuts.timeout_us = 60'000'000;
    env.fs().stop_failing();
    if (!calm && chance(40))
      env.fs().fail(base::fs_op::changing, 1 + random() % 300, chance(50) ? EIO : ENOSPC, chance(30));
    std::uint64_t steps = !calm && chance(70) ? 20 + random() % 4000 : UINT64_MAX;

    auto storage =
        checkpoint::storage::open(env, {.directory = "/state", .pipeline = "sim", .key_groups = 128, .retained = 2});
    if (!storage) {
      ++did->errors;
      continue;
    }
    how.storage = storage->get();
    auto newest = (*storage)->newest();
    if (!newest) {
      // A read error is no damage; what can not be read is never taken for nothing.
      ++did->errors;
      ASSERT_FALSE(calm) << newest.why().text();
      continue;
    }
    how.restore = *newest;
    did->restores += newest->has_value();
    // A restore may be at another parallelism, but for a cut that overtook batches.
    const int wished = chance(40) ? 1 + static_cast<int>(random() % 3) : parallelism;
    const std::uint64_t seed_of_run = random();
    auto run = job::simulation::make(plan_of(what, wished), how, env, seed_of_run);
    did->rescaled += run && wished != parallelism && newest->has_value();
    if (run) {
      parallelism = wished;
    } else if (wished != parallelism) {
      run = job::simulation::make(plan_of(what, parallelism), how, env, seed_of_run);
    }
    if (!run) {
      ++did->errors;
      ASSERT_FALSE(calm) << run.why().text();
      continue;
    }
    if (std::getenv("WEIR_SIM_TALK")) {
      std::printf("attempt %d: parallelism %d, from cut %llu, rows %u, queue %llu, aligned %lld", attempt, parallelism,
                  static_cast<unsigned long long>(newest->has_value() ? (*newest)->facts().cut : 0), how.batch_rows,
                  static_cast<unsigned long long>(how.queue_bytes),
                  static_cast<long long>(how.cuts.aligned_timeout_us));
      if (newest->has_value())
        for (const auto& n : (*newest)->nodes()) {
          std::printf(" %s/%u", n.operator_id.c_str(), n.subtask);
          if (!n.in_flight.empty()) std::printf("(+%zu)", n.in_flight.size());
        }
      std::printf("\n");
    }
    bool crash = false;
    while ((*run)->step() && !crash) crash = steps-- == 0;
    did->trace = did->trace * 31 + (*run)->trace();
    did->cuts += (*run)->what().cuts().completed;
    if (std::getenv("WEIR_SIM_TALK"))
      std::printf("  %llu cuts, %llu given up, %s\n", static_cast<unsigned long long>((*run)->what().cuts().completed),
                  static_cast<unsigned long long>((*run)->what().cuts().failed), crash ? "then a crash" : "to its end");
    if (std::getenv("WEIR_SIM_TALK"))
      for (const auto& f : (*run)->what().figures())
        std::printf("    node %u/%u in %llu out %llu late %llu watermark %lld\n", f.node, f.subtask,
                    static_cast<unsigned long long>(f.records_in), static_cast<unsigned long long>(f.records_out),
                    static_cast<unsigned long long>(f.late),
                    static_cast<long long>(f.watermark_us - 1'700'000'000'000'000));
    if (!(*run)->over()) {
      ASSERT_TRUE(crash) << "nobody can go on, and it is not over";
      ++did->crashes;
      run->reset();
      storage->reset();
      if (chance(50))
        env.fs().crash_torn([&] { return random(); });
      else
        env.fs().crash();
      continue;
    }
    auto ended = (*run)->result();
    if (!ended) {
      ++did->errors;
      ASSERT_FALSE(calm) << ended.why().text();
      continue;
    }
    EXPECT_EQ(ended->late, 0u);
    EXPECT_EQ(ended->sinks.at("digest"), wanted(what)) << what.name << " after " << did->crashes << " crashes, "
                                                       << did->errors << " errors, " << did->restores << " restores";
    EXPECT_EQ(ended->records_in, static_cast<std::uint64_t>(events));
    return;
  }
  FAIL() << "it never came to its end";
}

std::uint64_t number(const char* name, std::uint64_t fallback) {
  const char* value = std::getenv(name);
  return value && *value ? std::strtoull(value, nullptr, 10) : fallback;
}

class Simulation : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    base::log_options quiet;
    quiet.level = std::getenv("WEIR_SIM_TALK") ? base::log_level::info : base::log_level::off;
    base::configure_logging(quiet);
  }
};

TEST_F(Simulation, GivesTheSameDigestWhateverCrashesAndFails) {
  told all;
  if (const std::uint64_t one = number("WEIR_SIM_SEED", 0)) {
    simulate(one, &all);
  } else {
    const std::uint64_t seeds = number("WEIR_SIM_SEEDS", 300);
    for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) simulate(seed, &all);
    // The faults were really there.
    EXPECT_GT(all.crashes, static_cast<int>(seeds) / 2);
    EXPECT_GT(all.errors, static_cast<int>(seeds) / 20);
    EXPECT_GT(all.restores, static_cast<int>(seeds) / 2);
    EXPECT_GT(all.rescaled, static_cast<int>(seeds) / 20);
    EXPECT_GT(all.cuts, seeds);
  }
  std::printf("%d crashes, %d errors, %d restores (%d at another parallelism), %llu cuts\n", all.crashes, all.errors,
              all.restores, all.rescaled, static_cast<unsigned long long>(all.cuts));
}

TEST_F(Simulation, TheSameSeedGivesTheSameRun) {
  for (std::uint64_t seed = 900; seed < 920; ++seed) {
    told one, two;
    simulate(seed, &one);
    simulate(seed, &two);
    EXPECT_EQ(one.trace, two.trace);
    EXPECT_EQ(one.crashes, two.crashes);
    EXPECT_EQ(one.cuts, two.cuts);
  }
}

}  // namespace
}  // namespace weir
