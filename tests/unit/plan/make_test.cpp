#include "plan/make.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_parts.hpp"
#include "model/dead_letter.hpp"

namespace weir::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::made;
using testing::make_from;
using ::testing::Not;

constexpr const char* line = R"(
[[source]]
id = "trades"
uses = "t.source"
[[operator]]
id = "clean"
uses = "t.map"
from = ["trades"]
[[sink]]
id = "out"
uses = "t.sink"
from = ["clean"]
)";

std::vector<std::string> chain_ids(const plan& p, std::size_t chain) {
  std::vector<std::string> out;
  for (auto n : p.chains.at(chain).nodes) out.push_back(p.nodes[n].id);
  return out;
}

TEST(Make, PutsAStraightLineIntoOneChain) {
  const auto m = make_from(line);
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_TRUE(m.problems.empty()) << m.text();
  ASSERT_EQ(m.plan->nodes.size(), 3u);
  EXPECT_THAT(chain_ids(*m.plan, 0), ElementsAre("trades", "clean", "out"));
  EXPECT_EQ(m.plan->pipeline, "p");
  EXPECT_EQ(m.plan->key_groups, 128u);
  const auto& clean = m["clean"];
  ASSERT_EQ(clean.inputs.size(), 1u);
  EXPECT_EQ(clean.inputs[0].exchange, exchange_kind::forward);
  EXPECT_TRUE(clean.inputs[0].chained);
  EXPECT_EQ(clean.inputs[0].name, "trades");
  EXPECT_EQ(clean.plugin, "t@1.0.0");
  ASSERT_EQ(clean.outputs.size(), 3u);
  EXPECT_THAT(clean.outputs[0].passes, ElementsAre(0, 1, 2));
  ASSERT_EQ(clean.outputs[0].consumers.size(), 1u);
  EXPECT_EQ(m.plan->nodes[clean.outputs[0].consumers[0].node].id, "out");
  EXPECT_EQ(clean.outputs[1].name, "rejected");
  EXPECT_TRUE(clean.outputs[1].consumers.empty());
  EXPECT_EQ(clean.outputs[clean.dead_letter_output()].schema, model::dead_letter_schema());
}

TEST(Make, RebalancesBetweenUnequalParallelismAndForwardsBetweenEqual) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
parallelism = 2
[[operator]]
id = "b"
uses = "t.map"
from = ["a"]
parallelism = 2
[[sink]]
id = "c"
uses = "t.sink"
from = ["b"]
)");
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_EQ(m["b"].inputs[0].exchange, exchange_kind::forward);
  EXPECT_EQ(m["c"].inputs[0].exchange, exchange_kind::rebalance);
  EXPECT_FALSE(m["c"].inputs[0].chained);
  EXPECT_THAT(chain_ids(*m.plan, 0), ElementsAre("a", "b"));
  EXPECT_THAT(chain_ids(*m.plan, 1), ElementsAre("c"));
  EXPECT_EQ(m.plan->chains[0].parallelism, 2u);
}

TEST(Make, HashesByTheColumnsThatTheKeyNames) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
[[operator]]
id = "b"
uses = "t.map"
from = ["a"]
exchange = { kind = "hash", key = ["desk", "id"] }
parallelism = 4
[[sink]]
id = "c"
uses = "t.sink"
from = ["b"]
)");
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_EQ(m["b"].inputs[0].exchange, exchange_kind::hash);
  EXPECT_THAT(m["b"].inputs[0].key, ElementsAre(1u, 0u));
  EXPECT_THAT(m["b"].input_ports[0].key, ElementsAre(1u, 0u));
  EXPECT_THAT(m.bound[1], HasSubstr("a(desk,id,)"));
  EXPECT_FALSE(m["b"].inputs[0].chained);
}

TEST(Make, ChainsAKeyedEdgeBetweenOneSubtaskAndOne) {
  const auto m = make_from(std::string(line) + R"(
[[operator]]
id = "sum"
uses = "t.map"
from = ["clean"]
exchange = { kind = "hash", key = "desk" }
[[sink]]
id = "sums"
uses = "t.sink"
from = ["sum"]
)");
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_EQ(m.plan->chains.size(), 1u);
  EXPECT_EQ(m["sum"].inputs[0].exchange, exchange_kind::hash);
  EXPECT_TRUE(m["sum"].inputs[0].chained);
  EXPECT_THAT(m["sum"].inputs[0].key, ElementsAre(1u));
}

TEST(Make, ChainsSeveralConsumersAndDiamonds) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
[[operator]]
id = "left"
uses = "t.map"
from = ["a"]
[[operator]]
id = "right"
uses = "t.map"
from = ["a"]
[[sink]]
id = "all"
uses = "t.sink"
from = ["left", "right"]
)");
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_EQ(m.plan->chains.size(), 1u);
  EXPECT_EQ(m["a"].outputs[0].consumers.size(), 2u);
  EXPECT_EQ(m["all"].inputs.size(), 2u);
  EXPECT_EQ(m["all"].input_ports.size(), 1u);
  EXPECT_EQ(m["all"].inputs[1].port, 0u);
}

