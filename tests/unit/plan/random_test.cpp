// Whatever the pipeline: what the engine relies on holds in every plan.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/cat.hpp"
#include "fake_parts.hpp"
#include "plan/explain.hpp"

namespace weir::plan {
namespace {

using base::cat;
using testing::make_from;

std::string random_pipeline(std::mt19937& random) {
  auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::string toml;
  std::vector<std::string> ids, sinks;
  if (below(2)) toml += "[dead_letters]\nsink = \"z\"\n";
  const bool default_sink = !toml.empty();
  auto settings = [&] {
    if (below(3) == 0) toml += cat("parallelism = ", 1 + below(3), "\n");
    if (below(6) == 0) toml += "chain = false\n";
  };
  auto from = [&] {
    std::set<std::string> some;
    const auto n = 1 + below(3);
    for (unsigned i = 0; i < n; ++i) some.insert(ids[below(static_cast<unsigned>(ids.size()))]);
    std::string out;
    for (const auto& s : some) out += cat(out.empty() ? "" : ", ", "\"", s, "\"");
    toml += cat("from = [", out, "]\n");
    const char* exchanges[] = {"\"rebalance\"", "\"broadcast\"", "{ kind = \"hash\", key = \"desk\" }",
                               "{ kind = \"hash\", key = [\"id\", \"desk\"] }"};
    if (below(2)) toml += cat("exchange = ", exchanges[below(4)], "\n");
  };
  for (unsigned i = 0; i < 1 + below(3); ++i) {
    const bool raw = below(2);
    toml += cat("[[source]]\nid = \"s", i, "\"\nuses = \"t.", raw ? "raw" : "source", "\"\n",
                raw ? "format = \"json\"\n" : "");
    settings();
    ids.push_back(cat("s", i));
  }
  for (unsigned i = 0; i < below(7); ++i) {
    toml += cat("[[operator]]\nid = \"o", i, "\"\nuses = \"t.map\"\n");
    from();
    settings();
    ids.push_back(cat("o", i));
    if (below(3) == 0) ids.push_back(cat("o", i, ":rejected"));
  }
  for (unsigned i = 0; i < 1 + below(3); ++i) {
    toml += cat("[[sink]]\nid = \"k", i, "\"\nuses = \"t.sink\"\n", below(2) ? "format = \"json\"\n" : "");
    from();
    settings();
  }
  if (default_sink) toml += "[[sink]]\nid = \"z\"\nuses = \"t.sink\"\n";
  return toml;
}

void check_links(const plan& p) {
  for (std::uint32_t i = 0; i < p.nodes.size(); ++i) {
    const auto& n = p.nodes[i];
    EXPECT_EQ(n.outputs.back().name, "dead_letter");
    EXPECT_EQ(n.inputs.empty(), n.kind == node_kind::source);
    for (std::uint32_t k = 0; k < n.inputs.size(); ++k) {
      const auto& in = n.inputs[k];
      ASSERT_LT(in.from_node, i) << "producers first";
      const auto& out = p.nodes[in.from_node].outputs.at(in.from_output);
      int found = 0;
      for (const auto& c : out.consumers) found += c.node == i && c.input == k;
      EXPECT_EQ(found, 1) << n.id;
      EXPECT_EQ(*out.schema, *n.input_ports.at(in.port).schema);
      EXPECT_EQ(in.key, n.input_ports[in.port].key);
      EXPECT_EQ(in.exchange == exchange_kind::hash, !in.key.empty());
      if (in.exchange == exchange_kind::forward) {
        EXPECT_EQ(n.parallelism, p.nodes[in.from_node].parallelism);
      }
    }
    for (const auto& o : n.outputs) {
      for (const auto& c : o.consumers) EXPECT_EQ(p.nodes[c.node].inputs[c.input].from_node, i);
    }
  }
}

void check_chains(const plan& p) {
  std::vector<int> seen(p.nodes.size());
  for (std::uint32_t c = 0; c < p.chains.size(); ++c) {
    ASSERT_FALSE(p.chains[c].nodes.empty());
    std::set<std::uint32_t> before;
    for (auto i : p.chains[c].nodes) {
      const auto& n = p.nodes[i];
      ++seen[i];
      EXPECT_EQ(n.chain, c);
      EXPECT_EQ(n.parallelism, p.chains[c].parallelism);
      const bool head = before.empty();
      EXPECT_TRUE(head || n.kind != node_kind::source);
      // Either all edges come from this chain, or, at its head, none is a call.
      for (const auto& in : n.inputs) {
        EXPECT_EQ(in.chained, !head);
        EXPECT_EQ(before.contains(in.from_node), !head);
        if (in.chained) {
          EXPECT_TRUE(in.exchange == exchange_kind::forward ||
                      (in.exchange == exchange_kind::hash && n.parallelism == 1));
        }
      }
      if (n.visible != i) {
        EXPECT_EQ(p.nodes[n.visible].chain, n.chain) << "a hidden node stays with its visible one";
      }
      before.insert(i);
    }
  }
  for (auto times : seen) EXPECT_EQ(times, 1);
}

TEST(RandomPipelines, MakePlansThatTheEngineCanRelyOn) {
  int made = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const auto toml = random_pipeline(random);
    const auto m = make_from(toml);
    if (!m.plan) {
      // Two edges into one port with different keys cannot happen here (a node has one exchange), so nothing is wrong
      // with them.
      ADD_FAILURE() << "seed " << seed << "\n" << toml << m.text();
      continue;
    }
    ++made;
    check_links(*m.plan);
    check_chains(*m.plan);
    const auto drawn = describe(*m.plan, {true});
    EXPECT_EQ(drawn.boxes.size(), m.plan->told->nodes.size());
    EXPECT_FALSE(draw_text(drawn).empty());
    EXPECT_TRUE(draw_svg(drawn).ends_with("</svg>\n"));
    if (HasFailure()) {
      ADD_FAILURE() << "seed " << seed << "\n" << toml;
      return;
    }
  }
  EXPECT_EQ(made, 400);
}

}  // namespace
}  // namespace weir::plan
