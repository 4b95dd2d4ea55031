// What a struct's schema says of its past, and weir.migrate/1 made of a list of functions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <weir/operator.hpp>

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

struct leg {
  double weight = 1.5;
  std::int32_t kept = 0;
};
struct trade {
  std::string desk = "fx";
  std::int64_t limit = -1;
  std::optional<std::int32_t> lots;
  std::optional<std::int32_t> most = 9;
  leg first;
  std::vector<leg> others;
  std::int64_t plain = 0;
};
WEIR_RECORD(leg, weight, kept)
WEIR_RECORD(trade, desk, limit, lots, most, first, others, plain)
WEIR_RENAMED(leg, {"mass", "weight"})
WEIR_RENAMED(trade, {"book", "desk"}, {"cap", "limit"}, {"ceiling", "limit"})

using pairs = std::vector<std::pair<std::string, std::string>>;
pairs pairs_of(const weir::field& f) {
  pairs out;
  const char* p = f.metadata.data();
  const auto number = [&p] {
    std::int32_t n = 0;
    std::memcpy(&n, p, sizeof n);
    p += sizeof n;
    return n;
  };
  const auto text = [&] {
    const auto n = number();
    p += n;
    return std::string(p - n, static_cast<std::size_t>(n));
  };
  for (std::int32_t left = f.metadata.empty() ? 0 : number(); left > 0; --left) {
    std::string key = text();
    out.emplace_back(std::move(key), text());
  }
  EXPECT_EQ(p, f.metadata.data() + f.metadata.size());
  return out;
}
template <class T>
std::string bytes_of(const T& v) {
  return weir::detail::packed(v);
}

TEST(ValueSchema, SaysWhatMembersWereCalledAndWhatTheyBeginWith) {
  const auto s = weir::detail::value_schema<trade>();
  const std::string was = "weir.was", begins = "weir.default";
  EXPECT_EQ(pairs_of(s[0]), (pairs{{was, "book"}, {begins, bytes_of(std::string("fx"))}}));
  EXPECT_EQ(pairs_of(s[1]), (pairs{{was, "cap"}, {was, "ceiling"}, {begins, bytes_of(std::int64_t{-1})}}));
  EXPECT_THAT(pairs_of(s[2]), IsEmpty()) << "null is what a new nullable field is anyway";
  EXPECT_EQ(pairs_of(s[3]), (pairs{{begins, bytes_of(std::optional<std::int32_t>{9})}}));
  EXPECT_THAT(pairs_of(s[4]), IsEmpty()) << "its members say it";
  const pairs weight{{was, "mass"}, {begins, bytes_of(1.5)}};
  EXPECT_EQ(pairs_of(s[4].children[0]), weight);
  EXPECT_EQ(pairs_of(s[5].children[0].children[0]), weight);
  EXPECT_THAT(pairs_of(s[6]), IsEmpty());
  // It survives Arrow's form, and columns of records do not carry it.
  EXPECT_EQ(pairs_of(weir::read_schema(*weir::detail::arrow_schema{s}.get())[1]), pairs_of(s[1]));
  EXPECT_THAT(pairs_of(weir::schema_of<trade>()[0]), IsEmpty());
}

// ------------------------------------------------------------------------------------------------------ migrate_table
struct in_place {
  std::int32_t a = 0;
  std::int64_t b = 0;
};
struct as_text {
  std::string text;
};
struct now {
  std::int64_t sum = 0;
};
WEIR_RECORD(in_place, a, b)
WEIR_RECORD(as_text, text)
WEIR_RECORD(now, sum)

struct takes_three {
  static constexpr auto migrations =
      weir::migrations(weir::migrate_value<in_place, now>("total", [](const in_place& o) { return now{o.a + o.b}; }),
                       weir::migrate_value<as_text, now>("total",
                                                         [](const as_text& o) {
                                                           if (o.text.empty()) throw weir::failure{"an empty text"};
                                                           return now{static_cast<std::int64_t>(o.text.size())};
                                                         }),
                       weir::migrate_key<as_text, now>(
                           "by", [](const as_text& o) { return now{-static_cast<std::int64_t>(o.text.size())}; }));
};
struct by_hand {
  static bool can_migrate(weir_migration& what, std::string& why) {
    what.token = 77;
    why = "not today";
    return std::string_view{what.name} == "mine";
  }
  static void migrate(const weir_migration& what, std::string_view stored, std::string& to) {
    to = std::string(stored) + "/" + std::to_string(what.token);
  }
};

