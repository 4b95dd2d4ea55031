#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "model/name_registry.hpp"
#include "model/row_json.hpp"
#include "model/trace_id.hpp"
#include "scripted.hpp"

namespace weir::op {
namespace {

using test::node;
using test::numbers;
using testing::AllOf;
using testing::HasSubstr;

/// Refuses row 1 of each batch and passes on the others.
weir_code refuse_row_1(weir_context* c, const weir_batch* b) {
  if (const weir_code code = fake::host().dead_letter(c, b, 1, WEIR_E_DATA, test::view("not a trade"), {})) return code;
  const std::uint32_t rows[] = {0, 2};
  return fake::host().emit_rows(c, 0, b, rows, 2, nullptr, 0);
}

std::string json_of(const model::batch& b, std::uint32_t row) {
  std::string text;
  model::row_json(b.schema()).append(text, b, row);
  return text;
}

TEST(DeadLetters, FailStopsWithTheReasonAndWhatToDo) {
  node n(refuse_row_1);
  EXPECT_FALSE(n->process(0, numbers(3)));
  EXPECT_THAT(n.why(),
              AllOf(HasSubstr("operator it/0"), HasSubstr("not a trade"), HasSubstr("on_error = \"dead_letter\"")));
  EXPECT_EQ(n.failure.why().by, base::blame::data);
  EXPECT_EQ(n->counts().dead_letters + n->counts().skipped, 0u) << "it is not dealt with";
}

TEST(DeadLetters, SkipCountsTheRowAndGoesOn) {
  node n(refuse_row_1);
  n.what->policy = on_error::skip;
  n.what->dead_letters_connected = true;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(n->process(0, numbers(3)));
  EXPECT_EQ(n->counts().skipped, 3u);
  EXPECT_EQ(n->counts().dead_letters, 0u);
  EXPECT_EQ(n->counts().records_out, 6u);
  for (const auto& [port, batch] : n.out.all) EXPECT_EQ(port, 0u);
}

TEST(DeadLetters, DeadLetterSendsTheRowWithReasonAndOriginBehindTheOutputs) {
  node n(refuse_row_1);
  n.what->policy = on_error::dead_letter;
  n.what->dead_letters_connected = true;
  ASSERT_TRUE(n->process(0, numbers(3, 40)));
  ASSERT_EQ(n.out.all.size(), 2u);
  EXPECT_EQ(n.out.all[0].first, 0u);
  EXPECT_EQ(n.out.all[1].first, 1u) << "the port behind the node's own";
  const model::batch& letters = *n.out.all[1].second;
  ASSERT_EQ(letters.row_count(), 1);
  EXPECT_THAT(json_of(letters, 0),
              AllOf(HasSubstr("\"reason\":\"not a trade\""), HasSubstr("\"operator\":\"it\""),
                    HasSubstr("\"plugin\":\"fake\""), HasSubstr("\"version\":\"1.0.0\""), HasSubstr("\"offset\":41")));
  ASSERT_TRUE(letters.view().event_time);
  EXPECT_EQ(letters.view().event_time[0], 41'000) << "the letter has the time of its record";
  EXPECT_EQ(n->counts().dead_letters, 1u);
  EXPECT_EQ(n->counts().records_out, 2u) << "letters are not output";
}

TEST(DeadLetters, WithoutOriginalBytesTheRowIsWrittenAsJson) {
  node n(refuse_row_1);
  n.what->policy = on_error::dead_letter;
  n.what->dead_letters_connected = true;
  ASSERT_TRUE(n->process(0, numbers(3, 40)));
  const model::batch& letters = *n.out.all.back().second;
  const auto& fields = letters.schema()->fields();
  std::string original;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name != "original") continue;
    const auto* offsets = static_cast<const std::int32_t*>(letters.view().columns[i]->buffers[1]);
    const auto* data = static_cast<const char*>(letters.view().columns[i]->buffers[2]);
    original.assign(data + offsets[0], data + offsets[1]);
  }
  EXPECT_EQ(original, "{\"n\":41}");
}

TEST(DeadLetters, OfARecordWithoutATraceCarryTheIdOfItsPlaceAndItsSource) {
  const std::uint32_t split = model::split_names().number("trades/topic/3");
  auto letter_of = [&](bool trace) {
    node n(refuse_row_1);
    n.what->policy = on_error::dead_letter;
    n.what->dead_letters_connected = true;
    n.what->trace = trace;
    const auto given = numbers(3, 40);
    model::facts facts = given->facts();
    facts.split = split;
    EXPECT_TRUE(n->process(0, model::with_facts(*given, std::move(facts))));
    return json_of(*n.out.all.back().second, 0);
  };
  const std::string id = model::print_trace_id(model::trace_id_of_place("trades/topic/3", 41).data());
  EXPECT_EQ(id.size(), 32u);
  EXPECT_NE(id, model::print_trace_id(model::trace_id_of_place("trades/topic/3", 42).data()));
  EXPECT_NE(id, model::print_trace_id(model::trace_id_of_place("trades/topic/4", 41).data()));
  EXPECT_THAT(letter_of(true), AllOf(HasSubstr("\"trace_id\":\"" + id + "\""), HasSubstr("\"source_id\":\"trades\"")));
  EXPECT_THAT(letter_of(false), AllOf(HasSubstr("\"trace_id\":null"), HasSubstr("\"source_id\":null")));
}

TEST(DeadLetters, OfACallThatFailsAreStillHandedOn) {
  node n([](weir_context* c, const weir_batch* b) -> weir_code {
    (void)fake::host().dead_letter(c, b, 0, WEIR_E_DATA, test::view("this one"), {});
    return WEIR_E_PLUGIN;
  });
  n.what->policy = on_error::dead_letter;
  n.what->dead_letters_connected = true;
  EXPECT_FALSE(n->process(0, numbers(3)));
  ASSERT_EQ(n.out.all.size(), 1u);
  EXPECT_EQ(n.out.all[0].first, 1u);
}

TEST(DeadLetters, NobodyReadsThePortTheyAreCountedOnly) {
  node n(refuse_row_1);
  n.what->policy = on_error::dead_letter;
  ASSERT_TRUE(n->process(0, numbers(3)));
  EXPECT_EQ(n->counts().dead_letters, 1u);
  EXPECT_EQ(n.out.all.size(), 1u);
}

TEST(DeadLetters, RowsThatTheHostCannotUseFollowTheSamePolicy) {
  const auto batch = numbers(3, 7);
  node failing;
  EXPECT_FALSE(failing->dead_letter(*batch, 2, "the event time field is null"));
  EXPECT_THAT(failing.why(), HasSubstr("the event time field is null"));
  node keeping;
  keeping.what->policy = on_error::dead_letter;
  keeping.what->dead_letters_connected = true;
  EXPECT_TRUE(keeping->dead_letter(*batch, 2, "the event time field is null"));
  ASSERT_EQ(keeping.out.all.size(), 1u);
  EXPECT_THAT(json_of(*keeping.out.all[0].second, 0), HasSubstr("\"offset\":9"));
}

}  // namespace
}  // namespace weir::op
