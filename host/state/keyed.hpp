#pragma once
// keyed: one state, or one family of timers, of a store. What the parts of store::impl share.
#include <array>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "state/block.hpp"
#include "state/convert.hpp"
#include "state/store.hpp"
#include "state/table.hpp"
#include "state/values.hpp"

namespace weir::state {

/// Microseconds of a bucket of timers: 2^20.
inline constexpr int timer_bucket_bits = 20;

/// The order of a family's timers in the bucket that is being fired.
struct timer_queue {
  struct item {
    std::int64_t time;
    place at;
  };
  bool open = false;
  std::int64_t bucket = 0;
  std::vector<item> sorted;  // when it was opened, ascending
  std::size_t next = 0;
  std::vector<item> added;  // since then; a heap
};

struct keyed {
  std::string name;
  std::uint32_t kind = WEIR_STATE_VALUE;  // or block_timer_kind
  std::uint32_t index = 0;                // among all of the store
  std::uint32_t number = 0;               // of the state, of the family
  model::schema_ref value, map_key;
  std::uint32_t value_size = 0;
  std::int64_t ttl_us = 0;
  std::uint32_t ttl_time = WEIR_TTL_PROCESSING_TIME;
  std::uint32_t time_kind = WEIR_TIMER_EVENT_TIME;
  layout lay;
  section_head head;     // of its sections in blocks
  bool follows = false;  // another form of the same state is written before it

  bool is_timers() const noexcept { return kind == block_timer_kind; }
  bool on_heap() const noexcept {
    return kind == WEIR_STATE_BYTES || kind == WEIR_STATE_LIST || kind == WEIR_STATE_MAP;
  }

  std::map<std::int64_t, std::unique_ptr<table>> tables;
  table* find_table(std::int64_t ns) noexcept {
    recent& r = lately[place_of(ns)];
    if (r.at && r.name_space == ns) return r.at;
    const auto it = tables.find(ns);
    if (it == tables.end()) return nullptr;
    r = {ns, it->second.get()};
    return r.at;
  }
  void forget(std::int64_t ns) noexcept {
    recent& r = lately[place_of(ns)];
    if (r.name_space == ns) r = {};
  }
  void remember(std::int64_t ns, table& t) {
    if (tables.size() * 2 > lately.size() && lately.size() < lately_max) {
      lately.assign(lately.size() * 4, {});
      lately_bits += 2;
    }
    lately[place_of(ns)] = {ns, &t};
  }
  /// Tables by name space, found without a walk down the map.
  struct recent {
    std::int64_t name_space = 0;
    table* at = nullptr;
  };
  static constexpr std::size_t lately_max = std::size_t{1} << 16;
  std::size_t place_of(std::int64_t ns) const noexcept {
    return static_cast<std::size_t>(static_cast<std::uint64_t>(ns) * 0x9E3779B97F4A7C15u >> (64 - lately_bits));
  }
  int lately_bits = 4;
  std::vector<recent> lately{16};

  std::uint32_t expected = 0;  // entries of a table, by those that were dropped

  // What changed since the last cut, and what the cut in work has still to write.
  std::vector<table*> dirty_tables, captured_tables;
  std::vector<std::int64_t> drops, captured_drops;
  std::vector<std::unique_ptr<table>> zombies;
  std::vector<std::unique_ptr<table>> graves;  // dropped, with values that are still to be freed
  std::uint64_t grave_cursor = 0;
  record_writer early;  // entries of the cut in work that were written again before their turn
  /// Rows on disk that a cut which says everything leaves out: older copies of entries that it has from memory.
  std::unordered_set<std::string> passed_over;

  // Records of entries that left memory when they had changed since the last cut: they belong to the next one, in front
  // of what is written then. Parts of it lie on disk, numbered from left_begin on; its end is here.
  record_writer left;
  std::uint64_t left_begin = 0, left_end = 0;
  // Of the cut in work: parts up to captured_end, then captured_left.
  std::uint64_t captured_end = 0;
  std::string captured_left;

  std::uint64_t cold = 0;  // entries of all tables that are on disk
  // Where the hand that evicts is.
  std::int64_t hand_name_space = INT64_MIN;
  std::uint64_t hand_cursor = 0;

  // While values are in two forms (evolve.cpp).
  keyed* older = nullptr;               // the form that may still have entries of this state; null: none
  std::shared_ptr<conversion> becomes;  // of an older form: what turns its values into the newer one's
  record_writer taken;                  // of an older form: keys that cuts have and that came over, for the next cut
  std::vector<std::string> taken_parts, captured_taken;  // full parts of it; of the cut in work
  std::string cold_from;                                 // of an older form: where on disk its sweep is
  bool ends = false;                                     // of an older form: the cut in work says that it has ended

  timer_queue queue;
  // Where the sweep of expired entries is; of an older form, the one that converts.
  std::int64_t sweep_name_space = INT64_MIN;
  std::uint64_t sweep_cursor = 0;
};

inline std::uint32_t& epoch_of(const keyed& s, char* entry) noexcept {
  return *reinterpret_cast<std::uint32_t*>(entry + s.lay.epoch_at);
}
inline std::int64_t& written_of(const keyed& s, char* entry) noexcept {
  return *reinterpret_cast<std::int64_t*>(entry + s.lay.ttl_at);
}
inline char* value_of(char* entry) noexcept { return entry + layout::value_at; }
/// Of an entry whose value is elsewhere.
template <class T>
T*& pointer_in(char* entry) noexcept {
  return *reinterpret_cast<T**>(value_of(entry));
}
inline std::int64_t timer_time(const keyed& s, char* entry) noexcept {
  std::int64_t t;
  std::memcpy(&t, key_of(s.lay, entry).data, sizeof t);
  return t;
}
/// The hash by which a timer lies in its table.
inline std::uint64_t timer_hash(std::uint64_t key_hash, std::int64_t time) noexcept {
  std::uint64_t h = key_hash + static_cast<std::uint64_t>(time) * 0x9E3779B97F4A7C15u;
  h ^= h >> 32;
  h *= 0xD6E8FEB86659FD93u;
  return h ^ h >> 32;
}

}  // namespace weir::state
