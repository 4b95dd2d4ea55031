// Records that stand one behind the other in a batch are read in blocks, others one by one. Both ways must agree;
// `sparse` (rows between them that nobody wants) makes the harness take the second.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <weir/record.hpp>
#include <weir/test/harness.hpp>

#include "json/block_reader.hpp"
#include "json/decoder.hpp"

namespace json {
namespace {

struct line {
  weir::bytes value;
};
WEIR_RECORD(line, value)
struct leg {
  std::int32_t n = 0;
  std::optional<std::string> note;
  friend bool operator==(const leg&, const leg&) = default;
};
WEIR_RECORD(leg, n, note)
struct deal {
  std::string desk;
  std::int64_t id = 0;
  std::optional<double> price;
  std::optional<weir::time> at;
  weir::decimal<18, 2> amount;
  std::vector<std::string> tags;
  bool live = false;
  std::optional<std::uint8_t> small;
  std::vector<leg> legs;
  std::optional<weir::bytes> blob;
};
WEIR_RECORD(deal, desk, id, price, at, amount, tags, live, small, legs, blob)
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

weir::test::table options(const char* unknown_fields) {
  return {{"columns", weir::test::table{{"desk", "string"},
                                        {"id", "int64"},
                                        {"price", "double?"},
                                        {"at", "timestamp?"},
                                        {"amount", "decimal(18,2)"},
                                        {"tags", "list<string>"},
                                        {"live", "bool"},
                                        {"small", "uint8?"},
                                        {"legs", "list<struct<n: int32, note: string?>>"},
                                        {"blob", "binary?"}}},
          {"unknown_fields", unknown_fields}};
}

const weir_operator& decoder_table() {
  static constexpr weir_operator op = weir::detail::operator_table<decoder>("under-test");
  return op;
}
weir::schema columns_of_lines(bool framed) {
  auto s = weir::schema_of<line>();
  // Arrow's encoding: one pair, each text behind its size.
  using namespace std::string_literals;
  if (framed) s.fields[0].metadata = "\1\0\0\0\14\0\0\0weir.framing\7\0\0\0newline"s;
  return s;
}

struct outcome {
  std::vector<std::string> rows;                                            // printed, with the bits of doubles
  std::vector<std::tuple<std::int64_t, std::string, std::string>> letters;  // number of the record, its bytes, why
  bool operator==(const outcome&) const = default;
};

std::string print(const deal& d) {
  std::string s = d.desk + '|' + std::to_string(d.id) + '|';
  if (d.price) s += std::to_string(std::bit_cast<std::uint64_t>(*d.price));
  s += '|' + (d.at ? std::to_string(d.at->time_since_epoch().count()) : "-");
  s += '|' + std::to_string(static_cast<std::int64_t>(d.amount.unscaled)) + '|';
  for (const auto& t : d.tags) s += '<' + t + '>';
  s += d.live ? "|yes|" : "|no|";
  if (d.small) s += std::to_string(*d.small);
  for (const auto& l : d.legs) s += '[' + std::to_string(l.n) + (l.note ? '=' + *l.note : "") + ']';
  return s + '|' + (d.blob ? d.blob->value : "-");
}

class reading : public weir::test::harness_base {
 public:
  explicit reading(bool framed, const char* unknown_fields = "ignore")
      : harness_base{decoder_table(), options(unknown_fields), {{columns_of_lines(framed)}}}, framed_(framed) {}

  // All records in one batch.
  outcome operator()(const std::vector<std::string>& records, bool one_by_one = false) {
    sparse = one_by_one;
    std::vector<line> lines;
    for (const auto& r : records) {
      line l;
      l.value.value = r;
      if (sparse) lines.push_back(l);
      lines.push_back(std::move(l));
    }
    send(0, columns_of_lines(framed_), weir::test::detail::columns_from(lines),
         std::vector<std::int64_t>(records.size()), {});
    outcome out;
    for (const auto& r : bench_.take_rows<deal>(bench_.port(""))) out.rows.push_back(print(r.value));
    for (auto& l : take_dead_letters()) out.letters.emplace_back(sparse ? l.row / 2 : l.row, l.original, l.why);
    return out;
  }

