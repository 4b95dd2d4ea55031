#include "exchange/gate.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace weir::exchange {
namespace {

struct counting_waker final : waker {
  std::atomic<int> woken{0};
  void wake() noexcept override { ++woken; }
};

model::message mark(std::int64_t t) { return model::watermark{t, model::activity::active}; }
const auto one = static_cast<std::uint64_t>(mark(0).bytes());

TEST(Gate, HandsOutEachChannelsMessagesInOrderAndChannelsInTurn) {
  counting_waker consumer;
  gate g(consumer);
  channel& a = g.open(0, 1000, nullptr);
  channel& b = g.open(1, 1000, nullptr);
  for (int i = 0; i < 3; ++i) a.push(mark(i));
  b.push(mark(100));
  std::vector<std::int64_t> from_a;
  std::vector<std::uint32_t> order;
  while (auto next = g.poll()) {
    order.push_back(next->channel);
    if (next->channel == 0) from_a.push_back(next->what.watermark().time);
  }
  EXPECT_EQ(from_a, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(order, (std::vector<std::uint32_t>{0, 1, 0, 0}))
      << "channel 1 waits for one message of channel 0, not for all";
  EXPECT_EQ(consumer.woken, 4);
  EXPECT_EQ(g.depth(), 0u);
}

TEST(Gate, TellsAProducerThatItIsFullAndWakesItWhenHalfIsGone) {
  counting_waker consumer, producer;
  gate g(consumer);
  channel& c = g.open(0, 4 * one, &producer);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(c.has_room());
    c.push(mark(i));
  }
  EXPECT_FALSE(c.has_room());
  ASSERT_TRUE(g.poll());
  EXPECT_EQ(producer.woken, 0) << "three quarters full";
  ASSERT_TRUE(g.poll());
  EXPECT_EQ(producer.woken, 1);
  EXPECT_TRUE(c.has_room());
  ASSERT_TRUE(g.poll());
  EXPECT_EQ(producer.woken, 1) << "it does not wait any more";
}

TEST(Gate, TakesWhatIsPushedBeyondTheBoundBecauseAStepNeverBlocks) {
  counting_waker consumer;
  gate g(consumer);
  channel& c = g.open(0, one, nullptr);
  for (int i = 0; i < 100; ++i) c.push(mark(i));
  EXPECT_FALSE(c.has_room());
  EXPECT_EQ(g.depth(), 100u);
}

TEST(Gate, LosesNoMessageAndNoWakeBetweenThreads) {
  counting_waker consumer;
  struct : waker {
    std::mutex m;
    std::condition_variable changed;
    bool on = false;
    void wake() noexcept override {
      {
        std::lock_guard lock(m);
        on = true;
      }
      changed.notify_one();
    }
    void wait() {
      std::unique_lock lock(m);
      changed.wait(lock, [&] { return on; });
      on = false;
    }
  } producer;
  gate g(consumer);
  channel& c = g.open(0, 8 * one, &producer);
  constexpr std::int64_t count = 50'000;
  std::thread sender([&] {
    for (std::int64_t i = 0; i < count; ++i) {
      while (!c.has_room()) producer.wait();  // a lost wake hangs here
      c.push(mark(i));
    }
  });
  for (std::int64_t i = 0; i < count;) {
    auto next = g.poll();
    if (!next) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(next->what.watermark().time, i++);
  }
  sender.join();
}

}  // namespace
}  // namespace weir::exchange
