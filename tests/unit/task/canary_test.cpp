#include "task/canary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/test_env.hpp"
#include "fakes.hpp"
#include "model/batch_builder.hpp"
#include "task/chain.hpp"

namespace weir::task {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

model::batch_ref keyed_numbers(const std::vector<std::int64_t>& n) {
  model::batch_builder b(model::builder_layout::make(fake::number_schema()));
  weir_builder* v = b.open(static_cast<std::int64_t>(n.size()));
  std::copy(n.begin(), n.end(), static_cast<std::int64_t*>(v->columns[0].values));
  v->length = static_cast<std::int64_t>(n.size());
  const auto made = b.finish(0, nullptr, WEIR_TIME_MIN).take();
  const std::uint32_t key[] = {0};
  return model::with_key_hash(*made, model::hash_keys(*made, key));
}
std::vector<std::int64_t> numbers_of(const model::batch& b) {
  const auto* n = static_cast<const std::int64_t*>(b.view().columns[0]->buffers[1]);
  std::vector<std::int64_t> out;
  for (std::int64_t i = 0; i < b.row_count(); ++i) out.push_back(n[b.row(i)]);
  return out;
}
std::vector<std::int64_t> up_to(std::int64_t end) {
  std::vector<std::int64_t> out;
  for (std::int64_t i = 0; i < end; ++i) out.push_back(i);
  return out;
}

TEST(Divide, GivesEachRowToTheVersionOfItsKey) {
  const auto batch = keyed_numbers(up_to(1000));
  for (const double part : {0.05, 0.5, 0.95})
    for (const bool in_order : {false, true}) {
      const model::group_part is_new{model::group_share::of(part), 128, true};
      std::vector<divided_rows> out;
      divide(batch, is_new, in_order, out);
      std::vector<std::int64_t> all;
      for (const auto& d : out) {
        for (std::int64_t i = 0; i < d.rows->row_count(); ++i)
          EXPECT_EQ(is_new.holds(d.rows->view().key_hash[d.rows->row(i)]), d.is_new);
        const auto n = numbers_of(*d.rows);
        EXPECT_FALSE(n.empty());
        EXPECT_TRUE(std::is_sorted(n.begin(), n.end()));
        all.insert(all.end(), n.begin(), n.end());
      }
      if (in_order) {
        EXPECT_EQ(all, up_to(1000)) << "the order of one instance";
      } else {
        ASSERT_EQ(out.size(), 2u);
        EXPECT_FALSE(out[0].is_new) << "the old version first";
        std::sort(all.begin(), all.end());
        EXPECT_EQ(all, up_to(1000));
      }
    }
}

TEST(Divide, ABatchOfOneSideStaysWhole) {
  const auto batch = keyed_numbers(up_to(100));
  std::vector<divided_rows> out;
  for (const double part : {0.0, 1.0}) {
    divide(batch, {model::group_share::of(part), 128, true}, true, out);
    ASSERT_EQ(out.size(), 1u);
    EXPECT_EQ(out[0].is_new, part == 1.0);
    EXPECT_EQ(out[0].rows.get(), batch.get());
  }
}

TEST(Divide, KeepsToTheRowsThatCount) {
  const auto all = keyed_numbers(up_to(100));
  const std::vector<std::uint32_t> rows{3, 5, 50, 99};
  std::vector<divided_rows> out;
  divide(model::select_rows(*all, rows), {model::group_share::of(0.5), 128, true}, true, out);
  std::vector<std::int64_t> seen;
  for (const auto& d : out)
    for (const auto n : numbers_of(*d.rows)) seen.push_back(n);
  EXPECT_THAT(seen, ElementsAre(3, 5, 50, 99));
}

/// Passes rows on and remembers them; fails at a number; counts what is no row.
struct version {
  std::int64_t fails_at = -1;
  std::vector<std::int64_t> rows, watermarks;
  int flushes = 0, ends = 0, destroyed = 0;
};

const weir_operator& version_operator() {
  static const weir_operator table = [] {
    weir_operator o = fake::operator_of_its_plan("version");
    o.destroy = [](void* self) { ++static_cast<version*>(self)->destroyed; };
    o.process = [](void* self, weir_context* c, const weir_batch* b) -> weir_code {
      auto& me = *static_cast<version*>(self);
      for (const auto n : numbers_of(*model::batch::of(b))) {
        me.rows.push_back(n);
        if (n != me.fails_at) continue;
        static constexpr char why[] = "this number breaks it";
        return fake::host().fail(c, WEIR_E_PLUGIN, {why, sizeof why - 1});
      }
      std::uint32_t* rows = fake::host().row_buffer(c, b->row_count);
      for (std::int64_t i = 0; i < b->row_count; ++i) rows[i] = model::batch::of(b)->row(i);
      return fake::host().emit_rows(c, 0, b, rows, b->row_count, nullptr, 0);
    };
    o.on_watermark = [](void* self, weir_context*, std::int64_t at) -> weir_code {
      return static_cast<version*>(self)->watermarks.push_back(at), WEIR_OK;
    };
    o.end_of_port = [](void* self, weir_context*, std::uint32_t) -> weir_code {
      return ++static_cast<version*>(self)->ends, WEIR_OK;
    };
    o.flush = [](void* self, weir_context*) -> weir_code { return ++static_cast<version*>(self)->flushes, WEIR_OK; };
    return o;
  }();
  return table;
}

/// A chain of the operator and a sink.
struct two_versions {
  base::test_env env;
  version old, fresh;
  fake::collected out;
  bool keyed;
  chain at_work{0, fake::host(), env};
  std::shared_ptr<canary_report> report = std::make_shared<canary_report>(1);
  std::uint64_t cuts = 0;

