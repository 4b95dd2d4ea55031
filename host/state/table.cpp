#include "state/table.hpp"

#include <algorithm>

namespace weir::state {
namespace {

constexpr std::uint32_t first_buckets = 16;

constexpr std::uint32_t limit_of(std::uint32_t buckets) { return buckets / 16 * 11; }

int class_of_buckets(std::uint32_t buckets) { return arena::class_for(std::size_t{buckets} * 8); }

std::uint64_t* make_buckets(arena& memory, std::uint32_t buckets) {
  char* chunk = memory.allocate(class_of_buckets(buckets));
  if (chunk) std::memset(chunk, 0, std::size_t{buckets} * 8);
  return reinterpret_cast<std::uint64_t*>(chunk);
}
void free_buckets(arena& memory, std::uint64_t* buckets, std::uint32_t count) {
  memory.release(reinterpret_cast<char*>(buckets), class_of_buckets(count));
}

void put_bucket(std::uint64_t* buckets, std::uint32_t mask, std::uint64_t bucket) {
  auto i = static_cast<std::uint32_t>(bucket >> 32) & mask;
  while (buckets[i] != 0) i = (i + 1) & mask;
  buckets[i] = bucket;
}

table::segment& segment_at(table& t, std::uint64_t tag) {
  return t.segment_of.empty() ? t.first : *t.segment_of[tag >> t.shift];
}

/// The one segment of a small table, twice as large.
bool grow_only(arena& memory, table& t) {
  const std::uint32_t old = t.first.buckets ? t.mask + 1 : 0;
  const std::uint32_t wanted = old == 0 ? first_buckets : old * 2;
  std::uint64_t* made = make_buckets(memory, wanted);
  if (!made) return false;
  for (std::uint32_t i = 0; i < old; ++i)
    if (t.first.buckets[i] != 0) put_bucket(made, wanted - 1, t.first.buckets[i]);
  if (old != 0) free_buckets(memory, t.first.buckets, old);
  t.first.buckets = t.only = made;
  t.mask = wanted - 1;
  t.directory = &t.only;
  t.shift = 32;
  return true;
}

bool split(arena& memory, table& t, std::uint64_t tag) {
  if (t.segment_of.empty()) {
    t.segments.push_back(std::make_unique<table::segment>(t.first));
    t.segment_of = {t.segments[0].get()};
    t.many = {t.first.buckets};
  }
  table::segment& left = *t.segment_of[tag >> t.shift];
  if (static_cast<int>(left.depth) >= table::depth_max) return false;
  std::uint64_t* made = make_buckets(memory, table::segment_buckets);
  std::uint64_t* kept = make_buckets(memory, table::segment_buckets);
  if (!made || !kept) {
    if (made) free_buckets(memory, made, table::segment_buckets);
    return false;
  }
  if (left.depth == 32 - t.shift) {  // the directory, twice as large
    const std::size_t n = t.many.size();
    std::vector<std::uint64_t*> many(2 * n);
    std::vector<table::segment*> of(2 * n);
    for (std::size_t i = 0; i < 2 * n; ++i) {
      many[i] = t.many[i / 2];
      of[i] = t.segment_of[i / 2];
    }
    t.many.swap(many);
    t.segment_of.swap(of);
    --t.shift;
  }
  t.segments.push_back(std::make_unique<table::segment>());
  table::segment& right = *t.segments.back();
  right.depth = ++left.depth;
  right.buckets = made;
  const std::uint32_t bit = 32 - left.depth;
  for (std::uint32_t i = 0; i < table::segment_buckets; ++i) {
    const std::uint64_t b = left.buckets[i];
    if (b == 0) continue;
    const bool to_right = (b >> 32 >> bit & 1) != 0;
    put_bucket(to_right ? made : kept, t.mask, b);
    right.used += to_right;
  }
  left.used -= right.used;
  free_buckets(memory, left.buckets, table::segment_buckets);
  left.buckets = kept;
  const std::uint64_t stretch = std::uint64_t{1} << (32 - t.shift - left.depth);
  const std::uint64_t from = (tag >> t.shift) & ~(2 * stretch - 1);
  for (std::uint64_t i = 0; i < stretch; ++i) {
    t.many[from + i] = kept;
    t.many[from + stretch + i] = made;
    t.segment_of[from + stretch + i] = &right;
  }
  t.directory = t.many.data();
  return true;
}

char* take_chunk(arena& memory, table& t, std::uint32_t bytes) {
  // Half of what is there already: small tables stay small, large ones take whole pages.
  int c = std::clamp(arena::class_for(std::max<std::size_t>(t.chunk_bytes / 2, 256)), 1, arena::full);
  while (c < arena::classes && arena::bytes_of(c) - arena::head_bytes(c) < bytes) ++c;
  if (c >= arena::classes) return nullptr;
  char* at = memory.allocate(c, &t);
  if (!at) return nullptr;
  if (!t.chunks.empty()) t.chunks.back().end = static_cast<std::uint32_t>(t.cursor - memory.at(t.chunks.back().at));
  t.chunks.push_back({memory.place_of(at), static_cast<std::uint32_t>(c), 0});
  t.chunk_bytes += arena::bytes_of(c);
  t.cursor = at + arena::head_bytes(c);
  t.limit = at + arena::bytes_of(c);
  return t.cursor;
}

place* free_head(table& t, const layout& l, std::uint32_t bits, std::uint32_t bytes, bool make) {
  if ((bits & key_long) == 0) return &t.free_fixed;
  (void)l;
  for (auto& [size, head] : t.free_long)
    if (size == bytes) return &head;
  if (!make) return nullptr;
  return &t.free_long.emplace_back(bytes, 0).second;
}

}  // namespace

char* find_entry(const arena& memory, const layout& l, const table& t, std::uint64_t hash, const key_bytes& key,
                 std::uint64_t** hole) noexcept {
  if (hole) *hole = nullptr;
  if (!t.directory) return nullptr;
  const std::uint64_t tag = table::tag_of(hash);
  std::uint64_t* buckets = t.buckets_of(tag);
  std::uint32_t i = static_cast<std::uint32_t>(tag) & t.mask;
  for (; buckets[i] != 0; i = (i + 1) & t.mask) {
    if (buckets[i] >> 32 != tag) continue;
    char* e = memory.at(static_cast<place>(buckets[i]));
    if (same_key(l, e, key)) return e;
  }
  if (hole) *hole = buckets + i;
  return nullptr;
}

bool expect_entries(arena& memory, table& t, std::uint32_t entries) {
  if (t.directory) return true;
  std::uint32_t buckets = first_buckets;
  while (limit_of(buckets) < entries && buckets < table::segment_buckets) buckets *= 2;
  t.only = t.first.buckets = make_buckets(memory, buckets);
  if (!t.only) return false;
  t.mask = buckets - 1;
  t.directory = &t.only;
  // Several segments: as if each had been split.
  for (std::uint32_t depth = 0; limit_of(buckets) << depth < entries && depth < 4; ++depth)
    for (std::uint64_t i = 0; i < std::uint64_t{1} << depth; ++i)
      if (!split(memory, t, depth == 0 ? 0 : i << (32 - depth))) return false;
  return true;
}

char* insert_entry(arena& memory, const layout& l, table& t, std::uint64_t hash, const key_bytes& key,
                   std::uint32_t epoch, std::uint64_t* hole) {
  const std::uint64_t tag = table::tag_of(hash);
  if (!t.first.buckets && !grow_only(memory, t)) return nullptr;
  while (segment_at(t, tag).used >= limit_of(t.mask + 1)) {
    hole = nullptr;
    if (t.mask + 1 < table::segment_buckets ? grow_only(memory, t) : split(memory, t, tag)) continue;
    if (segment_at(t, tag).used + 1 < t.mask) break;  // fuller than it should be, but there is room
    return nullptr;
  }
  const std::uint32_t bytes = l.bytes_for(key.bits, key.size);
  char* e = nullptr;
  if (place* head = l.leaving ? nullptr : free_head(t, l, key.bits, bytes, false); head && *head != 0) {
    e = memory.at(*head);
    t.unused_bytes -= bytes;
    memory.unused -= bytes;
    *head = static_cast<place>(word_of(e) >> entry_shift);
    auto& last = *reinterpret_cast<std::uint32_t*>(e + l.epoch_at);
    if (last != epoch) last = 0;  // of the present epoch: it is still in the list of what changed
    const std::uint32_t keep = last;
    std::memset(e + 8, 0, l.key_at - 8);
    last = keep;
  } else {
    if (static_cast<std::size_t>(t.limit - t.cursor) < bytes && !take_chunk(memory, t, bytes)) return nullptr;
    e = t.cursor;
    t.cursor += bytes;
    std::memset(e + 8, 0, l.key_at - 8);
  }
  word_of(e) = (hash & ~std::uint64_t{entry_bits}) | key.bits;
  char* to = e + l.key_at;
  if ((key.bits & key_long) != 0) {
    std::memcpy(to, &key.size, sizeof key.size);
    to += sizeof key.size;
  }
  if (key.size > 0) std::memcpy(to, key.data, key.size);
  table::segment& s = segment_at(t, tag);
  if (hole)
    *hole = tag << 32 | memory.place_of(e);
  else
    put_bucket(s.buckets, t.mask, tag << 32 | memory.place_of(e));
  ++s.used;
  ++t.used;
  return e;
}

void remove_entry(arena& memory, const layout& l, table& t, char* entry) noexcept {
  const std::uint64_t tag = table::tag_of(word_of(entry));
  table::segment& s = segment_at(t, tag);
  const place self = memory.place_of(entry);
  std::uint64_t* b = s.buckets;
  std::uint32_t i = static_cast<std::uint32_t>(tag) & t.mask;
  while (static_cast<place>(b[i]) != self) i = (i + 1) & t.mask;
  // Move back what would not be found over the hole.
  for (std::uint32_t j = (i + 1) & t.mask; b[j] != 0; j = (j + 1) & t.mask) {
    const std::uint32_t home = static_cast<std::uint32_t>(b[j] >> 32) & t.mask;
    if (((j - home) & t.mask) >= ((j - i) & t.mask)) {
      b[i] = b[j];
      i = j;
    }
  }
  b[i] = 0;
  --s.used;
  --t.used;
  const auto bits = static_cast<std::uint32_t>(word_of(entry)) & (key_long | key_nulls);
  const std::uint32_t bytes = bytes_of(l, entry);
  t.unused_bytes += bytes;
  memory.unused += bytes;
  slot_of(entry)->flags = 0;
  if (l.leaving) {
    word_of(entry) = (bits & key_long) | entry_free;
    return;
  }
  place* head = free_head(t, l, bits, bytes, true);
  word_of(entry) = std::uint64_t{*head} << entry_shift | (bits & key_long) | entry_free;
  *head = self;
}

void release_chunk(arena& memory, table& t, std::size_t c) noexcept {
  table::chunk& chunk = t.chunks[c];
  if (chunk.at == 0) return;
  const int size_class = static_cast<int>(chunk.size_class);
  const std::uint64_t unused = chunk.end - arena::head_bytes(size_class);
  t.unused_bytes -= unused;
  memory.unused -= unused;
  t.chunk_bytes -= arena::bytes_of(size_class);
  memory.release(memory.at(chunk.at), size_class);
  chunk.at = 0;
}

void release_table(arena& memory, table& t) noexcept {
  if (t.segments.empty()) {
    if (t.first.buckets) free_buckets(memory, t.first.buckets, t.mask + 1);
  } else {
    for (auto& s : t.segments) free_buckets(memory, s->buckets, table::segment_buckets);
  }
  for (const table::chunk& c : t.chunks)
    if (c.at != 0) memory.release(memory.at(c.at), static_cast<int>(c.size_class));
  memory.unused -= t.unused_bytes;
  t.unused_bytes = 0;
  t.dirty.release(memory);
  t.captured.release(memory);
  t.empties.release(memory);
  t.chunks.clear();
  t.segments.clear();
  t.segment_of.clear();
  t.many.clear();
  t.first = {};
  t.only = nullptr;
  t.directory = nullptr;
  t.cursor = t.limit = nullptr;
  t.used = 0;
}

// ---- place_list

bool place_list::grow(arena& memory) {
  // The first block is small: many tables have few entries.
  int c = 0;
  if (last_ != 0) {
    head& full = *head_of(memory, last_);
    full.count =
        static_cast<std::uint32_t>((arena::bytes_of(static_cast<int>(full.size_class)) - sizeof(head)) / sizeof(place));
    c = std::min(static_cast<int>(full.size_class) + 1, 8);
  }
  char* chunk = memory.allocate(c);
  if (!chunk) return false;
  *reinterpret_cast<head*>(chunk) = {0, 0, static_cast<std::uint32_t>(c), 0};
  const place p = memory.place_of(chunk);
  if (last_ != 0)
    head_of(memory, last_)->next = p;
  else
    first_ = p;
  last_ = p;
  next_ = reinterpret_cast<place*>(chunk + sizeof(head));
  end_ = reinterpret_cast<place*>(chunk + arena::bytes_of(c));
  return true;
}

std::uint32_t place_list::count_in(const arena& memory, place block) const noexcept {
  if (block != last_) return head_of(memory, block)->count;
  return static_cast<std::uint32_t>(next_ - reinterpret_cast<const place*>(memory.at(block) + sizeof(head)));
}

void place_list::release(arena& memory) noexcept {
  while (first_ != 0) {
    head* h = head_of(memory, first_);
    const place next = h->next;
    memory.release(reinterpret_cast<char*>(h), static_cast<int>(h->size_class));
    first_ = next;
  }
  *this = {};
}

const place* place_list::reader::data(const arena& memory) const noexcept {
  return reinterpret_cast<const place*>(memory.at(list_.first_) + sizeof(head)) + at_;
}
std::uint32_t place_list::reader::size(const arena& memory) const noexcept {
  return list_.count_in(memory, list_.first_) - at_;
}
void place_list::reader::consume(arena& memory, std::uint32_t n) noexcept {
  at_ += n;
  if (at_ < list_.count_in(memory, list_.first_)) return;
  at_ = 0;
  head* h = head_of(memory, list_.first_);
  const place next = h->next;
  memory.release(reinterpret_cast<char*>(h), static_cast<int>(h->size_class));
  list_.first_ = next;
  if (next == 0) list_ = {};
}

}  // namespace weir::state
