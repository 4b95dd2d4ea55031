#include "model/buffer_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace weir::model {
namespace {

TEST(BufferPool, GivesAlignedMemoryWithRoomBehindIt) {
  for (std::size_t bytes :
       {0u, 1u, 255u, 256u, 257u, 4096u, 8192u, 8193u, 1u << 20, 8u << 20, (8u << 20) + 1, 20u << 20}) {
    const buffer_ref b = buffer_pool::allocate(bytes);
    ASSERT_TRUE(b);
    EXPECT_GE(b->capacity(), bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b->data()) % 64, 0u);
    std::memset(b->data(), 0x5a, b->capacity() + buffer_padding);  // a sanitizer sees when it is not ours
  }
}

TEST(BufferPool, RefusesAbsurdSizes) { EXPECT_FALSE(buffer_pool::allocate(std::size_t{1} << 50)); }

TEST(BufferPool, CountsWhatIsInUse) {
  const auto before = buffer_pool::stats();
  {
    const buffer_ref a = buffer_pool::allocate(1000);
    const buffer_ref shared = a;
    EXPECT_EQ(buffer_pool::bytes_in_use() - before.in_use, static_cast<std::int64_t>(a->footprint()));
    EXPECT_EQ(a->footprint(), 1024u + 64 + 64);
    EXPECT_FALSE(a->unique());
    const buffer_ref large = buffer_pool::allocate(10 << 20);
    EXPECT_GE(buffer_pool::bytes_in_use() - before.in_use, 10 << 20);
  }
  EXPECT_EQ(buffer_pool::bytes_in_use(), before.in_use);
}

TEST(BufferPool, UsesFreedMemoryAgainUntilItIsTrimmed) {
  std::byte* first = buffer_pool::allocate(5000)->data();
  EXPECT_EQ(buffer_pool::allocate(5000)->data(), first);
  {
    std::vector<buffer_ref> many;
    for (int i = 0; i < 1000; ++i) many.push_back(buffer_pool::allocate(5000));
  }
  const auto before = buffer_pool::stats();
  buffer_pool::trim();
  const auto after = buffer_pool::stats();
  EXPECT_EQ(after.in_use, before.in_use);
  EXPECT_LE(after.held, before.held - 1000 * 5000);
}

TEST(BufferPool, PassesMemoryOnFromTheThreadThatFreesToTheOneThatAllocates) {
  const std::int64_t before = buffer_pool::bytes_in_use();
  std::int64_t held = 0;
  for (int round = 0; round < 5; ++round) {
    std::vector<buffer_ref> made;
    for (int i = 0; i < 500; ++i) {
      made.push_back(buffer_pool::allocate(2000));
      made.back()->as<int>()[0] = i;
    }
    std::thread([&] {
      for (int i = 0; i < 500; ++i) ASSERT_EQ(made[static_cast<std::size_t>(i)]->as<int>()[0], i);
      made.clear();
    }).join();
    if (round == 0) held = buffer_pool::stats().held;
  }
  EXPECT_EQ(buffer_pool::bytes_in_use(), before);
  EXPECT_LT(buffer_pool::stats().held, held + 100 * 2048);  // later rounds live on the memory of the first
}

TEST(BufferPool, StaysWholeWhenManyThreadsShareBuffers) {
  const std::int64_t before = buffer_pool::bytes_in_use();
  std::vector<buffer_ref> shared;
  for (int i = 0; i < 64; ++i) {
    shared.push_back(buffer_pool::allocate(300));
    std::memset(shared.back()->data(), i, 300);
  }
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([mine = shared, t]() mutable {
      std::mt19937 r(t);
      std::vector<buffer_ref> own;
      for (int i = 0; i < 20000; ++i) {
        const buffer_ref& b = mine[r() % mine.size()];
        const buffer_ref copy = b;
        ASSERT_EQ(copy->data()[0], copy->data()[299]);
        own.push_back(buffer_pool::allocate(std::size_t{1} << (r() % 14)));
        std::memset(own.back()->data(), static_cast<int>(i), own.back()->capacity());
        if (own.size() > 50) own.erase(own.begin(), own.begin() + r() % 50);
      }
    });
  }
  shared.clear();
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(buffer_pool::bytes_in_use(), before);
}

TEST(BufferPool, GivesObjectsOfAllSizes) {
  const std::int64_t before = buffer_pool::bytes_in_use();
  std::vector<std::pair<void*, std::size_t>> all;
  for (std::size_t n = 1; n < 20000; n += n < 1100 ? 13 : 977) {
    void* p = buffer_pool::allocate_object(n);
    std::memset(p, 1, n);
    all.emplace_back(p, n);
  }
  for (auto [p, n] : all) buffer_pool::free_object(p, n);
  EXPECT_EQ(buffer_pool::bytes_in_use(), before);
}

}  // namespace
}  // namespace weir::model
