#pragma once
// arena: the memory of one store's tables. Pages of 2 MiB in one range of addresses that is reserved at once, so that a
// place in it is a number of 32 bits; chunks of 128 bytes to a page inside. What is given back is used again and stays
// with the store: first touch of fresh memory is the dearest part of a growing table.
#include <array>
#include <cstddef>
#include <cstdint>

namespace weir::state {

struct table;

/// A place in an arena, in units of 8 bytes; 0: none.
using place = std::uint32_t;

class arena {
 public:
  static constexpr std::size_t page_bytes = std::size_t{2} << 20;
  static constexpr std::size_t granule_bytes = 4096;
  static constexpr std::size_t granules = page_bytes / granule_bytes;  // the first of a page is its header
  static constexpr std::size_t reserve_bytes = std::size_t{32} << 30;  // 2^32 units

  /// Sizes of chunks: class c < full has 128 << c bytes, `full` is a whole page without its header.
  static constexpr int classes = 15;
  static constexpr int full = 14;
  static constexpr int granule_class = 5;
  static constexpr std::size_t bytes_of(int size_class) {
    return size_class == full ? (granules - 1) * granule_bytes : std::size_t{128} << size_class;
  }
  /// The smallest class that has so many bytes; classes: there is none.
  static constexpr int class_for(std::size_t bytes) {
    int c = 0;
    while (c < classes && bytes_of(c) < bytes) ++c;
    return c;
  }
  /// Bytes at the start of a chunk that are the arena's, when it has an owner.
  static constexpr std::size_t head_bytes(int size_class) { return size_class < granule_class ? 8 : 0; }

  arena();
  ~arena();
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;

  char* at(place p) const noexcept { return base_ + std::size_t{p} * 8; }
  place place_of(const void* p) const noexcept {
    return static_cast<place>((static_cast<const char*>(p) - base_) >> 3);
  }
  bool holds(const void* p) const noexcept { return p >= base_ && p < base_ + std::size_t{pages_} * page_bytes; }

  /// Null: the range is used up, or the system has no memory. Content is undefined. With an owner, owner_of finds it
  /// for any address inside, and head_bytes at the start are not to be written.
  char* allocate(int size_class, table* owner = nullptr);
  void release(char* chunk, int size_class) noexcept;

  /// The owner of the chunk that an address lies in.
  static table* owner_of(const void* p) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(p);
    const auto* head = reinterpret_cast<const std::uintptr_t*>(address & ~(page_bytes - 1));
    const std::uintptr_t word = head[(address & (page_bytes - 1)) / granule_bytes];
    if ((word & 1) == 0) return reinterpret_cast<table*>(word);
    const std::uintptr_t piece = address & ~(bytes_of(static_cast<int>(word >> 1)) - 1);
    return *reinterpret_cast<table**>(piece);
  }

  std::uint64_t held_bytes() const noexcept { return std::uint64_t{pages_} * page_bytes - untouched_; }
  std::uint64_t used_bytes() const noexcept { return used_; }
  /// Bytes inside of chunks in use that hold nothing: kept by the tables.
  std::uint64_t unused = 0;
  /// There is a free chunk of the class.
  bool has_free(int size_class) const noexcept { return free_[static_cast<std::size_t>(size_class)] != 0; }

 private:
  char* take_granules(int size_class);
  bool next_page();
  void push(char* chunk, int size_class) noexcept;
  char* pop(int size_class) noexcept;
  void set_owner(char* chunk, int size_class, table* owner) noexcept;

  char* base_ = nullptr;
  std::size_t reserved_ = 0;
  std::uint32_t pages_ = 0;           // that may be touched
  std::uint32_t granule_ = granules;  // next of the page in work that was never used
  char* page_ = nullptr;              // in work
  std::uint64_t untouched_ = 0;       // bytes of it that nobody wrote yet
  std::uint64_t used_ = 0;
  std::array<place, classes> free_{};
};

}  // namespace weir::state
