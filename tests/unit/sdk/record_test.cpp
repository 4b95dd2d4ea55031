// Records as columns: every type there and back, nulls, widening, and what is said about columns that do not fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <weir/operator.hpp>
#include <weir/test/harness.hpp>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

template <class R, class Out = R>
class same : public weir::record_operator<R, Out> {
 public:
  using output = weir::output<Out>;
  void process(const R& r, weir::time, output& out) override { out.emit(r); }
};

struct inner {
  std::int32_t number = 0;
  std::optional<std::string> text{};
  friend bool operator==(const inner&, const inner&) = default;
};
WEIR_RECORD(inner, number, text)

struct everything {
  bool flag = false;
  std::int8_t i8 = 0;
  std::int16_t i16 = 0;
  std::int32_t i32 = 0;
  std::int64_t i64 = 0;
  std::uint8_t u8 = 0;
  std::uint16_t u16 = 0;
  std::uint32_t u32 = 0;
  std::uint64_t u64 = 0;
  float f32 = 0;
  double f64 = 0;
  std::string text{};
  weir::bytes raw{};
  std::array<std::byte, 5> fixed{};
  weir::time at{};
  weir::date day{};
  weir::decimal<20, 4> money{};
  std::vector<std::string> words{};
  inner nested{};
  std::vector<inner> list_of_records{};
  std::vector<std::vector<std::int64_t>> list_of_lists{};
  std::optional<bool> maybe_flag{};
  std::optional<std::int64_t> maybe_number{};
  std::optional<std::string> maybe_text{};
  std::optional<inner> maybe_record{};
  std::optional<std::vector<double>> maybe_list{};
  std::vector<std::optional<std::int32_t>> list_with_nulls{};
  friend bool operator==(const everything&, const everything&) = default;
};
WEIR_RECORD(everything, flag, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, text, raw, fixed, at, day, money, words,
            nested, list_of_records, list_of_lists, maybe_flag, maybe_number, maybe_text, maybe_record, maybe_list,
            list_with_nulls)

class random_values {
 public:
  explicit random_values(unsigned seed) : random_{seed} {}
  std::int64_t number() { return static_cast<std::int64_t>(random_()); }
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  std::string text() {
    std::string out;
    for (int n = below(9) * below(6); n > 0; --n) out += static_cast<char>('a' + below(26));
    return out;
  }
  template <class F>
  auto maybe(F f) {
    return below(3) ? std::optional{f()} : std::nullopt;
  }
  template <class F>
  auto list(F f) {
    std::vector<decltype(f())> out;
    for (int n = below(4); n > 0; --n) out.push_back(f());
    return out;
  }
  inner record() {
    return {static_cast<std::int32_t>(number()), maybe([&] { return text(); })};
  }
  everything all() {
    everything e;
    e.flag = below(2);
    e.i8 = static_cast<std::int8_t>(number());
    e.i16 = static_cast<std::int16_t>(number());
    e.i32 = static_cast<std::int32_t>(number());
    e.i64 = number();
    e.u8 = static_cast<std::uint8_t>(number());
    e.u16 = static_cast<std::uint16_t>(number());
    e.u32 = static_cast<std::uint32_t>(number());
    e.u64 = static_cast<std::uint64_t>(number());
    e.f32 = static_cast<float>(below(1000)) / 8;
    e.f64 = static_cast<double>(number()) / 3;
    e.text = text();
    e.raw.value = text() + '\0' + '\xff';
    for (auto& b : e.fixed) b = static_cast<std::byte>(below(256));
    e.at = weir::time{weir::duration{number()}};
    e.day = weir::date{std::chrono::days{below(100000) - 50000}};
    e.money.unscaled = weir::int128{number()} * 1000;
    e.words = list([&] { return text(); });
    e.nested = record();
    e.list_of_records = list([&] { return record(); });
    e.list_of_lists = list([&] { return list([&] { return number(); }); });
    e.maybe_flag = maybe([&] { return below(2) == 1; });
    e.maybe_number = maybe([&] { return number(); });
    e.maybe_text = maybe([&] { return text(); });
    e.maybe_record = maybe([&] { return record(); });
    e.maybe_list = maybe([&] { return list([&] { return below(100) / 4.0; }); });
    e.list_with_nulls = list([&] { return maybe([&] { return static_cast<std::int32_t>(number()); }); });
    return e;
  }