TEST(Make, PutsAQueueWhereTwoChainsMeet) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
[[source]]
id = "b"
uses = "t.source"
[[sink]]
id = "all"
uses = "t.sink"
from = ["a", "b"]
)");
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_EQ(m.plan->chains.size(), 3u);
  EXPECT_EQ(m["all"].inputs[0].exchange, exchange_kind::forward);
  EXPECT_FALSE(m["all"].inputs[0].chained);
}

TEST(Make, ChainFalsePutsQueuesOnBothSides) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.raw"
format = "json"
[[operator]]
id = "b"
uses = "t.map"
from = ["a"]
chain = false
[[operator]]
id = "c"
uses = "t.map"
from = ["b"]
[[sink]]
id = "d"
uses = "t.sink"
from = ["c"]
chain = false
format = "json"
)");
  ASSERT_TRUE(m.plan) << m.text();
  ASSERT_EQ(m.plan->chains.size(), 4u);
  EXPECT_THAT(chain_ids(*m.plan, 0), ElementsAre("a", "a#decode"));
  EXPECT_THAT(chain_ids(*m.plan, 1), ElementsAre("b"));
  EXPECT_THAT(chain_ids(*m.plan, 2), ElementsAre("c"));
  EXPECT_THAT(chain_ids(*m.plan, 3), ElementsAre("d#encode", "d"));
}

TEST(Make, PutsADecoderBehindASourceAndAnEncoderBeforeASink) {
  const auto m = make_from(R"(
[[source]]
id = "trades"
uses = "t.raw"
format = { type = "json", columns = "id: int64, at: timestamp, trace: string, system: string" }
watermark = { field = "at", out_of_orderness = "5s" }
trace = { trace_id = "trace", source_id = "system" }
parallelism = 2
[[sink]]
id = "out"
uses = "t.sink"
from = ["trades"]
format = "json"
parallelism = 2
)");
  ASSERT_TRUE(m.plan) << m.text();
  ASSERT_EQ(m.plan->nodes.size(), 4u);
  const auto& source = m["trades"];
  const auto& decode = m["trades#decode"];
  EXPECT_TRUE(decode.hidden());
  EXPECT_FALSE(source.hidden());
  EXPECT_EQ(decode.visible, m.plan->find("trades"));
  EXPECT_EQ(decode.parallelism, 2u);
  EXPECT_EQ(decode.uses, "json");
  EXPECT_FALSE(source.watermark);
  ASSERT_TRUE(decode.watermark);
  EXPECT_EQ(decode.watermark->column, 1u);
  EXPECT_EQ(decode.watermark->out_of_orderness_us, 5'000'000);
  EXPECT_EQ(decode.watermark->idle_after_us, -1);
  ASSERT_TRUE(decode.trace);
  EXPECT_EQ(decode.trace->trace_id_column, 2u);
  EXPECT_EQ(decode.trace->source_id_column, 3u);
  EXPECT_TRUE(m.plan->trace);
  EXPECT_EQ(m["out#encode"].inputs[0].name, "trades");
  EXPECT_EQ(m["out"].inputs[0].from_node, m.plan->find("out#encode"));
  EXPECT_EQ(m.plan->chains.size(), 1u);
}

TEST(Make, ReadsDeadLettersOfASourceAndOfItsDecoderAsOne) {
  const auto m = make_from(R"(
[[source]]
id = "trades"
uses = "t.raw"
format = "json"
[[sink]]
id = "out"
uses = "t.sink"
from = ["trades"]
format = "json"
[[sink]]
id = "bad"
uses = "t.sink"
from = ["trades:dead_letter", "out:dead_letter"]
)");
  ASSERT_TRUE(m.plan) << m.text();
  const auto& bad = m["bad"];
  std::vector<std::string> from;
  for (const auto& in : bad.inputs) {
    const auto& n = m.plan->nodes[in.from_node];
    EXPECT_EQ(in.from_output, n.dead_letter_output());
    EXPECT_EQ(in.port, 0u);
    from.push_back(n.id);
  }
  EXPECT_THAT(from, ElementsAre("trades", "trades#decode", "out", "out#encode"));
  EXPECT_EQ(m["trades#decode"].on_error, error_policy::dead_letter);
  EXPECT_EQ(m["bad"].on_error, error_policy::fail);
  EXPECT_EQ(bad.input_ports[0].schema, model::dead_letter_schema());
}

