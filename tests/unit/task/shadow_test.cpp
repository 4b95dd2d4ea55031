#include "task/shadow.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cstring>

#include "base/test_env.hpp"
#include "fakes.hpp"
#include "model/plugin_bytes.hpp"
#include "task/chain.hpp"
#include "weir/ext/draft/snapshot.h"

namespace weir::task {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Gives out the sum of all numbers so far, which it saves at a cut. `off_at`: this sum is told one too high; `fails_at`:
/// it does not go on from there.
struct summing {
  std::int64_t off_at = -1, fails_at = -1;
  bool restores = true;
};
struct summing_at_work {
  const summing* what;
  std::int64_t sum = 0;
};

const weir_snapshot& summing_snapshot() {
  static const weir_snapshot table = [] {
    weir_snapshot s{};
    s.struct_size = sizeof s;
    s.save = [](void* self, weir_context*, weir_bytes* out) -> weir_code {
      out->text = std::to_string(static_cast<summing_at_work*>(self)->sum);
      return WEIR_OK;
    };
    s.restore = [](void* self, weir_context* c, weir_view saved) -> weir_code {
      auto& me = *static_cast<summing_at_work*>(self);
      static constexpr char why[] = "knows nothing of these bytes";
      if (!me.what->restores) return fake::host().fail(c, WEIR_E_PLUGIN, {why, sizeof why - 1});
      std::from_chars(saved.data, saved.data + saved.size, me.sum);
      return WEIR_OK;
    };
    return s;
  }();
  return table;
}

const weir_operator& summing_operator() {
  static const weir_operator table = [] {
    weir_operator o{};
    o.struct_size = sizeof o;
    o.kind = WEIR_KIND_OPERATOR;
    o.input_count = 1;
    o.type = "sum";
    o.create = [](const weir_host*, weir_context*, const void* plan, void** self) -> weir_code {
      *self = new summing_at_work{static_cast<const summing*>(plan)};
      return WEIR_OK;
    };
    o.destroy = [](void* self) { delete static_cast<summing_at_work*>(self); };
    o.process = [](void* self, weir_context* c, const weir_batch* b) -> weir_code {
      auto& me = *static_cast<summing_at_work*>(self);
      const auto* n = static_cast<const std::int64_t*>(b->columns[0]->buffers[1]);
      weir_builder* out = fake::host().build(c, 0, b->row_count);
      for (std::int64_t i = 0; i < b->row_count; ++i) {
        me.sum += n[i];
        if (me.sum == me.what->fails_at) {
          static constexpr char why[] = "this sum breaks it";
          return fake::host().fail(c, WEIR_E_PLUGIN, {why, sizeof why - 1});
        }
        static_cast<std::int64_t*>(out->columns[0].values)[i] = me.sum == me.what->off_at ? me.sum + 1 : me.sum;
      }
      out->length = b->row_count;
      return fake::host().emit(c, out, 0);
    };
    o.extension = [](const char* id) -> const void* {
      return std::strcmp(id, WEIR_EXT_SNAPSHOT) == 0 ? &summing_snapshot() : nullptr;
    };
    return o;
  }();
  return table;
}

model::batch_ref numbers(const std::vector<std::int64_t>& n) {
  model::batch_builder b(model::builder_layout::make(fake::number_schema()));
  weir_builder* v = b.open(static_cast<std::int64_t>(n.size()));
  std::copy(n.begin(), n.end(), static_cast<std::int64_t*>(v->columns[0].values));
  v->length = static_cast<std::int64_t>(n.size());
  return b.finish(0, nullptr, WEIR_TIME_MIN).take();
}

/// A chain of one summing node at work, and versions beside it.
struct rig {
  base::test_env env;
  summing right, other;
  chain at_work{0, fake::host(), env};
  std::shared_ptr<shadow_report> report = std::make_shared<shadow_report>(1);
  std::uint64_t cuts = 0;

