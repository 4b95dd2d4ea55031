// What operators at row level do: times, changes and traces that follow, rows taken back, several ports, errors that
// become codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/operator.hpp>
#include <weir/test/harness.hpp>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using weir::test::call_failed;
using weir::test::harness;

namespace {
struct number {
  std::int64_t n;
  friend bool operator==(const number&, const number&) = default;
};
WEIR_RECORD(number, n)
struct text {
  std::string s;
  friend bool operator==(const text&, const text&) = default;
};
WEIR_RECORD(text, s)

std::vector<number> count(std::int64_t to) {
  std::vector<number> out;
  for (std::int64_t i = 0; i < to; ++i) out.push_back({i});
  return out;
}

// Emits each number n times; fails for negative ones after it has emitted.
class repeat : public weir::record_operator<number, text> {
  weir::side_output<number> odd_{this, "odd"};

 public:
  void process(const number& in, weir::time, output& out) override {
    if (in.n % 2) odd_.emit(in);
    for (std::int64_t i = 0; i < (in.n < 0 ? 3 : in.n); ++i) out.emit({std::to_string(in.n)});
    if (in.n < 0) throw weir::failure{"negative"};
  }
};

TEST(RecordOperator, TakesBackWhatAFailedRowHasEmittedOnAllPorts) {
  harness<repeat> h;
  h.push_all<number>({{1}, {-3}, {2}, {-1}});
  EXPECT_THAT(h.take(), ElementsAre(text{"1"}, text{"2"}, text{"2"}));
  EXPECT_THAT(h.take<number>("odd"), ElementsAre(number{1}));
  EXPECT_THAT(h.take_dead_letters(), SizeIs(2));
}
TEST(RecordOperator, SplitsAnOutputThatGrowsLarge) {
  harness<repeat> h;
  h.batch_size = 1000;
  h.push_all(std::vector<number>(500, number{100}));
  const auto batches = h.under().task().emitted[0].size();
  EXPECT_GT(batches, 2u);
  EXPECT_LT(batches, 20u);
  EXPECT_THAT(h.take(), SizeIs(50000));
}
TEST(RecordOperator, StopsAtOnceWhenTheHostSaysSo) {
  harness<repeat> h;
  h.under().task().emit_answer = WEIR_E_STOPPED;
  try {
    h.push({1});
    FAIL();
  } catch (const call_failed& e) {
    EXPECT_EQ(e.code, WEIR_E_STOPPED);
  }
  h.under().task().emit_answer = WEIR_OK;
  h.under().task().dead_letter_answer = WEIR_E_DATA;
  EXPECT_THROW(h.push({-1}), call_failed);
}

// Row facts: 1 is emitted as it is, 2 with a time, 3 with a change kind, 4 with both.
class facts : public weir::record_operator<number, number> {
 public:
  void process(const number& in, weir::time at, output& out) override {
    switch (in.n) {
      case 2:
        return out.emit(in, at + 1h);
      case 3:
        return out.emit(in, weir::change_kind::erase);
      case 4:
        return out.emit(in, weir::change_kind::update_after, at + 2h);
      default:
        return out.emit(in);
    }
  }
};

TEST(RecordOperator, RowsFollowTheirParentsInTimeChangeTraceAndOffset) {
  harness<facts> h;
  h.trace();
  h.sparse = true;
  h.push_all<number>({{1}, {2}, {1}, {3}, {4}, {1}}, 10s, 1s);
  const auto rows = h.take_rows();
  ASSERT_THAT(rows, SizeIs(6));
  using weir::change_kind;
  const weir::duration times[] = {10s, 1h + 11s, 12s, 13s, 2h + 14s, 15s};
  const change_kind changes[] = {change_kind::insert, change_kind::insert,       change_kind::insert,
                                 change_kind::erase,  change_kind::update_after, change_kind::insert};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(rows[i].at.time_since_epoch(), times[i]) << i;
    EXPECT_EQ(rows[i].change, changes[i]) << i;
    EXPECT_EQ(rows[i].offset, static_cast<std::int64_t>(i));
    EXPECT_EQ(rows[i].trace[0], static_cast<char>(i));
    EXPECT_EQ(rows[i].source, "test");
  }
}
TEST(RecordOperator, KeepsTheChangeKindOfTheInput) {
  harness<facts> h;
  h.push({1}, 0s, weir::change_kind::update_before);
  EXPECT_EQ(h.take_rows().at(0).change, weir::change_kind::update_before);
}

struct named {
  std::string who;
};
WEIR_RECORD(named, who)

