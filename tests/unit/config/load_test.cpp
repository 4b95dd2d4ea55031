#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_env.hpp"

namespace weir::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The example of the README: every kind of key once.
constexpr std::string_view desk_risk = R"(format       = 1
name         = "desk-risk"
plugin.kafka = { path = "libweir_kafka.so", abi = "1.0" }
plugin.risk  = { path = "librisk.so", abi = "1.0", sha256 = "9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c9F2C" }

[checkpoint]
interval = "10s"
mode     = "exactly-once"
storage  = "file:///var/lib/weir/desk-risk"

[[source]]
id        = "trades"
uses      = "kafka.source"
format    = { type = "json", columns = { desk = "string" } }
config    = { brokers = "localhost:9092", topic = "trades" }
watermark = { field = "traded_at", out_of_orderness = "5s", idle_after = "30s" }
trace     = { trace_id = "trace", source_id = "system" }

[[operator]]
id          = "exposure"
was         = "old-exposure"
uses        = "risk.exposure"
from        = ["trades"]
exchange    = { kind = "hash", key = "desk" }
parallelism = 4
config      = { limit = 1_000_000.0, window = "10m" }

[[sink]]
id     = "breaches"
uses   = "kafka.sink"
from   = ["exposure", { port = "exposure:late", exchange = { kind = "rebalance" } }]
format = "json"
config = { brokers = "localhost:9092", topic = "breaches" }

[[sink]]
id   = "bad"
uses = "kafka.sink"
from = ["exposure:dead_letter", "trades:dead_letter"]
)";

loaded load(std::string_view text, load_options options = {}) {
  static base::test_env env;
  return load_pipeline_text(env, "p.toml", std::string(text), options);
}

TEST(Load, ReadsEveryPartOfAPipeline) {
  const loaded l = load(desk_risk);
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  EXPECT_TRUE(l.problems.empty()) << l.problems.text();
  const pipeline& p = *l.pipeline;
  EXPECT_EQ(p.name, "desk-risk");
  EXPECT_EQ(p.file, "p.toml");
  EXPECT_TRUE(p.trace);
  ASSERT_EQ(p.plugins.size(), 3u);
  EXPECT_EQ(p.plugins[0].path, "libweir_kafka.so");
  EXPECT_EQ(p.plugins[1].abi, "1.0");
  EXPECT_THAT(p.plugins[1].sha256, testing::EndsWith("9f2c9f2c"));
  EXPECT_EQ(p.plugins[2].search, "json");
  EXPECT_TRUE(p.plugins[2].implicit);
  EXPECT_TRUE(p.checkpoint.enabled);
  EXPECT_EQ(p.checkpoint.interval_us, 10'000'000);
  EXPECT_EQ(p.checkpoint.storage, "file:///var/lib/weir/desk-risk");
  ASSERT_EQ(p.nodes.size(), 4u);

  const node& trades = p.nodes[0];
  EXPECT_EQ(trades.kind, node_kind::source);
  EXPECT_EQ(trades.uses.text(), "kafka.source");
  EXPECT_EQ(trades.config.text_of("topic"), "trades");
  ASSERT_TRUE(trades.format);
  EXPECT_EQ(trades.format->uses.plugin, "json");
  EXPECT_EQ(trades.format->uses.component, "");
  EXPECT_EQ(trades.format->config.at_path("columns.desk")->text, "string");
  EXPECT_EQ(trades.format->config.find("type"), nullptr);
  ASSERT_TRUE(trades.watermark);
  EXPECT_EQ(trades.watermark->field, "traded_at");
  EXPECT_EQ(trades.watermark->out_of_orderness_us, 5'000'000);
  EXPECT_EQ(trades.watermark->idle_after_us, 30'000'000);
  EXPECT_EQ(trades.watermark->emit_interval_us, 200'000);
  EXPECT_EQ(trades.watermark->max_drift_us, std::nullopt);
  ASSERT_TRUE(trades.trace);
  EXPECT_EQ(trades.trace->source_id, "system");
  EXPECT_EQ(trades.on_error, error_policy::dead_letter) << "somebody reads its dead letters";

  const node& exposure = *p.find("exposure");
  EXPECT_EQ(exposure.was, "old-exposure");
  EXPECT_EQ(exposure.parallelism, 4u);
  ASSERT_EQ(exposure.inputs.size(), 1u);
  ASSERT_TRUE(exposure.inputs[0].exchange);
  EXPECT_EQ(exposure.inputs[0].exchange->kind, exchange_kind::hash);
  EXPECT_THAT(exposure.inputs[0].exchange->key, ElementsAre("desk"));
  EXPECT_EQ(exposure.config.find("limit")->real, 1e6);

  const node& breaches = *p.find("breaches");
  ASSERT_EQ(breaches.inputs.size(), 2u);
  EXPECT_FALSE(breaches.inputs[0].exchange);
  EXPECT_EQ(breaches.inputs[1].from, (base::port_ref{"exposure", "late"}));
  EXPECT_EQ(breaches.inputs[1].exchange->kind, exchange_kind::rebalance);
  EXPECT_EQ(breaches.on_error, error_policy::fail);
}

constexpr std::string_view small = R"(format = 1
name = "x"
[[source]]
id = "in"
uses = "file.source"
[[sink]]
id = "out"
uses = "print.sink"
from = "in"
)";

