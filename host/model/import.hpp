#pragma once
// Arrays that a plugin made. Nothing about them is believed: shape, lengths, buffers, offsets and null counts are
// checked against the declared schema before a column points into them.
#include <memory>
#include <vector>

#include "base/result.hpp"
#include "model/batch.hpp"

namespace weir::model {

struct import_options {
  bool check_utf8 = false;  ///< each utf8 value; costs a pass over the text
};

/// Moves *from (a struct array of the schema; its release is null after the call, also after an error) into columns.
/// Buffers are shared with the plugin's array where they keep the promises of abi.h, else copied (an offset that is not
/// 0; an end so near to the end of a page that what lies behind may not be readable). The array is released once, by
/// the last column that needs it, or before the call returns. image: keeps the plugin loaded until then. Errors blame
/// the plugin and name the column.
base::result<std::vector<column_ref>> import_columns(ArrowArray* from, const schema& declared,
                                                     std::shared_ptr<void> image, std::int64_t* length,
                                                     import_options options = {});
/// The same as a batch with the facts of `parent` (emit_array): parents has a physical input row for each row, or is
/// null. fallback_time: as in batch_builder::finish.
base::result<batch_ref> import_batch(ArrowArray* from, const schema_ref& declared, std::shared_ptr<void> image,
                                     const batch* parent, const std::uint32_t* parents,
                                     std::int64_t fallback_time = WEIR_TIME_MIN, import_options options = {});

}  // namespace weir::model