// Two inputs; holds numbers back until the watermark, names until the flush.
class two_inputs : public weir::record_operator<weir::inputs<number, named>, text> {
 public:
  void process(const number& in, weir::time at, output&) override {
    held_.push_back({std::to_string(in.n) + "@" + std::to_string(at.time_since_epoch() / 1s)});
  }
  void process(const named& in, weir::time, output&) override { names_.push_back({in.who}); }
  void on_watermark(weir::time at, output& out) override {
    for (const auto& t : std::exchange(held_, {})) out.emit(t, at);
  }
  void end_of_port(std::uint32_t port, output& out) override {
    out.emit({"end of " + std::to_string(port)}, watermark());
  }
  void flush(output& out) override {
    for (const auto& t : std::exchange(names_, {})) out.emit(t, watermark());
  }

 private:
  std::vector<text> held_, names_;
};

TEST(RecordOperator, HasAProcessForEachInputPort) {
  harness<two_inputs> h;
  h.push(number{7}, 3s);
  h.push(named{"ann"});
  EXPECT_THAT(h.take(), IsEmpty());
  h.watermark(5s);
  const auto rows = h.take_rows();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].value, text{"7@3"});
  EXPECT_EQ(rows[0].at, weir::time{5s});
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(text{"end of 0"}, text{"end of 1"}, text{"ann"}));
}
TEST(RecordOperator, FillsOnlyTheSlotsThatItOverrides) {
  constexpr auto plain = weir::detail::operator_table<repeat>("repeat");
  EXPECT_EQ(plain.on_watermark, nullptr);
  EXPECT_EQ(plain.flush, nullptr);
  EXPECT_EQ(plain.end_of_port, nullptr);
  EXPECT_EQ(plain.extension, nullptr);
  constexpr auto full = weir::detail::operator_table<two_inputs>("two");
  EXPECT_NE(full.on_watermark, nullptr);
  EXPECT_NE(full.flush, nullptr);
  EXPECT_NE(full.end_of_port, nullptr);
  EXPECT_EQ(full.input_count, 2u);
}

struct trade {
  std::int64_t id;
  std::optional<std::string> desk;
  double notional;
};
WEIR_RECORD(trade, id, desk, notional)
struct scored_in {
  double notional;
};
WEIR_RECORD(scored_in, notional)
struct score {
  double risk;
  std::optional<std::string> why;
};
WEIR_RECORD(score, risk, why)
struct scored {
  std::int64_t id;
  std::optional<std::string> desk;
  double notional, risk;
  std::optional<std::string> why;
  friend bool operator==(const scored&, const scored&) = default;
};
WEIR_RECORD(scored, id, desk, notional, risk, why)

class scorer : public weir::extend_operator<scored_in, score> {
  weir::side_output<scored_in> high_{this, "high"};

 public:
  void process(const scored_in& in, weir::time, score& added) override {
    if (in.notional < 0) throw weir::failure{"negative"};
    added.risk = in.notional / 100;
    if (added.risk > 1) added.why = std::string(static_cast<std::size_t>(in.notional), 'x'), high_.emit(in);
  }
};

TEST(ExtendOperator, PassesTheInputOnAndAddsColumns) {
  for (const bool sparse : {false, true}) {
    harness<scorer, trade, scored> h;
    h.sparse = sparse;
    h.push_all<trade>({{1, "fx", 50}, {2, std::nullopt, 300}, {3, "eq", -1}, {4, "eq", 20}, {5, "ir", -2}});
    EXPECT_THAT(h.take(), ElementsAre(scored{1, "fx", 50, 0.5, std::nullopt},
                                      scored{2, std::nullopt, 300, 3, std::string(300, 'x')},
                                      scored{4, "eq", 20, 0.2, std::nullopt}));
    EXPECT_THAT(h.take<scored_in>("high"), SizeIs(1));
    EXPECT_THAT(h.take_dead_letters(), SizeIs(2));
    EXPECT_THAT(h.under().bound().outputs[0].passes, ElementsAre(0, 1, 2, -1, -1));
  }
}
TEST(ExtendOperator, SendsNothingWhenAllRowsFail) {
  harness<scorer, trade, scored> h;
  h.push_all<trade>({{1, "fx", -1}, {2, "fx", -1}});
  EXPECT_THAT(h.take(), IsEmpty());
  EXPECT_THAT(h.take_dead_letters(), SizeIs(2));
}
TEST(ExtendOperator, RefusesToAddAColumnThatIsThere) {
  EXPECT_THAT((weir::test::bind_errors<scorer, scored>()),
              ElementsAre(HasSubstr("adds a column 'risk'"), HasSubstr("adds a column 'why'")));
}

class even : public weir::filter_operator<number> {
 public:
  bool keep(const number& in, weir::time) override {
    if (in.n == 13) throw weir::failure{"unlucky"};
    return in.n % 2 == 0;
  }
};
struct number_and_more {
  std::string more;
  std::int64_t n;
  friend bool operator==(const number_and_more&, const number_and_more&) = default;
};
WEIR_RECORD(number_and_more, more, n)

