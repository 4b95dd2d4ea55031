#include "model/buffer_pool.hpp"

#include <malloc.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#include "base/check.hpp"

#if defined(__SANITIZE_ADDRESS__)
#  include <sanitizer/asan_interface.h>
#endif

namespace weir::model {
namespace {

constexpr int buffer_classes = 16;  // 256 B << class
constexpr int small_objects = 16;   // 64 B * (class + 1)
constexpr int large_objects = 3;    // 2, 4, 8 KiB
constexpr int class_count = buffer_classes + small_objects + large_objects;
constexpr std::uint32_t straight = UINT32_MAX;
constexpr std::size_t smallest_buffer = 256;
constexpr std::size_t largest_buffer = smallest_buffer << (buffer_classes - 1);
constexpr std::size_t largest_object = 8192;
constexpr std::size_t absurd = std::size_t{1} << 40;
constexpr std::size_t chain_bytes = 256 << 10;  // moved between a thread and the global part at a time
constexpr std::size_t chain_blocks_max = 64;

constexpr std::size_t capacity_of(int c) { return smallest_buffer << c; }
constexpr std::array<std::size_t, class_count> block_bytes = [] {
  std::array<std::size_t, class_count> sizes{};
  for (int c = 0; c < buffer_classes; ++c) sizes[c] = sizeof(buffer) + capacity_of(c) + buffer_padding;
  for (int c = 0; c < small_objects; ++c) sizes[buffer_classes + c] = 64u * (c + 1);
  for (int c = 0; c < large_objects; ++c) sizes[buffer_classes + small_objects + c] = std::size_t{2048} << c;
  return sizes;
}();
constexpr std::array<std::uint32_t, class_count> chain_blocks = [] {
  std::array<std::uint32_t, class_count> counts{};
  for (int c = 0; c < class_count; ++c) {
    std::size_t n = chain_bytes / block_bytes[c];
    counts[c] = static_cast<std::uint32_t>(n < 1 ? 1 : n > chain_blocks_max ? chain_blocks_max : n);
  }
  return counts;
}();

int buffer_class(std::size_t bytes) {
  if (bytes <= smallest_buffer) return 0;
  return std::bit_width(bytes - 1) - std::bit_width(smallest_buffer - 1);
}
int object_class(std::size_t bytes) {
  if (bytes <= 64 * small_objects) return buffer_classes + static_cast<int>((bytes + 63) / 64) - 1;
  return buffer_classes + small_objects + static_cast<int>(std::bit_width((bytes - 1) >> 11));
}

struct free_block {
  free_block* next;
};
struct chain {
  free_block* head = nullptr;
  std::uint32_t count = 0;
};

/// A counter that one thread writes and others read.
class own_counter {
 public:
  void add(std::int64_t n) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::int64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Two chains a class: a thread that allocates and frees around a full or an empty chain does not go to the global part
/// each time.
struct thread_cache {
  chain active[class_count];
  chain spare[class_count];
  own_counter in_use, held;
};

struct global_part {
  struct shelf {
    std::mutex mutex;
    std::vector<chain> chains;
  };
  shelf shelves[class_count];
  std::mutex threads_mutex;
  std::vector<thread_cache*> threads;
  std::atomic<std::int64_t> in_use{0}, held{0};  // of threads that have ended
};

global_part& global() {
  static auto* part = new global_part;  // never destroyed: buffers may be released while the process ends
  return *part;
}

void poison([[maybe_unused]] free_block* b, [[maybe_unused]] int c) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_POISON_MEMORY_REGION(b + 1, block_bytes[c] - sizeof(free_block));
#endif
}
void unpoison([[maybe_unused]] void* b, [[maybe_unused]] int c) {
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(b, block_bytes[c]);
#endif
}

void shelve(int c, chain& what) {
  if (!what.head) return;
  auto& shelf = global().shelves[c];
  std::lock_guard lock(shelf.mutex);
  shelf.chains.push_back(what);
  what = {};
}
chain unshelve(int c) {
  auto& shelf = global().shelves[c];
  std::lock_guard lock(shelf.mutex);
  if (shelf.chains.empty()) return {};
  chain got = shelf.chains.back();
  shelf.chains.pop_back();
  return got;
}

constinit thread_local thread_cache* my_cache = nullptr;
constinit thread_local bool ended = false;

void flush(thread_cache& t) {
  for (int c = 0; c < class_count; ++c) {
    shelve(c, t.active[c]);
    shelve(c, t.spare[c]);
  }
}

/// Lives as long as the thread; buffers that are released by later thread_local destructors go to the global part.
struct thread_end {
  ~thread_end() {
    thread_cache* t = std::exchange(my_cache, nullptr);
    ended = true;
    if (!t) return;
    flush(*t);
    global_part& g = global();
    std::lock_guard lock(g.threads_mutex);
    std::erase(g.threads, t);
    g.in_use += t->in_use.get();
    g.held += t->held.get();
    delete t;
  }
};

thread_cache* attach() {
  if (ended) return nullptr;
  thread_local thread_end at_end;
  (void)at_end;
  my_cache = new thread_cache;
  std::lock_guard lock(global().threads_mutex);
  global().threads.push_back(my_cache);
  return my_cache;
}
thread_cache* cache() {
  thread_cache* t = my_cache;
  return __builtin_expect(t != nullptr, 1) ? t : attach();
}

void count(thread_cache* t, std::int64_t in_use, std::int64_t held) {
  if (t) {
    if (in_use) t->in_use.add(in_use);
    if (held) t->held.add(held);
  } else {
    global().in_use += in_use;
    global().held += held;
  }
}

void* from_system(thread_cache* t, std::size_t bytes) {
  void* p = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (p) count(t, static_cast<std::int64_t>(bytes), static_cast<std::int64_t>(bytes));
  return p;
}

[[gnu::noinline]] void* take_slow(thread_cache* t, int c) {
  chain got;
  if (t && t->spare[c].head) {
    got = std::exchange(t->spare[c], {});
  } else {
    got = unshelve(c);
  }
  if (!got.head) return from_system(t, block_bytes[c]);
  free_block* b = got.head;
  got = {b->next, got.count - 1};
  if (t) {
    t->active[c] = got;
  } else {
    shelve(c, got);
  }
  unpoison(b, c);
  count(t, static_cast<std::int64_t>(block_bytes[c]), 0);
  return b;
}

void* take(int c) {
  thread_cache* t = cache();
  if (__builtin_expect(!t || !t->active[c].head, 0)) return take_slow(t, c);
  chain& a = t->active[c];
  free_block* b = a.head;
  unpoison(b, c);
  a.head = b->next;
  --a.count;
  t->in_use.add(static_cast<std::int64_t>(block_bytes[c]));
  return b;
}

void give(void* p, int c) noexcept {
  thread_cache* t = cache();
  auto* b = static_cast<free_block*>(p);
  if (__builtin_expect(!t, 0)) {
    chain one{b, 1};
    b->next = nullptr;
    poison(b, c);
    shelve(c, one);
    count(nullptr, -static_cast<std::int64_t>(block_bytes[c]), 0);
    return;
  }
  chain& a = t->active[c];
  if (__builtin_expect(a.count >= chain_blocks[c], 0)) {
    shelve(c, t->spare[c]);
    t->spare[c] = std::exchange(a, {});
  }
  b->next = a.head;
  poison(b, c);
  a.head = b;
  ++a.count;
  t->in_use.add(-static_cast<std::int64_t>(block_bytes[c]));
}

}  // namespace

buffer_ref buffer_pool::allocate(std::size_t bytes) noexcept {
  if (bytes > largest_buffer) {
    if (bytes > absurd) return nullptr;
    const std::size_t capacity = (bytes + 4095) / 4096 * 4096;
    void* p = from_system(cache(), sizeof(buffer) + capacity + buffer_padding);
    return p ? buffer_ref::adopt(new (p) buffer(straight, capacity)) : nullptr;
  }
  const int c = buffer_class(bytes);
  void* p = take(c);
  if (!p) return nullptr;
  return buffer_ref::adopt(new (p) buffer(static_cast<std::uint32_t>(c), capacity_of(c)));
}

buffer_ref buffer_pool::must_allocate(std::size_t bytes) {
  buffer_ref b = allocate(bytes);
  WEIR_CHECK(b, "out of memory: cannot allocate ", bytes, " bytes for a batch");
  return b;
}

void buffer::give_back(buffer* b) noexcept {
  if (b->class_ != straight) return give(b, static_cast<int>(b->class_));
  const auto bytes = static_cast<std::int64_t>(b->footprint());
  std::free(b);
  count(cache(), -bytes, -bytes);
}

buffer_pool::statistics buffer_pool::stats() noexcept {
  global_part& g = global();
  std::lock_guard lock(g.threads_mutex);
  statistics sum{g.in_use.load(), g.held.load()};
  for (const thread_cache* t : g.threads) {
    sum.in_use += t->in_use.get();
    sum.held += t->held.get();
  }
  return sum;
}

void buffer_pool::flush_thread() noexcept {
  if (my_cache) flush(*my_cache);
}

void buffer_pool::trim() noexcept {
  flush_thread();
  for (int c = 0; c < class_count; ++c) {
    for (chain got = unshelve(c); got.head; got = unshelve(c)) {
      for (free_block* b = got.head; b != nullptr;) {
        free_block* next = b->next;
        unpoison(b, c);
        std::free(b);
        count(cache(), 0, -static_cast<std::int64_t>(block_bytes[c]));
        b = next;
      }
    }
  }
  malloc_trim(0);
}

void* buffer_pool::allocate_object(std::size_t bytes) {
  void* p = bytes > largest_object ? from_system(cache(), bytes) : take(object_class(bytes));
  WEIR_CHECK(p, "out of memory: cannot allocate an object of ", bytes, " bytes");
  return p;
}

void buffer_pool::free_object(void* p, std::size_t bytes) noexcept {
  if (bytes <= largest_object) return give(p, object_class(bytes));
  std::free(p);
  count(cache(), -static_cast<std::int64_t>(bytes), -static_cast<std::int64_t>(bytes));
}

}  // namespace weir::model
