// The harness's own state, timers and cuts, on an operator that talks to the C tables by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <weir/ext/draft/state.h>
#include <weir/ext/draft/timers.h>

#include <cstring>
#include <weir/operator.hpp>
#include <weir/test/harness.hpp>

using namespace std::chrono_literals;
using testing::ElementsAre;

namespace {
struct event {
  std::string account;
  std::int64_t amount;
};
struct total {
  std::int64_t sum;
  friend bool operator==(const total&, const total&) = default;
};
WEIR_RECORD(event, account, amount)
WEIR_RECORD(total, sum)

// Sums per account; a timer 10 s after each event gives the sum out and forgets it.
struct plan {};
const weir_host* host;
const weir_state_host* state;
const weir_timers_host* timers;

weir_code bind(const weir_host* h, weir_bind* b, void** out) {
  const auto* s = static_cast<const weir_state_host*>(h->extension(WEIR_EXT_STATE));
  const auto* t = static_cast<const weir_timers_host*>(h->extension(WEIR_EXT_TIMERS));
  const weir::detail::arrow_schema columns{weir::schema_of<total>()};
  weir_state_declaration d{};
  d.struct_size = sizeof d;
  d.kind = WEIR_STATE_VALUE;
  d.name = "sum";
  d.value = columns.get();
  d.value_size = 8;
  EXPECT_EQ(s->declare(b, &d), 0);
  EXPECT_EQ(t->declare(b, "end", WEIR_TIMER_EVENT_TIME), 0);
  *out = new plan;
  return h->bind_output(b, {"", 0}, columns.get(), nullptr);
}
weir_code create(const weir_host* h, weir_context*, const void*, void** self) {
  host = h;
  state = static_cast<const weir_state_host*>(h->extension(WEIR_EXT_STATE));
  timers = static_cast<const weir_timers_host*>(h->extension(WEIR_EXT_TIMERS));
  *self = new plan;
  return WEIR_OK;
}
std::int64_t& number(weir_slot* s) { return *reinterpret_cast<std::int64_t*>(s + 1); }

weir_code process(void*, weir_context* c, const weir_batch* b) {
  std::vector<weir_slot*> slots(static_cast<std::size_t>(b->row_count));
  const auto code = state->slots(c, 0, b, nullptr, b->row_count, nullptr, WEIR_SLOTS_CREATE, slots.data());
  if (code < 0) return code;
  const auto* amounts = static_cast<const std::int64_t*>(b->columns[1]->buffers[1]);
  std::vector<std::int64_t> times;
  for (std::size_t k = 0; k < slots.size(); ++k) {
    const auto row = b->rows ? b->rows[k] : k;
    if (slots[k]->epoch != state->epoch(c)) state->touch(c, 0, slots[k]);
    slots[k]->flags |= WEIR_SLOT_PRESENT;
    number(slots[k]) += amounts[row];
    times.push_back(b->event_time[row] + 10'000'000);
  }
  return timers->set(c, 0, b, nullptr, times.data(), b->row_count);
}
weir_code on_timers(void*, weir_context* c, std::uint32_t, const weir_batch* fired) {
  std::vector<weir_slot*> slots(static_cast<std::size_t>(fired->row_count));
  auto code = state->slots(c, 0, fired, nullptr, fired->row_count, nullptr, 0, slots.data());
  if (code < 0) return code;
  auto* out = host->build(c, 0, fired->row_count);
  for (std::uint32_t k = 0; k < slots.size(); ++k) {
    if (!slots[k] || !(slots[k]->flags & WEIR_SLOT_PRESENT)) continue;
    static_cast<std::int64_t*>(out->columns[0].values)[out->length] = number(slots[k]);
    out->parent[out->length++] = k;
    if ((code = state->clear(c, 0, slots[k])) < 0) return code;
  }
  return host->emit(c, out, WEIR_EMIT_PARENTS);
}
const weir_timers on{sizeof on, 0, &on_timers};

weir_operator summing() {
  weir_operator op{};
  op.struct_size = sizeof op;
  op.flags = WEIR_SELECTIONS;
  op.input_count = 1;
  op.type = "summing";
  op.summary = "";
  op.bind = &bind;
  op.unbind = [](void* p) { delete static_cast<plan*>(p); };
  op.create = &create;
  op.destroy = [](void* p) { delete static_cast<plan*>(p); };
  op.process = &process;
  op.extension = [](const char* id) -> const void* { return std::strcmp(id, WEIR_EXT_TIMERS) ? nullptr : &on; };
  return op;
}
using harness = weir::test::table_harness<event, total>;
const weir::test::key by_account{"account"};

TEST(KeyedHarness, KeepsStateByKeyAndFiresTimersInOrder) {
  const auto op = summing();
  harness h{op, {}, by_account};
  h.push({"ann", 1}, 1s);
  h.push({"bob", 10}, 2s);
  h.push({"ann", 2}, 3s);
  EXPECT_EQ(h.state_count("sum"), 2u);
  EXPECT_EQ(h.timer_count("end"), 3u);
  h.watermark(12s);
  const auto rows = h.take_rows();
  ASSERT_EQ(rows.size(), 2u);  // ann's at 11 s with all of ann, bob's at 12 s
  EXPECT_EQ(rows[0].value.sum, 3);
  EXPECT_EQ(rows[0].at, weir::time{11s});
  EXPECT_EQ(rows[1].value.sum, 10);
  h.watermark(13s);
  EXPECT_TRUE(h.take().empty());
  EXPECT_EQ(h.state_count("sum"), 0u);
  EXPECT_EQ(h.timer_count("end"), 0u);
}

TEST(KeyedHarness, GoesOnFromACutInAnotherInstance) {
  const auto op = summing();
  harness h{op, {}, by_account};
  h.push_all<event>({{"ann", 1}, {"bob", 2}, {"ann", 3}});
  const auto cut = h.cut();
  h.push({"ann", 100});
  h.restore(cut);
  h.push({"bob", 1}, 1s);
  const auto second = h.cut();
  harness other{op, {}, by_account};
  other.restore(second);
  other.watermark(10s);
  EXPECT_THAT(other.take(), ElementsAre(total{4}, total{3}));
}

TEST(KeyedHarness, WithoutAKeyHasOneState) {
  const auto op = summing();
  harness h{op};
  h.sparse = true;
  h.push_all<event>({{"ann", 1}, {"bob", 2}});
  h.end();
  EXPECT_THAT(h.take(), ElementsAre(total{3}));
}
}  // namespace
