// A cut divides what flows: what a sink had at the cut and what the sources say of their positions belong together, in any
// schedule, aligned or overtaking.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

#include "base/test_env.hpp"
#include "fakes.hpp"
#include "model/name_registry.hpp"
#include "model/plugin_bytes.hpp"
#include "task/operator_task.hpp"
#include "task/source_task.hpp"
#include "weir/ext/draft/handover.h"
#include "weir/ext/draft/snapshot.h"
#include "weir/ext/draft/two_phase.h"

namespace weir::task {
namespace {

struct flag final : exchange::waker {
  void wake() noexcept override {}
};

// ---- a source of numbers that can be resumed, and a sink that keeps the sum and count of what it got

struct split_at_work {
  std::uint32_t number = 0;
  std::int64_t next = 0, end = 0;
};
struct numbers_plan {
  std::int64_t per_split = 200;
  int* alive = nullptr;
};
struct numbers_self {
  const numbers_plan* plan;
  std::vector<split_at_work> splits;
};

const weir_source& resumable_source() {
  static const weir_source table = [] {
    weir_source s{};
    s.struct_size = sizeof s;
    s.type = "numbers";
    s.create = [](const weir_host*, weir_context*, const void* plan, void** self) -> weir_code {
      auto* made = new numbers_self{static_cast<const numbers_plan*>(plan), {}};
      if (made->plan->alive) ++*made->plan->alive;
      *self = made;
      return WEIR_OK;
    };
    s.destroy = [](void* self) {
      auto* me = static_cast<numbers_self*>(self);
      if (me->plan->alive) --*me->plan->alive;
      delete me;
    };
    s.open_split = [](void* self, weir_context*, std::uint32_t split, weir_view, weir_view at) -> weir_code {
      auto& me = *static_cast<numbers_self*>(self);
      std::int64_t next = 0;
      if (at.size == 8) std::memcpy(&next, at.data, 8);
      me.splits.push_back({split, next, me.plan->per_split});
      return WEIR_OK;
    };
    s.poll = [](void* self, weir_context* c, std::int64_t) -> weir_code {
      auto& me = *static_cast<numbers_self*>(self);
      bool open = false;
      for (auto& at : me.splits) {
        if (at.next == at.end) {
          fake::host().split_end(c, at.number);
          continue;
        }
        open = true;
        weir_builder* b = fake::host().build(c, 0, 1);
        if (!b) return WEIR_E_MEMORY;
        b->split = at.number;
        b->first_offset = at.next;
        b->event_time[0] = static_cast<std::int64_t*>(b->columns[0].values)[0] = at.next++;
        b->length = 1;
        if (const weir_code code = fake::host().emit(c, b, WEIR_EMIT_TIMES)) return code;
      }
      return open ? WEIR_OK : WEIR_END;
    };
    s.position = [](void* self, weir_context*, std::uint32_t split, weir_bytes* out) -> weir_code {
      for (const auto& at : static_cast<numbers_self*>(self)->splits)
        if (at.number == split) model::append_bytes(out, {reinterpret_cast<const char*>(&at.next), 8});
      return WEIR_OK;
    };
    return s;
  }();
  return table;
}

/// What the outside sees of a two-phase sink.
struct ledger {
  std::map<std::uint64_t, std::int64_t> prepared;  // cut -> rows since the cut before
  std::int64_t visible = 0;
  std::vector<std::uint64_t> committed;
  std::vector<std::uint64_t> taken_over;
};
struct sink_self {
  ledger* to;
  std::int64_t count = 0, sum = 0, open = 0;
};

const weir_operator& counting_sink() {
  static const weir_operator table = [] {
    weir_operator o{};
    o.struct_size = sizeof o;
    o.kind = WEIR_KIND_SINK;
    o.flags = WEIR_SELECTIONS;
    o.input_count = 1;
    o.type = "count";
    o.create = [](const weir_host*, weir_context*, const void* plan, void** self) -> weir_code {
      *self = new sink_self{static_cast<ledger*>(const_cast<void*>(plan))};
      return WEIR_OK;
    };
    o.destroy = [](void* self) { delete static_cast<sink_self*>(self); };
    o.process = [](void* self, weir_context*, const weir_batch* b) -> weir_code {
      auto& me = *static_cast<sink_self*>(self);
      const auto* n = static_cast<const std::int64_t*>(b->columns[0]->buffers[1]);
      for (std::int64_t i = 0; i < b->row_count; ++i, ++me.count, ++me.open) me.sum += n[b->rows ? b->rows[i] : i];
      return WEIR_OK;
    };
    o.extension = [](const char* id) -> const void* {
      static const weir_snapshot snapshot = [] {
        weir_snapshot t{};
        t.struct_size = sizeof t;
        t.save = [](void* self, weir_context*, weir_bytes* out) -> weir_code {
          const auto& me = *static_cast<sink_self*>(self);
          const std::int64_t both[2] = {me.count, me.sum};
          model::append_bytes(out, {reinterpret_cast<const char*>(both), sizeof both});
          return WEIR_OK;
        };
        t.restore = [](void* self, weir_context*, weir_view saved) -> weir_code {
          auto& me = *static_cast<sink_self*>(self);
          std::int64_t both[2];
          std::memcpy(both, saved.data, sizeof both);
          me.count += both[0], me.sum += both[1];
          return WEIR_OK;
        };
        return t;
      }();
      static const weir_two_phase phases = [] {
        weir_two_phase t{};
        t.struct_size = sizeof t;
        t.prepare = [](void* self, weir_context*, std::uint64_t cut, weir_bytes*) -> weir_code {
          auto& me = *static_cast<sink_self*>(self);
          me.to->prepared[cut] = std::exchange(me.open, 0);
          return WEIR_OK;
        };
        t.commit = [](void* self, weir_context*, std::uint64_t cut, weir_view) -> weir_code {
          auto& me = *static_cast<sink_self*>(self);
          me.to->visible += me.to->prepared.at(cut);
          me.to->committed.push_back(cut);
          return WEIR_OK;
        };
        t.abort = [](void* self, weir_context*, std::uint64_t cut, weir_view) -> weir_code {
          auto& me = *static_cast<sink_self*>(self);
          me.open += me.to->prepared.at(cut);
          return WEIR_OK;
        };
        t.recover = [](void*, weir_context*, std::uint64_t, weir_view) -> weir_code { return WEIR_OK; };
        return t;
      }();
      static const weir_handover handover = [] {
        weir_handover t{};
        t.struct_size = sizeof t;
        t.offers = [](const void*) -> std::int32_t { return 1; };
        t.take_over = [](void* self, weir_context*, std::uint64_t cut, weir_view) -> weir_code {
          static_cast<sink_self*>(self)->to->taken_over.push_back(cut);
          return WEIR_OK;
        };
        return t;
      }();
      if (std::string_view(id) == WEIR_EXT_SNAPSHOT) return &snapshot;
      if (std::string_view(id) == WEIR_EXT_HANDOVER) return &handover;
      return std::string_view(id) == WEIR_EXT_TWO_PHASE ? static_cast<const void*>(&phases) : nullptr;
    };
    return o;
  }();
  return table;
}

std::shared_ptr<op::spec> spec_of(const weir_source* source, const weir_operator* op, const void* plan) {
  auto s = std::make_shared<op::spec>();
  s->pipeline = "test";
  s->id = source ? "numbers" : "sink";
  s->plugin = "fake";
  s->source = source;
  s->op = op;
  s->plan = plan;
  s->keys.resize(1);
  if (source) s->outputs.push_back({"", fake::number_schema(), {}, true});
  return s;
}

/// Collects cuts, as the coordinator does.
struct collector final : cut_sink {
  std::map<const task*, task_cut> cuts;
  std::size_t ended_tasks = 0;
  bool has_room() override { return true; }
  void state_block(const task&, std::uint32_t, std::uint64_t, std::string) override {}
  void taken(const task& from, task_cut all) override { cuts.insert_or_assign(&from, std::move(all)); }
  void ended(const task&) override { ++ended_tasks; }
};

/// Three sources into one sink, stepped in an order that the seed decides.
struct rig {
  base::test_env env;
  flag waker;
  numbers_plan plan;
  ledger outside;
  collector sink_of_cuts;
  std::vector<std::unique_ptr<task>> tasks;
  std::mt19937_64 random;

