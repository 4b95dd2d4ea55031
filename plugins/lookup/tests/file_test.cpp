#include "lookup/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "folder.hpp"
#include "orders.hpp"

namespace {

using namespace std::chrono_literals;
using namespace lookup_test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using weir::test::table;
using weir::test::value;
using harness = weir::test::harness<lookup::file, order, named_order>;

const char* const accounts =
    "{\"number\": 1, \"name\": \"ann\", \"limit\": 10.5, \"more\": [1, {\"x\": 2}]}\n"
    "{\"number\": 2, \"name\": \"bob\"}\r\n"
    "\n"
    "{\"limit\": 3, \"name\": null, \"number\": 3}";

table options(const std::string& path, std::vector<std::pair<std::string, value>> more = {}) {
  table t{{"path", path},
          {"columns", table{{"number", "int64"}, {"name", "string?"}, {"limit", "double?"}}},
          {"on", table{{"account", "number"}}}};
  for (auto& [key, v] : more) t.set(key, std::move(v));
  return t;
}

/// Moves the clock until the operator has taken over what it loads beside; only a failing test waits as long.
template <class Condition>
void until(harness& h, Condition&& holds) {
  const auto give_up = std::chrono::steady_clock::now() + 120s;
  for (auto clock = 1h; !holds(); clock += 1h) {
    ASSERT_LT(std::chrono::steady_clock::now(), give_up);
    h.clock(clock);
    h.flush();
    std::this_thread::sleep_for(5ms);
  }
}

TEST(LookupFile, AddsTheColumnsOfTheTable) {
  const folder f;
  for (const bool sparse : {false, true}) {
    harness h{options(f.write("a.jsonl", accounts))};
    h.sparse = sparse;
    h.push_all<order>({{10, 2}, {11, 1}, {12, 3}, {13, 4}, {14, std::nullopt}});
    EXPECT_THAT(h.take(),
                ElementsAre(named_order{10, 2, "bob", std::nullopt}, named_order{11, 1, "ann", 10.5},
                            named_order{12, 3, std::nullopt, 3.0}, named_order{13, 4, std::nullopt, std::nullopt},
                            named_order{14, std::nullopt, std::nullopt, std::nullopt}));
    EXPECT_EQ(h.figures()["hits"], 3u);
    EXPECT_EQ(h.figures()["misses"], 2u);
    EXPECT_EQ(h.figures()["table_rows"], 3u);
  }
}

TEST(LookupFile, DropsWhatIsMissingOrSendsItElsewhere) {
  const folder f;
  const std::string path = f.write("a.jsonl", accounts);
  for (const bool sparse : {false, true}) {
    harness drop{options(path, {{"missing", "drop"}})};
    drop.sparse = sparse;
    drop.push_all<order>({{10, 5}, {11, 1}, {12, 6}});
    drop.push({13, 7});
    EXPECT_THAT(drop.take(), ElementsAre(named_order{11, 1, "ann", 10.5}));
    harness port{options(path, {{"missing", "port"}})};
    port.sparse = sparse;
    port.push_all<order>({{10, 5}, {11, 1}, {12, std::nullopt}, {13, 2}});
    EXPECT_THAT(port.take(), ElementsAre(named_order{11, 1, "ann", 10.5}, named_order{13, 2, "bob", std::nullopt}));
    EXPECT_THAT(port.take<order>("missing"), ElementsAre(order{10, 5}, order{12, std::nullopt}));
  }
}

TEST(LookupFile, KeepsTimesAndChangeKinds) {
  const folder f;
  harness h{options(f.write("a.jsonl", accounts))};
  h.push({10, 1}, 7s, weir::change_kind::erase);
  const auto rows = h.take_rows();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].change, weir::change_kind::erase);
  EXPECT_EQ(rows[0].at, weir::time{7s});
}

TEST(LookupFile, ReadsDelimitedTextByTheNamesOfItsHeader) {
  const folder f;
  harness h{options(f.write("a.csv",
                            "limit,unused,name,number\n"
                            "1.5,x,\"a, \"\"b\"\"\",1\n"
                            ",y,,2\n"))};
  h.push_all<order>({{10, 1}, {11, 2}});
  EXPECT_THAT(h.take(),
              ElementsAre(named_order{10, 1, "a, \"b\"", 1.5}, named_order{11, 2, std::nullopt, std::nullopt}));
  harness plain{options(f.write("b.txt", "1;ann;2.5\n"), {{"format", "csv"}, {"header", false}, {"delimiter", ";"}})};
  plain.push({10, 1});
  EXPECT_THAT(plain.take(), ElementsAre(named_order{10, 1, "ann", 2.5}));
}

