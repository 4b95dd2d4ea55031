#include "state/arena.hpp"

#include <sys/mman.h>

#include <cstring>

#include "base/check.hpp"

namespace weir::state {
namespace {

/// Pages of a small store stay small; a large one gets huge pages, which the processor finds faster.
constexpr std::uint32_t small_pages = 2;

constexpr std::size_t granules_of(int size_class) { return arena::bytes_of(size_class) / arena::granule_bytes; }

}  // namespace

arena::arena() {
  for (reserved_ = reserve_bytes; reserved_ >= 8 * page_bytes; reserved_ /= 2) {
    void* p = mmap(nullptr, reserved_ + page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) continue;
    auto* const from = static_cast<char*>(p);
    auto* const aligned =
        reinterpret_cast<char*>((reinterpret_cast<std::uintptr_t>(from) + page_bytes - 1) & ~(page_bytes - 1));
    if (aligned > from) munmap(from, static_cast<std::size_t>(aligned - from));
    const auto behind = static_cast<std::size_t>(from + page_bytes - aligned);
    if (behind > 0) munmap(aligned + reserved_, behind);
    base_ = aligned;
    return;
  }
  WEIR_CHECK(false, "no range of addresses for keyed state; raise the limit of virtual memory (ulimit -v)");
}

arena::~arena() { munmap(base_, reserved_); }

void arena::push(char* chunk, int size_class) noexcept {
  auto& head = free_[static_cast<std::size_t>(size_class)];
  std::memcpy(chunk + 8, &head, sizeof head);
  head = place_of(chunk);
}

char* arena::pop(int size_class) noexcept {
  auto& head = free_[static_cast<std::size_t>(size_class)];
  if (head == 0) return nullptr;
  char* chunk = at(head);
  std::memcpy(&head, chunk + 8, sizeof head);
  return chunk;
}

bool arena::next_page() {
  // What is left of the page in work becomes chunks.
  while (granule_ < granules) {
    int c = granule_class;
    while (c + 1 < full && granules_of(c + 1) <= granules - granule_) ++c;
    untouched_ -= bytes_of(c);
    push(page_ + granule_ * granule_bytes, c);
    granule_ += static_cast<std::uint32_t>(granules_of(c));
  }
  if (char* whole = pop(full)) {
    page_ = whole - granule_bytes;
    untouched_ += bytes_of(full);  // not fresh, but counted as the rest of the page is carved
    granule_ = 1;
    return true;
  }
  if ((std::size_t{pages_} + 1) * page_bytes > reserved_) return false;
  char* const fresh = base_ + std::size_t{pages_} * page_bytes;
  if (mprotect(fresh, page_bytes, PROT_READ | PROT_WRITE) != 0) return false;
#ifdef MADV_HUGEPAGE
  if (pages_ >= small_pages) madvise(fresh, page_bytes, MADV_HUGEPAGE);
#endif
  ++pages_;
  page_ = fresh;
  granule_ = 1;
  untouched_ += bytes_of(full);
  return true;
}

char* arena::take_granules(int size_class) {
  if (char* chunk = pop(size_class)) return chunk;
  if (size_class < full) {
    for (int larger = size_class + 1; larger < full; ++larger) {
      char* chunk = pop(larger);
      if (!chunk) continue;
      while (larger > size_class) {
        --larger;
        push(chunk + bytes_of(larger), larger);
      }
      return chunk;
    }
  }
  const std::size_t need = granules_of(size_class);
  if (granules - granule_ < need && !next_page()) return nullptr;
  char* chunk = page_ + granule_ * granule_bytes;
  granule_ += static_cast<std::uint32_t>(need);
  untouched_ -= bytes_of(size_class);
  return chunk;
}

void arena::set_owner(char* chunk, int size_class, table* owner) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(chunk);
  auto* head = reinterpret_cast<std::uintptr_t*>(address & ~(page_bytes - 1));
  const std::size_t first = (address & (page_bytes - 1)) / granule_bytes;
  if (size_class < granule_class) {
    std::memcpy(chunk, &owner, sizeof owner);
    return;
  }
  for (std::size_t i = 0; i < granules_of(size_class); ++i) head[first + i] = reinterpret_cast<std::uintptr_t>(owner);
}

char* arena::allocate(int size_class, table* owner) {
  char* chunk = nullptr;
  if (size_class < granule_class) {
    chunk = pop(size_class);
    if (!chunk) {
      char* whole = take_granules(granule_class);
      if (!whole) return nullptr;
      const auto address = reinterpret_cast<std::uintptr_t>(whole);
      auto* head = reinterpret_cast<std::uintptr_t*>(address & ~(page_bytes - 1));
      head[(address & (page_bytes - 1)) / granule_bytes] = static_cast<std::uintptr_t>(size_class) << 1 | 1;
      for (std::size_t from = granule_bytes - bytes_of(size_class); from > 0; from -= bytes_of(size_class))
        push(whole + from, size_class);
      chunk = whole;
    }
  } else {
    chunk = take_granules(size_class);
  }
  if (!chunk) return nullptr;
  used_ += bytes_of(size_class);
  if (owner) set_owner(chunk, size_class, owner);
  return chunk;
}

void arena::release(char* chunk, int size_class) noexcept {
  used_ -= bytes_of(size_class);
  push(chunk, size_class);
}

}  // namespace weir::state
