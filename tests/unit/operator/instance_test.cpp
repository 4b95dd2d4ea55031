#include "operator/instance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "model/key_hash.hpp"
#include "scripted.hpp"

namespace weir::op {
namespace {

using test::node;
using test::numbers;
using test::values;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

/// Rows 1, 3, 5 ... of a batch.
model::batch_ref odd_rows(const model::batch_ref& of) {
  auto rows = model::buffer_pool::must_allocate(sizeof(std::uint32_t) * static_cast<std::size_t>(of->length()));
  std::int64_t count = 0;
  for (std::uint32_t i = 1; i < of->length(); i += 2) rows->as<std::uint32_t>()[count++] = i;
  return model::select_rows(*of, {std::move(rows), count});
}

/// Builds `rows` numbers from 100 on for port 0.
weir_builder* built(weir_context* c, std::int64_t rows) {
  weir_builder* b = fake::host().build(c, 0, rows);
  for (std::int64_t i = 0; i < rows; ++i) static_cast<std::int64_t*>(b->columns[0].values)[i] = 100 + i;
  b->length = rows;
  return b;
}

TEST(Instance, AnOperatorThatDoesNotReadSelectionsGetsADenseBatch) {
  std::vector<std::int64_t> seen;
  bool dense = false;
  auto look = [&](weir_context*, const weir_batch* b) -> weir_code {
    dense = b->rows == nullptr && b->length == b->row_count;
    seen = values(*model::batch::of(b));
    return WEIR_OK;
  };
  node plain(look, false);
  ASSERT_TRUE(plain->process(0, odd_rows(numbers(8))));
  EXPECT_TRUE(dense);
  EXPECT_THAT(seen, ElementsAre(1, 3, 5, 7));
  EXPECT_EQ(plain->counts().records_in, 4u);

  node selecting(look);
  ASSERT_TRUE(selecting->process(0, odd_rows(numbers(8))));
  EXPECT_FALSE(dense) << "this one reads selections: nothing is copied";
  EXPECT_THAT(seen, ElementsAre(1, 3, 5, 7));
}

TEST(Instance, AKeyedPortGetsTheHashOfItsKeyAndKeepsTheOneThatIsThere) {
  std::vector<std::uint64_t> seen;
  node n([&](weir_context*, const weir_batch* b) -> weir_code {
    seen.clear();
    for (std::int64_t i = 0; b->key_hash && i < b->length; ++i) seen.push_back(b->key_hash[i]);
    return WEIR_OK;
  });
  n.what->keys[0] = {0};
  const auto batch = numbers(3);
  ASSERT_TRUE(n->process(0, batch));
  const std::uint32_t key[] = {0};
  EXPECT_THAT(seen, ElementsAre(model::hash_key(*batch, key, 0), model::hash_key(*batch, key, 1),
                                model::hash_key(*batch, key, 2)));

  auto given = model::buffer_pool::must_allocate(3 * sizeof(std::uint64_t));
  for (std::uint64_t i = 0; i < 3; ++i) given->as<std::uint64_t>()[i] = 40 + i;
  ASSERT_TRUE(n->process(0, model::with_key_hash(*batch, given)));
  EXPECT_THAT(seen, ElementsAre(40, 41, 42)) << "an exchange has hashed it before";
}

TEST(Instance, CountsWhatComesInAndGoesOut) {
  node n([](weir_context* c, const weir_batch* b) -> weir_code {
    const std::uint32_t rows[] = {0, 2};
    return fake::host().emit_rows(c, 0, b, rows, 2, nullptr, 0);
  });
  ASSERT_TRUE(n->process(0, numbers(10)));
  ASSERT_TRUE(n->process(0, numbers(10, 10)));
  EXPECT_EQ(n->counts().records_in, 20u);
  EXPECT_EQ(n->counts().batches_in, 2u);
  EXPECT_EQ(n->counts().records_out, 4u);
  EXPECT_EQ(n->counts().newest_event_us, 19'000);
  ASSERT_EQ(n.out.all.size(), 2u);
  EXPECT_THAT(values(*n.out.all[1].second), ElementsAre(10, 12));
}

TEST(Instance, ACodeWithoutAReasonStillNamesPluginOperatorAndCall) {
  node n([](weir_context*, const weir_batch*) -> weir_code { return WEIR_E_PLUGIN; });
  EXPECT_FALSE(n->process(0, numbers(1)));
  EXPECT_EQ(n.why(), "operator it/0: plugin fake 1.0.0 failed in process: returned code -7 without saying why");
}

TEST(Instance, AReasonOfTheCallBeforeIsForgotten) {
  bool first = true;
  node n([&](weir_context* c, const weir_batch*) -> weir_code {
    if (!std::exchange(first, false)) return WEIR_E_PLUGIN;
    fake::host().fail(c, WEIR_E_PLUGIN, test::view("an old story"));
    return WEIR_OK;  // it has thought better of it
  });
  EXPECT_TRUE(n->process(0, numbers(1)));
  EXPECT_FALSE(n->process(0, numbers(1)));
  EXPECT_THAT(n.why(), HasSubstr("without saying why"));
}

TEST(Instance, AnExceptionThatLeavesThePluginIsItsFailure) {
  node n([](weir_context*, const weir_batch*) -> weir_code { throw std::runtime_error("out of luck"); });
  EXPECT_FALSE(n->process(0, numbers(1)));
  EXPECT_THAT(n.why(), HasSubstr("operator it/0: plugin fake 1.0.0 failed in process"));
  EXPECT_THAT(n.why(), HasSubstr("out of luck"));
}

TEST(Instance, AnExceptionOutOfDestroyEndsNothing) {
  node n;
  int destroyed = 0;
  n.does.destroy = [&] {
    ++destroyed;
    throw std::runtime_error("not tidy");
  };
  ASSERT_TRUE(n->process(0, numbers(1)));
  n->close();
  n->close();
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(n->counts().records_in, 1u) << "counters stay";
}

TEST(Instance, ANodeThatCouldNotBeMadeIsNotDestroyed) {
  node n;
  int destroyed = 0;
  n.does.destroy = [&] { ++destroyed; };
  n.does.create = [](weir_context* c) { return fake::host().fail(c, WEIR_E_EXTERNAL, test::view("no such host")); };
  n->close();
  EXPECT_EQ(n.why(), "operator it/0: no such host");
  EXPECT_EQ(n.failure.why().by, base::blame::external);
  EXPECT_EQ(destroyed, 0);
}

TEST(Instance, TheErrorOfTheNodeThatFailedFirstIsKept) {
  // `first` emits in process; `second`, behind it in the chain, fails; `first` then fails because of the code it got.
  node second([](weir_context* c, const weir_batch*) -> weir_code {
    return fake::host().fail(c, WEIR_E_PLUGIN, test::view("the true reason"));
  });
  second.what->id = "second";
  node first;
  instance at(*second.what, 0, fake::host(), second.out, first.failure, second.env);
  ASSERT_TRUE(at.create());
  first.out.next = &at;
  weir_code got = WEIR_OK;
  int went_on = 0;
  first.does.process = [&](weir_context* c, const weir_batch*) -> weir_code {
    got = fake::host().emit(c, built(c, 1), 0);
    ++went_on;
    return fake::host().fail(c, WEIR_E_PLUGIN, test::view("the one in front of me broke"));
  };
  EXPECT_FALSE(first->process(0, numbers(1)));
  EXPECT_EQ(got, WEIR_E_STOPPED);
  EXPECT_EQ(went_on, 1);
  EXPECT_EQ(first.why(), "operator second/0: plugin fake 1.0.0 failed in process: the true reason");
}

TEST(Instance, APluginThatIgnoresThatTheChainHasFailedFailsAllTheSame) {
  node n([](weir_context* c, const weir_batch*) -> weir_code {
    (void)fake::host().emit(c, nullptr, 0);
    return WEIR_OK;
  });
  EXPECT_FALSE(n->process(0, numbers(1)));
  EXPECT_THAT(n.why(), HasSubstr("emit was given a builder that is not open"));
}

TEST(Instance, TheClockNeverGoesBack) {
  std::vector<std::int64_t> told;
  node n;
  n.does.on_watermark = [&](weir_context* c) -> weir_code {
    told.push_back(fake::host().watermark(c));
    return WEIR_OK;
  };
  EXPECT_TRUE(n->advance(10));
  EXPECT_TRUE(n->advance(5));
  EXPECT_TRUE(n->advance(10));
  EXPECT_TRUE(n->advance(11));
  EXPECT_THAT(told, ElementsAre(10, 11));
}

TEST(Instance, TellsTheFiguresOfItsReport) {
  node n;
  n.does.report = [](weir_figures* to, auto add) -> weir_code {
    add(to, test::view("rows"), 7);
    add(to, test::view("sum"), UINT64_MAX);
    return WEIR_OK;
  };
  std::vector<std::pair<std::string, std::uint64_t>> got;
  auto keep = [&](std::string_view name, std::uint64_t value) { got.emplace_back(name, value); };
  n->report(keep);
  EXPECT_THAT(got, ElementsAre(Pair("rows", 7u), Pair("sum", UINT64_MAX)));

  n.does.report = [](weir_figures*, auto) -> weir_code { throw std::runtime_error("cannot count"); };
  n->report(keep);
  EXPECT_EQ(n.why(), "") << "a report that fails does not spoil the run";
  n->close();
  n->report(keep);
  EXPECT_EQ(got.size(), 2u) << "nobody is there to tell";
}

}  // namespace
}  // namespace weir::op