  rig(std::uint64_t seed, std::int64_t aligned_timeout_us, std::uint64_t queue_bytes, std::int64_t ordered_step_us = 0)
      : random(seed) {
    tasks.push_back(
        std::make_unique<operator_task>("sink", 0, fake::host(), env, waker, std::vector<std::uint32_t>{0}, 1));
    auto& to = static_cast<operator_task&>(*tasks[0]);
    to.nodes().add(spec_of(nullptr, &counting_sink(), &outside));
    to.set_alignment(true, aligned_timeout_us);
    for (int i = 0; i < 3; ++i) {
      auto t = std::make_unique<source_task>("numbers", 0, fake::host(), env, waker, source::watermark_rule{}, 0);
      t->nodes().add(spec_of(&resumable_source(), nullptr, &plan));
      t->nodes().stamp(0, {}, &t->watermarks());
      t->prepare();
      t->set_poll_wait(0);
      t->nodes().connect(
          0, 0,
          std::make_unique<exchange::writer>(
              exchange::partitioning{}, std::vector<exchange::channel*>{&to.gate().open(0, queue_bytes, nullptr)}, 0));
      tasks.push_back(std::move(t));
    }
    to.seal();
    if (ordered_step_us > 0) to.put_in_order(ordered_step_us, true);
    for (auto& t : tasks) t->report_to(sink_of_cuts);
  }

