// State and timers at batch level.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/batch_operator.hpp>
#include <weir/packed.hpp>
#include <weir/test/harness.hpp>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {
struct event {
  std::string account;
  std::int64_t amount;
};
struct total {
  std::string account;
  std::int64_t sum;
  friend bool operator==(const total&, const total&) = default;
};
WEIR_RECORD(event, account, amount)
WEIR_RECORD(total, account, sum)
const weir::test::key by_account{"account"};

// What is kept of an account.
struct tally {
  std::int64_t sum = 0;
  std::int32_t count = 0;
  bool seen = false;
};
WEIR_RECORD(tally, sum, count, seen)

// Sums in windows of 10 s, which are name spaces; a timer at the end of a window gives its sums out.
class windows : public weir::batch_operator {
 public:
  void bind(weir::binder& b) override {
    tallies_.declare(b, "tallies");
    rows_ = b.state({.name = "rows", .kind = weir::state_kind::list, .value = b.input()});
    input_ = b.input();
    ends_ = b.timers("ends");
    b.output("", weir::schema_of<total>());
    b.output("rows", b.input());
  }
  void process(const weir::batch_view& batch, weir::batch_output&) override {
    const auto amounts = batch.column<std::int64_t>("amount");
    std::vector<std::int64_t> starts, ends;
    for (const auto row : batch.rows()) {
      starts.push_back(weir::detail::micros(batch.event_time(row)) / 10'000'000 * 10'000'000);
      ends.push_back(starts.back() + 10'000'000);
    }
    tallies_.resolve(batch, weir::slot_flags::create, starts.data());
    std::vector<weir_slot*> lists(starts.size());
    rows_.slots(batch, lists.data());
    for (std::size_t k = 0; k < starts.size(); ++k) {
      const auto row = batch.row(static_cast<std::int64_t>(k));
      auto& t = tallies_.write(k);
      t.sum += amounts[row];
      ++t.count;
      weir::packed_row packed;
      for (std::size_t i = 0; i < input_.size(); ++i) packed.add(batch.at(i), row);
      rows_.list_add(lists[k], packed.bytes());
    }
    ends_.set(batch, ends.data());
  }
  void on_timers(std::uint32_t family, const weir::batch_view& fired, weir::batch_output& out) override {
    EXPECT_EQ(family, ends_.number());
    auto rows = out.build(1, 4);
    std::vector<weir_slot*> lists(static_cast<std::size_t>(fired.length()));
    rows_.slots(fired, lists.data(), weir::slot_flags::find);
    for (auto* list : lists) {
      for (std::uint64_t i = 0; list && i < rows_.list_size(list); ++i) {
        weir::packed_reader in{rows_.list_at(list, i)};
        for (std::size_t c = 0; c < input_.size(); ++c) in.append_to(rows[c], input_[c]);
        EXPECT_TRUE(in.done());
      }
      if (list) rows_.clear(list);
    }
    rows.emit();
  }
  void on_watermark(weir::time to, weir::batch_output& out) override {
    while (const auto start = tallies_.state().next_name_space(INT64_MIN)) {
      if (*start + 10'000'000 > weir::detail::micros(to)) break;
      auto totals = out.build(0, 4);
      tallies_.state().scan(*start, [&](const weir::batch_view& keys, std::span<weir_slot* const> slots) {
        const auto account = keys.column<std::string_view>(0);
        for (std::size_t k = 0; k < slots.size(); ++k) {
          totals[0].append(account[static_cast<std::int64_t>(k)]);
          totals[1].append(tallies_.value(slots[k]).sum);
        }
      });
      totals.emit();
      tallies_.state().drop(*start);
    }
  }

 private:
  weir::state_slots<tally> tallies_;
  weir::keyed_state rows_;
  weir::timer_family ends_;
  weir::schema input_;
};
using harness = weir::test::harness<windows, event, total>;

