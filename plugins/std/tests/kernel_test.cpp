// What the kernels do with rows: errors of single rows, rows that are not asked for, vectors that are used again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "evaluate.hpp"
#include "expression/divider.hpp"

namespace {

using namespace weir::expression;
using namespace weir::expression::test;
using testing::ElementsAre;

TEST(Divider, AgreesWithTheProcessor) {
  std::vector<std::int64_t> v{0, 1, -1, 2, -2, 3, 7, -7, 10, 123, 1000, 1LL << 62, -(1LL << 62)};
  for (const auto limit : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()})
    for (int k = -1; k <= 1; ++k)
      v.push_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(limit) + static_cast<std::uint64_t>(k)));
  std::mt19937_64 random{7};
  for (int i = 0; i < 200; ++i) v.push_back(static_cast<std::int64_t>(random()) >> (random() % 64));
  for (const std::int64_t d : v) {
    for (const std::int64_t n : v) {
      if (d == 0) continue;
      const auto un = static_cast<std::uint64_t>(n), ud = static_cast<std::uint64_t>(d);
      ASSERT_EQ(unsigned_divider{ud}.quotient(un), un / ud) << un << " / " << ud;
      ASSERT_EQ(unsigned_divider{ud}.remainder(un), un % ud) << un << " % " << ud;
      if (d == -1) continue;
      ASSERT_EQ(signed_divider{d}.quotient(n), n / d) << n << " / " << d;
      ASSERT_EQ(signed_divider{d}.remainder(n), n % d) << n << " % " << d;
      if (d == std::numeric_limits<std::int64_t>::min()) continue;
      const divisibility by{d};
      const bool is = by.is_power() ? (un & by.mask()) == 0 : by(n);
      ASSERT_EQ(is, n % d == 0) << n << " % " << d;
    }
  }
}

TEST(Errors, AreOfTheirRowAlone) {
  table t;
  t.add("a", "int8", {"100", "1", "\\N", "-100", "127"}).add("b", "int8", {"100", "2", "100", "-100", "0"});
  std::vector<std::string> why;
  EXPECT_THAT(values(t, "a + b", {nullptr, -1}, &why), ElementsAre("\\E", "3", "\\N", "\\E", "127"));
  EXPECT_THAT(why, ElementsAre("0: overflow of int8: 100 + 100", "3: overflow of int8: -100 + -100"));
  why.clear();
  EXPECT_THAT(values(t, "a // b", {nullptr, -1}, &why), ElementsAre("1", "0", "\\N", "1", "\\E"));
  EXPECT_THAT(why, ElementsAre("4: division by zero: 127 // 0 (use nullif(divisor, 0) to get NULL)"));
  EXPECT_THAT(values(t, "a // nullif(b, 0)"), ElementsAre("1", "0", "\\N", "1", "\\N"));
  EXPECT_THAT(values(t, "try(a + b)"), ElementsAre("\\N", "3", "\\N", "\\N", "127"));
  EXPECT_THAT(values(t, "coalesce(try(a * b), 0::int8)"), ElementsAre("0", "2", "0", "0", "0"));
}

TEST(Errors, DoNotHappenInRowsThatAreNotAskedFor) {
  table t;
  t.add("a", "int64", {"9223372036854775807", "1", "9223372036854775807", "4"}).add("s", "utf8", {"x", "7", "y", "8"});
  const std::uint32_t odd[]{1, 3};
  EXPECT_THAT(values(t, "a + 1", {odd, 2}), ElementsAre("2", "5"));
  EXPECT_THAT(values(t, "CAST(s AS int)", {odd, 2}), ElementsAre("7", "8"));
  EXPECT_THAT(values(t, "CASE WHEN a > 100 THEN 0 ELSE a + 1 END"), ElementsAre("0", "2", "0", "5"));
  EXPECT_THAT(values(t, "s > 'a' OR CAST(s AS int) = 7"), ElementsAre("1", "1", "1", "0"));
  EXPECT_THAT(values(t, "a < 100 AND a + 1 > 2"), ElementsAre("0", "0", "0", "1"));
  EXPECT_THAT(values(t, "if(s >= 'a', -1, CAST(s AS int))"), ElementsAre("-1", "7", "-1", "8"));
  EXPECT_THAT(values(t, "coalesce(nullif(s, 'q'), CAST(a + 1 AS varchar))"), ElementsAre("x", "7", "y", "8"));
}