  void begin(const std::map<std::string, std::string>& positions = {}) {
    for (std::size_t i = 1; i < tasks.size(); ++i) {
      const std::string id = "split" + std::to_string(i);
      const auto at = positions.find(id);
      static_cast<source_task&>(*tasks[i]).assign(
          {{model::split_names().number("numbers/" + id), id, at == positions.end() ? "" : at->second, WEIR_TIME_MIN}},
          true);
    }
    for (auto& t : tasks) ASSERT_TRUE(t->create());
  }
  void tell(order o) {
    for (auto& t : tasks) t->tell(o);
  }
  void step() {
    // The sink is slow: queues fill.
    const std::size_t i = random() % (tasks.size() * 2);
    env.advance_us(10);
    ASSERT_NE(tasks[i % tasks.size()]->step(), step_result::failed) << tasks[i % tasks.size()]->why().text();
  }
  /// All of the input waits in the queues, and its ends.
  void read_everything() {
    for (int i = 0; i < 100'000 && sink_of_cuts.ended_tasks < tasks.size() - 1; ++i) {
      env.advance_us(10);
      ASSERT_NE(tasks[1 + random() % (tasks.size() - 1)]->step(), step_result::failed);
    }
    ASSERT_EQ(sink_of_cuts.ended_tasks, tasks.size() - 1) << "the queues are too small for it";
    std::uint64_t bytes = 0;
    const auto& gate = static_cast<operator_task&>(*tasks[0]).gate();
    for (std::size_t i = 0; i < gate.channel_count(); ++i) bytes = std::max(bytes, gate.at(i).counters().pushed_bytes);
    ASSERT_TRUE(gate.crowded()) << "of " << bytes << " bytes";
  }
  void run_until(const std::function<bool()>& done) {
    for (int i = 0; i < 1'000'000 && !done(); ++i) step();
    ASSERT_TRUE(done());
  }
  bool all_taken(std::uint64_t cut) const {
    return sink_of_cuts.cuts.size() == tasks.size() && std::all_of(sink_of_cuts.cuts.begin(), sink_of_cuts.cuts.end(),
                                                                   [&](const auto& c) { return c.second.cut == cut; });
  }
};

/// Runs to a cut at a random moment, restores it in a second rig, runs that to the end, and expects everything exactly once.
void cut_and_go_on(std::uint64_t seed, std::int64_t aligned_timeout_us, std::uint64_t queue_bytes, bool* overtook,
                   std::int64_t ordered_step_us = 0, bool all_is_read = false) {
  SCOPED_TRACE(seed);
  rig first(seed, aligned_timeout_us, queue_bytes, ordered_step_us);
  first.begin();
  const std::uint64_t before = first.random() % (ordered_step_us > 0 ? 2500 : 900);
  if (all_is_read)
    first.read_everything();
  else
    for (std::uint64_t i = 0; i < before; ++i) first.step();
  first.tell({order_kind::begin, 5, model::cut_kind::checkpoint, true});
  first.run_until([&] { return first.all_taken(5); });
  first.tell({order_kind::complete, 5, model::cut_kind::checkpoint, true});
  first.run_until([&] { return !first.outside.committed.empty(); });
  for (int i = 0; i < 50; ++i) first.step();  // lost in the crash that follows

  std::map<std::string, std::string> positions;
  node_restore sink;
  std::string in_flight;
  std::int64_t read = 0;
  for (const auto& [t, c] : first.sink_of_cuts.cuts) {
    for (const auto& s : c.splits) {
      positions[s.id] = s.position;
      std::int64_t next = 0;
      std::memcpy(&next, s.position.data(), 8);
      read += next;
    }
    if (t != first.tasks[0].get()) continue;
    sink.cut = 5;
    sink.saved = {*c.nodes[0].saved};
    sink.counts = c.nodes[0].counts;
    in_flight = c.in_flight;
  }
  rig second(seed + 1, aligned_timeout_us, queue_bytes, ordered_step_us);
  second.tasks[0]->nodes().restore(0, sink);
  for (std::size_t i = 1; i < second.tasks.size(); ++i) second.tasks[i]->nodes().restore(0, {});
  if (!in_flight.empty()) {
    auto& to = static_cast<operator_task&>(*second.tasks[0]);
    const ordered_input::heir all{.schemas = {fake::number_schema()}, .keys = {{}}, .broadcast = {false}, .own = {}};
    const auto restored =
        to.ordered() ? to.ordered()->decode(in_flight, all) : to.restore_in_flight(in_flight, {fake::number_schema()});
    ASSERT_TRUE(restored) << restored.why().text();
  }
  // What the sink had and what waited in front of it is what the sources had read.
  const auto waiting =
      static_cast<std::int64_t>(static_cast<operator_task&>(*second.tasks[0]).gate().at(0).counters().pushed_batches +
                                static_cast<operator_task&>(*second.tasks[0]).gate().at(1).counters().pushed_batches +
                                static_cast<operator_task&>(*second.tasks[0]).gate().at(2).counters().pushed_batches);
  std::int64_t both[2];
  std::memcpy(both, sink.saved[0].data(), sizeof both);
  if (ordered_step_us == 0) {
    ASSERT_EQ(both[0] + waiting, read);
  }
  ASSERT_EQ(first.outside.visible, both[0]);
  *overtook = !in_flight.empty();

  second.begin(positions);
  second.run_until([&] { return second.sink_of_cuts.ended_tasks == second.tasks.size(); });
  second.tell({order_kind::begin, 9, model::cut_kind::checkpoint, false});
  second.run_until([&] { return second.all_taken(9); });
  const auto& last = *second.sink_of_cuts.cuts.at(second.tasks[0].get()).nodes[0].saved;
  std::memcpy(both, last.data(), sizeof both);
  EXPECT_EQ(both[0], 3 * second.plan.per_split);
  EXPECT_EQ(both[1], 3 * (second.plan.per_split * (second.plan.per_split - 1) / 2));
  for (auto* r : {&first, &second})
    for (auto& t : r->tasks) t->close();
}

TEST(Cut, DividesWhatFlowsInAnyScheduleWhenAligned) {
  bool any = false;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    bool overtook = false;
    cut_and_go_on(seed * 31, 3'600'000'000, 1 << 20, &overtook);
    any = any || overtook;
    if (HasFatalFailure()) return;
  }
  EXPECT_FALSE(any) << "nothing may wait in front of an aligned barrier";
}

TEST(Cut, DividesWhatFlowsInAnyScheduleWhenBarriersOvertake) {
  int overtaken = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    bool overtook = false;
    cut_and_go_on(seed * 17, 0, 4000, &overtook);
    overtaken += overtook;
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(overtaken, 100) << "the test must reach what it is about";
}

TEST(Cut, TakesWhatWaitsInFrontOfTheEndsOfAllInputs) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    bool overtook = false;
    cut_and_go_on(seed * 19, 0, 200'000, &overtook, 0, true);
    if (HasFatalFailure()) return;
    EXPECT_TRUE(overtook) << "it waited until everything was worked off";
  }
}

TEST(Cut, DividesWhatFlowsInAnyScheduleWhenRowsWaitForTheirTurn) {
  int waited = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    bool any = false;
    cut_and_go_on(seed * 13, 0, seed % 2 ? 4000 : 1 << 20, &any, 7);
    waited += any;
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(waited, 100) << "the test must reach what it is about";
}

TEST(Cut, AtLeastOnceWaitsForNobodyAndLosesNothing) {
  int more = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    rig r(seed, 0, 1 << 20);
    static_cast<operator_task&>(*r.tasks[0]).set_alignment(false, 0);
    r.begin();
    for (std::uint64_t i = 0; i < r.random() % 500; ++i) r.step();
    r.tell({order_kind::begin, 1, model::cut_kind::checkpoint, true});
    r.run_until([&] { return r.all_taken(1); });
    std::int64_t read = 0, had[2];
    for (const auto& [t, c] : r.sink_of_cuts.cuts) {
      for (const auto& s : c.splits) {
        std::int64_t next = 0;
        std::memcpy(&next, s.position.data(), 8);
        read += next;
      }
      if (t == r.tasks[0].get()) {
        std::memcpy(had, c.nodes[0].saved->data(), sizeof had);
        EXPECT_TRUE(c.in_flight.empty());
      }
    }
    ASSERT_GE(had[0], read) << "all that was read before the cut is in it";
    more += had[0] > read;
    for (auto& t : r.tasks) t->close();
  }
  EXPECT_GT(more, 50) << "and mostly some of what came behind it";
}