TEST(KeyedState, HoldsWindowsAsNameSpaces) {
  harness h{{}, by_account};
  h.push_all<event>({{"ann", 1}, {"bob", 2}, {"cid", 3}, {"dan", 4}, {"ann", 5}}, 0s, 1s);
  h.push({"bob", 100}, 12s);
  EXPECT_EQ(h.state_count("tallies"), 5u);
  h.watermark(10s);
  EXPECT_THAT(h.take(), ElementsAre(total{"ann", 6}, total{"bob", 2}, total{"cid", 3}, total{"dan", 4}));
  EXPECT_EQ(h.state_count("tallies"), 1u);
  EXPECT_EQ(h.take<event>("rows").size(), 6u);
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(total{"bob", 100}));
}

TEST(KeyedState, GivesTheSameAnswerWhereverItIsCut) {
  std::vector<event> events;
  for (int i = 0; i < 40; ++i) events.push_back({std::string(1, static_cast<char>('a' + i * i % 7)), i});
  const auto run = [&](int cut_at) {
    harness h{{}, by_account};
    h.sparse = cut_at % 2 != 0;
    for (int i = 0; i < 40; ++i) {
      h.push(events[static_cast<std::size_t>(i)], i * 1s);
      if (i % 5 == 0) h.watermark((i - 2) * 1s);
      if (i == cut_at) {
        const auto cut = h.cut();
        h.push({"lost", 1}, i * 1s);
        h.restore(cut);
      }
    }
    h.end();
    return h.take();
  };
  const auto whole = run(-1);
  EXPECT_GT(whole.size(), 7u);
  for (int cut = 0; cut < 40; cut += 3) EXPECT_EQ(run(cut), whole) << "cut at " << cut;
}

class forgetful : public weir::batch_operator {
 public:
  static constexpr auto options() {
    return weir::options(weir::option("event", weir::flag).fallback("false").doc("-"));
  }
  explicit forgetful(const weir::config& c)
      : keep_{5s, c.get<bool>("event") ? weir::time_kind::event : weir::time_kind::processing} {}
  void bind(weir::binder& b) override {
    sums_.declare(b, "sums", keep_);
    b.output("", weir::schema_of<total>());
  }
  void process(const weir::batch_view& batch, weir::batch_output& out) override {
    sums_.resolve(batch);
    auto totals = out.build(0, batch.row_count());
    for (std::size_t k = 0; k < sums_.size(); ++k) {
      sums_.write(k) += batch.column<std::int64_t>("amount")[batch.row(static_cast<std::int64_t>(k))];
      totals[0].append("");
      totals[1].append(sums_[k]);
    }
    totals.emit();
  }

 private:
  weir::ttl keep_;
  weir::state_slots<std::int64_t> sums_;
};

TEST(KeyedState, ForgetsWhatIsOlderThanItsTimeToLive) {
  weir::test::harness<forgetful, event, total> h{{}, by_account};
  h.push({"ann", 1});
  h.clock(4s);
  h.push({"ann", 2});
  h.clock(8s);
  h.push({"ann", 3});
  h.clock(14s);
  h.push({"ann", 4});
  EXPECT_THAT(h.take(), ElementsAre(total{"", 1}, total{"", 3}, total{"", 6}, total{"", 4}));
}
TEST(KeyedState, ForgetsByEventTimeToo) {
  weir::test::harness<forgetful, event, total> h{{{"event", true}}, by_account};
  h.clock(100s);
  h.push({"ann", 1});
  h.watermark(4s);
  h.push({"ann", 2});
  h.watermark(9s);
  h.push({"ann", 3});
  EXPECT_THAT(h.take(), ElementsAre(total{"", 1}, total{"", 3}, total{"", 3}));
}

