// The contract checker on keyed state, timers and cuts: one small breach each, and the side that it names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <weir/ext/draft/snapshot.h>
#include <weir/ext/draft/timers.h>
#include <weir/ext/draft/two_phase.h>

#include <cstring>
#include <functional>
#include <weir/test/bench.hpp>

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using weir::test::finding;
using weir::test::side;

namespace {

// State 0 "number" holds an int64, 1 "text" bytes; timers "end". Port 0 has the key "n", port 1 has none.
struct call {
  const weir_host* host;
  const weir_state_host* state;
  const weir_timers_host* timers;
  weir_context* context;
  const weir_batch* batch;

  // The slots of all rows.
  [[nodiscard]] std::vector<weir_slot*> slots(std::uint32_t number = 0, std::int64_t name_space = 0) const {
    std::vector<weir_slot*> out(static_cast<std::size_t>(batch->row_count));
    const std::vector<std::int64_t> spaces(out.size(), name_space);
    state->slots(context, number, batch, nullptr, batch->row_count, spaces.data(), WEIR_SLOTS_CREATE, out.data());
    return out;
  }
  void write(weir_slot* s, std::int64_t v) const {
    if (s->epoch != state->epoch(context)) state->touch(context, 0, s);
    s->flags |= WEIR_SLOT_PRESENT;
    std::memcpy(s + 1, &v, sizeof v);
  }
};
using script = std::function<weir_code(const call&)>;
script now;
call the;

const weir::schema columns{{{.name = "n", .kind = weir::type::int64, .nullable = false}}};

weir_operator scripted() {
  weir_operator op{};
  op.struct_size = sizeof op;
  op.input_count = 2;
  op.type = "scripted";
  op.summary = "";
  op.bind = [](const weir_host* host, weir_bind* b, void** plan) {
    *plan = nullptr;
    const auto* s = static_cast<const weir_state_host*>(host->extension(WEIR_EXT_STATE));
    const weir::detail::arrow_schema value{columns};
    weir_state_declaration d{};
    d.struct_size = sizeof d;
    d.value = value.get();
    d.name = "number";
    d.value_size = 8;
    s->declare(b, &d);
    d.name = "text";
    d.kind = WEIR_STATE_BYTES;
    s->declare(b, &d);
    static_cast<const weir_timers_host*>(host->extension(WEIR_EXT_TIMERS))->declare(b, "end", WEIR_TIMER_EVENT_TIME);
    return WEIR_OK;
  };
  op.create = [](const weir_host* host, weir_context*, const void*, void** self) {
    the.host = host;
    the.state = static_cast<const weir_state_host*>(host->extension(WEIR_EXT_STATE));
    the.timers = static_cast<const weir_timers_host*>(host->extension(WEIR_EXT_TIMERS));
    *self = &the;
    return WEIR_OK;
  };
  op.destroy = [](void*) {};
  op.process = [](void*, weir_context* c, const weir_batch* b) {
    the.context = c;
    the.batch = b;
    return now(the);
  };
  op.extension = [](const char* id) -> const void* {
    static constexpr weir_timers timers{sizeof timers, 0,
                                        [](void*, weir_context*, std::uint32_t, const weir_batch*) { return WEIR_OK; }};
    static constexpr weir_two_phase phases{sizeof phases,
                                           0,
                                           [](void*, weir_context*, std::uint64_t, weir_bytes*) { return WEIR_OK; },
                                           [](void*, weir_context*, std::uint64_t, weir_view) { return WEIR_OK; },
                                           [](void*, weir_context*, std::uint64_t, weir_view) { return WEIR_OK; },
                                           [](void*, weir_context*, std::uint64_t, weir_view) { return WEIR_OK; }};
    if (!std::strcmp(id, WEIR_EXT_TIMERS)) return &timers;
    return std::strcmp(id, WEIR_EXT_TWO_PHASE) ? nullptr : &phases;
  };
  return op;
}

class keyed {
 public:
  keyed() { bench.collect_findings(); }
  weir::test::owned_batch make(const std::vector<std::int64_t>& numbers, std::uint32_t port = 0) {
    weir::test::owned_batch b;
    b.columns_of = columns;
    b.length = static_cast<std::int64_t>(numbers.size());
    ArrowArray raw{};
    const void* buffers[] = {nullptr, numbers.data()};
    raw.n_buffers = 2;
    raw.buffers = buffers;
    b.columns.push_back(weir::test::owned_column::copy(columns[0], raw, b.length, 64));
    b.port = port;
    if (port) return b;
    b.key = {0};
    b.key_hash.assign(numbers.size(), 1);
    return b;
  }
  // What is found when process() is this.
  std::vector<std::string> run(script f, std::uint32_t port = 0) {
    now = std::move(f);
    auto b = make({1, 2, 3, 4, 5}, port);
    const auto raw = b.raw();
    bench.task().batch = &b;
    return found([&] { return bench.ops().process(bench.self(), bench.task().raw(), &raw); });
  }
  std::vector<std::string> found(const std::function<weir_code()>& f) {
    try {
      bench.call("process", f);
    } catch (const weir::test::call_failed&) {
    }
    std::vector<std::string> out;
    for (const auto& each : std::exchange(bench.findings(), {}))
      out.push_back((each.guilty == side::plugin ? "plugin " : "host ") + each.rule + ": " + each.what);
    return out;
  }
  weir_operator op = scripted();
  weir::test::bench<weir_operator> bench{op, {}, {{columns, "", {0}}, {columns}}};
};
// A breach by the plugin, which passes the refusal on.
void expect_refused(script f, const std::string& what, std::uint32_t port = 0) {
  keyed k;
  EXPECT_THAT(k.run(std::move(f), port), ElementsAre(HasSubstr(what))) << what;
}

TEST(KeyedChecker, FindsNothingInAGoodPlugin) {
  keyed k;
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(k.run([](const call& c) {
      for (auto* s : c.slots()) c.write(s, 7);
      for (auto* s : c.slots(1)) c.state->bytes_put(c.context, 1, s, {"abc", 3});
      const std::vector<std::int64_t> times(5, 100);
      return c.timers->set(c.context, 0, c.batch, nullptr, times.data(), 5);
    }),
                IsEmpty());
    k.bench.task().state->cut();
  }
}
TEST(KeyedChecker, AStateOrTimersThatWereNotDeclared) {
  expect_refused(
      [](const call& c) {
        weir_slot* out[5];
        return c.state->slots(c.context, 2, c.batch, nullptr, 5, nullptr, 0, out);
      },
      "plugin state: state 2 was not declared by bind, which declared 2");
  expect_refused(
      [](const call& c) {
        const std::int64_t times[5] = {};
        return c.timers->set(c.context, 1, c.batch, nullptr, times, 5);
      },
      "plugin timers: family 1 was not declared");
}
TEST(KeyedChecker, ABatchOfAnotherCall) {
  expect_refused(
      [](const call& c) {
        const weir_batch other = *c.batch;
        weir_slot* out[5];
        return c.state->slots(c.context, 0, &other, nullptr, 5, nullptr, 0, out);
      },
      "plugin state: the batch is not one of this call");
}
TEST(KeyedChecker, RowsThatTheBatchDoesNotHave) {
  expect_refused(
      [](const call& c) {
        const std::uint32_t rows[] = {4, 0, 5};
        weir_slot* out[3];
        return c.state->slots(c.context, 0, c.batch, rows, 3, nullptr, 0, out);
      },
      "plugin rows: row 5 is out of range");
  expect_refused(
      [](const call& c) {
        weir_slot* out[3];
        return c.state->slots(c.context, 0, c.batch, nullptr, 3, nullptr, 0, out);
      },
      "plugin rows: without row indexes the count must be the batch's 5, not 3");
}
TEST(KeyedChecker, AWriteWithoutTouchAfterACut) {
  keyed k;
  const script careless = [](const call& c) {
    auto* s = c.slots()[0];
    s->flags |= WEIR_SLOT_PRESENT;
    ++*reinterpret_cast<std::int64_t*>(s + 1);
    return WEIR_OK;
  };
  EXPECT_THAT(k.run([](const call& c) { return c.write(c.slots()[0], 1), WEIR_OK; }), IsEmpty());
  EXPECT_THAT(k.run(careless), IsEmpty());  // touched since the last cut
  k.bench.task().state->cut();
  EXPECT_THAT(k.run(careless),
              ElementsAre(HasSubstr("plugin state: a value of state 'number' is written without touch")));
}
TEST(KeyedChecker, AWriteBeforeItsTouch) {
  keyed k;
  EXPECT_THAT(k.run([](const call& c) {
    auto* s = c.slots()[0];
    ++*reinterpret_cast<std::int64_t*>(s + 1);
    s->flags |= WEIR_SLOT_PRESENT;
    return c.state->touch(c.context, 0, s);
  }),
              ElementsAre(HasSubstr("is written without touch")));
}
TEST(KeyedChecker, AnEpochThatThePluginWrites) {
  keyed k;
  EXPECT_THAT(k.run([](const call& c) {
    c.slots()[0]->epoch = c.state->epoch(c.context);
    return WEIR_OK;
  }),
              ElementsAre(HasSubstr("plugin state: it writes the epoch of a slot")));
}
TEST(KeyedChecker, AValueThatIsNotMarkedAsPresent) {
  keyed k;
  EXPECT_THAT(k.run([](const call& c) {
    auto* s = c.slots()[0];
    c.write(s, 7);
    s->flags = 0;
    return WEIR_OK;
  }),
              ElementsAre(HasSubstr("has no WEIR_SLOT_PRESENT")));
}
TEST(KeyedChecker, ASlotOfAnEarlierCallOrOfADroppedNameSpace) {
  keyed k;
  weir_slot* kept = nullptr;
  EXPECT_THAT(k.run([&](const call& c) { return c.write(kept = c.slots()[0], 1), WEIR_OK; }), IsEmpty());
  EXPECT_THAT(k.run([&](const call& c) { return c.state->touch(c.context, 0, kept); }),
              ElementsAre(HasSubstr("plugin state: the slot is none of this call")));
  EXPECT_THAT(k.run([&](const call& c) {
    kept = c.slots(0, 7)[0];
    c.state->drop(c.context, 0, 8);
    c.write(kept, 1);
    c.state->drop(c.context, 0, 7);
    return c.state->clear(c.context, 0, kept);
  }),
              ElementsAre(HasSubstr("plugin state: the slot is none of this call")));
}
TEST(KeyedChecker, ASlotOfAnotherStateOrKind) {
  expect_refused([](const call& c) { return c.state->touch(c.context, 1, c.slots()[0]); },
                 "plugin state: the slot belongs to state 'number', not to state 'text'");
  expect_refused(
      [](const call& c) {
        return c.state->bytes_put(c.context, 0, c.slots()[0], {"", 0});
      },
      "plugin state: state 'number' is of another kind");
}
TEST(KeyedChecker, SlotsMadeAndDropsBetweenTwoPartsOfAScan) {
  const auto begin = [](const call& c) {
    for (auto* s : c.slots()) c.write(s, 1);
    std::uint64_t cursor = 0;
    const weir_batch* keys = nullptr;
    weir_slot** out = nullptr;
    EXPECT_EQ(c.state->scan(c.context, 0, 0, &cursor, &keys, &out), WEIR_OK);
    EXPECT_NE(cursor, 0u);
  };
  expect_refused(
      [&](const call& c) {
        begin(c);
        weir_slot* out[5];
        return c.state->slots(c.context, 0, c.batch, nullptr, 5, nullptr, WEIR_SLOTS_CREATE, out);
      },
      "between two parts of a scan");
  expect_refused(
      [&](const call& c) {
        begin(c);
        return c.state->drop(c.context, 0, 0);
      },
      "between two parts of a scan");
  keyed k;
  EXPECT_THAT(k.run([&](const call& c) {
    begin(c);
    weir_slot* out[5];
    return c.state->slots(c.context, 0, c.batch, nullptr, 5, nullptr, 0, out);
  }),
              IsEmpty());
}
TEST(KeyedChecker, TimersFromAPortWithoutAKey) {
  expect_refused(
      [](const call& c) {
        const std::int64_t times[5] = {};
        return c.timers->set(c.context, 0, c.batch, nullptr, times, 5);
      },
      "plugin timers: input port 1 has no key", 1);
}
TEST(KeyedChecker, ARefusalThatIsLost) {
  keyed k;
  EXPECT_THAT(k.run([](const call& c) {
    c.state->touch(c.context, 9, nullptr);
    return WEIR_OK;
  }),
              ElementsAre(HasSubstr("was not declared"), HasSubstr("touch returned the error")));
}

