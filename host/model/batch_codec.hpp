#pragma once
// Batches as bytes: for what a barrier overtook, stored with a cut. Facts, selections (compacted) and nested columns
// included; names of splits and sources are stored as text. Little endian; the schema is not stored, the reader has it.
//
//   u32 "wb1\n" | u64 rows | u32 facts present (bits) | facts | for each column: u64 length, u64 nulls, buffers, children
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/batch.hpp"

namespace weir::model {

/// Appends the batch's rows that count.
void encode_batch(const batch_ref& from, std::string& out);
/// Reads one batch of the schema from the front of `bytes`, and takes it off. Nothing about the bytes is believed.
base::result<batch_ref> decode_batch(std::string_view& bytes, const schema_ref& schema);

}  // namespace weir::model