 private:
  bool framed_;
};

std::string record(int id, std::string_view more = "") {
  return R"({"desk":"fx","id":)" + std::to_string(id) +
         R"(,"price":1.5,"at":"2026-11-26T08:00:00.5Z","amount":12.30,"tags":["a","b"],)" +
         R"("live":true,"small":7,"legs":[{"n":1,"note":"x"},{"n":-2}],"blob":"aGk=")" + std::string{more} + "}";
}
std::string row(int id) {
  return "fx|" + std::to_string(id) + "|4609434218613702656|1795680000500000|1230|<a><b>|yes|7[1=x][-2]|hi";
}

// What becomes of `middle` between whole records, in blocks; checked against the other way.
outcome between(const std::string& middle, bool framed = true, const char* unknown_fields = "ignore") {
  reading blocks{framed, unknown_fields};
  const std::string end = framed ? "\n" : "";
  const std::vector<std::string> records = {record(1) + end, record(2) + end, middle, record(3) + end, record(4)};
  const auto got = blocks(records);
  EXPECT_EQ(got, blocks(records, true)) << middle;
  EXPECT_GE(got.rows.size(), 4U) << middle;
  return got;
}

TEST(JsonBlocks, AreReadInOrderToTheLastLineWithoutNewline) {
  for (const bool framed : {true, false}) {
    const auto got = between(record(9) + (framed ? "\r\n" : ""), framed);
    EXPECT_THAT(got.rows, ElementsAre(row(1), row(2), row(9), row(3), row(4)));
    EXPECT_THAT(got.letters, IsEmpty());
  }
}

TEST(JsonBlocks, OnlyTheDamagedRecordIsADeadLetterWithItsBytesAndPlace) {
  for (const std::string bad :
       {R"({"desk":"fx","id":1)", R"(}{)", "", "  ", "null", "[]", "{", "}", "{}", R"({"desk")", R"({"desk":"fx)",
        R"(","id":5})", R"(\")", "{\"desk\":\"\xc3", "\xa4\"}", R"({"id":1,"id":1})", "nonsense", "{}{}"})
    for (const bool framed : {true, false}) {
      const auto got = between(bad + (framed ? "\n" : ""), framed);
      EXPECT_THAT(got.rows, ElementsAre(row(1), row(2), row(3), row(4))) << bad;
      ASSERT_THAT(got.letters, SizeIs(1)) << bad;
      EXPECT_EQ(std::get<0>(got.letters[0]), 2) << bad;
      EXPECT_EQ(std::get<1>(got.letters[0]), bad);
    }
}

// The halves are JSON together, but they are two records.
TEST(JsonBlocks, ARecordDoesNotGoOnInTheNextOne) {
  const std::string whole = record(9);
  for (std::size_t cut = 1; cut < whole.size(); ++cut)
    for (const std::string end : {"\n", ""}) {
      reading blocks{!end.empty()};
      const std::vector<std::string> records = {record(1) + end, whole.substr(0, cut) + end, whole.substr(cut) + end,
                                                record(2)};
      const auto got = blocks(records);
      EXPECT_THAT(got.rows, ElementsAre(row(1), row(2))) << cut;
      ASSERT_THAT(got.letters, SizeIs(2)) << cut;
      EXPECT_EQ(std::get<1>(got.letters[0]), whole.substr(0, cut));
      EXPECT_EQ(std::get<1>(got.letters[1]), whole.substr(cut));
      EXPECT_EQ(got, blocks(records, true));
    }
}

// Nor does a string or a word that the record before it began.
TEST(JsonBlocks, ARecordBeginsWithItsOwnFirstCharacter) {
  for (const std::string first : {"\"", "x", "{\"a\":\""})
    for (const std::string second : {"\"", "y"}) {
      reading blocks{false};
      const std::vector<std::string> records = {record(1), first, second + record(9), record(2)};
      const auto got = blocks(records);
      EXPECT_THAT(got.rows, ElementsAre(row(1), row(2)));
      EXPECT_THAT(got.letters, SizeIs(2));
      EXPECT_EQ(got, blocks(records, true));
    }
}

TEST(JsonBlocks, FieldsComeInAnyOrderBesideUnknownOnesAndMayBeMissing) {
  const auto got = between(
      R"({"more":{"x":[1,{"y":"}"}]},"legs":[],"live":false,"word":"[","tags":[],"amount":"-0.05","n":null,"id":-1,"desk":"d"})"
      "\n");
  ASSERT_THAT(got.rows, SizeIs(5));
  EXPECT_EQ(got.rows[2], "d|-1||-|-5||no||-");
  EXPECT_THAT(between(record(9, R"(,"extra":1)") + "\n", true, "fail").letters, SizeIs(1));
  EXPECT_THAT(between(R"({"desk":"d"})"
                      "\n")
                  .letters,
              SizeIs(1));
}

TEST(JsonBlocks, ReadStringsWithEscapesAndRawNewlinesBetweenTokens) {
  std::string escaped = record(9);
  escaped.replace(escaped.find("fx"), 2, R"(r\u00e4\ud83d\ude00\"\\ and more than a word or two)");
  std::string broken = record(9);
  broken.insert(broken.find(",\"id"), "\n");
  broken.insert(broken.find(":1.5"), "\r\n\t ");
  auto got = between(escaped + "\n");
  ASSERT_THAT(got.rows, SizeIs(5));
  EXPECT_THAT(got.rows[2], HasSubstr("r\xc3\xa4\xf0\x9f\x98\x80\"\\ and more than a word or two|"));
  got = between(broken + "\n");
  ASSERT_THAT(got.rows, SizeIs(5));
  EXPECT_EQ(got.rows[2], row(9));
  EXPECT_THAT(between(R"({"desk":"\x"})"
                      "\n")
                  .letters,
              SizeIs(1));
}

