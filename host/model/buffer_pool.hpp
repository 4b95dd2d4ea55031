#pragma once
// All memory of batches. Size classes (powers of two from 256 B to 8 MiB; more goes straight to the system), a cache
// for each thread and a global part. Memory is kept when it is released: first touch of fresh pages is the dearest part
// of a buffer.
#include <cstddef>
#include <cstdint>

#include "model/ref.hpp"

namespace weir::model {

/// Readable bytes behind the end of every buffer (content undefined), and its alignment.
inline constexpr std::size_t buffer_padding = 64;

class buffer;
using buffer_ref = ref<buffer>;

/// Counted bytes in the pool: 64-byte header, then capacity() bytes at data(), aligned to 64, then buffer_padding
/// bytes. Content is undefined at first. Whoever made it may write while it is alone; shared buffers are read only.
class alignas(64) buffer {
 public:
  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  const std::byte* data() const noexcept { return reinterpret_cast<const std::byte*>(this + 1); }
  template <class T>
  T* as() noexcept {
    return reinterpret_cast<T*>(data());
  }
  template <class T>
  const T* as() const noexcept {
    return reinterpret_cast<const T*>(data());
  }
  std::size_t capacity() const noexcept { return capacity_; }
  /// What the buffer takes from the memory budget.
  std::size_t footprint() const noexcept { return capacity_ + sizeof(buffer) + buffer_padding; }
  bool unique() const noexcept { return refs_.unique(); }
  void add_ref() const noexcept { refs_.add(); }
  void release() const noexcept {
    if (refs_.drop()) give_back(const_cast<buffer*>(this));
  }

 private:
  friend class buffer_pool;
  buffer(std::uint32_t size_class, std::size_t capacity) noexcept : class_(size_class), capacity_(capacity) {}
  static void give_back(buffer*) noexcept;

  ref_count refs_;
  std::uint32_t class_;
  std::size_t capacity_;
};
static_assert(sizeof(buffer) == 64);

/// The pool of the process. [any] thread. Lives for ever.
class buffer_pool {
 public:
  /// At least `bytes`; null when there is no memory (or the number is absurd).
  static buffer_ref allocate(std::size_t bytes) noexcept;
  /// The same; ends the process (with a clear message) when there is no memory.
  static buffer_ref must_allocate(std::size_t bytes);

  struct statistics {
    std::int64_t in_use = 0;  ///< bytes of buffers that somebody holds
    std::int64_t held = 0;    ///< bytes taken from the system, free ones included
  };
  /// A sum over all threads; exact when no thread allocates meanwhile.
  static statistics stats() noexcept;
  static std::int64_t bytes_in_use() noexcept { return stats().in_use; }

  /// Gives free memory of the global part and of the calling thread back to the system. For idle times, never per
  /// batch.
  static void trim() noexcept;
  /// Moves the calling thread's free memory to the global part; done by itself when a thread ends.
  static void flush_thread() noexcept;

  /// Memory for small counted objects (batches, columns) from the same caches, aligned to 64; freed with the same size.
  /// Ends the process when there is none. A size that the compiler knows costs a few instructions.
  static void* allocate_object(std::size_t bytes) {
    return bytes > largest_object ? allocate_large(bytes) : take_object(object_class(bytes));
  }
  static void free_object(void* p, std::size_t bytes) noexcept {
    return bytes > largest_object ? free_large(p, bytes) : give_object(p, object_class(bytes));
  }

  // Classes of objects: multiples of 64 B to 1 KiB, then 2, 4 and 8 KiB.
  static constexpr int small_objects = 16;
  static constexpr int object_classes = small_objects + 3;
  static constexpr std::size_t largest_object = 8192;
  static constexpr int object_class(std::size_t bytes) {
    if (bytes <= 64 * small_objects) return bytes == 0 ? 0 : static_cast<int>((bytes + 63) / 64) - 1;
    return small_objects + (bytes > 2048) + (bytes > 4096);
  }

 private:
  static buffer_ref allocate_slow(std::size_t bytes) noexcept;
  static void* take_object(int object_class);
  static void* take_object_slow(int object_class);
  static void give_object(void* p, int object_class) noexcept;
  static void* allocate_large(std::size_t bytes);
  static void free_large(void* p, std::size_t bytes) noexcept;
};

}  // namespace weir::model
