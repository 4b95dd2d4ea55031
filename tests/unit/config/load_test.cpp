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

}  // namespace
}  // namespace weir::config
