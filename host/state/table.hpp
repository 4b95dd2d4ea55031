#pragma once
// table: the entries of one name space of one state. An index of open addressing over entries that never move.
//
// An entry, from its start:   [hash and bits 8][slot: epoch 4, flags 4][value][ttl 16?][key]
// A key of its own length has a uint32 with the length before it. A weir_slot points at the slot.
#ifdef __SSE2__
#  include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "state/arena.hpp"
#include "state/key.hpp"
#include "weir/ext/draft/state.h"

namespace weir::state {

/// Bits in the low end of an entry's first word, beside those of key.hpp (key_long, key_nulls).
inline constexpr std::uint32_t entry_free = 1;     ///< not in the index; the upper bits are the next free place
inline constexpr std::uint32_t entry_known = 2;    ///< some cut has a value for this key
inline constexpr std::uint32_t entry_listed = 8;   ///< in the table's list of entries that may be empty
inline constexpr std::uint32_t entry_hot = 32;     ///< looked at since the hand that evicts came by
inline constexpr std::uint32_t entry_stored = 64;  ///< a copy of it, perhaps an older one, lies on disk
inline constexpr std::uint32_t entry_bits = 127;
inline constexpr int entry_shift = 7;

/// Where the parts of the entries of one state lie.
struct layout {
  std::uint32_t value_bytes = 0;  // as declared, or of the pointer to what the host keeps elsewhere
  std::uint32_t ttl_at = 0;       // 0: no time to live; else [written_us 8][epoch 4][-]
  std::uint32_t epoch_at = 8;     // the epoch of the last touch
  std::uint32_t key_at = 16;
  std::int32_t key_width = -1;  // -1: each its own
  bool leaving = false;         // of an older form: what goes is not used again, so that its chunks can be given back

  static constexpr std::uint32_t value_at = 16;
  std::uint32_t fixed_bytes() const noexcept {
    return std::max<std::uint32_t>(24, (key_at + static_cast<std::uint32_t>(key_width) + 7) & ~7u);
  }
  /// Keys of their own length: rounded, so that another one fits when the entry is used again.
  std::uint32_t bytes_for(std::uint32_t bits, std::uint32_t key_size) const noexcept {
    if ((bits & key_long) == 0) return fixed_bytes();
    const std::uint32_t n = key_at + 4 + key_size;
    const std::uint32_t step = n <= 256 ? 16 : n <= 4096 ? 128 : 1024;
    return (n + step - 1) & ~(step - 1);
  }
};

/// A list of places that is only ever added to and read from its start.
class place_list {
 public:
  bool empty() const noexcept { return first_ == 0; }
  /// False: no memory.
  bool push(arena& memory, place p) {
    if (next_ == end_ && !grow(memory)) return false;
    *next_++ = p;
    return true;
  }
  place_list take() noexcept { return std::exchange(*this, place_list()); }
  void release(arena& memory) noexcept;

  class reader;

 private:
  struct head {
    place next;
    std::uint32_t count;  // of full blocks; the last one's is by next_
    std::uint32_t size_class;
    std::uint32_t reserved;
  };
  bool grow(arena& memory);
  static head* head_of(const arena& memory, place p) noexcept { return reinterpret_cast<head*>(memory.at(p)); }
  std::uint32_t count_in(const arena& memory, place block) const noexcept;

  place* next_ = nullptr;
  place* end_ = nullptr;
  place first_ = 0;
  place last_ = 0;
};

/// Reads all of it, block by block; what was read is given back.
class place_list::reader {
 public:
  reader() = default;
  explicit reader(place_list&& from) : list_(from.take()) {}
  bool done() const noexcept { return list_.empty(); }
  /// The rest of the block in work; consume() some of it.
  const place* data(const arena& memory) const noexcept;
  std::uint32_t size(const arena& memory) const noexcept;
  void consume(arena& memory, std::uint32_t n) noexcept;
  void release(arena& memory) noexcept {
    list_.release(memory);
    at_ = 0;
  }

 private:
  friend class place_list;
  place_list list_;
  std::uint32_t at_ = 0;
};

struct keyed;

/// The fields that every insertion needs come first, in two lines of the cache.
struct alignas(64) table {
  table(keyed& state, std::int64_t ns) : name_space(ns), owner(&state) {}

  struct segment {
    std::uint64_t* buckets = nullptr;  // tag << 32 | place; 0: empty
    std::uint32_t used = 0;
    std::uint32_t depth = 0;
  };

