#include "csv/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <weir/record.hpp>
#include <weir/test/harness.hpp>

namespace csv {
namespace {

struct raw {
  weir::bytes value;
};
WEIR_RECORD(raw, value)
struct trade {
  std::string desk;
  std::optional<std::int64_t> id;
  double price = 0;
  weir::decimal<18, 2> amount;
  bool live = false;
};
WEIR_RECORD(trade, desk, id, price, amount, live)
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

weir::test::table options(const char* header = "none") {
  return {
      {"columns",
       weir::test::table{
           {"desk", "string"}, {"id", "int64?"}, {"price", "double"}, {"amount", "decimal(18,2)"}, {"live", "bool"}}},
      {"header", header}};
}
using reader = weir::test::harness<decoder, raw, trade>;
using writer = weir::test::harness<encoder, trade, raw>;

raw text(std::string t) {
  raw r;
  r.value.value = std::move(t);
  return r;
}

TEST(CsvDecoder, ReadsQuotedFieldsAndNulls) {
  reader h{options()};
  h.push(text("\"f\"\"x, y\",,1.5,-0.05,true"));
  const auto rows = h.take();
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].desk, "f\"x, y");
  EXPECT_EQ(rows[0].id, std::nullopt);
  EXPECT_EQ(rows[0].price, 1.5);
  EXPECT_EQ(static_cast<std::int64_t>(rows[0].amount.unscaled), -5);
  EXPECT_TRUE(rows[0].live);
}

TEST(CsvDecoder, SaysWhatIsWrongWithALine) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"fx,1,2,3", "has 4 fields, not 5"},
      {"\"fx,1,2,3,true", "is not closed"},
      {"\"fx\"x,1,2,3,true", "a delimiter is expected"},
      {"fx,one,2,3,true", "field 'id' is 'one', not a whole number"},
      {"fx,1,,3,true", "field 'price' is ''"},
      {"fx,1,2,3.001,true", "behind the point"},
      {"\xff,1,2,3,true", "field 'desk' is not UTF-8"},
      {"fx,1,2,3,yes", "neither true nor false"}};
  for (const auto& [record, why] : bad) {
    reader h{options()};
    h.push_all<raw>({text("a,1,2,3,true"), text(record), text("b,1,2,3,true")});
    EXPECT_THAT(h.take(), SizeIs(2)) << record;
    const auto letters = h.take_dead_letters();
    ASSERT_THAT(letters, SizeIs(1)) << record;
    EXPECT_THAT(letters[0].why, HasSubstr(why)) << record;
    EXPECT_EQ(letters[0].original, record);
  }
}

TEST(CsvCodec, ReadsBackWhatItWrites) {
  std::mt19937_64 random(3);
  const std::string letters = "ab,\"\r ;'\xc3\xa4";
  for (int round = 0; round < 300; ++round) {
    trade t;
    for (auto n = random() % 8; n > 0; --n) t.desk += letters.substr(random() % 8, 1);
    if (random() % 2) t.id = static_cast<std::int64_t>(random());
    t.price = static_cast<double>(static_cast<std::int64_t>(random())) / 1024;
    t.amount.unscaled = static_cast<std::int64_t>(random() % 1'000'000) - 500'000;
    t.live = random() % 2;
    writer w;
    w.push(t);
    const auto lines = w.take();
    ASSERT_THAT(lines, SizeIs(1));
    reader r{options()};
    r.push(lines[0]);
    const auto rows = r.take();
    ASSERT_THAT(rows, SizeIs(1)) << lines[0].value.value;
    EXPECT_EQ(rows[0].desk, t.desk);
    EXPECT_EQ(rows[0].id, t.id);
    EXPECT_EQ(rows[0].price, t.price);
    EXPECT_TRUE(rows[0].amount.unscaled == t.amount.unscaled);
    EXPECT_EQ(rows[0].live, t.live);
  }
}

TEST(CsvDecoder, LosesNoRecordHoweverItIsDamaged) {
  std::mt19937_64 random(5);
  reader h{options()};
  h.batch_size = 32;
  std::size_t given = 0, rows = 0, letters = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<raw> batch;
    for (int i = 0; i < 50; ++i) {
      std::string t = "\"f\"\"x\",12,1.5,-0.05,true";
      for (auto damage = random() % 3; damage > 0; --damage) t[random() % t.size()] = "\",x1\xff\r"[random() % 6];
      batch.push_back(text(t));
    }
    given += batch.size();
    h.push_all(batch);
    rows += h.take().size();
    letters += h.take_dead_letters().size();
  }
  EXPECT_EQ(rows + letters, given);
  EXPECT_GT(rows, given / 10);
  EXPECT_GT(letters, given / 10);
}

}  // namespace
}  // namespace csv
