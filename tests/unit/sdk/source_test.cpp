// Sources, decoders and encoders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/codec.hpp>
#include <weir/source.hpp>
#include <weir/test/harness.hpp>
#include <weir/test/source_harness.hpp>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using weir::test::source_harness;

namespace {
struct tick {
  std::int64_t n;
  std::string split;
  friend bool operator==(const tick&, const tick&) = default;
};
WEIR_RECORD(tick, n, split)

// Two splits that count to `count`, three records a poll.
class ticks : public weir::record_source<tick> {
 public:
  static constexpr auto options() {
    return weir::options(weir::option("count", weir::integer).required().doc("Records of a split."),
                         weir::option("splits", weir::list_of_text).fallback("['a', 'b']").doc("Names."));
  }
  explicit ticks(const weir::config& c)
      : count_{c.get<std::int64_t>("count")}, names_{c.get<std::vector<std::string>>("splits")} {}
  void discover(weir::split_list& splits) override {
    if (names_.empty()) throw weir::external_failure{"no broker"};
    for (const auto& n : names_) splits.add(n);
    splits.ask_again(5s);
  }
  void open_split(std::uint32_t split, std::string_view id, std::string_view position) override {
    open_.push_back({split, std::string{id}, position.empty() ? 0 : std::stoll(std::string{position})});
  }
  void close_split(std::uint32_t split) override {
    std::erase_if(open_, [&](const auto& s) { return s.number == split; });
  }
  weir::polled poll(weir::duration, output& out) override {
    bool any = false, all_ended = true;
    for (auto& s : open_) {
      for (int i = 0; i < 3 && s.next < count_; ++i, ++s.next, any = true) {
        if (s.next == 4)
          dead_letter("four", "4");
        else
          out.emit({s.next, s.id}, s.number, s.next, weir::time{std::chrono::seconds{s.next}});
      }
      split_pending(s.number, count_ - s.next);
      if (s.next == count_) split_end(s.number);
      all_ended = all_ended && s.next == count_;
    }
    return any ? weir::polled::emitted : all_ended ? weir::polled::end : weir::polled::idle;
  }
  void position(std::uint32_t split, std::string& to) override {
    for (const auto& s : open_)
      if (s.number == split) to = std::to_string(s.next);
  }
  void on_committed(std::uint32_t split, std::string_view at) override {
    log(weir::log_level::info, std::to_string(split) + " is safe up to " + std::string{at});
  }