  // ---- index
  std::uint64_t** directory = nullptr;  // by the upper bits of the tag; null: no bucket yet
  std::uint32_t mask = 0;               // of a position inside a segment
  std::uint32_t shift = 32;             // 32 - depth
  std::uint64_t* only = nullptr;        // the buckets of a table with one segment
  segment first;                        // of a table with one
  // ---- entries
  char* cursor = nullptr;  // where the next new one lies
  char* limit = nullptr;
  // ---- the second line
  place_list dirty;  // what changed in list_epoch
  std::uint32_t list_epoch = 0;
  std::uint32_t used = 0;             // entries in the index
  place free_fixed = 0;               // entries of keys that are not long, to be used again
  std::uint32_t live = 0;             // timers that are set
  std::int64_t earliest = INT64_MAX;  // no timer that is set is earlier
  std::int64_t name_space;

  keyed* owner;
  static constexpr std::uint32_t segment_buckets = 4096;
  static constexpr int depth_max = 20;
  std::vector<std::uint64_t*> many;                // the directory of a table with several segments
  std::vector<std::unique_ptr<segment>> segments;  // of a table with several
  std::vector<segment*> segment_of;                // parallel to many

  static std::uint64_t tag_of(std::uint64_t hash) noexcept { return (hash >> 19) & 0xffffffffu; }
  std::uint64_t* buckets_of(std::uint64_t tag) const noexcept { return directory[tag >> shift]; }

  struct chunk {
    place at = 0;  // 0: given back
    std::uint32_t size_class = 0;
    std::uint32_t end = 0;    // bytes in use; of the last chunk: by `cursor`
    std::uint32_t stuck = 0;  // the look (store::impl::look_number) in which nothing of it could leave memory
  };
  std::vector<chunk> chunks;
  std::vector<std::pair<std::uint32_t, place>> free_long;  // bytes, first
  std::uint64_t chunk_bytes = 0;
  std::uint64_t unused_bytes = 0;  // of entries that are free
  std::uint64_t cold = 0;          // entries that are on disk, and not here
  std::uint64_t stored = 0;        // rows on disk: these, and copies of entries that are here again

  // ---- what changed
  std::uint32_t previous_epoch = 0;  // list_epoch before that
  std::uint32_t done_epoch = 0;      // of the last cut that is written
  std::uint32_t dirty_index = 0;     // in the state's list of dirty tables, when list_epoch is the present one
  place_list::reader captured;       // of the cut in work, when `dirty` is of the present epoch
  bool known = false;                // some cut has an entry of it
  bool zombie = false;               // dropped, but the cut in work still needs it
  bool pinned = false;               // timers: entries are not used again, the bucket is in work
  bool tidy_listed = false;
  place_list empties;  // entries that may have no value
};

inline std::uint64_t& word_of(char* entry) noexcept { return *reinterpret_cast<std::uint64_t*>(entry); }
inline weir_slot* slot_of(char* entry) noexcept { return reinterpret_cast<weir_slot*>(entry + 8); }
inline char* entry_of(weir_slot* slot) noexcept { return reinterpret_cast<char*>(slot) - 8; }
inline bool is_present(char* entry) noexcept { return (slot_of(entry)->flags & WEIR_SLOT_PRESENT) != 0; }

inline key_bytes key_of(const layout& l, char* entry) noexcept {
  const auto bits = static_cast<std::uint32_t>(word_of(entry)) & (key_long | key_nulls);
  if ((bits & key_long) == 0) return {entry + l.key_at, static_cast<std::uint32_t>(l.key_width), bits};
  std::uint32_t size;
  std::memcpy(&size, entry + l.key_at, sizeof size);
  return {entry + l.key_at + 4, size, bits};
}
inline std::uint32_t bytes_of(const layout& l, char* entry) noexcept {
  const auto bits = static_cast<std::uint32_t>(word_of(entry));
  if ((bits & key_long) == 0) return l.fixed_bytes();
  std::uint32_t size;
  std::memcpy(&size, entry + l.key_at, sizeof size);
  return l.bytes_for(bits, size);
}
inline bool same_key(const layout& l, char* entry, const key_bytes& key) noexcept {
  const key_bytes own = key_of(l, entry);
  return own.bits == key.bits && own.size == key.size && std::memcmp(own.data, key.data, key.size) == 0;
}

/// The place in the bucket of a tag; 0: there is none. Two tags are hardly ever equal, so this is nearly always the
/// key's.
inline place find_tag(const std::uint64_t* buckets, std::uint32_t mask, std::uint64_t tag) noexcept {
  const auto home = static_cast<std::uint32_t>(tag) & mask;
#ifdef __SSE2__
  // Four at once: where the first one is not it, no branch is mispredicted. Any of them with this tag is right, because
  // equal tags have one home.
  const std::uint32_t from = std::min(home, mask - 3);
  const auto low = _mm_loadu_ps(reinterpret_cast<const float*>(buckets + from));
  const auto high = _mm_loadu_ps(reinterpret_cast<const float*>(buckets + from + 2));
  const __m128i tags = _mm_castps_si128(_mm_shuffle_ps(low, high, _MM_SHUFFLE(3, 1, 3, 1)));
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(tag));
  const int same = _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(tags, wanted)));
  if (same != 0) [[likely]] {
    const auto p =
        static_cast<place>(buckets[from + static_cast<std::uint32_t>(std::countr_zero(static_cast<unsigned>(same)))]);
    if (p != 0) [[likely]]
      return p;  // else the tag is 0 and so is that of an empty bucket
  }