struct two : weir::batch_operator {
  static constexpr std::uint32_t weir_inputs = 2;
  void bind(weir::binder& b) override { state.declare(b, "x"); }
  void process(const weir::batch_view&, weir::batch_output&) override {}
  weir::state_slots<int> state;
};
TEST(KeyedState, NeedsKeysOfOneType) {
  const weir::test::keys different{{"account"}, {"sum"}};
  EXPECT_THAT((weir::test::bind_errors<two, weir::inputs<event, total>>({}, different)),
              ElementsAre(HasSubstr("keys of its inputs")));
  const weir::test::keys same{{"account"}, {"account"}};
  EXPECT_THAT((weir::test::bind_errors<two, weir::inputs<event, total>>({}, same)), IsEmpty());
}

// ---- packed values
struct leaf {
  std::optional<std::string> text;
  std::vector<double> list;
};
struct everything {
  bool flag;
  std::int8_t small;
  std::uint64_t large;
  float real;
  weir::time at;
  weir::decimal<20, 2> money;
  std::array<std::byte, 3> id;
  std::optional<leaf> inner;
  weir::bytes raw;
};
WEIR_RECORD(leaf, text, list)
WEIR_RECORD(everything, flag, small, large, real, at, money, id, inner, raw)

const everything sample{true,
                        -7,
                        1ull << 63,
                        -1.5f,
                        weir::time{5s},
                        {-12345},
                        {std::byte{1}, std::byte{0}, std::byte{255}},
                        leaf{"a\0b", {1, 2.5}},
                        {std::string{"\0\xff", 2}}};
template <weir::detail::packing P>
void expect_back(const everything& in) {
  weir::basic_packed_row<P> row;
  row.add(in);
  weir::basic_packed_reader<P> reader{row.bytes()};
  const auto out = reader.template get<everything>();
  EXPECT_TRUE(reader.done());
  EXPECT_TRUE(out.flag == in.flag && out.small == in.small && out.large == in.large && out.real == in.real);
  EXPECT_TRUE(out.at == in.at && out.money == in.money && out.id == in.id && out.raw == in.raw);
  ASSERT_EQ(out.inner.has_value(), in.inner.has_value());
  if (!in.inner) return;
  EXPECT_TRUE(out.inner->text == in.inner->text && out.inner->list == in.inner->list);
}
TEST(Packed, GivesBackWhatWasPacked) {
  expect_back<weir::detail::packing::plain>(sample);
  expect_back<weir::detail::packing::ordered>(sample);
  auto empty = sample;
  empty.inner.reset();
  expect_back<weir::detail::packing::plain>(empty);
  expect_back<weir::detail::packing::ordered>(empty);
}
template <class T>
std::string key_bytes(const T& v) {
  weir::packed_key k;
  k.add(v);
  return std::string{k.bytes()};
}
template <class T>
void expect_order(const std::vector<T>& ascending) {
  for (std::size_t i = 1; i < ascending.size(); ++i)
    EXPECT_LT(key_bytes(ascending[i - 1]), key_bytes(ascending[i])) << "element " << i;
}
TEST(Packed, KeysOrderAsTheirValuesDo) {
  expect_order<std::int64_t>({INT64_MIN, -256, -1, 0, 1, 255, 256, INT64_MAX});
  expect_order<std::uint16_t>({0, 1, 255, 256, 65535});
  expect_order<double>({-INFINITY, -2.5, -1e-300, 0, 1e-300, 1, 2.5, INFINITY});
  expect_order<std::string>({"", std::string{"\0", 1}, std::string{"\0a", 2}, "a", std::string{"a\0", 2}, "aa", "b"});
  expect_order<weir::decimal<30, 0>>({{-weir::int128{1} << 80}, {-1}, {0}, {1}, {weir::int128{1} << 80}});
  expect_order<std::optional<int>>({std::nullopt, -1, 0, 1});
  expect_order<std::vector<int>>({{}, {-1}, {-1, 0}, {0}});
}
TEST(Packed, BytesThatAreTooShortAreAnError) {
  weir::packed_row row;
  row.add(sample);
  for (std::size_t n = 0; n < row.bytes().size(); ++n) {
    weir::packed_reader in{row.bytes().substr(0, n)};
    EXPECT_THROW((void)in.get<everything>(), weir::plugin_error) << n;
  }
}
}  // namespace
