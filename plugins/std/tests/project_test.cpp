#include "project.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/test/harness.hpp"

namespace {

using testing::ElementsAre;

struct trade {
  std::int64_t id;
  std::string desk;
  std::optional<std::int32_t> amount;
  std::vector<std::string> tags;
};
WEIR_RECORD(trade, id, desk, amount, tags)

struct result {
  std::int64_t id;
  std::string name;
  std::optional<std::int32_t> twice;
  std::optional<bool> large;
  bool operator==(const result&) const = default;
};
WEIR_RECORD(result, id, name, twice, large)

using weir::test::value;
weir::test::value list(std::initializer_list<value> all) { return value::list(all); }

template <class Out>
using harness = weir::test::harness<weir::standard::project, trade, Out>;
std::vector<std::string> errors(std::initializer_list<value> columns) {
  return weir::test::bind_errors<weir::standard::project, trade>({{"columns", list(columns)}});
}

TEST(Project, WritesWhatIsComputedBesideWhatIsPassedOn) {
  for (const bool sparse : {false, true}) {
    harness<result> h{
        {{"columns", list({"id", "upper(desk) || '-' || id AS name", "amount * 2 AS twice", "amount > 10 AS large"})}}};
    h.sparse = sparse;
    h.push_all<trade>({{1, "fx", 7, {}}, {2, "", std::nullopt, {"a"}}, {3, "repo", 30, {}}});
    EXPECT_THAT(h.take(), ElementsAre(result{1, "FX-1", 14, false}, result{2, "-2", std::nullopt, std::nullopt},
                                      result{3, "REPO-3", 60, true}));
  }
}

struct renamed {
  std::vector<std::string> labels;
  std::int64_t number;
  bool operator==(const renamed&) const = default;
};
WEIR_RECORD(renamed, labels, number)

TEST(Project, RenamesAndReordersWithoutCopying) {
  harness<renamed> h{{{"columns", list({"tags AS labels", "id AS number"})}}};
  h.push<trade>({1, "fx", 7, {"a", "b"}});
  EXPECT_THAT(h.take(), ElementsAre(renamed{{"a", "b"}, 1}));
  for (const auto& o : h.under().bound().outputs) EXPECT_THAT(o.passes, ElementsAre(3, 0));
}

struct starred {
  std::int64_t id;
  std::optional<std::int32_t> amount;
  std::int64_t len;
  bool operator==(const starred&) const = default;
};
WEIR_RECORD(starred, id, amount, len)

TEST(Project, TakesAllColumnsButSome) {
  harness<starred> h{{{"columns", list({"* EXCEPT (tags, desk)", "len(tags) AS len"})}}};
  h.push<trade>({1, "fx", 7, {"a", "b"}});
  EXPECT_THAT(h.take(), ElementsAre(starred{1, 7, 2}));
}

struct one {
  std::int32_t n;
  bool operator==(const one&) const = default;
};
WEIR_RECORD(one, n)

TEST(Project, HandsARowOverOnceWhenItFails) {
  harness<starred> h{{{"columns", list({"id", "amount * 1000000 AS amount", "id // (id - 2) AS len"})}}};
  h.push_all<trade>({{1, "fx", 1, {}}, {2, "fx", 2, {}}, {3, "fx", 3000, {}}, {4, "fx", 4, {}}, {2, "fx", 99999, {}}});
  EXPECT_THAT(h.take(), ElementsAre(starred{1, 1000000, -1}, starred{4, 4000000, 2}));
  const auto dead = h.take_dead_letters();
  ASSERT_EQ(dead.size(), 3u);
  EXPECT_EQ(dead[0].why, "amount: overflow of int32: 3000 * 1000000");
  EXPECT_EQ(dead[1].why, "amount: overflow of int32: 99999 * 1000000");
  EXPECT_EQ(dead[2].why, "len: division by zero: 2 // 0 (use nullif(divisor, 0) to get NULL)");
}

TEST(Project, KeepsTimeAndChangeOfARow) {
  using namespace std::chrono_literals;
  harness<one> h{{{"columns", list({"amount + 1 AS n"})}}};
  h.push<trade>({1, "fx", 1, {}}, 5s, weir::change_kind::update_after);
  const auto rows = h.take_rows<one>();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].at, weir::time{5s});
  EXPECT_EQ(rows[0].change, weir::change_kind::update_after);
}

TEST(Project, NamesTheEntryThatIsWrong) {
  EXPECT_THAT(errors({"id", "amuont * 2 AS x"}),
              ElementsAre("columns[1]@0: unknown column `amuont`, did you mean `amount`?"));
  EXPECT_THAT(errors({"id + 1"}), ElementsAre("columns[0]@6: a computed column needs a name: add AS name"));
  EXPECT_THAT(errors({"*", "amount + 1 AS id"}),
              ElementsAre("columns[1]: there are two columns `id`: rename one with AS"));
  EXPECT_THAT(
      errors({"* EXCEPT (dsek)"}),
      ElementsAre(testing::HasSubstr("columns[0]@10: there is no column `dsek` to leave out; did you mean 'desk'?")));
  EXPECT_THAT(errors({"tags[1] + 1 AS x", "nope"}), testing::SizeIs(2));
  EXPECT_THAT(errors({"* EXCEPT (id, desk, amount, tags)"}), ElementsAre("columns: no column is left"));
}

}  // namespace