class Migrate : public ::testing::Test {
 protected:
  Migrate() {
    host.append = [](weir_bytes* to, weir_view v) { reinterpret_cast<std::string*>(to)->append(v.data, v.size); };
  }
  static weir_migration of(const char* name, std::uint32_t part, std::uint32_t stored, std::uint32_t declared,
                           const weir::detail::arrow_schema& was, const weir::detail::arrow_schema& is) {
    weir_migration m{};
    m.struct_size = sizeof m;
    m.name = name;
    m.part = part;
    m.stored_kind = stored, m.declared_kind = declared;
    m.stored_size = stored == WEIR_STATE_VALUE ? sizeof(in_place) : 0;
    m.declared_size = declared == WEIR_STATE_VALUE ? sizeof(now) : 0;
    m.stored = was.get(), m.declared = is.get();
    return m;
  }
  template <class T>
  weir_code accepts(weir_migration& m) {
    said.clear();
    return weir::detail::migrate_table<T>.accepts(&host, nullptr, &m, reinterpret_cast<weir_bytes*>(&said));
  }
  template <class T>
  weir_code migrate(const weir_migration& m, std::string_view stored) {
    said.clear();
    return weir::detail::migrate_table<T>.migrate(&host, nullptr, &m, {stored.data(), stored.size()},
                                                  reinterpret_cast<weir_bytes*>(&said));
  }
  template <class T>
  static weir::detail::arrow_schema schema() {
    return weir::detail::arrow_schema{weir::detail::value_schema<T>()};
  }
  weir_host host{};
  std::string said;
};

TEST_F(Migrate, TakesTheFormThatWasStored) {
  const weir::detail::arrow_schema old_struct{weir::detail::value_schema<in_place>()},
      old_text{weir::detail::value_schema<as_text>()}, is{weir::detail::value_schema<now>()};
  auto m = of("total", WEIR_MIGRATE_VALUE, WEIR_STATE_VALUE, WEIR_STATE_VALUE, old_struct, is);
  ASSERT_EQ(accepts<takes_three>(m), WEIR_OK) << said;
  const in_place v{3, 4};
  EXPECT_EQ(migrate<takes_three>(m, {reinterpret_cast<const char*>(&v), sizeof v}), WEIR_OK);
  EXPECT_EQ(said, bytes_of(now{7}));
  EXPECT_LT(migrate<takes_three>(m, "short"), 0);
  EXPECT_THAT(said, HasSubstr("shorter"));

  m = of("total", WEIR_MIGRATE_VALUE, WEIR_STATE_BYTES, WEIR_STATE_VALUE, old_text, is);
  ASSERT_EQ(accepts<takes_three>(m), WEIR_OK) << said;
  EXPECT_EQ(migrate<takes_three>(m, bytes_of(as_text{"four"})), WEIR_OK);
  EXPECT_EQ(said, bytes_of(now{4}));
  EXPECT_LT(migrate<takes_three>(m, bytes_of(as_text{""})), 0);
  EXPECT_EQ(said, "an empty text");
  EXPECT_LT(migrate<takes_three>(m, bytes_of(as_text{"four"}) + "x"), 0) << "bytes are left over";

  m = of("by", WEIR_MIGRATE_MAP_KEY, WEIR_STATE_MAP, WEIR_STATE_MAP, old_text, is);
  ASSERT_EQ(accepts<takes_three>(m), WEIR_OK) << said;
  EXPECT_EQ(migrate<takes_three>(m, weir::detail::packed_for_order(as_text{std::string("a\0b", 3)})), WEIR_OK);
  EXPECT_EQ(said, weir::detail::packed_for_order(now{-3}));
}

TEST_F(Migrate, SaysWhatItTakesWhenItIsAskedForMore) {
  const weir::detail::arrow_schema old_text{weir::detail::value_schema<as_text>()},
      is{weir::detail::value_schema<now>()}, other{weir::detail::value_schema<trade>()};
  auto m = of("total", WEIR_MIGRATE_VALUE, WEIR_STATE_BYTES, WEIR_STATE_VALUE, other, is);
  EXPECT_EQ(accepts<takes_three>(m), WEIR_E_STATE);
  EXPECT_THAT(said, AllOf(HasSubstr("it takes record{a int32, b int64}"), HasSubstr("record{text utf8}")));
  m = of("unknown", WEIR_MIGRATE_VALUE, WEIR_STATE_BYTES, WEIR_STATE_VALUE, old_text, is);
  EXPECT_EQ(accepts<takes_three>(m), WEIR_E_STATE);
  EXPECT_EQ(said, "it has no migration of it");
  m = of("by", WEIR_MIGRATE_VALUE, WEIR_STATE_MAP, WEIR_STATE_MAP, old_text, is);
  EXPECT_EQ(accepts<takes_three>(m), WEIR_E_STATE) << "that one is for keys";
  m = of("total", WEIR_MIGRATE_VALUE, WEIR_STATE_BYTES, WEIR_STATE_BYTES, old_text, other);
  EXPECT_EQ(accepts<takes_three>(m), WEIR_E_STATE) << "it makes something else than what is declared";
}

TEST_F(Migrate, MayBeDoneByHand) {
  const weir::detail::arrow_schema old_text{weir::detail::value_schema<as_text>()},
      is{weir::detail::value_schema<now>()};
  auto m = of("mine", WEIR_MIGRATE_VALUE, WEIR_STATE_BYTES, WEIR_STATE_BYTES, old_text, is);
  ASSERT_EQ(accepts<by_hand>(m), WEIR_OK);
  EXPECT_EQ(migrate<by_hand>(m, "x"), WEIR_OK);
  EXPECT_EQ(said, "x/77");
  m = of("yours", WEIR_MIGRATE_VALUE, WEIR_STATE_BYTES, WEIR_STATE_BYTES, old_text, is);
  EXPECT_EQ(accepts<by_hand>(m), WEIR_E_STATE);
  EXPECT_EQ(said, "not today");
}

}  // namespace