TEST(Make, GivesUnreadDeadLettersToTheDefaultSink) {
  const auto m = make_from(R"(
[dead_letters]
sink = "bad"
[[source]]
id = "a"
uses = "t.source"
[[source]]
id = "b"
uses = "t.source"
on_error = "skip"
[[operator]]
id = "c"
uses = "t.map"
from = ["a", "b"]
[[sink]]
id = "out"
uses = "t.sink"
from = ["c"]
[[sink]]
id = "own"
uses = "t.sink"
from = ["c:dead_letter"]
[[sink]]
id = "bad"
uses = "t.sink"
format = "json"
)");
  ASSERT_TRUE(m.plan) << m.text();
  std::vector<std::string> from;
  for (const auto& in : m["bad#encode"].inputs) from.push_back(m.plan->nodes[in.from_node].id);
  EXPECT_THAT(from, ElementsAre("a", "out", "own"));
  EXPECT_EQ(m["c"].outputs[m["c"].dead_letter_output()].consumers.size(), 1u);
}

TEST(Make, GivesEachEntryOfFromAPortWhenTheOperatorHasSeveral) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
config = { columns = "x: int64" }
[[source]]
id = "b"
uses = "t.source"
config = { columns = "y: utf8" }
[[operator]]
id = "j"
uses = "t.join"
from = [{ port = "a", exchange = { kind = "hash", key = "x" } }, { port = "b", exchange = { kind = "hash", key = "y" } }]
[[sink]]
id = "out"
uses = "t.sink"
from = ["j"]
)");
  ASSERT_TRUE(m.plan) << m.text();
  const auto& j = m["j"];
  ASSERT_EQ(j.input_ports.size(), 2u);
  EXPECT_EQ(j.inputs[0].port, 0u);
  EXPECT_EQ(j.inputs[1].port, 1u);
  EXPECT_EQ(j.input_ports[1].schema->text(), "y: utf8");
  EXPECT_THAT(m.bound, ::testing::Contains("t.join 2 a(x,) b(y,)"));
}

TEST(Make, GivesAnyNumberOfInputsToThoseWhoTakeIt) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
config = { columns = "x: int64" }
[[source]]
id = "b"
uses = "t.source"
[[operator]]
id = "n"
uses = "t.any"
from = ["a", "b", "a:dead_letter"]
[[sink]]
id = "out"
uses = "t.sink"
from = ["n"]
)");
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_EQ(m["n"].input_ports.size(), 3u);
  EXPECT_EQ(m["n"].inputs[2].port, 2u);
}

TEST(Make, OrdersNodesProducersFirstWhateverTheFileSays) {
  const auto m = make_from(R"(
[[sink]]
id = "out"
uses = "t.sink"
from = ["second"]
[[operator]]
id = "second"
uses = "t.map"
from = ["first"]
[[operator]]
id = "first"
uses = "t.map"
from = ["a"]
[[source]]
id = "a"
uses = "t.source"
)");
  ASSERT_TRUE(m.plan) << m.text();
  for (std::uint32_t i = 0; i < m.plan->nodes.size(); ++i) {
    for (const auto& in : m.plan->nodes[i].inputs) EXPECT_LT(in.from_node, i);
  }
}

TEST(Make, TurnsExchangesBetweenOneAndOneIntoForward) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
[[operator]]
id = "b"
uses = "t.map"
from = ["a"]
exchange = "broadcast"
[[sink]]
id = "c"
uses = "t.sink"
from = ["b"]
exchange = "rebalance"
)");
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_EQ(m["b"].inputs[0].exchange, exchange_kind::forward);
  EXPECT_EQ(m["c"].inputs[0].exchange, exchange_kind::forward);
  EXPECT_EQ(m.plan->chains.size(), 1u);
}

TEST(Make, WarnsOfOutputsThatNobodyReads) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
[[operator]]
id = "dead-end"
uses = "t.map"
from = ["a"]
[[operator]]
id = "only-side"
uses = "t.map"
from = ["a"]
[[operator]]
id = "router"
uses = "t.route"
from = ["a"]
[[operator]]
id = "end"
uses = "t.end"
from = ["a"]
[[sink]]
id = "out"
uses = "t.sink"
from = ["only-side:rejected", "router:b"]
)");
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_THAT(m.text(), HasSubstr("nothing reads \"dead-end\""));
  EXPECT_THAT(m.text(), HasSubstr("nothing reads \"only-side\", only its side outputs"));
  EXPECT_THAT(m.text(), Not(HasSubstr("\"router\"")));
  EXPECT_THAT(m.text(), Not(HasSubstr("\"end\"")));
}

TEST(Make, WarnsOfDeadLettersThatNeverCome) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
on_error = "fail"
[[sink]]
id = "out"
uses = "t.sink"
from = ["a"]
[[sink]]
id = "bad"
uses = "t.sink"
from = ["a:dead_letter"]
)");
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_THAT(m.text(), HasSubstr("\"a:dead_letter\" is read, but stays empty"));
}

}  // namespace
}  // namespace weir::plan
