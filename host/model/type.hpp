#pragma once
// Types of columns and schemas of batches. A schema is immutable and shared; text form, equality and Arrow's form are
// here. Nothing here is on the path of a record.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "weir/arrow.h"

namespace weir::model {

enum class type_id : std::uint8_t {
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  float32,
  float64,
  utf8,          ///< int32 offsets
  binary,        ///< int32 offsets
  fixed_binary,  ///< `width` bytes
  timestamp,     ///< int64 microseconds since 1970, UTC
  date,          ///< int32 days since 1970
  decimal128,    ///< 16 bytes, little endian two's complement, precision 1..38, 0 <= scale <= precision
  list,          ///< one child: the element
  structure,     ///< any number of children
};

/// How deep lists and structs may be nested.
inline constexpr int type_depth_max = 32;
/// How many columns and nested fields a schema may have in all.
inline constexpr std::size_t schema_fields_max = 10'000;

struct field;

/// A type: plain value, compared by value. A list's child is named "item".
struct data_type {
  type_id id = type_id::int64;
  std::int32_t width = 0;      ///< fixed_binary
  std::int32_t precision = 0;  ///< decimal128
  std::int32_t scale = 0;      ///< decimal128
  std::vector<field> children;

  data_type() = default;
  data_type(type_id which);  // NOLINT: implicit on purpose
  static data_type fixed_binary_of(std::int32_t width);
  static data_type decimal_of(std::int32_t precision, std::int32_t scale);
  static data_type list_of(data_type element, bool nullable = false);
  static data_type struct_of(std::vector<field> children);

  /// Bytes of one value of a fixed width; 0: boolean (bits), utf8, binary, list, struct.
  std::int32_t value_bytes() const noexcept;
  /// utf8, binary or list: has int32 offsets.
  bool has_offsets() const noexcept { return id == type_id::utf8 || id == type_id::binary || id == type_id::list; }
  /// Number of buffers of an ArrowArray of this type: 1 struct, 3 utf8 and binary, 2 the others.
  int buffer_count() const noexcept;
  /// "decimal128(18,2)", "list<utf8?>", "struct<name: utf8, age: int32?>"; parse_type reads it back.
  std::string text() const;
  friend bool operator==(const data_type&, const data_type&);
};

using field_metadata = std::vector<std::pair<std::string, std::string>>;

struct field {
  std::string name;
  data_type type;
  bool nullable = false;
  field_metadata metadata;  ///< not part of equality

  /// "amount: decimal128(18,2)?"; a name that is not [A-Za-z_][A-Za-z0-9_.-]* is in double quotes.
  std::string text() const;
  friend bool operator==(const field& a, const field& b) {
    return a.nullable == b.nullable && a.name == b.name && a.type == b.type;
  }
};

inline data_type::data_type(type_id which) : id(which) {}  // here, because it needs the whole field

class schema;
using schema_ref = std::shared_ptr<const schema>;

/// The columns of a batch. Immutable; [any] thread.
class schema {
 public:
  /// Checks names (not empty, not twice), type parameters, depth and size.
  static base::result<schema_ref> make(std::vector<field> fields);
  /// The same for schemas that are part of weir's code: a mistake in them ends the process.
  static schema_ref of(std::vector<field> fields);

  const std::vector<field>& fields() const noexcept { return fields_; }
  const field& operator[](std::size_t i) const noexcept { return fields_[i]; }
  std::size_t size() const noexcept { return fields_.size(); }
  /// The index of a column, or -1.
  int find(std::string_view name) const noexcept;
  std::vector<std::string> names() const;
  /// Fields joined by ", "; parse_schema reads it back.
  std::string text() const;
  /// Names, types and nullability in the same order; metadata does not count.
  friend bool operator==(const schema& a, const schema& b) { return a.fields_ == b.fields_; }

 private:
  struct token {};

 public:
  schema(token, std::vector<field> fields) : fields_(std::move(fields)) {}

 private:
  std::vector<field> fields_;
};

/// Null: an empty text.
inline std::string text_of(const schema_ref& s) { return s ? s->text() : std::string(); }
/// Equal, with the pointer as the short way.
inline bool same_schema(const schema_ref& a, const schema_ref& b) { return a == b || (a && b && *a == *b); }

/// The first difference for people: `column 2 is "amount: float64" but "amount: decimal128(18,2)" is declared`; empty:
/// none.
std::string schema_difference(const schema& given, const schema& declared);

/// A type as a pipeline writes it: "int64", "string?", "decimal(18,2)", "list<string>",
/// "struct<name:string,age:int32?>". Synonyms, in any case: int integer bigint long smallint tinyint byte short, float
/// real double, string text varchar, bytes blob, boolean, datetime "timestamp(us)" timestamp_us, date32, decimal
/// numeric, array, row record.
struct type_and_null {
  data_type type;
  bool nullable = false;
};
base::result<type_and_null> parse_type(std::string_view text);
/// The field `name` of the type that `type_text` says; names the field in its errors.
base::result<field> parse_field(std::string_view name, std::string_view type_text);
/// "desk: string, amount: decimal(18,2)?"
base::result<schema_ref> parse_schema(std::string_view text);

/// Arrow's form: a struct whose children are the columns. The release callback and all memory are the host's.
void export_schema(const schema& from, ArrowSchema* out);
void export_field(const field& from, ArrowSchema* out);
/// Reads an ArrowSchema (never trusts it) and does not release it. Timestamps must be microseconds in UTC; large
/// offsets, views, dictionaries, unions and maps are refused with the name of the column.
base::result<schema_ref> import_schema(const ArrowSchema* from);
base::result<field> import_field(const ArrowSchema* from);

}  // namespace weir::model
