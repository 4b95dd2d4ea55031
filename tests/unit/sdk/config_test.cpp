// Configuration as components read it, with what is said about wrong values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/operator.hpp>
#include <weir/test/harness.hpp>

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using weir::test::table;
using weir::test::value;

namespace {
struct nothing {
  std::int64_t n;
};
WEIR_RECORD(nothing, n)

enum class mode { fast, safe };
struct settings {
  bool on;
  std::int32_t count;
  double limit;
  std::string name;
  weir::duration window, grace;
  std::uint64_t memory;
  mode how;
  std::vector<std::string> words;
  std::vector<int> numbers;
  std::optional<std::int64_t> maybe;
  std::int64_t retries;
  weir::duration backoff;
  std::vector<std::pair<std::string, std::string>> properties;
  std::vector<std::string> routes;
};
settings* seen = nullptr;

constexpr auto retry_options =
    weir::options(weir::option("max", weir::integer).fallback("3").doc("Tries."),
                  weir::option("backoff", weir::timespan).fallback("\"1s\"").doc("Between tries."));
constexpr auto route_options = weir::options(weir::option("to", weir::text).required().doc("Port."));

class reader : public weir::record_operator<nothing, nothing> {
 public:
  static constexpr auto options() {
    using weir::option;
    return weir::options(
        option("on", weir::flag).fallback("true").doc("d"), option("count", weir::integer).fallback("5").doc("d"),
        option("limit", weir::number).fallback("2.5").doc("d"), option("name", weir::text).fallback("'x y'").doc("d"),
        option("window", weir::timespan).fallback("\"10m\"").doc("d"), option("grace", weir::timespan).doc("d"),
        option("memory", weir::byte_size).fallback("\"64MiB\"").doc("d"),
        option("how", weir::choice("fast|safe")).fallback("'safe'").doc("d"),
        option("words", weir::list_of_text).fallback("['a', 'b']").doc("d"),
        option("numbers", weir::list_of_integers).doc("d"), option("maybe", weir::integer).doc("d"),
        option("retry", weir::table).nested(retry_options.data()).doc("d"), option("properties", weir::map).doc("d"),
        option("routes", weir::list_of_tables).nested(route_options.data()).doc("d"));
  }
  explicit reader(const weir::config& c) {
    settings s{};
    s.on = c.get<bool>("on");
    s.count = c.get<std::int32_t>("count");
    s.limit = c.get<double>("limit");
    s.name = c.get<std::string>("name");
    s.window = c.get<weir::duration>("window");
    s.grace = c.get("grace", 30s);
    s.memory = c.get<std::uint64_t>("memory");
    s.how = c.choice<mode>("how", {{"fast", mode::fast}, {"safe", mode::safe}});
    s.words = c.get<std::vector<std::string>>("words");
    s.numbers = c.get("numbers", std::vector<int>{});
    s.maybe = c.get<std::optional<std::int64_t>>("maybe");
    s.retries = c.get<std::int64_t>("retry.max");
    s.backoff = c.at("retry").get<std::chrono::milliseconds>("backoff");
    const auto properties = c.at("properties");
    for (const auto& key : properties.keys()) s.properties.emplace_back(key, properties.get<std::string>(key));
    for (const auto& route : c.elements("routes"))
      s.routes.push_back(route.path() + "=" + route.get<std::string>("to"));
    if (s.count < 0) throw c.error("count", "must not be negative");
    if (seen) *seen = s;
  }
  void process(const nothing&, weir::time, output&) override {}
};

settings read(const table& t) {
  settings s{};
  seen = &s;
  weir::test::harness<reader> h{t};
  seen = nullptr;
  return s;
}
std::vector<std::string> errors(const table& t) { return weir::test::bind_errors<reader>(t); }

TEST(Config, HasDeclaredDefaults) {
  const auto s = read({});
  EXPECT_TRUE(s.on);
  EXPECT_EQ(s.count, 5);
  EXPECT_EQ(s.limit, 2.5);
  EXPECT_EQ(s.name, "x y");
  EXPECT_EQ(s.window, 10min);
  EXPECT_EQ(s.grace, 30s);
  EXPECT_EQ(s.memory, 64u << 20);
  EXPECT_EQ(s.how, mode::safe);
  EXPECT_THAT(s.words, ElementsAre("a", "b"));
  EXPECT_TRUE(s.numbers.empty());
  EXPECT_EQ(s.maybe, std::nullopt);
  EXPECT_EQ(s.retries, 3);
  EXPECT_EQ(s.backoff, 1s);
}
TEST(Config, HasTheGivenValues) {
  const auto s = read({{"on", false},
                       {"count", -0},
                       {"limit", 7},
                       {"name", "n"},
                       {"window", 5s},
                       {"grace", "250ms"},
                       {"memory", 1000},
                       {"how", "fast"},
                       {"words", value::list({"z"})},
                       {"numbers", value::list({1, 2, 3})},
                       {"maybe", 9},
                       {"retry", table{{"max", 8}}},
                       {"properties", table{{"security.protocol", "ssl"}, {"acks", "all"}}},
                       {"routes", value::list({table{{"to", "a"}}, table{{"to", "b"}}})}});
  EXPECT_FALSE(s.on);
  EXPECT_EQ(s.limit, 7);
  EXPECT_EQ(s.window, 5s);
  EXPECT_EQ(s.grace, 250ms);
  EXPECT_EQ(s.memory, 1000u);
  EXPECT_EQ(s.how, mode::fast);
  EXPECT_THAT(s.words, ElementsAre("z"));
  EXPECT_THAT(s.numbers, ElementsAre(1, 2, 3));
  EXPECT_EQ(s.maybe, 9);
  EXPECT_EQ(s.retries, 8);
  EXPECT_EQ(s.backoff, 1s);
  EXPECT_THAT(s.properties, ElementsAre(testing::Pair("security.protocol", "ssl"), testing::Pair("acks", "all")));
  EXPECT_THAT(s.routes, ElementsAre("routes[0]=a", "routes[1]=b"));
}
TEST(Config, NamesTheOptionThatIsOutOfRange) {
  EXPECT_THAT(errors({{"count", std::int64_t{1} << 40}}),
              ElementsAre("count: must be between -2147483648 and 2147483647"));
  EXPECT_THAT(errors({{"count", -1}}), ElementsAre("count: must not be negative"));
  EXPECT_THAT(errors({{"memory", -5}}), ElementsAre(HasSubstr("memory: must be between 0 and")));
  EXPECT_THAT(errors({{"retry", table{{"max", "x"}}}}), ElementsAre("retry.max: must be a whole number"));
}

weir::config made_of(weir::detail::config_node node) { return weir::config{std::move(node)}; }

TEST(Config, SaysWhatAValueMustBe) {
  weir::detail::config_node root{.kind = WEIR_TABLE};
  root.children.emplace_back("text", weir::detail::config_node{.kind = WEIR_TEXT, .text = "abc"});
  root.children.emplace_back(
      "list", weir::detail::config_node{.kind = WEIR_LIST, .children = {{"", {.kind = WEIR_INT, .integer = 1}}}});
  const auto c = made_of(root);
  auto why = [&](auto f) -> std::string {
    try {
      f();
    } catch (const weir::config_error& e) {
      return e.option + ": " + e.what();
    }
    return "";
  };
  EXPECT_EQ(why([&] { (void)c.get<bool>("text"); }), "text: must be true or false");
  EXPECT_EQ(why([&] { (void)c.get<int>("text"); }), "text: must be a whole number");
  EXPECT_EQ(why([&] { (void)c.get<double>("text"); }), "text: must be a number");
  EXPECT_EQ(why([&] { (void)c.get<weir::duration>("text"); }), "text: must be a duration such as \"10s\"");
  EXPECT_EQ(why([&] { (void)c.get<std::string>("list"); }), "list: must be a text");
  EXPECT_EQ(why([&] { (void)c.get<int>("gone"); }), "gone: is missing: give it a value");
  EXPECT_EQ(why([&] {
              (void)c.choice<int>("text", {{"abd", 1}, {"xyz", 2}});
            }),
            "text: 'abc' is not one of its words; did you mean 'abd'?");
  EXPECT_THAT(c.get<std::vector<int>>("list"), ElementsAre(1));
  EXPECT_THAT(c.get<std::vector<std::string>>("text"), ElementsAre("abc"));
}
TEST(Options, AreATableThatEndsWithNull) {
  constexpr auto o = weir::options(weir::option("a", weir::number).required().secret().doc("One."),
                                   weir::option("b", weir::choice("x|y")).deprecated("Use a."));
  static_assert(o.size() == 3);
  EXPECT_STREQ(o[0].name, "a");
  EXPECT_STREQ(o[0].type, "float");
  EXPECT_EQ(o[0].flags, WEIR_OPTION_REQUIRED | WEIR_OPTION_SECRET);
  EXPECT_STREQ(o[1].values, "x|y");
  EXPECT_EQ(o[1].flags, WEIR_OPTION_DEPRECATED);
  EXPECT_STREQ(o[1].doc, "Use a.");
  EXPECT_EQ(o[2].name, nullptr);
}
}  // namespace