TEST(LookupFile, SaysWhichLineIsBrokenAndDoesNotStart) {
  const folder f;
  auto refused = [&](const std::string& text, const std::string& name = "a.jsonl") {
    try {
      harness h{options(f.write(name, text))};
    } catch (const weir::test::call_failed& failed) {
      EXPECT_EQ(failed.code, WEIR_E_DATA);
      return std::string{failed.what()};
    }
    return std::string{"accepted"};
  };
  EXPECT_THAT(refused("{\"number\": 1}\n{\"number\": \"2\"}\n"), HasSubstr("a.jsonl:2: field 'number' is no int64"));
  EXPECT_THAT(refused("{\"number\": 1"), HasSubstr("a.jsonl:1: "));
  EXPECT_THAT(refused("{\"number\": 1.5}"), HasSubstr("not a whole number"));
  EXPECT_THAT(refused("{\"name\": \"x\"}"), HasSubstr("field 'number' is missing"));
  EXPECT_THAT(refused("{\"number\": null}"), HasSubstr("field 'number' is null"));
  EXPECT_THAT(refused("{\"number\": 1} {}"), HasSubstr("there is more behind the object"));
  EXPECT_THAT(refused("{\"number\": 1}\n{\"number\": 1}\n"), HasSubstr("a.jsonl:2: the key is there already"));
  EXPECT_THAT(refused("name,limit\n", "a.csv"), HasSubstr("a.csv:1: the header has no column 'number'"));
  EXPECT_THAT(refused("number,name,limit\n1,2\n", "a.csv"), HasSubstr("a.csv:2: it has 2 fields, not 3"));
  EXPECT_THAT(refused("number,name,limit\nx,2,\n", "a.csv"), HasSubstr("a.csv:2: field 'number' is 'x'"));
}

TEST(LookupFile, WaitsForAFileThatIsNotThere) {
  const folder f;
  try {
    harness h{options(f.path("nowhere.jsonl"))};
    FAIL() << "it has started";
  } catch (const weir::test::call_failed& failed) {
    EXPECT_EQ(failed.code, WEIR_E_EXTERNAL);
    EXPECT_THAT(failed.what(), HasSubstr("nowhere.jsonl: No such file"));
  }
}

TEST(LookupFile, TakesTheLastOfEqualKeysWhenItIsTold) {
  const folder f;
  const std::string text = "{\"number\": 1, \"name\": \"old\", \"limit\": 1}\n{\"number\": 1, \"name\": \"new\"}\n";
  harness h{options(f.write("a.jsonl", text), {{"duplicates", "last"}})};
  h.push({10, 1});
  EXPECT_THAT(h.take(), ElementsAre(named_order{10, 1, "new", std::nullopt}));
}

TEST(LookupFile, RefusesAFileThatIsTooLarge) {
  const folder f;
  EXPECT_THROW((harness{options(f.write("a.jsonl", accounts), {{"max_size", 20}})}), weir::test::call_failed);
}

TEST(LookupFile, LoadsTheFileAgainWhenItIsAnotherOne) {
  const folder f;
  harness h{options(f.write("a.jsonl", accounts))};
  h.push({10, 1});
  f.write("a.jsonl", "{\"number\": 1, \"name\": \"eve\", \"limit\": 1}\n{\"number\": 9, \"name\": \"nine\"}\n");
  h.push({11, 1});  // too early to look
  until(h, [&] { return h.figures()["reloads"] == 1; });
  h.push_all<order>({{12, 1}, {13, 9}, {14, 2}});
  EXPECT_THAT(h.take(), ElementsAre(named_order{10, 1, "ann", 10.5}, named_order{11, 1, "ann", 10.5},
                                    named_order{12, 1, "eve", 1.0}, named_order{13, 9, "nine", std::nullopt},
                                    named_order{14, 2, std::nullopt, std::nullopt}));
}