TEST(Cut, WhatAGivenUpCutHadPreparedBelongsToTheNextOne) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    rig r(seed, seed % 2 ? 0 : 3'600'000'000, 4000);
    r.begin();
    for (std::uint64_t i = 0; i < r.random() % 500; ++i) r.step();
    r.tell({order_kind::begin, 1, model::cut_kind::checkpoint, true});
    for (std::uint64_t i = 0; i < r.random() % 300; ++i) r.step();
    r.tell({order_kind::abort, 1, model::cut_kind::checkpoint, true});
    for (std::uint64_t i = 0; i < r.random() % 300; ++i) r.step();
    r.tell({order_kind::begin, 2, model::cut_kind::checkpoint, true});
    r.run_until([&] { return r.all_taken(2); });
    r.tell({order_kind::complete, 2, model::cut_kind::checkpoint, true});
    r.run_until([&] { return !r.outside.committed.empty(); });
    std::int64_t both[2];
    std::memcpy(both, r.sink_of_cuts.cuts.at(r.tasks[0].get()).nodes[0].saved->data(), sizeof both);
    ASSERT_EQ(r.outside.visible, both[0]);
    ASSERT_EQ(r.outside.committed, (std::vector<std::uint64_t>{2}));
    for (auto& t : r.tasks) t->close();
  }
}

