#include "debezium/decoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/record.hpp>
#include <weir/test/harness.hpp>

namespace debezium {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using weir::change_kind;
using weir::test::table;

struct raw {
  std::optional<weir::bytes> value;
  std::int64_t offset;
};
WEIR_RECORD(raw, value, offset)
struct account {
  std::int64_t id;
  std::string name;
  std::optional<double> balance;
};
WEIR_RECORD(account, id, name, balance)
const table columns{{"id", "int64"}, {"name", "string"}, {"balance", "double?"}};

raw text(std::string t) { return {weir::bytes{std::move(t)}, 0}; }

template <class Harness>
std::vector<std::string> rows(Harness& h) {
  std::vector<std::string> out;
  for (const auto& r : h.take_rows()) {
    const char* const kind = r.change == change_kind::insert          ? "+"
                             : r.change == change_kind::update_before ? "u"
                             : r.change == change_kind::update_after  ? "U"
                                                                      : "-";
    out.push_back(kind + std::to_string(r.value.id) + r.value.name + (r.value.balance ? "" : "?"));
  }
  return out;
}

const char* const created =
    R"({"before":null,"after":{"id":1,"name":"ann","balance":2.5},"source":{"table":"accounts"},"op":"c","ts_ms":1700000000123})";
const char* const updated =
    R"({"op":"u","ts_ms":5,"after":{"id":1,"name":"eve","balance":3},"before":{"id":1,"name":"ann","balance":2.5},"transaction":null})";
const char* const deleted =
    R"({"schema":{"type":"struct","fields":[{"field":"op"}]},"payload":{"before":{"id":1,"name":"eve"},"after":null,"op":"d"}})";

TEST(DebeziumDecoder, TellsChangesAsRowsOfTheirKind) {
  for (const bool sparse : {false, true})
    for (const std::size_t batch : {1, 64}) {
      weir::test::harness<decoder, raw, account> h{{{"columns", columns}}};
      h.sparse = sparse;
      h.batch_size = batch;
      h.push_all<raw>(
          {text(created), text(updated), text(deleted), text(R"({"op":"r","after":{"name":"bob","id":2}})")}, 1s, 1s);
      const auto out = h.take_rows();
      ASSERT_THAT(out, SizeIs(5));
      EXPECT_EQ(out[1].at, out[2].at) << "both halves of an update have the time of their record";
      EXPECT_EQ(out[0].value.balance, 2.5);
      h.push_all<raw>(
          {text(created), text(updated), text(deleted), text(R"({"op":"r","after":{"name":"bob","id":2}})")}, 1s, 1s);
      EXPECT_THAT(rows(h), ElementsAre("+1ann", "u1ann", "U1eve", "-1eve?", "+2bob?"));
      EXPECT_THAT(h.take_dead_letters(), IsEmpty());
    }
}

TEST(DebeziumDecoder, IgnoresTombstones) {
  weir::test::harness<decoder, raw, account> h{{{"columns", columns}}};
  h.push_all<raw>({{std::nullopt, 0}, text("null"), text(R"({"schema":null,"payload":null})"), text(created), text("")},
                  1s, 1s);
  EXPECT_THAT(rows(h), ElementsAre("+1ann"));
  EXPECT_THAT(h.take_dead_letters(), IsEmpty());
}

TEST(DebeziumDecoder, BuriesWhatIsNoChangeWithTheReason) {
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"nonsense", "not a JSON object"},
      {"[1]", "not a JSON object"},
      {"{}", "neither 'op' nor 'payload'"},
      {R"({"payload":{}})", "'op' is missing"},
      {R"({"payload":7})", "'payload' is no object"},
      {R"({"op":7,"after":{}})", "'op' is no text"},
      {R"({"op":"t","before":null,"after":null})", "'t' (the table was truncated)"},
      {R"({"op":"x","after":{"id":1,"name":"a"}})", "'x'"},
      {R"({"op":"c","after":null})", "'after' is missing"},
      {R"({"op":"d","after":null})", "'before' is missing"},
      {R"({"op":"u","before":null,"after":{"id":1,"name":"a"}})", "REPLICA IDENTITY FULL"},
      {R"({"op":"c","after":[1]})", "'after' is no object"},
      {R"({"op":"c","after":{"id":"x","name":"a"}})", "field 'after.id' is not a whole number"},
      {R"({"op":"u","before":{"id":1,"name":"a"},"after":{"id":2}})", "field 'after.name' is missing"},
      {R"({"op":"u","before":{"id":1},"after":{"id":2,"name":"a"}})", "field 'before.name' is missing"},
      {R"({"op":"c","after":{"id":1,"name":"a"}} x)", "something behind the JSON object"},
      {R"({"op":"c","after":{"id":1,"name":"a"})", ""},
      {R"({"op":"c","after":{"id":1,"name":"a"},"source":[1)", ""},
      {"{\"op\":\"c\",\"after\":{\"id\":1,\"name\":\"\xff\"}}", ""},
  };
  for (const std::size_t batch : {1, 64}) {
    weir::test::harness<decoder, raw, account> h{{{"columns", columns}}};
    h.batch_size = batch;
    std::vector<raw> records;
    for (const auto& [record, why] : bad) records.push_back(text(record)), records.push_back(text(updated));
    h.push_all<raw>(records, 1s, 1s);
    EXPECT_THAT(rows(h), SizeIs(2 * bad.size())) << "the records between are whole";
    const auto letters = h.take_dead_letters();
    ASSERT_THAT(letters, SizeIs(bad.size()));
    for (std::size_t i = 0; i < bad.size(); ++i) {
      EXPECT_THAT(letters[i].why, HasSubstr(bad[i].second)) << bad[i].first;
      EXPECT_EQ(letters[i].original, bad[i].first);
    }
  }
}