TEST(LookupFile, KeepsTheOldTableWhenTheNewFileIsBrokenAndTakesTheNextOne) {
  const folder f;
  harness h{options(f.write("a.jsonl", accounts))};
  h.take_log();
  f.write("a.jsonl", "{\"number\": 1, \"name\": \"eve\"}\n{\"number\": oops}\n");
  until(h, [&] { return h.figures()["reload_failures"] == 1; });
  h.push({10, 1});
  EXPECT_THAT(h.take(), ElementsAre(named_order{10, 1, "ann", 10.5}));
  const auto log = h.take_log();
  ASSERT_EQ(log.size(), 1u);
  EXPECT_EQ(log[0].level, weir::log_level::error);
  EXPECT_THAT(log[0].text, HasSubstr("a.jsonl:2: "));
  EXPECT_THAT(log[0].text, HasSubstr("Rows go on with the table as it was loaded before: 3 keys"));
  h.clock(100h);
  h.flush();
  EXPECT_EQ(h.figures()["reload_failures"], 1u) << "the same broken file is not read again and again";
  f.write("a.jsonl", "{\"number\": 1, \"name\": \"eve\", \"limit\": 2}\n");
  until(h, [&] { return h.figures()["reloads"] == 1; });
  h.push({11, 1});
  EXPECT_THAT(h.take(), ElementsAre(named_order{11, 1, "eve", 2.0}));
}

TEST(LookupFile, KeepsTheTableWhileTheFileIsAway) {
  const folder f;
  harness h{options(f.write("a.jsonl", accounts))};
  h.take_log();
  std::filesystem::remove(f.path("a.jsonl"));
  for (const auto at : {1h, 2h, 3h}) {
    h.clock(at);
    h.push({10, 1});
  }
  EXPECT_EQ(h.take().size(), 3u);
  EXPECT_THAT(h.take_log(), testing::SizeIs(1));
  f.write("a.jsonl", accounts);
  until(h, [&] { return h.figures()["reloads"] == 1; });
}

struct wide {
  std::string desk;
  std::int32_t number;
  weir::date day;
  bool operator==(const wide&) const = default;
};
struct found {
  std::string desk;
  std::int32_t number;
  weir::date day;
  bool open;
  std::int16_t small;
  weir::time at;
  weir::decimal<10, 2> price;
  bool operator==(const found&) const = default;
};
WEIR_RECORD(wide, desk, number, day)
WEIR_RECORD(found, desk, number, day, open, small, at, price)

TEST(LookupFile, ComparesSeveralColumnsAndReadsEveryType) {
  const folder f;
  const std::string text =
      "{\"d\": \"fx\", \"n\": 1, \"day\": \"2026-01-02\", \"open\": true, \"small\": -3, \"at\": "
      "\"2026-01-02T03:04:05Z\", "
      "\"price\": 1.25}\n"
      "{\"d\": \"f\", \"n\": 1, \"day\": \"2026-01-02\", \"open\": false, \"small\": 4, \"at\": "
      "\"2026-01-02T03:04:06Z\", "
      "\"price\": \"2.50\"}\n";
  weir::test::harness<lookup::file, wide, found> h{{{"path", f.write("a.jsonl", text)},
                                                    {"columns", table{{"d", "string"},
                                                                      {"n", "int64"},
                                                                      {"day", "date"},
                                                                      {"open", "bool"},
                                                                      {"small", "int16"},
                                                                      {"at", "timestamp"},
                                                                      {"price", "decimal(10,2)"}}},
                                                    {"on", table{{"desk", "d"}, {"number", "n"}, {"day", "day"}}},
                                                    {"missing", "drop"}}};
  const weir::date day{std::chrono::year{2026} / 1 / 2};
  h.push_all<wide>(
      {{"fx", 1, day}, {"fx", 2, day}, {"f", 1, day}, {"", 1, day}, {"fx", 1, day + std::chrono::days{1}}});
  const weir::time at{weir::date{day}.time_since_epoch() + 3h + 4min + 5s};
  EXPECT_THAT(h.take(),
              ElementsAre(found{"fx", 1, day, true, -3, at, {125}}, found{"f", 1, day, false, 4, at + 1s, {250}}));
}

TEST(LookupFile, GivesWhatALoopOverTheTableGives) {
  const folder f;
  std::string text;
  for (int i = 0; i < 3000; i += 3)
    text += "{\"number\": " + std::to_string(i) + ", \"name\": \"n" + std::to_string(i) +
            "\", \"limit\": " + std::to_string(i) + ".5}\n";
  harness h{options(f.write("a.jsonl", text))};
  std::vector<order> orders;
  std::vector<named_order> expected;
  std::uint64_t seed = 7;
  for (int i = 0; i < 5000; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    const auto account = static_cast<std::int64_t>(seed >> 33) % 3500;
    orders.push_back({i, account});
    named_order n{i, account, {}, {}};
    if (account % 3 == 0 && account < 3000)
      n.name = "n" + std::to_string(account), n.limit = static_cast<double>(account) + .5;
    expected.push_back(n);
  }
  h.batch_size = 777;
  h.push_all<order>(orders);
  EXPECT_EQ(h.take(), expected);
}

}  // namespace