  rig() {
    auto spec = fake::node("sums", &summing_operator(), &right);
    spec->outputs[0].passes.clear();
    at_work.add(spec);
    EXPECT_TRUE(at_work.create());
  }
  ~rig() { at_work.close(); }
  std::unique_ptr<shadow> version() {
    auto spec = fake::node("sums", &summing_operator(), &other);
    spec->outputs[0].passes.clear();
    return shadow::make(0, spec, 0, fake::host(), env, WEIR_TIME_MIN, {}, report, nullptr).take();
  }
  void push(const std::vector<std::int64_t>& n) { EXPECT_TRUE(at_work.push(0, 0, numbers(n))); }
  void cut() {
    task_cut made;
    made.cut = ++cuts;
    EXPECT_TRUE(at_work.cut(made, false));
  }
  std::vector<std::uint64_t> counts() const {
    const auto c = report->counts();
    return {c.equal, c.different, c.missing, c.extra};
  }
};

TEST(Shadow, BeginsAtTheCutWithWhatWasSaved) {
  rig r;
  r.push({1, 2, 3});
  r.at_work.attach(r.version());
  r.push({4});  // before its cut: nobody compares
  EXPECT_THAT(r.counts(), ElementsAre(0, 0, 0, 0));
  r.cut();
  EXPECT_TRUE(r.report->follows_everywhere());
  r.push({5, 6});
  r.push({7});
  EXPECT_THAT(r.counts(), ElementsAre(3, 0, 0, 0));
}

TEST(Shadow, FindsTheRowThatIsOff) {
  rig r;
  r.other.off_at = 6;
  r.at_work.attach(r.version());
  r.cut();
  r.push({1, 2, 3, 4});
  EXPECT_THAT(r.counts(), ElementsAre(3, 1, 0, 0));
  EXPECT_EQ(r.report->examples()[0].before, R"({"n":6})");
  EXPECT_EQ(r.report->examples()[0].now, R"({"n":7})");
}

TEST(Shadow, ItsFailureIsNotTheChains) {
  rig r;
  r.other.fails_at = 6;
  r.at_work.attach(r.version());
  r.cut();
  r.push({1, 2});
  r.push({3});
  r.push({4});
  EXPECT_FALSE(r.at_work.failure().failed());
  EXPECT_THAT(r.counts(), ElementsAre(2, 0, 0, 0));
  ASSERT_TRUE(r.report->over());
  EXPECT_EQ(r.report->how_it_ended()->what, "failed");
  EXPECT_THAT(r.report->how_it_ended()->why, HasSubstr("this sum breaks it"));
}

TEST(Shadow, OneThatCannotRestoreWhatTheOldOneSavedEnds) {
  rig r;
  r.other.restores = false;
  r.at_work.attach(r.version());
  r.cut();
  r.push({1});
  EXPECT_FALSE(r.at_work.failure().failed());
  EXPECT_THAT(r.report->how_it_ended()->why, HasSubstr("knows nothing of these bytes"));
}

TEST(Shadow, WhatComesWhileItGetsItsStateIsMadeUpForInOrder) {
  rig r;
  auto s = r.version();
  s->begin("10", WEIR_TIME_MIN, true);
  for (std::int64_t i = 0; i < 10; ++i) {
    s->gave(0, numbers({11 + i}));
    s->process(0, numbers({1}));
  }
  EXPECT_FALSE(s->catch_up()) << "it has no state yet";
  EXPECT_EQ(r.report->behind(), 10u);
  s->loaded();
  s->gave(0, numbers({21}));
  s->process(0, numbers({1}));  // its turn comes behind those that wait
  int steps = 0;
  while (s->catch_up()) ++steps;
  EXPECT_GT(steps, 1) << "a few a step";
  EXPECT_EQ(r.report->behind(), 0u);
  EXPECT_THAT(r.counts(), ElementsAre(11, 0, 0, 0));
}

TEST(Shadow, ACutThatIsGivenUpWhileTheStateIsCopiedEndsIt) {
  rig r;
  auto s = r.version();
  s->begin("10", WEIR_TIME_MIN, true);
  s->fork_failed();
  EXPECT_TRUE(s->over());
  EXPECT_THAT(r.report->how_it_ended()->why, HasSubstr("given up"));
}

TEST(Shadow, GoesWhenSomebodyEndsItsReport) {
  rig r;
  r.at_work.attach(r.version());
  r.cut();
  r.push({1});
  r.report->end("dropped", "by hand");
  r.push({2});
  EXPECT_THAT(r.counts(), ElementsAre(1, 0, 0, 0));
  EXPECT_EQ(r.report->how_it_ended()->what, "dropped");
}

TEST(Shadow, RowsThatItDoesNotGiveOutAreMissingWithTheNextCut) {
  rig r;
  auto s = r.version();
  s->begin("0", WEIR_TIME_MIN, false);
  s->gave(0, numbers({1}));
  s->gave(0, numbers({5}));
  s->process(0, numbers({1}));
  EXPECT_THAT(r.counts(), ElementsAre(1, 0, 0, 0));
  s->flush();
  EXPECT_THAT(r.counts(), ElementsAre(1, 0, 1, 0));
}

}  // namespace
}  // namespace weir::task