  explicit two_versions(bool with_keys, bool in_turns = false) : keyed(with_keys) {
    at_work.add(spec_of(old));
    at_work.add(fake::node("out", &fake::collecting_sink(), &out, true));
    at_work.connect(0, 0, 1, 0);
    if (in_turns) at_work.take_turns(1'000'000);
    EXPECT_TRUE(at_work.create());
  }
  ~two_versions() { at_work.close(); }
  std::shared_ptr<op::spec> spec_of(version& of) const {
    auto s = fake::node("op", &version_operator(), &of);
    if (keyed) s->keys[0] = {0};
    return s;
  }
  /// At a cut: the new version serves so much.
  void serve(double part, bool takes_over = false) {
    std::vector<canary_work> work(1);
    if (at_work.operator_at(0)->what().plan == &old && !begun)
      work[0].next = at_work.prepare(0, spec_of(fresh), WEIR_TIME_MIN).take();
    begun = true;
    work[0].part = part;
    work[0].takes_over = takes_over;
    work[0].report = report;
    task_cut made;
    made.cut = ++cuts;
    ASSERT_TRUE(at_work.cut(made, false));
    ASSERT_TRUE(at_work.follow_canaries(std::move(work), made));
  }
  bool begun = false;
};

TEST(Canary, ServesItsKeysInOneStreamWithTheRest) {
  two_versions v(true);
  v.serve(0.25);
  ASSERT_TRUE(v.at_work.push(0, 0, keyed_numbers(up_to(1000))));
  EXPECT_EQ(v.old.rows.size() + v.fresh.rows.size(), 1000u);
  EXPECT_NEAR(static_cast<double>(v.fresh.rows.size()), 250, 80);
  EXPECT_EQ(v.out.numbers.size(), 1000u);
  const auto few = v.fresh.rows;
  v.serve(0.75);
  v.fresh.rows.clear();
  ASSERT_TRUE(v.at_work.push(0, 0, keyed_numbers(up_to(1000))));
  for (const auto n : few)
    EXPECT_TRUE(std::find(v.fresh.rows.begin(), v.fresh.rows.end(), n) != v.fresh.rows.end()) << n << " went back";
  EXPECT_EQ(v.at_work.counts(0).records_in.load(), 2000u) << "the node counts both";
  EXPECT_EQ(v.report->sum(true).records_in, few.size() + v.fresh.rows.size());
  EXPECT_EQ(v.report->sum(false).records_out, v.old.rows.size());
}

TEST(Canary, InDeterministicPipelinesRowsStayInTheirOrder) {
  two_versions v(true, true);
  v.serve(0.4);
  ASSERT_TRUE(v.at_work.push(0, 0, keyed_numbers(up_to(1000))));
  EXPECT_FALSE(v.fresh.rows.empty());
  EXPECT_EQ(v.out.numbers, up_to(1000));
}

TEST(Canary, WithoutKeysWholeBatchesGoInTurnByTheShareOfTheirRows) {
  two_versions v(false);
  v.serve(0.2);
  std::mt19937_64 random(7);
  std::int64_t all = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto rows = static_cast<std::int64_t>(1 + random() % 50);
    all += rows;
    ASSERT_TRUE(v.at_work.push(0, 0, keyed_numbers(up_to(rows))));
  }
  EXPECT_NEAR(static_cast<double>(v.fresh.rows.size()) / static_cast<double>(all), 0.2, 0.01);
}