 private:
  struct state {
    std::uint32_t number;
    std::string id;
    std::int64_t next;
  };
  std::int64_t count_;
  std::vector<std::string> names_;
  std::vector<state> open_;
};

TEST(Source, ReadsItsSplitsToTheEnd) {
  source_harness<ticks> h{{{"count", 6}}};
  EXPECT_THAT(h.open_all(), ElementsAre("a", "b"));
  EXPECT_EQ(h.ask_again_us, 5'000'000);
  EXPECT_TRUE(h.poll_to_end());
  const auto rows = h.take_rows<tick>();
  ASSERT_THAT(rows, SizeIs(10));
  EXPECT_EQ(rows[3].value, (tick{0, "b"}));
  EXPECT_EQ(rows[2].offset, 2);
  EXPECT_EQ(rows[2].at, weir::time{2s});
  EXPECT_THAT(h.take_dead_letters(), SizeIs(2));
  EXPECT_TRUE(h.split(0).ended);
  EXPECT_EQ(h.split(1).pending, 0);
}
TEST(Source, GoesOnAtAPosition) {
  source_harness<ticks> first{{{"count", 9}}};
  first.open(7, "a");
  EXPECT_EQ(first.poll(), weir::polled::emitted);
  const auto there = first.position(7);
  EXPECT_EQ(there, "3");
  first.committed(7, there);
  EXPECT_EQ(first.take_log().at(0).text, "7 is safe up to 3");

  source_harness<ticks> second{{{"count", 9}}};
  second.open(0, "a", there);
  EXPECT_TRUE(second.poll_to_end());
  EXPECT_EQ(second.take<tick>().front(), (tick{3, "a"}));
}
TEST(Source, SaysWhyItCannotDiscover) {
  source_harness<ticks> h{{{"count", 1}, {"splits", weir::test::value::list({})}}};
  try {
    h.discover();
    FAIL();
  } catch (const weir::test::call_failed& e) {
    EXPECT_EQ(e.code, WEIR_E_EXTERNAL);
    EXPECT_THAT(e.what(), HasSubstr("no broker"));
  }
}
TEST(Source, MayCloseASplit) {
  source_harness<ticks> h{{{"count", 100}}};
  h.open_all();
  h.close(0);
  (void)h.poll();
  for (const auto& t : h.take<tick>()) EXPECT_EQ(t.split, "b");
}

// Column level, with traces.
class columns : public weir::source {
 public:
  void bind(weir::binder& b) override { b.output("", weir::schema_of<tick>()); }
  void discover(weir::split_list& splits) override { splits.add("only"); }
  void open_split(std::uint32_t split, std::string_view, std::string_view) override { split_ = split; }
  void position(std::uint32_t, std::string& to) override { to = "x"; }
  weir::polled poll(weir::duration, weir::batch_output& out) override {
    if (done_) return weir::polled::end;
    done_ = true;
    auto b = out.build(0, 2);
    b.from(split_, 40);
    for (std::int64_t i = 0; i < 5; ++i) {
      b[0].append(i);
      b[1].append("only");
    }
    auto* times = b.times();
    for (std::int64_t i = 0; i < 5; ++i) times[i] = i * 1000;
    if (auto* ids = b.trace_ids()) {
      std::memset(ids, 'i', 5 * 16);
      const auto number = source_number("exchange");
      std::fill_n(b.source_ids(), 5, number);
    }
    b.emit();
    return weir::polled::emitted;
  }

 private:
  std::uint32_t split_ = 0;
  bool done_ = false;
};
TEST(Source, WritesColumnsTimesAndTraces) {
  source_harness<columns> h;
  h.trace();
  h.open_all();
  EXPECT_TRUE(h.poll_to_end());
  const auto rows = h.take_rows<tick>();
  ASSERT_THAT(rows, SizeIs(5));
  EXPECT_EQ(rows[4].offset, 44);
  EXPECT_EQ(rows[4].at, weir::time{4ms});
  EXPECT_EQ(rows[4].trace, std::string(16, 'i'));
  EXPECT_EQ(rows[4].source, "exchange");
}

struct word {
  std::string w;
  friend bool operator==(const word&, const word&) = default;
};
WEIR_RECORD(word, w)
class words : public weir::decoder<word> {
 public:
  void decode(std::string_view value, weir::time, output& out) override {
    while (!value.empty()) {
      const auto end = value.find(' ');
      out.emit({std::string{value.substr(0, end)}});
      if (value.substr(0, end) == "bad") throw weir::failure{"a bad word"};
      value = end == std::string_view::npos ? std::string_view{} : value.substr(end + 1);
    }
  }
};
TEST(Decoder, KeepsTheBytesOfWhatItCannotRead) {
  weir::test::harness<words> h;
  h.push({weir::bytes_view{"one two", 7}});
  h.push({weir::bytes_view{"one bad two", 11}});
  EXPECT_THAT(h.take(), ElementsAre(word{"one"}, word{"two"}));
  const auto dead = h.take_dead_letters();
  ASSERT_THAT(dead, SizeIs(1));
  EXPECT_EQ(dead[0].original, "one bad two");
}
class lines : public weir::encoder<word> {
 public:
  void encode(const word& in, std::string& value) override { value = in.w + "\n"; }
};
TEST(Encoder, MakesBytesOfRecords) {
  weir::test::harness<lines> h;
  h.push_all<word>({{"a"}, {"bc"}});
  const auto out = h.take();
  ASSERT_THAT(out, SizeIs(2));
  EXPECT_EQ(out[1].value.text(), "bc\n");
}
}  // namespace
