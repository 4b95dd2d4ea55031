// The types of expressions: what a column, a literal or an intermediate value is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {
struct field;
}

namespace weir::expression {

__extension__ using int128 = __int128;
__extension__ using uint128 = unsigned __int128;

enum class kind : std::uint8_t {
  null,  // the type of a bare NULL: becomes whatever stands beside it
  boolean,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  hugeint,  // 128-bit integer: only between operators; a column of it is decimal(38,0)
  float32,
  float64,
  decimal,
  text,    // utf8
  binary,  // binary and fixed binary
  timestamp,
  date,
  interval,  // only between operators
  list,
  record,
};

// A type. `shape` is the field of a list or record; it belongs to whoever gave the schema and is read only while
// compiling.
struct type {
  kind is{kind::null};
  std::uint8_t precision{0};
  std::uint8_t scale{0};
  const field* shape{nullptr};

  type() = default;
  type(kind k) : is{k} {}  // NOLINT: a kind is a type
  type(kind k, int p, int s) : is{k}, precision{static_cast<std::uint8_t>(p)}, scale{static_cast<std::uint8_t>(s)} {}
  friend bool operator==(const type& a, const type& b) {
    return a.is == b.is && a.precision == b.precision && a.scale == b.scale;
  }
};

constexpr int decimal_digits_max = 38;

// "int64", "decimal(10,2)", "list": the words of error messages and of the documentation.
std::string name(const type& t);

// The type that CAST calls by this word (already lower case): SQL's names and weir's own. Precision and scale come
// separately.
std::optional<kind> kind_named(std::string_view word);

// The type of a column.
type type_of(const field& f);

// The field of a column that an expression gives. Not for null, interval, list and record.
field field_of(const type& t, std::string name);

inline bool is_signed(kind k) { return k >= kind::int8 && k <= kind::int64; }
inline bool is_unsigned(kind k) { return k >= kind::uint8 && k <= kind::uint64; }
inline bool is_integer(kind k) { return k >= kind::int8 && k <= kind::hugeint; }
inline bool is_float(kind k) { return k == kind::float32 || k == kind::float64; }
inline bool is_number(kind k) { return k >= kind::int8 && k <= kind::decimal; }
inline bool is_nested(kind k) { return k == kind::list || k == kind::record; }

// Decimal digits that every value of an integer kind fits in.
int digits_of(kind k);

// The smallest type that holds every value of both numbers (floats: as SQL does, by rounding).
type common_number(const type& a, const type& b);

}  // namespace weir::expression