TEST(Kernels, GiveTheSameWhateverRowsTheyAreAskedFor) {
  std::mt19937_64 random{3};
  std::vector<std::string> a, b, s, q;
  const std::int64_t n = 1000;
  for (std::int64_t i = 0; i < n; ++i) {
    a.push_back(random() % 7 ? std::to_string(static_cast<std::int64_t>(random() % 2000) - 1000) : "\\N");
    b.push_back(random() % 7 ? std::to_string(static_cast<std::int64_t>(random() % 20) - 10) : "\\N");
    s.push_back(random() % 7 ? "name-" + std::to_string(random() % 50) : "\\N");
    q.push_back(random() % 7 ? (random() % 2 ? "1" : "0") : "\\N");
  }
  table t;
  t.add("a", "int64", a).add("b", "int32", b).add("s", "utf8", s).add("q", "bool", q);
  for (const char* text :
       {"a + b * 3", "a // b", "a % 123 = 0", "a * 908 // 1000", "q AND a > b OR s LIKE 'name-1%'", "upper(s) || a",
        "CASE WHEN q THEN a WHEN a > 5 THEN b END", "CASE WHEN s = 'name-7' THEN 'seven' WHEN q THEN s END",
        "a BETWEEN b AND 100", "a IN (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)", "coalesce(a, b, 0)", "greatest(a, b)",
        "nullif(b, 3)", "a / b", "round(a / 7, 1)", "a IS DISTINCT FROM b", "length(s) + b", "try(a // b)"}) {
    const auto all = values(t, text);
    for (const unsigned of : {2u, 3u, 97u}) {  // dense and sparse selections
      std::vector<std::uint32_t> rows;
      for (std::uint32_t i = 0; i < n; ++i)
        if (random() % of == 0) rows.push_back(i);
      const auto some = values(t, text, {rows.data(), static_cast<std::int64_t>(rows.size())});
      for (std::size_t k = 0; k < rows.size(); ++k) ASSERT_EQ(some[k], all[rows[k]]) << text << ", row " << rows[k];
    }
  }
}

TEST(Kernels, AreGoodForBatchAfterBatch) {
  // Short after long and long after short: scratch vectors and constants grow, what is left in them does not show.
  const weir::schema columns{{field_named("a", "int64"), field_named("s", "utf8")}};
  program p{columns};
  p.add("CASE WHEN a % 2 = 0 THEN a * 10 + 1 END");
  p.add("concat(s, '-', a)");
  p.seal();
  evaluator e{p};
  std::mt19937_64 random{5};
  for (const std::int64_t n : {3, 1000, 1, 50, 5000, 2}) {
    std::vector<std::string> a, s;
    for (std::int64_t i = 0; i < n; ++i) {
      a.push_back(random() % 5 ? std::to_string(random() % 100) : "\\N");
      s.push_back(std::string(random() % 30, 'x'));
    }
    table t;
    t.add("a", "int64", a).add("s", "utf8", s);
    const weir_batch b = t.batch();
    e.begin({&b});
    const column first = e.eval(0, {nullptr, n}), second = e.eval(1, {nullptr, n});
    for (std::int64_t i = 0; i < n; ++i) {
      const auto& v = a[static_cast<std::size_t>(i)];
      const bool even = v != "\\N" && std::stoi(v) % 2 == 0;
      ASSERT_EQ(encoded(p.type_of_result(0), first, i), even ? std::to_string(std::stoi(v) * 10 + 1) : "\\N");
      ASSERT_EQ(encoded(p.type_of_result(1), second, i), s[static_cast<std::size_t>(i)] + "-" + (v == "\\N" ? "" : v));
    }
  }
}

TEST(Kernels, SelectTheRowsWhereAConditionIsTrue) {
  table t;
  t.add("a", "int8", {"1", "\\N", "3", "127", "5"});
  program p{t.columns()};
  p.add_condition("a + 1 > 2");
  p.seal();
  evaluator e{p};
  const weir_batch b = t.batch();
  e.begin({&b});
  std::uint32_t rows[5];
  EXPECT_EQ(e.select(0, {nullptr, 5}, rows), 2);
  EXPECT_EQ(rows[0], 2u);
  EXPECT_EQ(rows[1], 4u);
  ASSERT_EQ(e.errors().size(), 1u);
  EXPECT_EQ(e.errors()[0].row, 3u);
}

TEST(Kernels, WriteStraightIntoAnOutputColumn) {
  table t;
  t.add("a", "int64", {"1", "2", "3"}).add("d", "decimal(10,2)", {"150", "250", "\\N"});
  program p{t.columns()};
  p.add("a * 2");
  p.add("d");
  p.add("7::int64");
  p.seal();
  evaluator e{p};
  for (int round = 0; round < 2; ++round) {
    const weir_batch b = t.batch();
    e.begin({&b});
    std::int64_t out[3]{};
    EXPECT_EQ(e.eval_into(0, {nullptr, 3}, out).values, out);
    EXPECT_THAT(out, ElementsAre(2, 4, 6));
    e.eval_into(2, {nullptr, 3}, out);
    EXPECT_THAT(out, ElementsAre(7, 7, 7));
    // Memory that is not aligned for 128 bits.
    alignas(16) char memory[8 + 3 * 16];
    const column d = e.eval_into(1, {nullptr, 3}, memory + 8);
    int128 second;
    std::memcpy(&second, memory + 8 + 16, 16);
    EXPECT_EQ(static_cast<int>(second), 250);
    EXPECT_FALSE(d.is_valid(2));
  }
}

