#include "json/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <weir/record.hpp>
#include <weir/test/harness.hpp>

namespace json {
namespace {

struct raw {
  weir::bytes value;
};
WEIR_RECORD(raw, value)
struct trade {
  std::string desk;
  std::int64_t id = 0;
  std::optional<double> price;
  std::optional<weir::time> at;
  weir::decimal<18, 2> amount;
  std::vector<std::string> tags;
  bool live = false;
};
WEIR_RECORD(trade, desk, id, price, at, amount, tags, live)
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

weir::test::table options(const char* unknown_fields = "ignore") {
  return {{"columns", weir::test::table{{"desk", "string"},
                                        {"id", "int64"},
                                        {"price", "double?"},
                                        {"at", "timestamp?"},
                                        {"amount", "decimal(18,2)"},
                                        {"tags", "list<string>"},
                                        {"live", "bool"}}},
          {"unknown_fields", unknown_fields}};
}
using harness = weir::test::harness<decoder, raw, trade>;

raw text(std::string t) {
  raw r;
  r.value.value = std::move(t);
  return r;
}
const std::string good =
    R"({"desk":"fx","id":7,"price":1.5,"at":"2026-11-26T08:00:00.5Z","amount":12.30,"tags":["a","b\n"],"live":true})";

TEST(JsonDecoder, ReadsEveryTypeInOrder) {
  harness h{options()};
  h.push(text(good));
  const auto rows = h.take();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].desk, "fx");
  EXPECT_EQ(rows[0].id, 7);
  EXPECT_EQ(rows[0].price, 1.5);
  EXPECT_EQ(rows[0].at->time_since_epoch().count(), 1795680000'500000);
  EXPECT_EQ(static_cast<std::int64_t>(rows[0].amount.unscaled), 1230);
  EXPECT_THAT(rows[0].tags, ElementsAre("a", "b\n"));
  EXPECT_TRUE(rows[0].live);
}

TEST(JsonDecoder, FieldsMayComeInAnyOrderBesideOthersAndNullableOnesMayBeMissing) {
  harness h{options()};
  h.push(text(
      R"( { "live": false, "more": {"x": [1, {"y": 2}]}, "tags": [], "amount": "-0.05", "id": -1, "desk": "r\u00e4" } )"));
  const auto rows = h.take();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].desk, "r\xc3\xa4");
  EXPECT_EQ(rows[0].price, std::nullopt);
  EXPECT_EQ(rows[0].at, std::nullopt);
  EXPECT_EQ(static_cast<std::int64_t>(rows[0].amount.unscaled), -5);
}

TEST(JsonDecoder, SaysWhyARecordIsADeadLetterAndReadsTheOthers) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"", "empty"},
      {"nonsense", "not a JSON object"},
      {"[1]", "not a JSON object"},
      {good.substr(0, good.size() - 5), ""},
      {good + "x", ""},
      {good + good, "behind the JSON object"},
      {R"({"desk":"fx","id":7,"amount":1,"tags":[]})", "field 'live' is missing"},
      {R"({"desk":"fx","id":"7","amount":1,"tags":[],"live":true})", "field 'id' is not a whole number"},
      {R"({"desk":"fx","id":99999999999999999999,"amount":1,"tags":[],"live":true})",
       "field 'id' is not a whole number"},
      {R"({"desk":"fx","id":1,"amount":1.005,"tags":[],"live":true})", "more digits behind the point"},
      {R"({"desk":"fx","id":1,"amount":1,"tags":["a",5],"live":true})", "field 'tags' is not a string"},
      {R"({"desk":"fx","id":1,"id":1,"amount":1,"tags":[],"live":true})", "field 'id' has this field twice"},
      {R"({"desk":"fx","id":1,"at":"yesterday","amount":1,"tags":[],"live":true})", "not a time stamp"},
      {"{\"desk\":\"\xff\",\"id\":1,\"amount\":1,\"tags\":[],\"live\":true}", "UTF-8"},
      {R"({"desk":null,"id":1,"amount":1,"tags":[],"live":true})", "field 'desk' is not a string"}};
  for (const auto& [record, why] : bad) {
    harness h{options()};
    h.batch_size = 3;
    h.push_all<raw>({text(good), text(record), text(good)});
    EXPECT_THAT(h.take(), SizeIs(2)) << record;
    const auto letters = h.take_dead_letters();
    ASSERT_THAT(letters, SizeIs(1)) << record;
    EXPECT_THAT(letters[0].why, HasSubstr(why)) << record;
  }
}

TEST(JsonDecoder, NamesAWrongTypeWithItsPlace) {
  EXPECT_THAT((weir::test::bind_errors<decoder, raw>({{"columns", weir::test::table{{"a", "strng"}}}})),
              ElementsAre(HasSubstr("is not a type")));
}

TEST(JsonDecoder, RefusesFieldsItDoesNotKnowWhenAsked) {
  harness h{options("fail")};
  h.push(text(R"({"desk":"fx","extra":1,"id":7,"amount":1,"tags":[],"live":true})"));
  EXPECT_THAT(h.take(), IsEmpty());
  const auto letters = h.take_dead_letters();
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_THAT(letters[0].why, HasSubstr("extra"));
}

// Whatever the bytes are: no crash, and every record is a row or a dead letter.
TEST(JsonDecoder, LosesNoRecordHoweverItIsDamaged) {
  std::mt19937_64 random(11);
  harness h{options()};
  h.batch_size = 16;
  std::size_t given = 0, rows = 0, letters = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<raw> batch;
    for (int i = 0; i < 40; ++i) {
      std::string t = good;
      for (auto damage = random() % 4; damage > 0; --damage) {
        const auto at = random() % t.size();
        switch (random() % 4) {
          case 0:
            t[at] = static_cast<char>(random());
            break;
          case 1:
            t.erase(at, 1 + random() % 5);
            break;
          case 2:
            t.insert(at, 1 + random() % 3, "{}[]\",:0\\"[random() % 9]);
            break;
          default:
            t.resize(at);
        }
        if (t.empty()) break;
      }
      batch.push_back(text(t));
    }
    given += batch.size();
    h.sparse = round % 2 == 1;
    h.push_all(batch);
    rows += h.take().size();
    letters += h.take_dead_letters().size();
  }
  EXPECT_EQ(rows + letters, given);
  EXPECT_GT(rows, given / 5) << "some are whole";
  EXPECT_GT(letters, given / 5) << "some are not";
}

}  // namespace
}  // namespace json
