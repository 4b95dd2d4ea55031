#pragma once
// cold_rows: what does not fit in memory, on disk in RocksDB. Scratch: it begins empty and is deleted at the end; after
// a crash the checkpoint is the truth, not this.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::state {

/// One thread at a time.
class cold_rows {
 public:
  /// A view of what is there now; later changes do not show in it.
  class snapshot;

  /// Makes the directory; what an earlier run left in it is deleted. memory_bytes: for caches and write buffers.
  static base::result<std::unique_ptr<cold_rows>> open(const std::string& directory, std::uint64_t memory_bytes);
  ~cold_rows();

  /// Collected until flush(), which writes them all or says why not; whatever reads writes them before.
  void put(std::string_view key, std::string_view value);
  void remove(std::string_view key);
  base::result<void> flush();
  /// All keys that begin so, at once.
  base::result<void> remove_prefix(std::string_view prefix);
  /// Calls found(i, value) for the keys that are there.
  base::result<void> get(const std::vector<std::string>& keys,
                         const std::function<void(std::size_t, std::string_view)>& found);
  /// Calls each(key, value) for keys with this prefix that are >= from, in their order, until it answers false. Of a
  /// snapshot, or (null) of now.
  base::result<void> scan(const snapshot* of, std::string_view prefix, std::string_view from,
                          const std::function<bool(std::string_view, std::string_view)>& each);
  std::shared_ptr<const snapshot> hold();

 private:
  struct impl;
  explicit cold_rows(std::unique_ptr<impl> made);
  std::unique_ptr<impl> impl_;
};

/// Rows that are put in the order of their keys, which is cheaper than any other.
class ordered_rows {
 public:
  void clear() {
    bytes_.clear();
    rows_.clear();
  }
  /// The value is what is then appended to the answer.
  std::string& add(std::string_view key) {
    rows_.push_back({bytes_.size(), bytes_.size() + key.size()});
    return bytes_.append(key);
  }
  void put_in_order(cold_rows& to);

 private:
  struct row {
    std::size_t key, value;  // where they begin; a value ends where the next row begins
    std::size_t end = 0;
  };
  std::string bytes_;
  std::vector<row> rows_;
};

}  // namespace weir::state