TEST(Functions, OfTextKnowCharacters) {
  EXPECT_EQ(value("length('日本語')"), "3");
  EXPECT_EQ(value("left('日本語', 2)"), "'日本'");
  EXPECT_EQ(value("right('日本語', -1)"), "'本語'");
  EXPECT_EQ(value("reverse('日本語')"), "'語本日'");
  EXPECT_EQ(value("upper('straße äö')"), "'STRAẞE ÄÖ'");
  EXPECT_EQ(value("lpad('é', 3, 'ab')"), "'abé'");
  EXPECT_EQ(value("'日本' LIKE '_本'"), "true");
  EXPECT_EQ(value("xxhash64('')"), "17241709254077376921");
  EXPECT_EQ(value("xxhash64('abc')"), "4952883123889572249");
  EXPECT_EQ(value("hex('\xff'::blob)"), "'ff'");
  EXPECT_EQ(value("repeat('ab', 3)"), "'ababab'");
  EXPECT_EQ(value("repeat('ab', 100000000)"), "error: the result would have more than 16777216 bytes");
  EXPECT_EQ(value("chr(8364)"), "'€'");
}

TEST(Functions, OfTimeKeepTheCalendar) {
  EXPECT_EQ(value("CAST('2024-01-01 10:00+02:00' AS timestamp)"), "2024-01-01 08:00:00");
  EXPECT_EQ(value("CAST('2024-01-01T10:00:00.5Z' AS timestamp)"), "2024-01-01 10:00:00.5");
  EXPECT_EQ(value("CAST('2024-01-01 10:00 Europe/Paris' AS timestamp)"),
            "error: cannot read '2024-01-01 10:00 Europe/Paris' as timestamp");
  EXPECT_EQ(value("date_trunc('week', DATE '2024-03-03')"), "2024-02-26 00:00:00");
  EXPECT_EQ(value("epoch_ms(TIMESTAMP '1969-12-31 23:59:59.9995')"), "-1");
  EXPECT_EQ(value("time_bucket(INTERVAL '15 minutes', TIMESTAMP '2024-01-01 10:44:59')"), "2024-01-01 10:30:00");
  EXPECT_EQ(value("DATE '2024-02-29' + INTERVAL '12 months'"), "2025-02-28 00:00:00");
  EXPECT_EQ(value("to_timestamp(1.5)"), "1970-01-01 00:00:01.5");
  EXPECT_EQ(value("date_diff('week', DATE '2024-01-07', DATE '2024-01-08')"), "1");
  EXPECT_EQ(value("make_date(2023, 2, 29)"), "error: there is no date 2023-2-29");
  EXPECT_EQ(value("TIMESTAMP '290000-01-01 00:00:00' + INTERVAL '10000 years'"),
            "error: overflow of timestamp: 290000-01-01 00:00:00 + 10000 years");
}

TEST(Sources, GiveTheHostsFactsAboutARow) {
  table t;
  t.add("a", "int64", {"1", "2", "3"});
  weir_batch b = t.batch();
  const std::int64_t times[]{1'700'000'000'000'000, WEIR_TIME_MIN, 0};
  std::uint8_t traces[48]{};
  traces[0] = 0xab;
  traces[47] = 0x01;
  const std::uint32_t sources[]{4, 4, 5};
  const std::uint8_t changes[]{WEIR_INSERT, WEIR_UPDATE_AFTER, WEIR_DELETE};
  program p{t.columns()};
  for (const char* text : {"event_time()", "trace_id()", "source_id()", "change_kind()"}) p.add(text);
  p.seal();
  evaluator e{p};
  auto all = [&](std::size_t n) {
    const column c = e.eval(n, {nullptr, 3});
    std::vector<std::string> out;
    for (int i = 0; i < 3; ++i) out.push_back(encoded(p.type_of_result(n), c, i));
    return out;
  };
  e.begin({&b});  // a host without any of them
  EXPECT_THAT(all(0), ElementsAre("\\N", "\\N", "\\N"));
  EXPECT_THAT(all(1), ElementsAre("\\N", "\\N", "\\N"));
  EXPECT_THAT(all(2), ElementsAre("\\N", "\\N", "\\N"));
  EXPECT_THAT(all(3), ElementsAre("insert", "insert", "insert"));
  b.event_time = times;
  b.trace_id = traces;
  b.source_id = sources;
  b.change = changes;
  e.begin({&b,
           [](const void*, std::uint32_t n) { return n == 4 ? std::string_view{"kafka"} : std::string_view{"file"}; },
           nullptr});
  EXPECT_THAT(all(0), ElementsAre("1700000000000000", "\\N", "0"));
  EXPECT_THAT(all(1), ElementsAre("ab000000000000000000000000000000", "\\N", "00000000000000000000000000000001"));
  EXPECT_THAT(all(2), ElementsAre("kafka", "kafka", "file"));
  EXPECT_THAT(all(3), ElementsAre("insert", "update_after", "delete"));
}

}  // namespace
