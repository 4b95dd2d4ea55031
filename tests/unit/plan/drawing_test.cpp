#include "plan/drawing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "fake_parts.hpp"
#include "plan/explain.hpp"
#include "plan/layout.hpp"

namespace weir::plan {
namespace {

using ::testing::HasSubstr;
using testing::make_from;
using ::testing::Not;

constexpr const char* desk_risk = R"(
[[source]]
id = "trades"
uses = "t.raw"
format = "json"
watermark = { field = "at", out_of_orderness = "5s" }
[[operator]]
id = "exposure"
uses = "t.map"
from = ["trades"]
exchange = { kind = "hash", key = "desk" }
parallelism = 4
[[sink]]
id = "out"
uses = "t.sink"
from = ["exposure"]
[[sink]]
id = "bad"
uses = "t.sink"
from = ["trades:dead_letter"]
)";

TEST(Explain, DrawsHiddenNodesAsALineOfTheirVisibleOne) {
  const auto m = make_from(desk_risk);
  ASSERT_TRUE(m.plan) << m.text();
  const auto d = describe(*m.plan);
  ASSERT_EQ(d.boxes.size(), 4u);
  const auto text = draw_text(d);
  EXPECT_THAT(text, HasSubstr("t.raw -> json"));
  EXPECT_THAT(text, HasSubstr("event time at, up to 5s out of order"));
  EXPECT_THAT(text, HasSubstr("  => exposure  hash(desk)"));
  EXPECT_THAT(text, HasSubstr("parallelism 4"));
  EXPECT_THAT(text, HasSubstr("not read: rejected"));
  EXPECT_THAT(text, Not(HasSubstr("#decode")));
  // One link of dead letters, though the decoder has a port of its own.
  ASSERT_EQ(d.links.size(), 3u);
}

TEST(Explain, ShowsColumnsWhenAsked) {
  const auto m = make_from(desk_risk);
  ASSERT_TRUE(m.plan) << m.text();
  EXPECT_THAT(draw_text(describe(*m.plan)), Not(HasSubstr("desk: utf8")));
  EXPECT_THAT(draw_text(describe(*m.plan, {true})), HasSubstr("    desk: utf8\n"));
}

TEST(DrawDot, QuotesWhatDotWouldRead) {
  drawing d;
  d.title = "a \"b\"";
  d.boxes = {{"x\"\\", box_kind::source, {"l"}, {}, 0}, {"y", box_kind::sink, {}, {}, 0}};
  d.links = {{0, 1, "hash(\"k\")", true, false}};
  EXPECT_EQ(draw_dot(d).substr(0, 21), "digraph \"a \\\"b\\\"\" {\n ");
  EXPECT_THAT(draw_dot(d), HasSubstr(R"~("x\"\\" -> "y" [label="hash(\"k\")", style=dashed, penwidth=2];)~"));
}

TEST(DrawSvg, EscapesWhatXmlWouldRead) {
  drawing d;
  d.title = "<&>";
  d.boxes = {{"a<b", box_kind::source, {"x & y"}, {"c: list<utf8>"}, 0}};
  const auto svg = draw_svg(d);
  EXPECT_THAT(svg, HasSubstr("<title>&lt;&amp;&gt;</title>"));
  EXPECT_THAT(svg, HasSubstr(">a&lt;b<"));
  EXPECT_THAT(svg, HasSubstr(">c: list&lt;utf8&gt;<"));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

struct random_graph {
  std::vector<layout_box> boxes;
  std::vector<layout_link> links;
};

random_graph make_graph(unsigned seed) {
  std::mt19937 random(seed);
  random_graph g;
  const auto n = 2 + random() % 30;
  for (unsigned i = 0; i < n; ++i) {
    g.boxes.push_back({40.0 + random() % 200, 30.0 + random() % 120});
    if (i == 0) continue;
    for (unsigned k = 0; k < 1 + random() % 3; ++k)
      g.links.push_back({static_cast<std::uint32_t>(random() % i), i, double(random() % 80)});
  }
  return g;
}

TEST(Layout, NeverPutsOneBoxOnAnotherAndDrawsLinksToTheRight) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    const auto g = make_graph(seed);
    const auto l = lay_out(g.boxes, g.links);
    ASSERT_EQ(l.boxes.size(), g.boxes.size());
    for (std::size_t a = 0; a < g.boxes.size(); ++a) {
      EXPECT_GE(l.boxes[a].x, 0);
      EXPECT_GE(l.boxes[a].y, -0.001);
      EXPECT_LE(l.boxes[a].x + g.boxes[a].width, l.width + 0.001);
      EXPECT_LE(l.boxes[a].y + g.boxes[a].height, l.height + 0.001);
      for (std::size_t b = a + 1; b < g.boxes.size(); ++b) {
        const bool apart_x =
            l.boxes[a].x + g.boxes[a].width <= l.boxes[b].x || l.boxes[b].x + g.boxes[b].width <= l.boxes[a].x;
        const bool apart_y = l.boxes[a].y + g.boxes[a].height <= l.boxes[b].y + 0.001 ||
                             l.boxes[b].y + g.boxes[b].height <= l.boxes[a].y + 0.001;
        EXPECT_TRUE(apart_x || apart_y) << "seed " << seed << ": boxes " << a << " and " << b;
      }
    }
    for (std::size_t k = 0; k < g.links.size(); ++k) {
      const auto& path = l.links[k];
      EXPECT_EQ(path.front().x, l.boxes[g.links[k].from].x + g.boxes[g.links[k].from].width);
      EXPECT_EQ(path.back().x, l.boxes[g.links[k].to].x);
      for (std::size_t p = 1; p < path.size(); ++p)
        EXPECT_LE(path[p - 1].x, path[p].x) << "seed " << seed << " link " << k;
    }
  }
}

TEST(Layout, DrawsAStraightLineStraight) {
  const std::vector<layout_box> boxes(4, {100, 40});
  const auto l = lay_out(boxes, {{0, 1, 0}, {1, 2, 0}, {2, 3, 0}});
  for (const auto& path : l.links) EXPECT_NEAR(path.front().y, path.back().y, 0.01);
}

}  // namespace
}  // namespace weir::plan
