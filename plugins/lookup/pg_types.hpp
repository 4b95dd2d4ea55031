#pragma once
// Columns as PostgreSQL's types: keys as parameters, answers as values. Both in the binary form of the protocol, so
// nothing of a value is ever text of a statement.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lookup/cells.hpp"

namespace lookup::pg {

/// The element type of the array that carries keys of this type: "int8". Numbers that no integer type holds are sent as
/// text and cast.
struct key_type {
  const char* name;
  std::uint32_t oid;
  bool as_number;  // text that stands for a number
};
key_type key_type_of(const weir::field& f);

/// An array parameter in binary form. [any]
class key_array {
 public:
  explicit key_array(const weir::field& f) : field_{&f} {}
  /// value: as keys.hpp encodes this column's part.
  void add(std::string_view value);
  /// The parameter: valid until the next add.
  const std::string& bytes();
  [[nodiscard]] std::int32_t size() const { return count_; }

 private:
  const weir::field* field_;
  std::int32_t count_ = 0;
  std::string elements_, bytes_;
};

/// What stands behind a column in the SELECT, so that its value comes as read_cell() wants it: "::int8".
const char* cast_of(const weir::field& f);
/// A value that is not null, as the server sent it, into the slot that at() has chosen. False: `why`.
bool read_cell(std::string_view value, cells& to, std::string& why);

}  // namespace lookup::pg
