#include "window/groups.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/test/harness.hpp"

namespace {

using testing::ElementsAre;

struct wide {
  std::optional<std::int64_t> id;
  std::string name;
};
WEIR_RECORD(wide, id, name)

// Each key of the rows has one group, whatever the columns are; nulls are equal.
TEST(Groups, NumberKeysInTheOrderTheyCome) {
  const auto columns = weir::test::detail::columns_from<wide>(
      {{7, "a"}, {std::nullopt, "a"}, {7, "b"}, {0, "a"}, {std::nullopt, "a"}, {7, "a"}, {0, "a"}});
  const auto fields = weir::schema_of<wide>().fields;
  const std::vector<std::uint32_t> rows{0, 1, 2, 3, 4, 5, 6};
  std::vector<std::uint32_t> out(7);
  const weir::column_view id{fields[0], columns[0]->array()}, name{fields[1], columns[1]->array()};
  for (int round = 0; round < 2; ++round) {
    window::groups one, both;
    one.bind({fields[0]}, 8);
    both.bind(fields, 8);
    one.clear();
    one.find_or_add({id}, nullptr, rows.data(), 7, out.data());
    EXPECT_THAT(out, ElementsAre(0, 1, 0, 2, 1, 0, 2));
    const auto keys = one.keys();
    EXPECT_EQ(keys[0].value<std::int64_t>(0), 7);
    EXPECT_TRUE(keys[0].null(1));
    EXPECT_EQ(keys[0].value<std::int64_t>(2), 0);
    EXPECT_FALSE(keys[0].null(2));
    both.find_or_add({id, name}, nullptr, rows.data(), 7, out.data());
    EXPECT_THAT(out, ElementsAre(0, 1, 2, 3, 1, 0, 3));
    EXPECT_EQ(both.size(), 4);
  }
}

TEST(Groups, FindTheirKeysAgainWhenTheyHaveGrown) {
  std::vector<wide> all;
  std::vector<std::uint32_t> rows, first(3000), again(3000);
  for (std::uint32_t i = 0; i < 3000; ++i)
    all.push_back({i == 5 ? std::nullopt : std::optional<std::int64_t>{i * 64}, "x"}), rows.push_back(i);
  const auto columns = weir::test::detail::columns_from(all);
  const auto fields = weir::schema_of<wide>().fields;
  const weir::column_view id{fields[0], columns[0]->array()};
  window::groups g;
  g.bind({fields[0]}, 8);
  for (std::size_t i = 0; i < 3000; i += 100) g.find_or_add({id}, nullptr, rows.data() + i, 100, first.data() + i);
  g.find_or_add({id}, nullptr, rows.data(), 3000, again.data());
  EXPECT_EQ(first, rows);
  EXPECT_EQ(again, rows);
  EXPECT_EQ(g.size(), 3000);
}

}  // namespace