TEST(DebeziumDecoder, BuriesEveryRecordThatEndsTooEarly) {
  weir::test::harness<decoder, raw, account> h{{{"columns", columns}}};
  std::size_t cut = 0;
  for (const std::string whole : {created, updated, deleted})
    for (std::size_t size = 1; size < whole.size(); ++size, ++cut) h.push(text(whole.substr(0, size)));
  EXPECT_THAT(rows(h), IsEmpty());
  EXPECT_THAT(h.take_dead_letters(), SizeIs(cut));
}

TEST(DebeziumDecoder, TakesUpdatesWithoutBeforeWhenTold) {
  weir::test::harness<decoder, raw, account> h{{{"columns", columns}, {"missing_before", "upsert"}}};
  h.push_all<raw>(
      {text(R"({"op":"u","before":null,"after":{"id":1,"name":"a"}})"), text(updated), text(R"({"op":"d"})")}, 1s, 1s);
  EXPECT_THAT(rows(h), ElementsAre("U1a?", "u1ann", "U1eve"));
  EXPECT_THAT(h.take_dead_letters(), SizeIs(1));
}

struct told {
  std::int64_t id;
  std::string name;
  std::optional<weir::time> changed, stored;
  std::optional<std::string> table, op, snapshot;
  std::int64_t offset;
};
WEIR_RECORD(told, id, name, changed, stored, table, op, snapshot, offset)

TEST(DebeziumDecoder, ShowsTheEnvelopeAndTheConnectorsColumnsBesideBothRows) {
  weir::test::harness<decoder, raw, told> h{{{"columns", table{{"id", "int64"}, {"name", "string"}}},
                                             {"envelope", table{{"changed", "ts_ms"},
                                                                {"stored", "source.ts_ms"},
                                                                {"table", "source.table"},
                                                                {"op", "op"},
                                                                {"snapshot", "source.snapshot"}}},
                                             {"metadata", weir::test::value::list({"offset"})}}};
  raw one = text(
      R"({"before":{"id":1,"name":"a"},"after":{"id":1,"name":"b"},"source":{"ts_ms":7,"table":"t\u00e4","snapshot":false},"op":"u","ts_ms":8})");
  one.offset = 42;
  h.push(one);
  h.push(text(created));
  const auto out = h.take();
  ASSERT_THAT(out, SizeIs(3));
  for (const int i : {0, 1}) {
    EXPECT_EQ(out[i].changed, weir::time{8ms});
    EXPECT_EQ(out[i].stored, weir::time{7ms});
    EXPECT_EQ(out[i].table, "t\xc3\xa4");
    EXPECT_EQ(out[i].op, "u");
    EXPECT_EQ(out[i].snapshot, "false");
    EXPECT_EQ(out[i].offset, 42);
  }
  EXPECT_EQ(out[2].changed, weir::time{1700000000123ms});
  EXPECT_EQ(out[2].stored, std::nullopt);
  EXPECT_EQ(out[2].snapshot, std::nullopt);
}

TEST(DebeziumDecoder, SaysWhatIsWrongWithItsOptions) {
  const auto errors = [](const table& options) {
    try {
      weir::test::harness<decoder, raw, account> h{options};
    } catch (const weir::test::bind_refused& refused) {
      return testing::PrintToString(refused.errors);
    } catch (const std::exception& e) {
      return std::string{e.what()};
    }
    return std::string{};
  };
  EXPECT_THAT(errors({{"columns", columns}, {"envelope", table{{"x", "sauce.table"}}}}), HasSubstr("source.table"));
  EXPECT_THAT(errors({{"columns", columns}, {"envelope", table{{"id", "op"}}}}), HasSubstr("two columns 'id'"));
  EXPECT_THAT(errors({{"columns", columns}, {"metadata", weir::test::value::list({"offfset"})}}),
              HasSubstr("did you mean 'offset'"));
}

}  // namespace
}  // namespace debezium