TEST(FilterOperator, KeepsRowsWithAllTheirColumns) {
  harness<even, number_and_more, number_and_more> h;
  h.sparse = true;
  h.push_all<number_and_more>({{"a", 1}, {"b", 2}, {"c", 13}, {"d", 4}});
  EXPECT_THAT(h.take(), ElementsAre(number_and_more{"b", 2}, number_and_more{"d", 4}));
  EXPECT_THAT(h.take_dead_letters(), SizeIs(1));
}

class to_text : public weir::map_operator<number, text> {
 public:
  text map(const number& in, weir::time) override { return {std::to_string(in.n)}; }
};
TEST(MapOperator, MakesOneRecordOfOne) {
  harness<to_text> h;
  h.push_all(count(3));
  EXPECT_THAT(h.take(), ElementsAre(text{"0"}, text{"1"}, text{"2"}));
}

class adder : public weir::sink<number> {
 public:
  void process(const number& in, weir::time) override {
    if (in.n == 3) throw weir::failure{"three"};
    sum_ += static_cast<std::uint64_t>(in.n);
    log(weir::log_level::debug, "row " + std::to_string(row_offset()));
  }
  void flush() override { log(weir::log_level::info, "flushed"); }
  void report(weir::figures& f) { f.add("sum", sum_); }

 private:
  std::uint64_t sum_ = 0;
};
TEST(Sink, SeesEachRecordAndTellsFigures) {
  harness<adder> h;
  h.push_all(count(5));
  h.flush();
  EXPECT_EQ(h.figures().at("sum"), 7u);
  EXPECT_THAT(h.take_dead_letters(), SizeIs(1));
  const auto log = h.take_log();
  ASSERT_THAT(log, SizeIs(5));
  EXPECT_EQ(log[0].text, "row 0");
  EXPECT_EQ(log[3].text, "row 4");
  EXPECT_EQ(log[4].level, weir::log_level::info);
}

class thrower : public weir::record_operator<number, number> {
 public:
  static constexpr auto options() {
    return weir::options(weir::option("what", weir::text).fallback("''").doc("What to throw."));
  }
  explicit thrower(const weir::config& c) : what_{c.get<std::string>("what")} {
    if (what_ == "bind") throw c.error("what", "is wrong here", 2);
    if (what_ == "undeclared") (void)c.get("other", 1);
  }
  void open() override {
    if (what_ == "open") throw weir::external_failure{"broker is away"};
  }
  void process(const number& in, weir::time, output& out) override {
    out.emit(in);
    if (what_ == "external") throw weir::external_failure{"disk is full"};
    if (what_ == "standard") throw std::runtime_error{"a mistake"};
    if (what_ == "int") throw 42;
    if (what_ == "memory") throw std::bad_alloc{};
  }
  void flush(output&) override {
    if (what_ == "flush") throw weir::failure{"cannot flush"};
  }

 private:
  std::string what_;
};
std::pair<weir_code, std::string> thrown(const char* what) {
  try {
    harness<thrower> h{{{"what", what}}};
    h.push({1});
    h.flush();
  } catch (const call_failed& e) {
    return {e.code, e.what()};
  }
  return {WEIR_OK, ""};
}
TEST(Errors, WhatIsThrownBecomesACodeAndAText) {
  using testing::Pair;
  EXPECT_THAT(thrown("external"), Pair(WEIR_E_EXTERNAL, "process failed: disk is full"));
  EXPECT_THAT(thrown("standard"), Pair(WEIR_E_PLUGIN, "process failed: a mistake"));
  EXPECT_THAT(thrown("int"), Pair(WEIR_E_PLUGIN, HasSubstr("no std::exception")));
  EXPECT_THAT(thrown("memory"), Pair(WEIR_E_MEMORY, HasSubstr("out of memory")));
  EXPECT_THAT(thrown("open"), Pair(WEIR_E_EXTERNAL, "create failed: broker is away"));
  EXPECT_THAT(thrown("flush"), Pair(WEIR_E_DATA, "flush failed: cannot flush"));
  EXPECT_THAT(thrown("none"), Pair(WEIR_OK, ""));
}
TEST(Errors, OfTheConfigurationNameTheOptionAndThePlace) {
  EXPECT_THAT(weir::test::bind_errors<thrower>({{"what", "bind"}}), ElementsAre("what@2: is wrong here"));
  EXPECT_THAT(weir::test::bind_errors<thrower>({{"what", "undeclared"}}),
              ElementsAre(HasSubstr("asks for the option 'other'")));
}
}  // namespace