TEST(Load, FillsInTheDocumentedDefaults) {
  const loaded l = load(small);
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  const pipeline& p = *l.pipeline;
  EXPECT_FALSE(p.checkpoint.enabled);
  EXPECT_EQ(p.checkpoint.interval_us, 10'000'000);
  EXPECT_EQ(p.checkpoint.mode, checkpoint_mode::exactly_once);
  EXPECT_EQ(p.checkpoint.timeout_us, 600'000'000);
  EXPECT_EQ(p.checkpoint.min_pause_us, 0);
  EXPECT_EQ(p.checkpoint.retained, 3u);
  EXPECT_TRUE(p.checkpoint.retain_on_cancel);
  EXPECT_TRUE(p.checkpoint.incremental);
  EXPECT_EQ(p.checkpoint.aligned_timeout_us, 0);
  EXPECT_EQ(p.checkpoint.tolerable_failures, 0u);
  EXPECT_EQ(p.restart.strategy, restart_strategy::exponential_delay);
  EXPECT_EQ(p.restart.initial_backoff_us, 1'000'000);
  EXPECT_EQ(p.restart.max_backoff_us, 60'000'000);
  EXPECT_EQ(p.restart.multiplier, 1.5);
  EXPECT_EQ(p.restart.reset_after_us, 3'600'000'000);
  EXPECT_EQ(p.restart.jitter, 0.1);
  EXPECT_EQ(p.restart.attempts, 1u);
  EXPECT_EQ(p.restart.delay_us, 1'000'000);
  EXPECT_EQ(p.restart.max_failures, 1u);
  EXPECT_EQ(p.restart.interval_us, 60'000'000);
  EXPECT_EQ(p.parallelism, 1u);
  EXPECT_EQ(p.max_parallelism, 128u);
  EXPECT_EQ(p.state.backend, state_backend::rocksdb);
  EXPECT_EQ(p.state.memory_bytes, std::nullopt);
  EXPECT_EQ(p.limits.batch_rows, 1024u);
  EXPECT_EQ(p.limits.queue_bytes, 4u << 20);
  EXPECT_FALSE(p.trace);
  EXPECT_FALSE(p.nodes[0].watermark);
  EXPECT_TRUE(p.nodes[0].chain);
  EXPECT_EQ(p.nodes[0].on_error, error_policy::fail);
  EXPECT_EQ(p.nodes[1].inputs[0].from.node, "in") << "one input may stand without brackets";
}

TEST(Load, ReadsEveryRestartAndStateKey) {
  const loaded l = load(std::string(small) + R"(
[restart]
strategy = "failure-rate"
max_failures = 3
interval = "5m"
delay = "10s"
[state]
backend = "memory"
memory = "1GiB"
directory = "/var/lib/weir"
[limits]
batch_rows = 1
queue_bytes = 65536
[dead_letters]
sink = "out"
)");
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  EXPECT_TRUE(l.problems.empty()) << l.problems.text();
  const pipeline& p = *l.pipeline;
  EXPECT_EQ(p.restart.strategy, restart_strategy::failure_rate);
  EXPECT_EQ(p.restart.max_failures, 3u);
  EXPECT_EQ(p.restart.interval_us, 300'000'000);
  EXPECT_EQ(p.restart.delay_us, 10'000'000);
  EXPECT_EQ(p.state.backend, state_backend::memory);
  EXPECT_EQ(p.state.memory_bytes, 1u << 30);
  EXPECT_EQ(p.limits.batch_rows, 1u);
  EXPECT_EQ(p.limits.queue_bytes, 65536u);
  EXPECT_EQ(p.dead_letters_sink, "out");
  EXPECT_EQ(p.nodes[0].on_error, error_policy::dead_letter);
  EXPECT_EQ(p.nodes[1].on_error, error_policy::fail) << "the sink of dead letters does not read its own";
}

TEST(Load, ASinkOfDeadLettersNeedsNoOtherInput) {
  const loaded l =
      load(std::string(small) + "[[sink]]\nid = \"bad\"\nuses = \"print.sink\"\n[dead_letters]\nsink = \"bad\"\n");
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  EXPECT_TRUE(l.pipeline->find("bad")->inputs.empty());
  EXPECT_EQ(l.pipeline->find("out")->on_error, error_policy::dead_letter);
}

TEST(Load, WarnsOfKeysThatDoNothing) {
  const loaded l = load("plugin.spare = \"libspare.so\"\nplugin.fiel = \"x.so\"\ntrace = false\n" + std::string(small) +
                        "[restart]\nstrategy = \"none\"\njitter = 0.5\n");
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  EXPECT_THAT(l.problems.text(), HasSubstr("p.toml:1:8: warning: no node uses plugin \"spare\""));
  EXPECT_THAT(
      l.problems.text(),
      HasSubstr("\"file\" has no entry in the plugin table, so it is searched by its name; did you mean \"fiel\"?"));
  EXPECT_THAT(l.problems.text(), HasSubstr("\"jitter\" has no effect with strategy \"none\""));
  ASSERT_EQ(l.pipeline->plugins.size(), 2u) << "file and print, each searched by name";
}

TEST(Load, FindsPluginsByPathNameAndVersion) {
  const loaded l = load("plugin.file = \"other@1.2\"\nplugin.print = { version = \"3\" }\n" + std::string(small));
  ASSERT_TRUE(l.pipeline) << l.problems.text();
  EXPECT_EQ(l.pipeline->plugins[0].search, "other");
  EXPECT_EQ(l.pipeline->plugins[0].version, "1.2");
  EXPECT_EQ(l.pipeline->plugins[1].search, "print");
  EXPECT_EQ(l.pipeline->plugins[1].version, "3");
  EXPECT_EQ(load("plugin.file = \"./libx.so\"\n" + std::string(small)).pipeline->plugins[0].path, "./libx.so");
  EXPECT_EQ(load("plugin.file = \"libx.so\"\n" + std::string(small)).pipeline->plugins[0].path, "libx.so");
}

TEST(Load, ReadsAFileOfTheEnv) {
  base::test_env env;
  env.fs().put("/p/x.toml", small);
  EXPECT_TRUE(load_pipeline(env, "/p/x.toml").pipeline);
  EXPECT_THAT(load_pipeline(env, "/p/y.toml").problems.text(),
              testing::Eq("error: cannot open /p/y.toml: No such file or directory; check the path\n"));
  env.fs().put("/p/big.toml", std::string(max_file_bytes + 1, '#'));
  EXPECT_THAT(load_pipeline(env, "/p/big.toml").problems.text(), HasSubstr("longer than 1048576 bytes"));
}

TEST(Load, ShowsTheLineAndACaretInEveryReport) {
  const loaded l = load("format = 1\nname = \"x\"\n\t[[sink]]\n\tid = \"\xc3\xa9\"\n");
  EXPECT_THAT(l.problems.text(),
              HasSubstr("p.toml:4:7: error: \"\xc3\xa9\" is not a name for a sink: use 1 to 64 of a-z 0-9 . _ - "
                        "and begin with a letter or digit\n"
                        "  4 |  id = \"\xc3\xa9\"\n"
                        "    |       ^~~\n"));
  EXPECT_EQ(l.problems.to_error().by, base::blame::config);
  EXPECT_THAT(l.problems.json_lines(), HasSubstr(R"({"level":"error","file":"p.toml","line":4,"column":7,"what":)"));
}

}  // namespace
}  // namespace weir::config
