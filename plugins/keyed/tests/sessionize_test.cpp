#include "keyed/sessionize.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/test/harness.hpp"

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

struct click {
  std::string who;
  std::int64_t id;
};
struct numbered {
  std::string who;
  std::int64_t id;
  weir::time session_start;
  std::int64_t session_row;
  bool operator==(const numbered&) const = default;
};
WEIR_RECORD(click, who, id)
WEIR_RECORD(numbered, who, id, session_start, session_row)
weir::time at(weir::duration d) { return weir::time{d}; }
using harness = weir::test::harness<keyed::sessionize, click, numbered>;

TEST(Sessionize, NumbersTheRowsOfEachSession) {
  for (const bool sparse : {false, true}) {
    harness h{{{"gap", 10s}}, weir::test::key{"who"}};
    h.sparse = sparse;
    h.push_rows<click>({{"ann", 1}, {"bob", 2}, {"ann", 3}, {"ann", 4}}, {0, 5'000'000, 9'999'999, 20'000'000});
    h.restore(h.cut());
    h.push({"ann", 5}, 15s);  // older than the session's first row, by less than the gap
    h.push({"ann", 6}, 2s);   // of a session that is over
    EXPECT_THAT(h.take(),
                ElementsAre(numbered{"ann", 1, at(0s), 1}, numbered{"bob", 2, at(5s), 1}, numbered{"ann", 3, at(0s), 2},
                            numbered{"ann", 4, at(20s), 1}, numbered{"ann", 5, at(15s), 2}));
    EXPECT_EQ(h.take<click>("late").size(), 1u);
  }
}

TEST(Sessionize, NeedsAKey) {
  EXPECT_THAT((weir::test::bind_errors<keyed::sessionize, click>({{"gap", 10s}})),
              ElementsAre(HasSubstr("needs a key")));
}

}  // namespace
