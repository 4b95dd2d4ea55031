// What is refused, and that the message says where and what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_parts.hpp"

namespace weir::plan {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::make_from;
using ::testing::Not;

TEST(Refuses, AUnionOfDifferentColumnsAndNamesTheColumn) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
config = { columns = "id: int64, amount: float64" }
[[source]]
id = "b"
uses = "t.source"
config = { columns = "id: int64, amount: utf8" }
[[source]]
id = "c"
uses = "t.source"
config = { columns = "id: int64" }
[[sink]]
id = "all"
uses = "t.sink"
from = ["a", "b", "c"]
)");
  EXPECT_FALSE(m.plan);
  EXPECT_THAT(m.text(), HasSubstr("p.toml:19:14: error: all inputs of \"all\" flow together and must have the same "
                                  "columns: column 2 of \"a\" is "
                                  "\"amount: float64\", of \"b\" it is \"amount: utf8\""));
  EXPECT_THAT(m.text(), HasSubstr("\"a\" has a column \"amount: float64\" that \"c\" has not"));
}

TEST(Refuses, AKeyThatIsNoColumnOrCannotBeOne) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
config = { columns = "desk: utf8, tags: list<utf8>" }
[[sink]]
id = "x"
uses = "t.sink"
from = ["a"]
exchange = { kind = "hash", key = "dsk" }
[[sink]]
id = "y"
uses = "t.sink"
from = ["a"]
exchange = { kind = "hash", key = ["tags"] }
)");
  EXPECT_FALSE(m.plan);
  EXPECT_THAT(m.text(), HasSubstr("p.toml:12:35: error: the key of \"x\" names column \"dsk\", but \"a\" has no such "
                                  "column; did you mean \"desk\"?"));
  EXPECT_THAT(m.text(), HasSubstr("p.toml:17:36: error: column \"tags\" of \"a\" is a list"));
}

TEST(Refuses, DifferentKeysOnOnePort) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
[[source]]
id = "b"
uses = "t.source"
[[sink]]
id = "x"
uses = "t.sink"
from = [{ port = "a", exchange = { kind = "hash", key = "id" } }, { port = "b", exchange = { kind = "hash", key = "desk" } }]
)");
  EXPECT_FALSE(m.plan);
  EXPECT_THAT(m.text(), HasSubstr("must have the same key"));
}

TEST(Refuses, AWrongNumberOfInputs) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
[[operator]]
id = "j"
uses = "t.join"
from = ["a"]
[[sink]]
id = "x"
uses = "t.sink"
from = ["j"]
)");
  EXPECT_FALSE(m.plan);
  EXPECT_THAT(m.text(), HasSubstr("t.join has 2 inputs, in this order; `from` of \"j\" has 1"));
}

TEST(Refuses, APortThatIsNotThereAndNamesTheNearest) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.raw"
format = "json"
[[operator]]
id = "b"
uses = "t.map"
from = ["a"]
[[operator]]
id = "meta"
uses = "t.map"
from = ["a:meta"]
[[sink]]
id = "x"
uses = "t.sink"
from = ["b:rejcted", "meta", "a:mta"]
)");
  EXPECT_FALSE(m.plan);
  EXPECT_THAT(m.text(), HasSubstr("p.toml:19:9: error: \"b:rejcted\" is no output; did you mean \"b:rejected\"?"));
  EXPECT_THAT(m.text(), HasSubstr("did you mean \"a:meta\"?"));
}

TEST(Refuses, ForwardBetweenUnequalParallelism) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
parallelism = 3
[[sink]]
id = "x"
uses = "t.sink"
from = ["a"]
exchange = "forward"
)");
  EXPECT_FALSE(m.plan);
  EXPECT_THAT(m.text(), HasSubstr("forward needs equal parallelism on both sides: \"a\" has 3, \"x\" has 1"));
}

TEST(Refuses, EventTimeThatIsNoTimestamp) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
watermark = { field = "desk", out_of_orderness = "1s" }
trace = { trace_id = "id", source_id = "at" }
[[source]]
id = "b"
uses = "t.source"
watermark = { field = "att", out_of_orderness = "1s" }
[[sink]]
id = "x"
uses = "t.sink"
from = ["a", "b"]
)");
  EXPECT_FALSE(m.plan);
  EXPECT_THAT(m.text(),
              HasSubstr("p.toml:7:23: error: event time needs a column of type timestamp; \"desk\" of \"a\" is utf8"));
  EXPECT_THAT(m.text(), HasSubstr("column \"id\" of \"a\" is int64; a trace id is"));
  EXPECT_THAT(m.text(), HasSubstr("column \"at\" of \"a\" is timestamp; a source id is utf8"));
  EXPECT_THAT(m.text(), HasSubstr("\"b\" has no column \"att\"; did you mean \"at\"?"));
}

TEST(Refuses, ACircleThroughDeadLetters) {
  const auto m = make_from(R"(
[dead_letters]
sink = "bad"
[[source]]
id = "a"
uses = "t.source"
[[sink]]
id = "out"
uses = "t.sink"
from = ["a"]
[[sink]]
id = "worse"
uses = "t.sink"
from = ["bad:dead_letter"]
[[sink]]
id = "bad"
uses = "t.sink"
)");
  EXPECT_FALSE(m.plan);
  EXPECT_THAT(m.text(), HasSubstr("runs in a circle: "));
  EXPECT_THAT(m.text(), HasSubstr("bad -> worse"));
}

TEST(Refuses, ReportsEverythingTogetherButNothingThatFollowsFromIt) {
  const auto m = make_from(R"(
[[source]]
id = "a"
uses = "t.source"
config = { columns = "nonsense" }
[[source]]
id = "b"
uses = "t.missing"
[[operator]]
id = "c"
uses = "t.map"
from = ["a"]
[[operator]]
id = "d"
uses = "t.map"
from = ["b"]
[[source]]
id = "e"
uses = "t.source"
watermark = { field = "nope", out_of_orderness = "1s" }
[[sink]]
id = "x"
uses = "t.sink"
from = ["c", "d", "e"]
)");
  EXPECT_FALSE(m.plan);
  EXPECT_EQ(m.problems.error_count(), 3u) << m.text();
  EXPECT_THAT(m.text(), AllOf(HasSubstr("nonsense"), HasSubstr("no t.missing"), HasSubstr("no column \"nope\""),
                              Not(HasSubstr("\"x\""))));
}

}  // namespace
}  // namespace weir::plan