// ---- the host's side
TEST(KeyedChecker, AHostWhoseTimersDoNotAscend) {
  keyed k;
  auto b = k.make({1, 2});
  const auto fire = [&](std::uint32_t family) {
    const auto raw = b.raw();
    const auto* t = k.bench.offered<weir_timers>(WEIR_EXT_TIMERS);
    return k.found([&] { return t->on_timers(k.bench.self(), k.bench.task().raw(), family, &raw); });
  };
  EXPECT_THAT(fire(0), ElementsAre(HasSubstr("host timers: the batch has no times")));
  b.event_time = {1, 2};
  EXPECT_THAT(fire(0), IsEmpty());
  EXPECT_THAT(fire(3), ElementsAre(HasSubstr("host timers: family 3 was not declared")));
  b.event_time = {2, 1};
  EXPECT_THAT(fire(0), ElementsAre(HasSubstr("host timers: the times do not ascend")));
}
TEST(KeyedChecker, AHostThatForgetsTheHashOfAKey) {
  keyed k;
  now = [](const call&) { return WEIR_OK; };
  auto b = k.make({1});
  b.key_hash.clear();
  const auto raw = b.raw();
  EXPECT_THAT(k.found([&] { return k.bench.ops().process(k.bench.self(), k.bench.task().raw(), &raw); }),
              ElementsAre(HasSubstr("host batch: input port 0 has a key, but the batch has no key_hash")));
}
TEST(KeyedChecker, AHostThatMixesItsCutsUp) {
  keyed k;
  const auto* p = k.bench.offered<weir_two_phase>(WEIR_EXT_TWO_PHASE);
  auto* self = k.bench.self();
  auto* c = k.bench.task().raw();
  std::string bytes;
  auto* to = reinterpret_cast<weir_bytes*>(&bytes);
  EXPECT_THAT(k.found([&] { return p->prepare(self, c, 7, to); }), IsEmpty());
  EXPECT_THAT(k.found([&] { return p->prepare(self, c, 7, to); }),
              ElementsAre(HasSubstr("host cut: cut 7 comes after cut 7")));
  EXPECT_THAT(k.found([&] { return p->commit(self, c, 8, {}); }),
              ElementsAre(HasSubstr("host cut: cut 8 was not prepared")));
  EXPECT_THAT(k.found([&] { return p->commit(self, c, 7, {}); }), IsEmpty());
  EXPECT_THAT(k.found([&] { return p->commit(self, c, 7, {}); }), IsEmpty());  // commits may come again
  EXPECT_THAT(k.found([&] { return p->abort(self, c, 9, {}); }),
              ElementsAre(HasSubstr("host cut: cut 9 was not prepared")));
}
}  // namespace
