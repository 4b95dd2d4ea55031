// State and timers of record operators, as members.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <weir/operator.hpp>
#include <weir/test/harness.hpp>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {
struct payment {
  std::string account;
  double amount;
};
struct activity {
  std::string account;
  std::int64_t payments;
  double sum;
  friend bool operator==(const activity&, const activity&) = default;
};
struct tally {
  std::int64_t payments = 0;
  double sum = 0;
  weir::time until{};
};
WEIR_RECORD(payment, account, amount)
WEIR_RECORD(activity, account, payments, sum)
WEIR_RECORD(tally, payments, sum, until)
const weir::test::key by_account{"account"};

// What an account paid until it was idle for a while.
class idle_accounts : public weir::keyed_operator<std::string, payment, activity> {
  weir::value_state<tally> tally_{this, "tally"};
  weir::timers idle_{this, "idle"};

 public:
  void process(const payment& p, weir::time at, output&) override {
    auto& t = tally_.write();
    idle_.clear(t.until);
    t.until = std::max(t.until, at + 10s);
    idle_.set(t.until);
    if (p.amount < 0) throw weir::failure{"a negative amount"};
    ++t.payments;
    t.sum += p.amount;
  }
  void on_timer(const weir::timers& which, weir::time, const std::string& account, output& out) override {
    EXPECT_TRUE(which == idle_);
    out.emit({account, tally_->payments, tally_->sum});
    tally_.clear();
  }
};
using harness = weir::test::harness<idle_accounts>;

TEST(KeyedOperator, KeepsStateAndHearsOfTimers) {
  harness h{{}, by_account};
  h.push({"ann", 1}, 0s);
  h.push({"bob", 2}, 1s);
  h.push({"ann", 3}, 5s);
  h.watermark(12s);
  auto rows = h.take_rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].value, (activity{"bob", 1, 2}));
  EXPECT_EQ(rows[0].at, weir::time{11s});
  h.push({"bob", 7}, 12s);
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(activity{"ann", 2, 4}, activity{"bob", 1, 7}));
  EXPECT_EQ(h.state_count("tally"), 0u);
}
TEST(KeyedOperator, SeesOneKeyTwiceInABatch) {
  harness h{{}, by_account};
  h.sparse = true;
  h.push_all<payment>({{"ann", 1}, {"ann", 2}, {"bob", 5}, {"ann", 3}}, 0s, 1s);
  EXPECT_EQ(h.timer_count("idle"), 2u);
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(activity{"bob", 1, 5}, activity{"ann", 3, 6}));
}
TEST(KeyedOperator, TakesBackTheTimersOfARowThatFails) {
  harness h{{}, by_account};
  h.push_all<payment>({{"ann", 1}, {"bob", -1}, {"ann", 2}});
  EXPECT_EQ(h.take_dead_letters().size(), 1u);
  EXPECT_EQ(h.timer_count("idle"), 1u);
}
TEST(KeyedOperator, NeedsAKeyOfItsType) {
  EXPECT_THAT(weir::test::bind_errors<idle_accounts>(), ElementsAre(HasSubstr("name the key columns")));
  EXPECT_THAT(weir::test::bind_errors<idle_accounts>({}, weir::test::key{"amount"}),
              ElementsAre(HasSubstr("'amount' is float64, the operator reads utf8")));
  EXPECT_THAT(weir::test::bind_errors<idle_accounts>({}, weir::test::key{"account", "amount"}),
              ElementsAre(HasSubstr("has 1 columns, the exchange gives 2")));
}
TEST(KeyedOperator, GivesTheSameAnswerWhereverItIsCut) {
  const auto run = [](int cut_at) {
    harness h{{}, by_account};
    std::vector<activity> out;
    for (int i = 0; i < 60; ++i) {
      h.push({std::string(1, static_cast<char>('A' + i * i % 29)), 1.0 * i}, i * 1s);
      if (i % 7 == 0) h.watermark((i - 3) * 1s);
      if (i != cut_at) continue;
      const auto cut = h.cut();
      h.push({"lost", 1}, i * 1s);
      h.restore(cut);
    }
    h.end();
    return h.take();
  };
  const auto whole = run(-1);
  EXPECT_GT(whole.size(), 10u);
  for (int cut = 0; cut < 60; ++cut) EXPECT_EQ(run(cut), whole) << "cut at " << cut;
}

