#pragma once
// Keys to slots: open addressing, probed for a whole batch with the memory of all its rows on the way at once.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lookup/cells.hpp"

namespace lookup {

/// Slots are numbered 0, 1, ...; that of a key that was erased is given out again.
class key_index {
 public:
  /// hash_is_key: equal hashes mean equal keys (hash_is_key() of keys.hpp), so that keys need not be looked at.
  explicit key_index(bool hash_is_key = false) : hash_is_key_{hash_is_key} { clear(); }

  void clear() {
    entries_.assign(16, {});
    keys_.clear();
    hashes_.clear();
    free_.clear();
    key_bytes_ = 0;
    size_ = 0;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::int64_t key_bytes() const { return key_bytes_; }
  /// Slots that have ever been given out: all numbers are smaller.
  [[nodiscard]] std::uint32_t slot_count() const { return static_cast<std::uint32_t>(keys_.size()); }
  [[nodiscard]] bool used(std::uint32_t slot) const { return used_at(slot); }
  [[nodiscard]] std::string_view key(std::uint32_t slot) const { return keys_[slot].text; }

  [[nodiscard]] std::uint32_t find(std::string_view key, std::uint64_t hash) const {
    return entries_[place(key, hash)].slot;
  }
  /// The slots of many keys, no_slot where there is none; keys whose data() is null have none.
  void find_all(const std::vector<std::string_view>& keys, const std::vector<std::uint64_t>& hashes,
                std::vector<std::uint32_t>& out) const {
    constexpr std::size_t ahead = 16;
    const std::size_t count = keys.size(), mask = entries_.size() - 1;
    out.resize(count);
    for (std::size_t k = 0; k < count; ++k) {
      if (k + ahead < count) __builtin_prefetch(&entries_[hashes[k + ahead] & mask]);
      out[k] = keys[k].data() ? find(keys[k], hashes[k]) : no_slot;
    }
  }
  /// The slot of a key, a new one (second: true) when there was none.
  std::pair<std::uint32_t, bool> insert(std::string_view key, std::uint64_t hash) {
    std::size_t at = place(key, hash);
    if (entries_[at].slot != no_slot) return {entries_[at].slot, false};
    if ((size_ + 1) * 2 > entries_.size()) {
      grow();
      at = place(key, hash);
    }
    std::uint32_t slot;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(keys_.size());
      keys_.emplace_back();
      hashes_.push_back(hash);
    } else {
      slot = free_.back();
      free_.pop_back();
      hashes_[slot] = hash;
    }
    keys_[slot] = {std::string{key}, true};
    key_bytes_ += static_cast<std::int64_t>(key.size());
    entries_[at] = {hash, slot};
    ++size_;
    return {slot, true};
  }
  void erase(std::uint32_t slot) {
    const std::size_t mask = entries_.size() - 1;
    std::size_t hole = hashes_[slot] & mask;
    while (entries_[hole].slot != slot) hole = (hole + 1) & mask;
    // What stands behind and may stand here moves up, so that no probe ends too early.
    for (std::size_t at = (hole + 1) & mask; entries_[at].slot != no_slot; at = (at + 1) & mask) {
      if (((at - entries_[at].hash) & mask) < ((at - hole) & mask)) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole] = {};
    key_bytes_ -= static_cast<std::int64_t>(keys_[slot].text.size());
    keys_[slot] = {};
    free_.push_back(slot);
    --size_;
  }

 private:
  struct entry {
    std::uint64_t hash = 0;
    std::uint32_t slot = no_slot;
  };
  struct kept_key {
    std::string text{};
    bool used = false;
  };
  [[nodiscard]] bool used_at(std::uint32_t slot) const { return keys_[slot].used; }
  /// Where the key stands, or the free entry where it would stand.
  [[nodiscard]] std::size_t place(std::string_view key, std::uint64_t hash) const {
    const std::size_t mask = entries_.size() - 1;
    std::size_t at = hash & mask;
    for (; entries_[at].slot != no_slot; at = (at + 1) & mask)
      if (entries_[at].hash == hash && (hash_is_key_ || keys_[entries_[at].slot].text == key)) break;
    return at;
  }
  void grow() {
    std::vector<entry> old(entries_.size() * 2);
    old.swap(entries_);
    const std::size_t mask = entries_.size() - 1;
    for (const entry& e : old) {
      if (e.slot == no_slot) continue;
      std::size_t at = e.hash & mask;
      while (entries_[at].slot != no_slot) at = (at + 1) & mask;
      entries_[at] = e;
    }
  }

  bool hash_is_key_;
  std::size_t size_ = 0;
  std::int64_t key_bytes_ = 0;
  std::vector<entry> entries_;  // a power of two of them, at most half of them used
  std::vector<kept_key> keys_;  // by slot, as the next
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> free_;
};

}  // namespace lookup