TEST(Cut, OtherVersionsOfSourcesAndOfASinkGoOnBehindIt) {
  int exchanged_running = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    int old_alive = 0, new_alive = 0;
    rig r(seed, seed % 2 ? 0 : 3'600'000'000, 4000);
    r.plan.alive = &old_alive;
    r.begin();
    for (std::uint64_t i = r.random() % 700; i > 0; --i) r.step();
    const numbers_plan next_numbers{.alive = &new_alive};
    ledger next_outside;
    std::size_t changed = 0;
    for (auto& t : r.tasks) {
      auto work = std::make_unique<exchange_work>();
      work->cut = 5;
      if (t == r.tasks[0])
        work->nodes.push_back(t->nodes().prepare(0, spec_of(nullptr, &counting_sink(), &next_outside), 0).take());
      else
        work->source =
            static_cast<source_task&>(*t).prepare_next(spec_of(&resumable_source(), nullptr, &next_numbers)).take();
      work->done = [&](std::int64_t) { ++changed; };
      t->expect(std::move(work));
    }
    EXPECT_EQ(new_alive, 3) << "beside those that read";
    for (std::uint64_t i = r.random() % 50; i > 0; --i) r.step();
    r.tell({order_kind::begin, 5, model::cut_kind::swap, true});
    r.run_until([&] { return r.all_taken(5); });
    ASSERT_EQ(changed, r.tasks.size());
    exchanged_running += old_alive > 0 && r.sink_of_cuts.ended_tasks == 0;
    r.tell({order_kind::complete, 5, model::cut_kind::swap, true});
    r.run_until([&] { return r.sink_of_cuts.ended_tasks == r.tasks.size(); });
    r.tell({order_kind::begin, 9, model::cut_kind::checkpoint, false});
    r.run_until([&] { return r.all_taken(9); });
    r.tell({order_kind::complete, 9, model::cut_kind::checkpoint, false});
    r.tell({order_kind::finish, 9, model::cut_kind::checkpoint, false});
    r.run_until([&] { return r.outside.committed.size() + next_outside.committed.size() == 2; });
    EXPECT_EQ(r.outside.committed, (std::vector<std::uint64_t>{5})) << "by the one that had prepared it";
    EXPECT_EQ(next_outside.committed, (std::vector<std::uint64_t>{9}));
    EXPECT_EQ(next_outside.taken_over, (std::vector<std::uint64_t>{5}));
    EXPECT_EQ(r.outside.visible + next_outside.visible, 3 * r.plan.per_split);
    std::int64_t both[2];
    std::memcpy(both, r.sink_of_cuts.cuts.at(r.tasks[0].get()).nodes[0].saved->data(), sizeof both);
    EXPECT_EQ(both[1], 3 * (r.plan.per_split * (r.plan.per_split - 1) / 2)) << "each row once";
    for (auto& t : r.tasks) t->close();
    EXPECT_EQ(old_alive + new_alive, 0);
  }
  EXPECT_GT(exchanged_running, 100) << "the test must reach what it is about";
}