// ---- every kind of state, and a key of two columns
struct order {
  std::string desk;
  std::int32_t book;
  std::string text;
  std::int64_t size;
};
struct desk_book {
  std::string desk;
  std::int32_t book;
};
struct answer {
  std::string text;
  friend bool operator==(const answer&, const answer&) = default;
};
struct mean {
  double sum = 0;
  std::int64_t count = 0;
  void add(double v) { sum += v, ++count; }
  void merge(const mean& other) { sum += other.sum, count += other.count; }
  [[nodiscard]] double result() const { return count ? sum / static_cast<double>(count) : -1; }
};
struct level {
  std::optional<std::string> who;
  std::int64_t size;
};
WEIR_RECORD(order, desk, book, text, size)
WEIR_RECORD(desk_book, desk, book)
WEIR_RECORD(answer, text)
WEIR_RECORD(mean, sum, count)
WEIR_RECORD(level, who, size)

class kinds : public weir::keyed_operator<desk_book, order, answer> {
  weir::value_state<std::string> last_{this, "last"};
  weir::list_state<std::string> texts_{this, "texts"};
  weir::map_state<std::int64_t, level> levels_{this, "levels"};
  weir::aggregating_state<mean> mean_{this, "mean"};
  weir::timers late_{this, "late", weir::time_kind::processing};
  weir::timers end_{this, "end"};

 public:
  void process(const order& o, weir::time, output& out) override {
    if (o.text == "show") return show(out);
    if (o.text == "forget") {
      last_.clear(), texts_.clear(), levels_.clear(), mean_.clear();
      return;
    }
    EXPECT_EQ(last_.has_value(), !texts_.empty());
    EXPECT_EQ(last_.value_or(""), texts_.empty() ? "" : texts_.back());
    last_ = o.text;
    EXPECT_EQ(*last_, o.text);
    texts_.push_back(o.text);
    if (texts_.size() > 3) texts_.pop_front();
    levels_.put(o.size, {o.text.empty() ? std::nullopt : std::optional{o.text}, o.size * 2});
    if (o.size == 0) levels_.erase(-5);
    mean_.add(static_cast<double>(o.size));
    late_.set(now() + 5s);
    end_.set(weir::time{20s});
  }
  void on_timer(const weir::timers& which, weir::time at, const desk_book& key, output& out) override {
    out.emit(
        {key.desk + std::to_string(key.book) + " " + which.name() + " " + std::to_string(at.time_since_epoch() / 1s)});
  }

 private:
  void show(output& out) {
    std::string all = last_.value_or("-") + ":";
    for (const auto& t : texts_) all += " " + t;
    for (const auto& [size, l] : levels_) all += " " + std::to_string(size) + "=" + l.who.value_or("?");
    EXPECT_EQ(levels_.contains(-5), levels_.get(-5).has_value());
    out.emit({all + " mean " + std::to_string(static_cast<int>(mean_.result()))});
  }
};

TEST(KeyedOperator, KeepsEveryKindOfState) {
  weir::test::harness<kinds> h{{}, weir::test::key{"desk", "book"}};
  const auto fill = [&] {
    h.push_all<order>(
        {{"fx", 1, "a", 10}, {"fx", 2, "b", 7}, {"fx", 1, "", -5}, {"fx", 1, "c", 3}, {"fx", 1, "d", -300}});
  };
  fill();
  h.push({"fx", 1, "show", 0});
  h.push({"fx", 2, "show", 0});
  h.push({"fy", 1, "show", 0});
  EXPECT_THAT(h.take(), ElementsAre(answer{"d:  c d -300=d -5=? 3=c 10=a mean -73"}, answer{"b: b 7=b mean 7"},
                                    answer{"-: mean -1"}));
  const auto cut = h.cut();
  h.push({"fx", 1, "forget", 0});
  h.push({"fx", 1, "show", 0});
  EXPECT_THAT(h.take(), ElementsAre(answer{"-: mean -1"}));
  h.restore(cut);
  h.push({"fx", 1, "e", 0});
  h.push({"fx", 1, "show", 0});
  EXPECT_THAT(h.take(), ElementsAre(answer{"e: c d e -300=d 0=e 3=c 10=a mean -58"}));
}

struct part {
  std::string desk;
  double sum;
  std::int64_t count;
};
WEIR_RECORD(part, desk, sum, count)
struct desk_mean {
  std::string desk;
  double mean;
  friend bool operator==(const desk_mean&, const desk_mean&) = default;
};
WEIR_RECORD(desk_mean, desk, mean)

// Parts that were added up elsewhere; a part of one is a value.
class whole_mean : public weir::keyed_operator<std::string, part, desk_mean> {
  weir::aggregating_state<mean> mean_{this, "mean"};

 public:
  void process(const part& p, weir::time, output& out) override {
    if (p.count == 1)
      mean_.add(p.sum);
    else
      mean_.merge({p.sum, p.count});
    out.emit({p.desk, mean_.result()});
  }
};

