#include "debezium/encoder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <weir/record.hpp>
#include <weir/test/harness.hpp>

namespace debezium {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using weir::change_kind;
using weir::test::value;

struct total {
  std::string desk;
  std::optional<std::int64_t> n;
};
WEIR_RECORD(total, desk, n)
struct text_of {
  weir::bytes value;
  std::string desk;
};
WEIR_RECORD(text_of, value, desk)
using harness = weir::test::harness<encoder, total, text_of>;

std::vector<std::string> texts(harness& h) {
  std::vector<std::string> out;
  for (const auto& r : h.take_rows()) {
    EXPECT_EQ(r.change, change_kind::insert) << "a record says itself what it changes";
    out.push_back(r.value.value.value);
  }
  return out;
}

TEST(DebeziumEncoder, WritesInsertsAndDeletes) {
  for (const bool sparse : {false, true}) {
    harness h;
    h.sparse = sparse;
    h.push({"f\"x", 1}, 1500ms);
    h.push({"f\"x", std::nullopt}, weir::no_time, change_kind::erase);
    EXPECT_THAT(texts(h), ElementsAre(R"({"before":null,"after":{"desk":"f\"x","n":1},"op":"c","ts_ms":1500})",
                                      R"({"before":{"desk":"f\"x","n":null},"after":null,"op":"d","ts_ms":null})"));
  }
}

// All rows in one batch, each with its kind.
void push(harness& h, const std::vector<std::pair<total, change_kind>>& rows) {
  std::vector<total> records;
  std::vector<std::int64_t> times;
  std::vector<change_kind> changes;
  for (const auto& [r, kind] : rows) records.push_back(r), times.push_back(1'000'000), changes.push_back(kind);
  h.push_changes(records, times, changes);
}

const std::vector<std::pair<total, change_kind>> changes{
    {{"fx", 1}, change_kind::insert},          {{"fx", 1}, change_kind::update_before},
    {{"fx", 2}, change_kind::update_after},    {{"fx", 2}, change_kind::update_before},
    {{"repo", 7}, change_kind::insert},        {{"fx", 3}, change_kind::update_after},
    {{"repo", 7}, change_kind::update_before}, {{"fx", 4}, change_kind::update_after}};

TEST(DebeziumEncoder, JoinsTheHalvesOfAnUpdateThatAreSideBySide) {
  for (const bool sparse : {false, true}) {
    harness h{{{"key", value::list({"desk"})}}};
    h.sparse = sparse;
    push(h, changes);
    EXPECT_THAT(texts(h),
                ElementsAre(R"({"before":null,"after":{"desk":"fx","n":1},"op":"c","ts_ms":1000})",
                            R"({"before":{"desk":"fx","n":1},"after":{"desk":"fx","n":2},"op":"u","ts_ms":1000})",
                            R"({"before":{"desk":"fx","n":2},"after":null,"op":"d","ts_ms":1000})",
                            R"({"before":null,"after":{"desk":"repo","n":7},"op":"c","ts_ms":1000})",
                            R"({"before":null,"after":{"desk":"fx","n":3},"op":"c","ts_ms":1000})",
                            R"({"before":{"desk":"repo","n":7},"after":null,"op":"d","ts_ms":1000})",
                            R"({"before":null,"after":{"desk":"fx","n":4},"op":"c","ts_ms":1000})"));
  }
}

TEST(DebeziumEncoder, WritesTwoRecordsForAnUpdateWhenTold) {
  harness h{{{"updates", "apart"}, {"include", value::list({"n"})}}};
  push(h, {changes[1], changes[2]});
  EXPECT_THAT(texts(h), ElementsAre(R"({"before":{"n":1},"after":null,"op":"d","ts_ms":1000})",
                                    R"({"before":null,"after":{"n":2},"op":"c","ts_ms":1000})"));
}

TEST(DebeziumEncoder, PutsTheColumnsOfTheNewRowBesideTheRecord) {
  harness h;
  push(h, {{{"fx", 1}, change_kind::update_before}, {{"repo", 1}, change_kind::update_after}});
  const auto out = h.take();
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].desk, "repo");
}

TEST(DebeziumEncoder, WrapsThePayloadAndNamesTheSourceWhenTold) {
  harness h{{{"wrapper", "payload"}, {"source", "desk \"1\""}, {"nulls", "omit"}}};
  h.push({"fx", std::nullopt}, -1ms);
  EXPECT_THAT(
      texts(h),
      ElementsAre(
          R"({"schema":null,"payload":{"before":null,"after":{"desk":"fx"},"source":{"connector":"weir","name":"desk \"1\""},"op":"c","ts_ms":-1}})"));
}

TEST(DebeziumEncoder, SaysWhatIsWrongWithItsOptions) {
  try {
    harness h{{{"key", value::list({"desc"})}}};
    FAIL();
  } catch (const std::exception& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("did you mean 'desk'"));
  }
}

}  // namespace
}  // namespace debezium
