#include "union.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/test/harness.hpp"

namespace {

using testing::ElementsAre;

struct left {
  std::int64_t id;
  std::string name;
};
struct right {
  std::int64_t id;
  std::string name;
};
struct other {
  std::int64_t id;
  std::int32_t name;
};
struct shorter {
  std::int64_t id;
};
WEIR_RECORD(left, id, name)
WEIR_RECORD(right, id, name)
WEIR_RECORD(other, id, name)
WEIR_RECORD(shorter, id)

TEST(Union, PassesAllInputsOn) {
  weir::test::harness<weir::standard::merge, weir::inputs<left, right>, left> h{};
  h.push(left{1, "a"});
  h.push(right{2, "b"});
  h.push(left{3, "c"});
  std::vector<std::int64_t> ids;
  for (const auto& r : h.take()) ids.push_back(r.id);
  EXPECT_THAT(ids, ElementsAre(1, 2, 3));
}

TEST(Union, RefusesInputsOfOtherColumns) {
  EXPECT_THAT((weir::test::bind_errors<weir::standard::merge, weir::inputs<left, other>>()),
              ElementsAre(testing::HasSubstr("column 2 is `name` int32")));
  EXPECT_THAT((weir::test::bind_errors<weir::standard::merge, weir::inputs<left, shorter>>()),
              ElementsAre(testing::HasSubstr("has 1 columns")));
}

}  // namespace
