#include "keyed/dedupe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "weir/test/harness.hpp"

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using weir::change_kind;
using weir::test::table;
using weir::test::value;

struct quote {
  std::string desk;
  std::int64_t id;
  std::optional<std::int64_t> price;
  bool firm;
  bool operator==(const quote&) const = default;
};
WEIR_RECORD(quote, desk, id, price, firm)

using harness = weir::test::harness<keyed::dedupe, quote, quote>;
const weir::test::key by_desk_and_id{"desk", "id"};

std::vector<change_kind> kinds(const std::vector<weir::test::row<quote>>& rows) {
  std::vector<change_kind> out;
  for (const auto& r : rows) out.push_back(r.change);
  return out;
}

TEST(Dedupe, LetsTheFirstRowOfAKeyThrough) {
  for (const bool sparse : {false, true}) {
    harness h{{}, by_desk_and_id};
    h.sparse = sparse;
    h.push_all<quote>(
        {{"fx", 1, 10, true}, {"fx", 1, 11, true}, {"repo", 1, 12, true}, {"fx", 2, 13, true}, {"repo", 1, 14, true}});
    h.push({"fx", 2, 15, true});
    EXPECT_THAT(h.take(), ElementsAre(quote{"fx", 1, 10, true}, quote{"repo", 1, 12, true}, quote{"fx", 2, 13, true}));
  }
}

TEST(Dedupe, RemembersKeysAcrossACut) {
  harness h{{}, by_desk_and_id};
  h.push({"fx", 1, 10, true});
  const auto cut = h.cut();
  h.push({"fx", 2, 10, true});
  h.take();
  h.restore(cut);
  h.push({"fx", 1, 11, true});
  h.push({"fx", 2, 12, true});
  EXPECT_THAT(h.take(), ElementsAre(quote{"fx", 2, 12, true}));
}

TEST(Dedupe, TellsEveryChangeOfTheLastRowAsAnUpsert) {
  for (const bool sparse : {false, true}) {
    harness h{{{"keep", "last"}, {"columns", value::list({"price"})}}, by_desk_and_id};
    h.sparse = sparse;
    h.push_all<quote>({{"fx", 1, 10, true}, {"fx", 1, 10, true}, {"fx", 2, 7, true}});
    const auto rows = h.take_rows();
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[1].value, (quote{"fx", 1, 10, true}));
    EXPECT_THAT(kinds(rows), ElementsAre(change_kind::insert, change_kind::update_after, change_kind::insert));
    const auto cut = h.cut();
    h.restore(cut);
    h.push({"fx", 1, 10, true});
    EXPECT_THAT(kinds(h.take_rows()), ElementsAre(change_kind::update_after));
  }
}

TEST(Dedupe, TellsOnlyRowsWhoseColumnsChanged) {
  for (const bool sparse : {false, true}) {
    harness h{{{"keep", "last"}, {"emit", "changed"}, {"columns", value::list({"price", "firm"})}}, by_desk_and_id};
    h.sparse = sparse;
    h.push_all<quote>({{"fx", 1, 10, true},
                       {"fx", 1, 10, true},
                       {"fx", 1, 11, true},
                       {"fx", 1, 11, false},
                       {"fx", 1, 11, false},
                       {"fx", 1, std::nullopt, false},
                       {"fx", 1, std::nullopt, false},
                       {"fx", 2, 0, false},
                       {"fx", 2, std::nullopt, false},
                       {"fx", 3, std::nullopt, false}});
    h.push({"fx", 1, 0, false});
    EXPECT_THAT(h.take(), ElementsAre(quote{"fx", 1, 10, true}, quote{"fx", 1, 11, true}, quote{"fx", 1, 11, false},
                                      quote{"fx", 1, std::nullopt, false}, quote{"fx", 2, 0, false},
                                      quote{"fx", 2, std::nullopt, false}, quote{"fx", 3, std::nullopt, false},
                                      quote{"fx", 1, 0, false}));
  }
}

TEST(Dedupe, ByEventTimeDropsRowsOlderThanTheLast) {
  harness h{{{"keep", "last"}, {"order", "event_time"}}, by_desk_and_id};
  h.push({"fx", 1, 10, true}, 10s);
  h.push({"fx", 1, 9, true}, 9s);
  h.push({"fx", 1, 11, true}, 10s);
  h.push({"fx", 2, 9, true}, 9s);
  EXPECT_THAT(h.take(), ElementsAre(quote{"fx", 1, 10, true}, quote{"fx", 1, 11, true}, quote{"fx", 2, 9, true}));
}

TEST(Dedupe, ForgetsAKeyAfterItsTimeToLive) {
  harness h{{{"ttl", 10s}}, by_desk_and_id};
  h.push({"fx", 1, 10, true}, 0s);
  h.watermark(5s);
  h.push({"fx", 1, 11, true}, 6s);
  h.watermark(14s);
  h.push({"fx", 1, 12, true}, 15s);
  h.watermark(60s);
  h.push({"fx", 1, 13, true}, 61s);
  EXPECT_THAT(h.take(), ElementsAre(quote{"fx", 1, 10, true}, quote{"fx", 1, 13, true}));
}

std::vector<std::string> errors(const table& options, const weir::test::keys& key = by_desk_and_id) {
  try {
    harness h{options, key};
  } catch (const weir::test::bind_refused& refused) {
    return refused.errors;
  }
  return {};
}

TEST(Dedupe, SaysWhatIsWrongWithItsOptions) {
  EXPECT_THAT(errors({}, {}), ElementsAre(HasSubstr("needs a key")));
  EXPECT_THAT(errors({{"keep", "last"}, {"columns", value::list({"prise"})}}),
              ElementsAre(HasSubstr("did you mean 'price'")));
  EXPECT_THAT(errors({{"keep", "last"}, {"columns", value::list({"desk"})}}),
              ElementsAre(HasSubstr("columns[0]: column 'desk' is utf8")));
  EXPECT_THAT(errors({{"emit", "changed"}}), ElementsAre(HasSubstr("emit: is for keep = \"last\"")));
  EXPECT_THAT(errors({{"keep", "last"}, {"emit", "changed"}}), ElementsAre(HasSubstr("columns: names the columns")));
}

}  // namespace