#endif
  std::uint32_t b = home;
  while (buckets[b] >> 32 != tag || buckets[b] == 0) {
    if (buckets[b] == 0) return 0;
    b = (b + 1) & mask;
  }
  return static_cast<place>(buckets[b]);
}

/// The entry of a key, or null; then *hole is the bucket for it (null: the table has none yet).
char* find_entry(const arena& memory, const layout& l, const table& t, std::uint64_t hash, const key_bytes& key,
                 std::uint64_t** hole = nullptr) noexcept;
/// A new entry (not present, value zero) for a key that is not there; hole: as find_entry said, just before. Null: no
/// memory. Splits at most one segment.
char* insert_entry(arena& memory, const layout& l, table& t, std::uint64_t hash, const key_bytes& key,
                   std::uint32_t epoch, std::uint64_t* hole = nullptr);
/// Makes the index of an empty table as large as so many entries need.
bool expect_entries(arena& memory, table& t, std::uint32_t entries);
/// Takes an entry out of the index; its memory is used for the next one.
void remove_entry(arena& memory, const layout& l, table& t, char* entry) noexcept;
/// Gives back a chunk, not the last one, none of whose entries is in the index or in a list. Its number stays.
void release_chunk(arena& memory, table& t, std::size_t c) noexcept;
/// Gives all memory back; the table is empty after it. What entries point to is the caller's.
void release_table(arena& memory, table& t) noexcept;

/// Calls each(entry) for entries of one chunk that are not free, in the order of their places, from an offset on (0: the start), until it
/// answers false. The answer is the offset of the next one; 0: that was the last of the chunk.
template <class Each>
std::uint32_t walk_chunk(const arena& memory, const layout& l, table& t, std::size_t c, std::uint32_t offset,
                         Each each) {
  const table::chunk& chunk = t.chunks[c];
  if (chunk.at == 0) return 0;
  char* const base = memory.at(chunk.at);
  char* const end = c + 1 == t.chunks.size() ? t.cursor : base + chunk.end;
  char* e = base + std::max<std::size_t>(offset, arena::head_bytes(static_cast<int>(chunk.size_class)));
  while (e < end) {
    char* const next = e + bytes_of(l, e);
    if ((word_of(e) & entry_free) == 0 && !each(e)) return next < end ? static_cast<std::uint32_t>(next - base) : 0;
    e = next;
  }
  return 0;
}

/// The same for all chunks of a table, from a cursor on. The answer is the cursor of the next one; 0: that was the last.
template <class Each>
std::uint64_t walk_entries(const arena& memory, const layout& l, table& t, std::uint64_t cursor, Each each) {
  for (auto c = static_cast<std::size_t>(cursor >> 32); c < t.chunks.size(); ++c) {
    bool more = true;
    const std::uint32_t offset =
        walk_chunk(memory, l, t, c, static_cast<std::uint32_t>(cursor), [&](char* e) { return more = each(e); });
    cursor = 0;
    if (more) continue;
    if (offset != 0) return static_cast<std::uint64_t>(c) << 32 | offset;
    return c + 1 < t.chunks.size() ? static_cast<std::uint64_t>(c + 1) << 32 : 0;
  }
  return 0;
}

}  // namespace weir::state