TEST(Canary, BothHearOfTimeEndsAndCutsOthersOnce) {
  two_versions v(true);
  ASSERT_TRUE(v.at_work.advance(5));
  v.serve(0.5);
  EXPECT_THAT(v.fresh.watermarks, ElementsAre(5)) << "where the clock is when it begins";
  ASSERT_TRUE(v.at_work.advance(10));
  ASSERT_TRUE(v.at_work.advance(10));
  task_cut made;
  made.cut = ++v.cuts;
  ASSERT_TRUE(v.at_work.cut(made, false));
  ASSERT_TRUE(v.at_work.advance(INT64_MAX));
  ASSERT_TRUE(v.at_work.end_of_head_port(0));
  ASSERT_TRUE(v.at_work.finish());
  EXPECT_THAT(v.old.watermarks, ElementsAre(5, 10, INT64_MAX));
  EXPECT_THAT(v.fresh.watermarks, ElementsAre(5, 10, INT64_MAX));
  EXPECT_THAT(v.out.watermarks, ElementsAre(5, 10, INT64_MAX));
  EXPECT_EQ(v.old.ends, 1);
  EXPECT_EQ(v.fresh.ends, 1);
  EXPECT_EQ(v.fresh.flushes, 2);
  EXPECT_EQ(v.old.flushes, 3);
}

TEST(Canary, TakesOverWithTheInstanceThatServed) {
  two_versions v(true);
  v.serve(0.5);
  ASSERT_TRUE(v.at_work.push(0, 0, keyed_numbers(up_to(100))));
  v.serve(1, true);
  EXPECT_EQ(v.at_work.operator_at(0)->what().plan, &v.fresh);
  EXPECT_EQ(v.fresh.destroyed, 0);
  EXPECT_EQ(v.old.destroyed, 0) << "it goes when the cut is over";
  v.at_work.let_go();
  EXPECT_EQ(v.old.destroyed, 1);
  const auto before = v.old.rows.size();
  ASSERT_TRUE(v.at_work.push(0, 0, keyed_numbers(up_to(100))));
  EXPECT_EQ(v.old.rows.size(), before);
  EXPECT_EQ(v.out.numbers.size(), 200u);
}

TEST(Canary, ItsFailureIsTheChains) {
  two_versions v(true);
  v.serve(0.5);
  ASSERT_TRUE(v.at_work.push(0, 0, keyed_numbers(up_to(100))));
  v.fresh.fails_at = v.fresh.rows.front();
  EXPECT_FALSE(v.at_work.push(0, 0, keyed_numbers(up_to(100))));
  EXPECT_THAT(v.at_work.failure().why().text(), HasSubstr("this number breaks it"));
}

}  // namespace
}  // namespace weir::task
