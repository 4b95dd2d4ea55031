#pragma once
// Dense copies: a batch without its selection, some rows of a batch, several batches as one. All types, facts included.
#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "model/batch.hpp"

namespace weir::model {

/// The rows that count, dense. A dense batch is given back itself.
batch_ref compact(const batch_ref& from);
/// These physical rows (any order, repeats allowed), dense. Each must be < from.length(). Fails when a column of the
/// result would pass 2 GiB.
base::result<batch_ref> take_rows(const batch& from, std::span<const std::uint32_t> rows);
/// Rows number `begin` .. `begin + count - 1` of those that count, dense.
batch_ref slice(const batch& from, std::int64_t begin, std::int64_t count);
/// The rows that count of all batches, one after the other; at least one batch, all of one schema. A fact that only
/// some batches have is filled for the others (no time, insert, no trace); key hashes are kept only when all have them;
/// offsets and split only when all are of one split. Fails when a column of the result would pass 2 GiB.
base::result<batch_ref> concat(std::span<const batch_ref> batches);

/// One part of a gathered column: `count` rows of `from`, those in `rows`, or begin .. begin + count - 1 when rows is
/// null.
struct gather_part {
  const column* from = nullptr;
  const std::uint32_t* rows = nullptr;
  std::int64_t begin = 0;
  std::int64_t count = 0;
};
/// The parts as one dense column of the type.
base::result<column_ref> gather_column(const data_type& type, std::span<const gather_part> parts);

}  // namespace weir::model