 private:
  std::mt19937_64 random_;
};

TEST(Record, EveryTypeGoesThereAndBackInBatchesOfAnySize) {
  random_values random{7};
  std::vector<everything> rows;
  for (int i = 0; i < 150; ++i) rows.push_back(random.all());
  for (const std::size_t batch : {1u, 3u, 64u, 150u}) {
    for (const bool sparse : {false, true}) {
      weir::test::harness<same<everything>> h;
      h.batch_size = batch;
      h.sparse = sparse;
      h.push_all(rows);
      EXPECT_EQ(h.take(), rows) << "batches of " << batch << (sparse ? ", sparse" : "");
    }
  }
}

struct views {
  std::string_view text;
  weir::bytes_view raw;
};
WEIR_RECORD(views, text, raw)

TEST(Record, ViewsPointIntoTheBatch) {
  weir::test::harness<same<views>> h;
  h.push({"abc", weir::bytes_view{std::string_view{"\0\1", 2}}});
  const auto out = h.take();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].text, "abc");
  EXPECT_EQ(out[0].raw.text(), std::string_view("\0\1", 2));
}

struct narrow {
  std::int8_t a;
  std::uint16_t b;
  std::int32_t c;
  float d;
  std::uint32_t e;
};
WEIR_RECORD(narrow, a, b, c, d, e)
struct wide {
  std::int64_t a;
  std::int32_t b;
  double c;
  double d;
  std::int64_t e;
  friend bool operator==(const wide&, const wide&) = default;
};
WEIR_RECORD(wide, a, b, c, d, e)

TEST(Record, ReadsNarrowerNumbersAsWiderOnes) {
  weir::test::harness<same<wide>, narrow, wide> h;
  h.push({-128, 65535, std::numeric_limits<std::int32_t>::min(), 0.5f, 4000000000u});
  EXPECT_THAT(h.take(), ElementsAre(wide{-128, 65535, -2147483648.0, 0.5, 4000000000}));
}
TEST(Record, RefusesWhatWouldLoseDigits) {
  const auto errors = weir::test::bind_errors<same<narrow>, wide>();
  EXPECT_THAT(errors, ElementsAre(HasSubstr("column 'a' is int64, the operator reads int8"),
                                  HasSubstr("column 'b' is int32, the operator reads uint16"),
                                  HasSubstr("column 'c' is float64, the operator reads int32"),
                                  HasSubstr("column 'd' is float64"), HasSubstr("column 'e' is int64")));
}
TEST(Record, WidensExactlyWhenEveryValueFits) {
  using weir::type;
  using weir::detail::widens;
  EXPECT_TRUE(widens(type::int32, type::int64));
  EXPECT_TRUE(widens(type::uint32, type::int64));
  EXPECT_TRUE(widens(type::uint8, type::uint64));
  EXPECT_TRUE(widens(type::int32, type::float64));
  EXPECT_TRUE(widens(type::uint16, type::float32));
  EXPECT_FALSE(widens(type::uint64, type::int64));
  EXPECT_FALSE(widens(type::int8, type::uint64));
  EXPECT_FALSE(widens(type::int64, type::float64));
  EXPECT_FALSE(widens(type::int32, type::float32));
  EXPECT_FALSE(widens(type::float64, type::float32));
  EXPECT_FALSE(widens(type::boolean, type::int64));
  EXPECT_FALSE(widens(type::timestamp, type::int64));
}

struct spelled {
  std::string desk;
  double notional;
};
WEIR_RECORD(spelled, desk, notional)
struct misspelled {
  std::string desk;
  double notinal;
  std::int64_t x;
};
WEIR_RECORD(misspelled, desk, notinal, x)
struct outer_in {
  inner part;
};
WEIR_RECORD(outer_in, part)
struct inner_other {
  std::string number;
};
WEIR_RECORD(inner_other, number)
struct outer_other {
  inner_other part;
};
WEIR_RECORD(outer_other, part)

