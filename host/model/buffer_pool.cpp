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
constexpr int small_objects = buffer_pool::small_objects;
constexpr int class_count = buffer_classes + buffer_pool::object_classes;
constexpr std::uint32_t straight = UINT32_MAX;
constexpr std::size_t smallest_buffer = 256;
constexpr std::size_t largest_buffer = smallest_buffer << (buffer_classes - 1);
constexpr std::size_t absurd = std::size_t{1} << 40;
constexpr std::size_t chain_bytes = 256 << 10;  // moved between a thread and the global part at a time
constexpr std::size_t chain_blocks_max = 64;

constexpr std::size_t capacity_of(int c) { return smallest_buffer << c; }
constexpr std::array<std::size_t, class_count> block_bytes = [] {
  std::array<std::size_t, class_count> sizes{};
  for (int c = 0; c < buffer_classes; ++c) sizes[c] = sizeof(buffer) + capacity_of(c) + buffer_padding;
  for (int c = 0; c < small_objects; ++c) sizes[buffer_classes + c] = 64u * (c + 1);
  for (int c = 0; c < buffer_pool::object_classes - small_objects; ++c)
    sizes[buffer_classes + small_objects + c] = std::size_t{2048} << c;
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
struct free_block {
  free_block* next;
};
struct chain {
  free_block* head = nullptr;
  std::uint32_t count = 0;
};

/// A number that one thread writes and others read.
template <class T>
class own_number {
 public:
  T get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void set(T n) noexcept { value_.store(n, std::memory_order_relaxed); }
  void add(T n) noexcept { set(get() + n); }

 private:
  std::atomic<T> value_{0};
};

/// Two chains a class: a thread that allocates and frees around a full or an empty chain does not go to the global part
/// each time.
struct stack {
  free_block* head = nullptr;
  own_number<std::uint32_t> count;
  std::uint32_t most = 0;
  free_block* spare = nullptr;
  own_number<std::uint32_t> spare_count;
};
struct thread_cache {
  stack stacks[class_count];
  own_number<std::int64_t> held;
};

struct global_part {
  struct shelf {
    std::mutex mutex;
    std::vector<chain> chains;
    std::int64_t blocks = 0;
  };
  shelf shelves[class_count];
  std::mutex threads_mutex;
  std::vector<thread_cache*> threads;
  std::atomic<std::int64_t> held{0};  // by threads that have ended
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

void shelve(int c, chain what) {
  if (!what.head) return;
  auto& shelf = global().shelves[c];
  std::lock_guard lock(shelf.mutex);
  shelf.chains.push_back(what);
  shelf.blocks += what.count;
}
chain unshelve(int c) {
  auto& shelf = global().shelves[c];
  std::lock_guard lock(shelf.mutex);
  if (shelf.chains.empty()) return {};
  chain got = shelf.chains.back();
  shelf.chains.pop_back();
  shelf.blocks -= got.count;
  return got;
}

constinit thread_local thread_cache* my_cache = nullptr;
constinit thread_local bool ended = false;

void shelve_spare(stack& s, int c) {
  shelve(c, {std::exchange(s.spare, nullptr), s.spare_count.get()});
  s.spare_count.set(0);
}

void flush(thread_cache& t) {
  for (int c = 0; c < class_count; ++c) {
    stack& s = t.stacks[c];
    shelve_spare(s, c);
    shelve(c, {std::exchange(s.head, nullptr), s.count.get()});
    s.count.set(0);
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
    g.held += t->held.get();
    delete t;
  }
};

thread_cache* attach() {
  if (ended) return nullptr;
  thread_local thread_end at_end;
  (void)at_end;
  auto* t = new thread_cache;
  for (int c = 0; c < class_count; ++c) t->stacks[c].most = chain_blocks[c];
  std::lock_guard lock(global().threads_mutex);
  global().threads.push_back(t);
  my_cache = t;
  return t;
}
thread_cache* cache() {
  thread_cache* t = my_cache;
  return __builtin_expect(t != nullptr, 1) ? t : attach();
}

void count_held(thread_cache* t, std::int64_t bytes) {
  if (t) {
    t->held.add(bytes);
  } else {
    global().held += bytes;
  }
}

void* from_system(thread_cache* t, std::size_t bytes) {
  void* p = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (p) count_held(t, static_cast<std::int64_t>(bytes));
  return p;
}

[[gnu::noinline]] void* take_slow(int c) {
  thread_cache* t = cache();
  chain got;
  if (t && t->stacks[c].spare) {
    stack& s = t->stacks[c];
    got = {std::exchange(s.spare, nullptr), s.spare_count.get()};
    s.spare_count.set(0);
  } else {
    got = unshelve(c);
  }
  if (!got.head) return from_system(t, block_bytes[c]);
  free_block* b = got.head;
  unpoison(b, c);
  got = {b->next, got.count - 1};
  if (t) {
    t->stacks[c].head = got.head;
    t->stacks[c].count.set(got.count);
  } else {
    shelve(c, got);
  }
  return b;
}

/// A block from the thread's own stack; null: take the slow way. Kept apart so that the quick way needs no stack frame.
inline void* take_own(int c) {
  thread_cache* t = my_cache;
  if (__builtin_expect(!t, 0)) return nullptr;
  stack& s = t->stacks[c];
  free_block* b = s.head;
  if (__builtin_expect(!b, 0)) return nullptr;
  unpoison(b, c);
  s.head = b->next;
  s.count.set(s.count.get() - 1);
  return b;
}

[[gnu::noinline]] void give_slow(free_block* b, int c) {
  thread_cache* t = cache();
  b->next = nullptr;
  poison(b, c);
  if (!t) return shelve(c, {b, 1});
  stack& s = t->stacks[c];
  if (s.head) {  // full
    shelve_spare(s, c);
    s.spare = s.head;
    s.spare_count.set(s.count.get());
  }
  s.head = b;
  s.count.set(1);
}

inline void give(void* p, int c) noexcept {
  thread_cache* t = my_cache;
  auto* b = static_cast<free_block*>(p);
  if (__builtin_expect(!t || t->stacks[c].count.get() >= t->stacks[c].most, 0)) return give_slow(b, c);
  stack& s = t->stacks[c];
  b->next = s.head;
  poison(b, c);
  s.head = b;
  s.count.set(s.count.get() + 1);
}

}  // namespace

buffer_ref buffer_pool::allocate(std::size_t bytes) noexcept {
  if (__builtin_expect(bytes > largest_buffer, 0)) return allocate_slow(bytes);
  const int c = buffer_class(bytes);
  void* p = take_own(c);
  if (__builtin_expect(!p, 0)) return allocate_slow(bytes);
  return buffer_ref::adopt(new (p) buffer(static_cast<std::uint32_t>(c), capacity_of(c)));
}

[[gnu::noinline]] buffer_ref buffer_pool::allocate_slow(std::size_t bytes) noexcept {
  if (bytes > absurd) return nullptr;
  const bool in_class = bytes <= largest_buffer;
  const int c = in_class ? buffer_class(bytes) : 0;
  const std::size_t capacity = in_class ? capacity_of(c) : (bytes + 4095) / 4096 * 4096;
  void* p = in_class ? take_slow(c) : from_system(cache(), sizeof(buffer) + capacity + buffer_padding);
  if (!p) return nullptr;
  return buffer_ref::adopt(new (p) buffer(in_class ? static_cast<std::uint32_t>(c) : straight, capacity));
}

buffer_ref buffer_pool::must_allocate(std::size_t bytes) {
  buffer_ref b = allocate(bytes);
  WEIR_CHECK(b, "out of memory: cannot allocate ", bytes, " bytes for a batch");
  return b;
}

namespace {

[[gnu::noinline]] void give_straight(buffer* b, std::size_t bytes) {
  std::free(b);
  count_held(cache(), -static_cast<std::int64_t>(bytes));
}

}  // namespace

void buffer::give_back(buffer* b) noexcept {
  if (__builtin_expect(b->class_ == straight, 0)) return give_straight(b, b->footprint());
  give(b, static_cast<int>(b->class_));
}

buffer_pool::statistics buffer_pool::stats() noexcept {
  global_part& g = global();
  std::lock_guard lock(g.threads_mutex);
  std::int64_t held = g.held.load();
  std::int64_t free = 0;
  for (const thread_cache* t : g.threads) {
    held += t->held.get();
    for (int c = 0; c < class_count; ++c) {
      const stack& s = t->stacks[c];
      free += (std::int64_t{s.count.get()} + s.spare_count.get()) * static_cast<std::int64_t>(block_bytes[c]);
    }
  }
  for (int c = 0; c < class_count; ++c) {
    std::lock_guard shelf_lock(g.shelves[c].mutex);
    free += g.shelves[c].blocks * static_cast<std::int64_t>(block_bytes[c]);
  }
  return {.in_use = held - free, .held = held};
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
        count_held(cache(), -static_cast<std::int64_t>(block_bytes[c]));
        b = next;
      }
    }
  }
  malloc_trim(0);
}

void* buffer_pool::take_object(int object_class) {
  void* p = take_own(buffer_classes + object_class);
  return __builtin_expect(p != nullptr, 1) ? p : take_object_slow(object_class);
}

[[gnu::noinline]] void* buffer_pool::take_object_slow(int object_class) {
  void* p = take_slow(buffer_classes + object_class);
  WEIR_CHECK(p, "out of memory: cannot allocate an object of a batch");
  return p;
}

void buffer_pool::give_object(void* p, int object_class) noexcept { give(p, buffer_classes + object_class); }

void* buffer_pool::allocate_large(std::size_t bytes) {
  void* p = from_system(cache(), bytes);
  WEIR_CHECK(p, "out of memory: cannot allocate an object of ", bytes, " bytes");
  return p;
}

void buffer_pool::free_large(void* p, std::size_t bytes) noexcept {
  std::free(p);
  count_held(cache(), -static_cast<std::int64_t>(bytes));
}

}  // namespace weir::model