TEST(KeyedOperator, MergesWhatWasAddedUpElsewhere) {
  weir::test::harness<whole_mean> h{{}, weir::test::key{"desk"}};
  h.push({"fx", 30, 3});
  h.restore(h.cut());
  h.push_all<part>({{"fx", 2, 1}, {"repo", 5, 1}, {"fx", 8, 4}});
  EXPECT_THAT(h.take(), ElementsAre(desk_mean{"fx", 10}, desk_mean{"fx", 8}, desk_mean{"repo", 5}, desk_mean{"fx", 5}));
}

TEST(KeyedOperator, TellsItsFamiliesOfTimersApart) {
  weir::test::harness<kinds> h{{}, weir::test::key{"desk", "book"}};
  h.push({"fx", 1, "a", 10});
  h.clock(2s);
  h.push({"fx", 2, "a", 10});
  h.clock(6s);
  EXPECT_THAT(h.take(), ElementsAre(answer{"fx1 late 5"}));
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(answer{"fx1 end 20"}, answer{"fx2 end 20"}));
}

// ---- what is wrong is said
class stray : public weir::record_operator<payment, activity> {
  weir::value_state<double> sum_{this, "sum"};

 public:
  void process(const payment& p, weir::time, output& out) override {
    sum_ = sum_.value_or(0) + p.amount;
    out.emit({"", 0, *sum_});
  }
  void on_watermark(weir::time, output&) override { sum_ = 0; }
};
TEST(KeyedOperator, StateWithoutAKeyIsOneForAllRows) {
  weir::test::harness<stray> h;
  h.push_all<payment>({{"ann", 1}, {"bob", 2}});
  EXPECT_THAT(h.take(), ElementsAre(activity{"", 0, 1}, activity{"", 0, 3}));
}
TEST(KeyedOperator, StateWhereNoRecordIsInWorkIsAnError) {
  weir::test::harness<stray> h;
  try {
    h.watermark(1s);
    FAIL() << "it was let through";
  } catch (const weir::test::call_failed& e) {
    EXPECT_THAT(e.what(), HasSubstr("state 'sum' is used where no record is in work"));
  }
}
class deaf : public weir::record_operator<payment, activity> {
  weir::timers idle_{this, "idle"};

 public:
  void process(const payment&, weir::time at, output&) override { idle_.set(at); }
};
TEST(KeyedOperator, TimersThatNobodyHearsAreRefused) {
  EXPECT_THAT(weir::test::bind_errors<deaf>({}, by_account), ElementsAre(HasSubstr("no on_timer()")));
}
TEST(KeyedOperator, OnlyWhatIsOverriddenIsInTheTable) {
  constexpr auto op = weir::detail::operator_table<idle_accounts>("x");
  EXPECT_EQ(op.on_watermark, nullptr);
  EXPECT_EQ(op.flush, nullptr);
  EXPECT_EQ(op.end_of_port, nullptr);
  EXPECT_NE(op.extension(WEIR_EXT_TIMERS), nullptr);
}

// ---- cuts by members
class counter : public weir::sink<payment> {
 public:
  void process(const payment&, weir::time) override { ++count_; }
  void save(std::string& to) { to = std::to_string(count_); }
  void restore(std::string_view saved) { count_ += std::stoi(std::string{saved}); }
  void prepare(std::uint64_t cut, std::string& to) { to = "p" + std::to_string(cut); }
  void commit(std::uint64_t cut, std::string_view prepared) { said("commit", cut, prepared); }
  void abort(std::uint64_t cut, std::string_view prepared) { said("abort", cut, prepared); }
  void recover(std::uint64_t cut, std::string_view prepared) { said("recover", cut, prepared); }
  void report(weir::figures& f) { f.add("rows", count_); }

 private:
  void said(std::string_view what, std::uint64_t cut, std::string_view prepared) {
    log(weir::log_level::info, std::string{what} + " " + std::to_string(cut) + " " + std::string{prepared});
  }
  std::uint64_t count_ = 0;
};
TEST(KeyedHarness, TakesATwoPhaseSinkThroughCuts) {
  weir::test::harness<counter> h;
  h.recover();
  h.push({"ann", 1});
  const auto first = h.cut();
  h.push({"ann", 1});
  h.commit(first);
  const auto second = h.cut();
  h.abort(second);
  h.push({"ann", 1});
  h.restore(first);
  EXPECT_EQ(h.figures()["rows"], 1u);
  EXPECT_EQ(h.cut().number, 3u);
  std::vector<std::string> said;
  for (const auto& line : h.take_log()) said.push_back(line.text);
  EXPECT_THAT(said, ElementsAre("recover 0 ", "commit 1 p1", "abort 2 p2", "recover 1 p1"));
}
}  // namespace
