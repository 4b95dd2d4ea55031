#include "datagen/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <weir/test/source_harness.hpp>

namespace datagen {
namespace {

using namespace std::chrono_literals;
using harness = weir::test::source_harness<source>;
using testing::AllOf;
using testing::HasSubstr;
using weir::test::table;
using weir::test::value;

struct made {
  std::int64_t id;
  std::string desk;
  double amount;
  std::int64_t rank;
  bool urgent;
  std::string uuid, note, label;
  weir::time at;
  std::int64_t lots;
  std::optional<std::int64_t> maybe;
  auto operator<=>(const made&) const = default;
};
struct raw {
  weir::bytes value;
};
WEIR_RECORD(made, id, desk, amount, rank, urgent, uuid, note, label, at, lots, maybe)
WEIR_RECORD(raw, value)

value all_fields() {
  return value::list(
      {table{{"name", "id"}, {"kind", "sequence"}, {"start", 100}, {"step", 3}},
       table{{"name", "desk"},
             {"kind", "choice"},
             {"values", value::list({"fx", "rates"})},
             {"weights", value::list({3.0, 1.0})}},
       table{{"name", "amount"}, {"kind", "normal"}, {"mean", 50.0}, {"stddev", 10.0}},
       table{{"name", "rank"}, {"kind", "zipf"}, {"count", 100}, {"exponent", 1.2}},
       table{{"name", "urgent"}, {"kind", "bool"}, {"share", 0.1}}, table{{"name", "uuid"}, {"kind", "uuid"}},
       table{{"name", "note"}, {"kind", "text"}, {"min_length", 3}, {"max_length", 9}},
       table{{"name", "label"}, {"kind", "template"}, {"text", "{desk}-{n}!{id}"}},
       table{{"name", "at"}, {"kind", "timestamp"}, {"from", "2026-01-01T00:00:00Z"}, {"every", 1s}, {"jitter", 100ms}},
       table{{"name", "lots"}, {"kind", "uniform"}, {"min", -2}, {"max", 2}},
       table{{"name", "maybe"}, {"kind", "sequence"}, {"nulls", 0.25}}});
}

std::vector<made> records(table config) {
  harness h{config};
  h.open_all();
  EXPECT_TRUE(h.poll_to_end());
  return h.take<made>();
}

TEST(DatagenSource, MakesEachFieldAsItIsDeclared) {
  const auto all = records({{"fields", all_fields()}, {"events", 20'000}});
  ASSERT_EQ(all.size(), 20'000u);
  double sum = 0, squares = 0, fx = 0, urgent = 0, nulls = 0, first = 0, second = 0;
  std::set<std::string> uuids;
  std::set<std::int64_t> lots;
  for (std::size_t n = 0; n < all.size(); ++n) {
    const made& m = all[n];
    ASSERT_EQ(m.id, 100 + 3 * static_cast<std::int64_t>(n));
    ASSERT_EQ(m.label, m.desk + "-" + std::to_string(n) + "!" + std::to_string(m.id));
    ASSERT_TRUE(m.desk == "fx" || m.desk == "rates");
    ASSERT_GE(m.note.size(), 3u);
    ASSERT_LE(m.note.size(), 9u);
    ASSERT_GE(m.rank, 1);
    ASSERT_LE(m.rank, 100);
    const auto off =
        m.at - (weir::time{std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}} + std::chrono::seconds(n));
    ASSERT_LE(std::abs(off.count()), 100'000);
    ASSERT_EQ(m.uuid[14], '4');
    uuids.insert(m.uuid);
    lots.insert(m.lots);
    sum += m.amount;
    squares += m.amount * m.amount;
    fx += m.desk == "fx";
    urgent += m.urgent;
    nulls += !m.maybe;
    first += m.rank == 1;
    second += m.rank == 2;
  }
  const double count = static_cast<double>(all.size()), mean = sum / count;
  EXPECT_NEAR(mean, 50, 0.5);
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean), 10, 0.5);
  EXPECT_NEAR(fx / count, 0.75, 0.02);
  EXPECT_NEAR(urgent / count, 0.1, 0.02);
  EXPECT_NEAR(nulls / count, 0.25, 0.02);
  EXPECT_NEAR(first / second, std::pow(2, 1.2), 0.25);
  EXPECT_EQ(uuids.size(), all.size());
  EXPECT_THAT(lots, testing::ElementsAre(-2, -1, 0, 1, 2));
}

TEST(DatagenSource, MakesTheSameRecordsForTheSameSeedHoweverTheyAreDealtOut) {
  auto one = records({{"fields", all_fields()}, {"events", 5000}, {"seed", 9}});
  auto three = records({{"fields", all_fields()}, {"events", 5000}, {"seed", 9}, {"splits", 3}});
  const auto other = records({{"fields", all_fields()}, {"events", 5000}, {"seed", 10}});
  std::sort(three.begin(), three.end());
  EXPECT_EQ(one, three);
  EXPECT_NE(one, other);
}

TEST(DatagenSource, GoesOnFromAnyPosition) {
  const table config{{"fields", all_fields()}, {"events", 3000}, {"splits", 2}};
  auto whole = records(config);
  std::sort(whole.begin(), whole.end());
  for (int cut = 0; cut < 4; ++cut) {
    harness first{config};
    first.open_all();
    for (int i = 0; i < cut; ++i) first.poll();
    auto got = first.take<made>();
    harness second{config};
    for (std::uint32_t s = 0; s < 2; ++s) second.open(s, std::to_string(s) + "/2", first.position(s));
    ASSERT_TRUE(second.poll_to_end());
    const auto rest = second.take<made>();
    got.insert(got.end(), rest.begin(), rest.end());
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, whole) << "cut " << cut;
  }
}

std::vector<std::string> texts(table config) {
  harness h{config};
  h.open_all();
  EXPECT_TRUE(h.poll_to_end());
  std::vector<std::string> out;
  for (const auto& r : h.take<raw>()) out.push_back(r.value.value);
  return out;
}

TEST(DatagenSource, EncodesJson) {
  const auto lines = texts(
      {{"fields", value::list({table{{"name", "n"}, {"kind", "sequence"}}, table{{"name", "t"}, {"kind", "timestamp"}},
                               table{{"name", "q\""}, {"kind", "constant"}, {"text", "a\"b"}},
                               table{{"name", "x"}, {"kind", "sequence"}, {"nulls", 1.0}}})},
       {"events", 2},
       {"encode", "json"}});
  EXPECT_EQ(lines.at(1), "{\"n\":1,\"t\":\"2026-01-01T00:00:00.001000Z\",\"q\\\"\":\"a\\\"b\",\"x\":null}");
}

TEST(DatagenSource, BreaksTheShareOfRecordsThatItIsAskedFor) {
  const table fields{{"name", "n"}, {"kind", "sequence"}};
  const auto good = texts({{"fields", value::list({fields})}, {"events", 20'000}, {"encode", "json"}});
  const auto some =
      texts({{"fields", value::list({fields})}, {"events", 20'000}, {"encode", "json"}, {"malformed", 0.01}});
  std::size_t broken = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    broken += good[i] != some[i];
    EXPECT_EQ(some[i].find('\n'), std::string::npos);
  }
  EXPECT_NEAR(static_cast<double>(broken), 200, 45);
}

TEST(DatagenSource, KeepsToItsRate) {
  harness h{{{"fields", value::list({table{{"name", "n"}, {"kind", "sequence"}}})}, {"rate", 100}, {"encode", "json"}}};
  h.clock(0s);
  h.open_all();
  EXPECT_EQ(h.poll(), weir::polled::idle);
  h.clock(1s);
  while (h.poll() == weir::polled::emitted) {
  }
  EXPECT_EQ(h.take<raw>().size(), 100u);
}

std::string error_of(const table& config) {
  try {
    harness h{config};
  } catch (const weir::test::bind_refused& e) {
    return e.what();
  }
  return "none";
}

TEST(DatagenSource, SaysWhichFieldIsDeclaredWrongly) {
  const auto with = [](table f) {
    return error_of({{"fields", value::list({table{{"name", "a"}, {"kind", "sequence"}}, f})}});
  };
  EXPECT_EQ(with({{"name", "b"}, {"kind", "uuid"}}), "none");
  EXPECT_THAT(with({{"name", "a"}, {"kind", "uuid"}}), HasSubstr("is there twice"));
  EXPECT_THAT(with({{"name", "b"}, {"kind", "template"}, {"text", "{aa}"}}),
              AllOf(HasSubstr("fields[1]"), HasSubstr("{aa} is no earlier field")));
  EXPECT_THAT(with({{"name", "b"}, {"kind", "uuid"}, {"mean", 1.0}}), HasSubstr("is no option of the kind 'uuid'"));
  EXPECT_THAT(with({{"name", "b"}, {"kind", "zipf"}, {"mean", 1.0}}), HasSubstr("which takes count exponent"));
  EXPECT_THAT(with({{"name", "b"}, {"kind", "uniform"}, {"min", 3}, {"max", 1}}), HasSubstr("must not be below min"));
  EXPECT_THAT(
      with({{"name", "b"}, {"kind", "choice"}, {"values", value::list({"x"})}, {"weights", value::list({1.0, 2.0})}}),
      HasSubstr("as many numbers"));
  EXPECT_THAT(with({{"name", "b"}, {"kind", "timestamp"}, {"from", "soon"}}), HasSubstr("is no time"));
  EXPECT_THAT(with({{"name", "b"}, {"kind", "gauss"}}), HasSubstr("gauss"));
  EXPECT_THAT(error_of({{"fields", value::list({})}}), HasSubstr("at least one field"));
  EXPECT_THAT(error_of({{"fields", value::list({table{{"name", "a"}, {"kind", "uuid"}}})}, {"malformed", 0.5}}),
              HasSubstr("needs encode"));
}

}  // namespace
}  // namespace datagen