TEST(Record, NamesTheMissingColumnAndTheNearestOne) {
  EXPECT_THAT(
      (weir::test::bind_errors<same<spelled>, misspelled>()),
      ElementsAre(AllOf(HasSubstr("there is no column 'notional' (float64)"), HasSubstr("did you mean 'notinal'?"))));
}
TEST(Record, NamesTheFieldOfANestedRecord) {
  EXPECT_THAT((weir::test::bind_errors<same<outer_in>, outer_other>()),
              ElementsAre(HasSubstr("column 'part.number' is utf8, the operator reads int32"),
                          HasSubstr("there is no column 'part.text'")));
}

struct with_nulls {
  std::optional<std::int64_t> n;
};
WEIR_RECORD(with_nulls, n)
struct without_nulls {
  std::int64_t n;
  friend bool operator==(const without_nulls&, const without_nulls&) = default;
};
WEIR_RECORD(without_nulls, n)

TEST(Record, SendsANullWhereNoneIsTakenToTheDeadLetters) {
  weir::test::harness<same<without_nulls>, with_nulls, without_nulls> h;
  h.push_all<with_nulls>({{1}, {std::nullopt}, {3}});
  EXPECT_THAT(h.take(), ElementsAre(without_nulls{1}, without_nulls{3}));
  const auto dead = h.take_dead_letters();
  ASSERT_EQ(dead.size(), 1u);
  EXPECT_THAT(dead[0].why, HasSubstr("column 'n' is null"));
}

struct money_in {
  weir::decimal<10, 2> amount;
};
WEIR_RECORD(money_in, amount)
struct money_wide {
  weir::decimal<38, 2> amount;
};
WEIR_RECORD(money_wide, amount)
struct money_other_scale {
  weir::decimal<10, 3> amount;
};
WEIR_RECORD(money_other_scale, amount)

TEST(Record, ReadsADecimalOfTheSameScaleAndFewerDigits) {
  EXPECT_THAT((weir::test::bind_errors<same<money_wide>, money_in>()), IsEmpty());
  EXPECT_THAT((weir::test::bind_errors<same<money_in>, money_wide>()),
              ElementsAre(HasSubstr("column 'amount' is decimal(38,2), the operator reads decimal(10,2)")));
  EXPECT_THAT((weir::test::bind_errors<same<money_other_scale>, money_in>()), ElementsAre(HasSubstr("decimal(10,2)")));
}

TEST(Schema, GoesThroughArrowUnchanged) {
  const auto s = weir::schema_of<everything>();
  const weir::detail::arrow_schema raw{s};
  const auto back = weir::read_schema(*raw.get());
  ASSERT_EQ(back.size(), s.size());
  for (std::size_t i = 0; i < s.size(); ++i) {
    EXPECT_TRUE(back[i].same_type(s[i])) << to_string(back[i]) << " for " << to_string(s[i]);
    EXPECT_EQ(back[i].name, s[i].name);
    EXPECT_EQ(back[i].nullable, s[i].nullable);
  }
}
TEST(Schema, KeepsMetadata) {
  std::string pairs;
  auto number = [&](std::int32_t n) { pairs.append(reinterpret_cast<const char*>(&n), 4); };
  number(1);
  number(3);
  pairs += "key";
  number(5);
  pairs += "value";
  weir::schema s{{{.name = "n", .metadata = pairs}}};
  const weir::detail::arrow_schema raw{s};
  EXPECT_EQ(weir::read_schema(*raw.get())[0].metadata, pairs);
}
TEST(Schema, RefusesTypesThatItDoesNotKnow) {
  for (const char* format : {"+m", "tsn:", "vu", "d:10,2,256", "e", "", "tdm", "U"}) {
    ArrowSchema child{.format = format, .name = "c"};
    ArrowSchema* children[] = {&child};
    const ArrowSchema all{.format = "+s", .n_children = 1, .children = children};
    EXPECT_THROW((void)weir::read_schema(all), weir::schema_error) << format;
  }
}
TEST(Nearest, NamesASlipAndListsTheRestOtherwise) {
  EXPECT_EQ(weir::detail::hint("prize", {"price", "size"}, "it has"), "; did you mean 'price'?");
  EXPECT_EQ(weir::detail::hint("zzz", {"price", "size"}, "it has"), "; it has price, size");
  EXPECT_EQ(weir::detail::distance("kitten", "sitting"), 3u);
}
}  // namespace