TEST(JsonBlocks, PassOverDeepNestingAndGoOnBehindRecordsLargerThanABlock) {
  const std::string deep = record(9, ",\"deep\":" + std::string(5000, '[') + std::string(5000, ']'));
  EXPECT_THAT(between(deep + "\n").rows, SizeIs(5));
  EXPECT_THAT(between(deep.substr(0, deep.size() - 1) + "\n").letters, SizeIs(1));
  const std::string large = record(9, ",\"large\":\"" + std::string(3 * block_reader::block_bytes, 'x') + '"');
  EXPECT_THAT(between(large + "\n").rows, ElementsAre(row(1), row(2), row(9), row(3), row(4)));
  std::vector<std::string> many;
  outcome expected;
  for (int i = 0; i < 1000; ++i) {
    many.push_back(record(i) + "\n");
    expected.rows.push_back(row(i));
  }
  EXPECT_EQ(reading{true}(many), expected);
}

TEST(JsonBlocks, ReadNumbersAsTheParserDoes) {
  for (const std::string number : {"0",
                                   "-0",
                                   "-0.0",
                                   "1",
                                   "01",
                                   "1.",
                                   ".5",
                                   "1e5",
                                   "1E-3",
                                   "1e400",
                                   "-1e-400",
                                   "0.1",
                                   "0.30000000000000004",
                                   "9007199254740993",
                                   "9007199254740992.5",
                                   "123456789012345678",
                                   "1234567890123456789",
                                   "9223372036854775808",
                                   "18446744073709551616",
                                   "179769313486231580793728971405301e276",
                                   "2.2250738585072011e-308",
                                   "0.000000000000000000000001",
                                   "256",
                                   "255",
                                   "+1",
                                   "-",
                                   "1x",
                                   "1:",
                                   "0x10",
                                   "NaN",
                                   "true",
                                   "null",
                                   "\"1\"",
                                   "00",
                                   "1 ",
                                   "1.5\t"})
    for (const char* field :
         {"id\":1", "price\":1.5", "small\":7", "amount\":12.30", "n\":1", "at\":\"2026-11-26T08:00:00.5Z\""}) {
      std::string r = record(1);
      const auto at = r.find(field);
      const std::string_view f = field;
      r.replace(at, f.size(), std::string{f.substr(0, f.find(':') + 1)} + number);
      between(r + "\n");
    }
}

TEST(JsonBlocks, AgreeWithRecordsReadOneByOneHoweverTheyAreDamaged) {
  std::mt19937_64 random(23);
  std::size_t rows = 0, letters = 0;
  for (int round = 0; round < 300; ++round) {
    const bool framed = round % 2 == 0;
    reading blocks{framed, round % 3 == 0 ? "fail" : "ignore"};
    std::vector<std::string> records;
    for (int i = 0; i < 60; ++i) {
      std::string t = record(i, random() % 4 == 0 ? R"(,"new":[1,{"a":"\\"}])" : "");
      // Most damage keeps strings whole and characters valid: otherwise the first pass refuses the block, and nothing
      // is compared.
      const bool rough = random() % 64 == 0;
      for (auto damage = random() % 3; damage > 0 && !t.empty(); --damage) {
        const auto at = random() % t.size();
        const auto harmless = [&] { return rough || (t[at] != '"' && t[at] != '\\'); };
        switch (random() % 5) {
          case 0:
            if (harmless()) t[at] = rough ? static_cast<char>(random()) : "{}[]:,0123456789.-eE ntf\t"[random() % 25];
            break;
          case 1:
            if (harmless()) t.erase(at, 1);
            break;
          case 2:
            t.insert(at, 1 + random() % 2, "{}[],:0 -"[random() % 9]);
            break;
          case 3:
            t.insert(at, random() % 2 ? "null" : "\"\"");
            break;
          default:
            if (rough) t.resize(at);
        }
      }
      if (framed) t += '\n';
      records.push_back(std::move(t));
    }
    const auto got = blocks(records);
    ASSERT_EQ(got, blocks(records, true)) << "round " << round;
    ASSERT_EQ(got.rows.size() + got.letters.size(), records.size());
    rows += got.rows.size();
    letters += got.letters.size();
  }
  EXPECT_GT(rows, 3000U) << "some are whole";
  EXPECT_GT(letters, 3000U) << "some are not";
}

}  // namespace
}  // namespace json
