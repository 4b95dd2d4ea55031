#pragma once
// folder: makes one base of a chain of deltas, without the operator: blocks in, in the order they were written; blocks
// out that load to the same state.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/key_hash.hpp"

namespace weir::state {

/// One thread at a time. Keeps the whole state in memory while it works.
class folder {
 public:
  /// Entries of other key groups are left out.
  folder(std::uint32_t key_groups, model::key_group_range keep);
  ~folder();
  base::result<void> add(std::string_view block);
  /// After the last add: appends one block of about so many bytes, or nothing; false: that was the last one.
  bool take(std::size_t about_bytes, std::string& block);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace weir::state
