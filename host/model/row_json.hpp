#pragma once
// One row as JSON text, for print, dead letters and people. Integers and decimals keep all their digits (as JSON
// numbers), timestamps are RFC 3339 in microseconds, dates YYYY-MM-DD, binary is base64, NaN and infinities are the
// strings "NaN", "Infinity", "-Infinity", a null is null. Bytes of a utf8 value that are not UTF-8 become U+FFFD.
#include <cstdint>
#include <string>
#include <vector>

#include "model/batch.hpp"

namespace weir::model {

/// Writes rows of one schema; the names are escaped once. Immutable; [any] thread.
class row_json {
 public:
  explicit row_json(schema_ref schema);
  /// Appends {"a":1,...} for a physical row of a batch of the schema.
  void append(std::string& out, const batch& from, std::uint32_t row) const;

 private:
  schema_ref schema_;
  std::vector<std::string> names_;  // "\"name\":"
};

/// One value.
void append_json_value(std::string& out, const data_type& type, const column& from, std::int64_t row);
/// Text in double quotes.
void append_json_string(std::string& out, std::string_view text);
/// A decimal128's digits: "-12.30".
void append_decimal(std::string& out, const void* little_endian_16, int scale);

}  // namespace weir::model