TEST(Cut, TasksThatHaveEndedAnswerAndLeaveWhenTheyAreTold) {
  rig r(3, 0, 1 << 20);
  r.begin();
  r.run_until([&] { return r.sink_of_cuts.ended_tasks == r.tasks.size(); });
  for (auto& t : r.tasks) EXPECT_EQ(t->step(), step_result::wait_input);
  r.tell({order_kind::begin, 1, model::cut_kind::checkpoint, true});
  r.run_until([&] { return r.all_taken(1); });
  r.tell({order_kind::complete, 1, model::cut_kind::checkpoint, true});
  r.tell({order_kind::finish, 1, model::cut_kind::checkpoint, true});
  for (auto& t : r.tasks) EXPECT_EQ(t->step(), step_result::finished);
  EXPECT_EQ(r.outside.visible, 3 * r.plan.per_split);
  for (auto& t : r.tasks) t->close();
}

}  // namespace
TEST(Cut, RowsThatWaitForTheirTurnDoNotHoldBackACutOfInputsThatHaveEnded) {
  rig r(1, 0, std::uint64_t{1} << 40, 50);
  r.begin();
  for (std::size_t i = 1; i < r.tasks.size(); ++i)
    while (r.tasks[i]->step() == step_result::worked) {
    }
  ASSERT_EQ(r.sink_of_cuts.ended_tasks, r.tasks.size() - 1);
  r.tell({order_kind::begin, 5, model::cut_kind::checkpoint, true});
  r.run_until([&] { return r.all_taken(5); });
  std::int64_t both[2];
  const auto& sink = r.sink_of_cuts.cuts.at(r.tasks[0].get());
  std::memcpy(both, sink.nodes[0].saved->data(), sizeof both);
  EXPECT_EQ(both[0], 0) << "rows that were given to the operator before the cut came";
  EXPECT_FALSE(sink.in_flight.empty());
}

}  // namespace weir::task
