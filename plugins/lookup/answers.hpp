#pragma once
// What a database has answered, kept for a while: rows, and that there is none. Bounded; who was asked for least lately
// leaves first.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lookup/cells.hpp"
#include "lookup/key_index.hpp"

namespace lookup {

/// Entries by slot. While a batch is in work nothing leaves, so slots stay what they are until trim().
class answers {
 public:
  enum class state : std::uint8_t { asked, found, missing, failed };
  struct limits {
    std::uint64_t rows = 100'000;
    std::int64_t bytes = 64 << 20;
    std::int64_t ttl_us = 0, missing_ttl_us = 0;
  };

  answers(bool hash_is_key, std::vector<cells> columns, limits most)
      : index_{hash_is_key}, columns_{std::move(columns)}, most_{most} {}

  /// The slot of a key; `ask`: nothing is known of it (any more), and nobody has asked in this batch.
  std::uint32_t look(std::string_view key, std::uint64_t hash, std::int64_t now_us, bool& ask);
  void found(std::uint32_t slot, std::int64_t now_us) { settle(slot, state::found, now_us + most_.ttl_us); }
  void missing(std::uint32_t slot, std::int64_t now_us) { settle(slot, state::missing, now_us + most_.missing_ttl_us); }
  /// Forgotten by the next trim().
  void failed(std::uint32_t slot) { settle(slot, state::failed, INT64_MIN); }
  [[nodiscard]] state of(std::uint32_t slot) const { return entries_[slot].is; }
  [[nodiscard]] std::string_view key(std::uint32_t slot) const { return index_.key(slot); }
  [[nodiscard]] std::vector<cells>& columns() { return columns_; }
  [[nodiscard]] std::size_t size() const { return index_.size(); }
  [[nodiscard]] std::int64_t bytes() const;
  /// After a batch: what failed, and what is too much, leaves.
  void trim();

 private:
  struct entry {
    std::int64_t until_us = INT64_MIN;
    std::uint32_t newer = no_slot, older = no_slot;
    state is = state::asked;
  };
  void settle(std::uint32_t slot, state is, std::int64_t until_us) {
    entries_[slot].is = is;
    entries_[slot].until_us = until_us;
    if (is == state::failed) failed_.push_back(slot);
  }
  void link(std::uint32_t slot);
  void unlink(std::uint32_t slot);
  void forget(std::uint32_t slot);

  key_index index_;
  std::vector<cells> columns_;
  limits most_;
  std::vector<entry> entries_;
  std::vector<std::uint32_t> failed_;
  std::uint32_t newest_ = no_slot, oldest_ = no_slot;
};

}  // namespace lookup
