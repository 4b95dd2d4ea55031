#include "lookup/stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orders.hpp"

namespace {

using namespace std::chrono_literals;
using namespace lookup_test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using weir::change_kind;
using weir::test::table;
using weir::test::value;

struct account {
  std::optional<std::int64_t> number;
  std::string name;
  std::optional<double> limit;
  bool closed;
};
WEIR_RECORD(account, number, name, limit, closed)

using harness = weir::test::harness<lookup::stream, weir::inputs<order, account>, named_order>;

table options(std::vector<std::pair<std::string, value>> more = {}) {
  table t{{"on", table{{"account", "number"}}}, {"add", value::list({"name", "limit"})}};
  for (auto& [key, v] : more) t.set(key, std::move(v));
  return t;
}

TEST(LookupStream, FindsWhatHasComeSoFar) {
  for (const bool sparse : {false, true}) {
    harness h{options()};
    h.sparse = sparse;
    h.push(order{1, 7});
    h.push(account{7, "ann", 1.5, false});
    h.push(order{2, 7}, 3s);
    h.push(account{7, "anna", std::nullopt, false}, 0s, change_kind::update_after);
    h.push_all<order>({{3, 7}, {4, 8}, {5, std::nullopt}});
    EXPECT_THAT(h.take(),
                ElementsAre(named_order{1, 7, {}, {}}, named_order{2, 7, "ann", 1.5}, named_order{3, 7, "anna", {}},
                            named_order{4, 8, {}, {}}, named_order{5, std::nullopt, {}, {}}));
    EXPECT_EQ(h.figures()["table_rows"], 1u);
  }
}

TEST(LookupStream, ForgetsWhatIsDeletedByItsKindOrByAColumn) {
  harness h{options({{"deleted", "closed"}, {"missing", "drop"}})};
  h.push_all<account>({{1, "a", 1, false}, {2, "b", 2, false}, {3, "c", 3, false}});
  h.push(account{1, "", {}, false}, 0s, change_kind::erase);
  h.push(account{2, "", {}, true});
  h.push_all<order>({{10, 1}, {11, 2}, {12, 3}});
  EXPECT_THAT(h.take(), ElementsAre(named_order{12, 3, "c", 3.0}));
}

TEST(LookupStream, AKeyThatChangesIsToldAsTwoRows) {
  harness h{options({{"missing", "port"}})};
  h.push(account{1, "a", 1, false});
  h.push(account{1, "a", 1, false}, 0s, change_kind::update_before);
  h.push(account{2, "a", 1, false}, 0s, change_kind::update_after);
  h.push_all<order>({{10, 1}, {11, 2}});
  EXPECT_THAT(h.take(), ElementsAre(named_order{11, 2, "a", 1.0}));
  EXPECT_THAT(h.take<order>("missing"), ElementsAre(order{10, 1}));
}

TEST(LookupStream, ATableRowWithoutAKeyIsADeadLetter) {
  harness h{options()};
  h.push(account{std::nullopt, "a", 1, false});
  const auto dead = h.take_dead_letters();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_THAT(dead[0].why, HasSubstr("key is null"));
}

TEST(LookupStream, HoldsRowsUntilTheTableHasEnded) {
  harness h{options({{"wait", "end"}, {"missing", "port"}})};
  h.trace();
  h.push(order{1, 7}, 5s, change_kind::update_after);
  h.push(account{7, "ann", 1.5, false});
  h.push_all<order>({{2, 8}, {3, std::nullopt}, {4, 7}}, 6s, 1s);
  EXPECT_THAT(h.take(), IsEmpty());
  EXPECT_EQ(h.figures()["waiting"], 4u);
  h.push(account{7, "anna", 2.5, false});
  h.under().call("end_of_port",
                 [&] { return h.under().ops().end_of_port(h.under().self(), h.under().task().raw(), 1); });
  const auto rows = h.take_rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].value, (named_order{1, 7, "anna", 2.5}));
  EXPECT_EQ(rows[0].at, weir::time{5s});
  EXPECT_EQ(rows[0].change, change_kind::update_after);
  EXPECT_EQ(rows[0].source, "test");
  EXPECT_EQ(rows[1].value, (named_order{4, 7, "anna", 2.5}));
  EXPECT_EQ(rows[1].at, weir::time{8s});
  EXPECT_THAT(h.take<order>("missing"), ElementsAre(order{2, 8}, order{3, std::nullopt}));
  h.push(order{5, 7});
  EXPECT_THAT(h.take(), ElementsAre(named_order{5, 7, "anna", 2.5})) << "from now on nothing is held";
}

