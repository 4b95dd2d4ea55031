#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/batch.hpp"

namespace weir::source {

inline constexpr std::uint32_t no_column = UINT32_MAX;

/// Where the facts of a record come from. Columns are of the stamped schema.
struct stamp_rule {
  std::uint32_t time_column = no_column;      ///< a timestamp; no_column: the source's own event times stay
  bool trace = false;                         ///< batches carry trace facts
  std::uint32_t trace_id_column = no_column;  ///< utf8, binary or 16 fixed bytes; without it or null: made of the place
  std::uint32_t source_id_column = no_column;  ///< utf8; no_column: `source_id` for every record
  std::string source_id;
};

/// Sets event time and trace facts of a source's records from their columns. [task]
class stamper {
 public:
  explicit stamper(stamp_rule rule);

  struct stamped {
    model::batch_ref batch;               ///< null when no row is left
    std::vector<std::uint32_t> timeless;  ///< physical rows of the input whose event time is null; not in batch
    std::int64_t newest_us = INT64_MIN;   ///< newest event time of the rows that count
  };
  stamped stamp(const model::batch_ref& batch);

 private:
  model::buffer_ref trace_ids(const model::batch& b) const;
  model::buffer_ref source_ids(const model::batch& b);
  stamp_rule rule_;
  std::uint32_t own_number_ = 0;
  std::string last_name_;
  std::uint32_t last_number_ = 0;
};

}  // namespace weir::source