TEST(LookupStream, HoldsRowsNoLongerThanItIsTold) {
  harness h{options({{"wait", "end"}, {"wait_at_most", 30s}})};
  h.push(order{1, 7});
  h.clock(29s);
  h.push(account{7, "ann", 1.5, false});
  EXPECT_THAT(h.take(), IsEmpty());
  h.clock(31s);
  h.flush();
  EXPECT_THAT(h.take(), ElementsAre(named_order{1, 7, "ann", 1.5}));
  EXPECT_THAT(h.take_log(), ElementsAre(testing::Field(&weir::test::log_line::text, HasSubstr("wait_at_most"))));
}

TEST(LookupStream, FailsWhenTooManyRowsWait) {
  harness h{options({{"wait", "end"}, {"wait_rows", 2}})};
  h.push_all<order>({{1, 7}, {2, 7}});
  EXPECT_THROW(h.push(order{3, 7}), weir::test::call_failed);
}

TEST(LookupStream, TableAndHeldRowsSurviveACut) {
  for (const std::string wait : {"no", "end"}) {
    harness h{options({{"wait", wait}})};
    h.push_all<account>({{1, "a", 1, false}, {2, "b", std::nullopt, false}, {3, "c", 3, false}});
    h.push(account{2, "", {}, false}, 0s, change_kind::erase);
    h.push(order{1, 1}, 4s);
    const auto before = h.take();
    const auto cut = h.cut();
    h.push(account{1, "later", 9, false});
    h.push(order{9, 1});
    h.take();
    h.restore(cut);
    h.push_all<order>({{2, 2}, {3, 3}});
    h.end();
    std::vector<named_order> all = before;
    for (auto& row : h.take()) all.push_back(row);
    EXPECT_THAT(all, ElementsAre(named_order{1, 1, "a", 1.0}, named_order{2, 2, {}, {}}, named_order{3, 3, "c", 3.0}))
        << wait;
  }
}

TEST(LookupStream, AtAnotherParallelismEachSubtaskHasTheTableAndOneTheHeldRows) {
  std::vector<weir::test::cut_image> cuts;
  for (std::uint32_t s = 0; s < 2; ++s) {
    harness h{options({{"wait", "end"}}), {}, {.subtask = s, .parallelism = 2}};
    h.push(account{1, "a", 1, false});
    h.push(order{s, 1});
    cuts.push_back(h.cut());
  }
  for (std::uint32_t s = 0; s < 3; ++s) {
    harness h{options({{"wait", "end"}}), {}, {.subtask = s, .parallelism = 3}};
    h.restore(cuts[0]);
    h.restore_more(cuts[1]);
    h.push(order{10, 1});
    h.end();
    std::vector<named_order> expected;
    if (s < 2) expected.push_back({s, 1, "a", 1.0});
    expected.push_back({10, 1, "a", 1.0});
    EXPECT_EQ(h.take(), expected) << s;
  }
}

TEST(LookupStream, HeldRowsAreNotForgottenWhenTheWaitWasOverForOthersOnly) {
  std::vector<weir::test::cut_image> cuts;
  for (std::uint32_t s = 0; s < 2; ++s) {
    harness h{options({{"wait", "end"}, {"wait_at_most", 30s}}), {}, {.subtask = s, .parallelism = 2}};
    h.push(account{1, "a", 1, false});
    if (s == 0) h.clock(31s);
    h.push(order{s, 1});
    EXPECT_EQ(h.take().size(), s == 0 ? 1u : 0u);
    cuts.push_back(h.cut());
  }
  for (const bool turned : {false, true}) {
    harness h{options({{"wait", "end"}, {"wait_at_most", 30s}})};
    h.restore(cuts[turned]);
    h.restore_more(cuts[!turned]);
    h.end();
    EXPECT_THAT(h.take(), ElementsAre(named_order{1, 1, "a", 1.0})) << turned;
  }
}

TEST(LookupStream, RefusesACutWithOtherColumns) {
  harness h{options()};
  h.push(account{1, "a", 1, false});
  const auto cut = h.cut();
  weir::test::harness<lookup::stream, weir::inputs<order, account>, named_order> other{
      {{"on", table{{"account", "number"}}}, {"add", value::list({"limit", "name"})}}};
  try {
    other.restore(cut);
    FAIL() << "restored";
  } catch (const weir::test::call_failed& failed) {
    EXPECT_THAT(failed.what(), HasSubstr("with other columns"));
  }
}

TEST(LookupStream, NamesTheOptionThatIsWrong) {
  auto errors = [](std::vector<std::pair<std::string, value>> more) {
    try {
      harness h{options(std::move(more))};
    } catch (const weir::test::bind_refused& refused) {
      return refused.errors;
    }
    return std::vector<std::string>{};
  };
  EXPECT_THAT(errors({{"deleted", "name"}}), ElementsAre(HasSubstr("deleted: column 'name' is no bool")));
  EXPECT_THAT(errors({{"deleted", "close"}}), ElementsAre(HasSubstr("deleted: the table has no column 'close'")));
}

}  // namespace
