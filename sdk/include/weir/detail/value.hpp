// weir/detail/value.hpp: which column each C++ type stands for: traits<T>::describe fills a field's type.
#ifndef WEIR_DETAIL_VALUE_HPP
#define WEIR_DETAIL_VALUE_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/record.hpp"
#include "weir/schema.hpp"
#include "weir/types.hpp"

namespace weir::detail {

template <class T>
inline constexpr bool always_false = false;

// Fixed-width types: `stored` is how a value lies in the column.
template <class T>
struct scalar {
  static constexpr bool is = false;
};
#define WEIR_DETAIL_SCALAR(cpp, of_kind, store) \
  template <>                                   \
  struct scalar<cpp> {                          \
    static constexpr bool is = true;            \
    static constexpr weir::type kind = of_kind; \
    using stored = store;                       \
  };
WEIR_DETAIL_SCALAR(signed char, type::int8, std::int8_t)
WEIR_DETAIL_SCALAR(short, type::int16, std::int16_t)
WEIR_DETAIL_SCALAR(int, type::int32, std::int32_t)
WEIR_DETAIL_SCALAR(long, type::int64, std::int64_t)
WEIR_DETAIL_SCALAR(long long, type::int64, std::int64_t)
WEIR_DETAIL_SCALAR(unsigned char, type::uint8, std::uint8_t)
WEIR_DETAIL_SCALAR(unsigned short, type::uint16, std::uint16_t)
WEIR_DETAIL_SCALAR(unsigned, type::uint32, std::uint32_t)
WEIR_DETAIL_SCALAR(unsigned long, type::uint64, std::uint64_t)
WEIR_DETAIL_SCALAR(unsigned long long, type::uint64, std::uint64_t)
WEIR_DETAIL_SCALAR(float, type::float32, float)
WEIR_DETAIL_SCALAR(double, type::float64, double)
WEIR_DETAIL_SCALAR(weir::time, type::timestamp, std::int64_t)
WEIR_DETAIL_SCALAR(weir::date, type::date32, std::int32_t)
#undef WEIR_DETAIL_SCALAR

template <class T>
constexpr auto to_stored(const T& v) {
  if constexpr (std::is_same_v<T, time>)
    return static_cast<std::int64_t>(v.time_since_epoch().count());
  else if constexpr (std::is_same_v<T, date>)
    return static_cast<std::int32_t>(v.time_since_epoch().count());
  else
    return static_cast<typename scalar<T>::stored>(v);
}
template <class T, class Stored>
constexpr T from_stored(Stored v) {
  if constexpr (std::is_same_v<T, time>)
    return at(v);
  else if constexpr (std::is_same_v<T, date>)
    return date{std::chrono::days{v}};
  else
    return static_cast<T>(v);
}

template <class T>
inline constexpr bool is_text = std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>;
template <class T>
inline constexpr bool is_bytes = std::is_same_v<T, bytes> || std::is_same_v<T, bytes_view>;
template <class T>
inline constexpr int byte_count = 0;
template <std::size_t N>
inline constexpr int byte_count<std::array<std::byte, N>> = static_cast<int>(N);
template <class T>
struct decimal_of {
  static constexpr bool is = false;
};
template <int P, int S>
struct decimal_of<decimal<P, S>> {
  static constexpr bool is = true;
  static constexpr int precision = P, scale = S;
};
template <class T>
struct element_of {
  static constexpr bool is = false;
};
template <class T>
struct element_of<std::vector<T>> {
  static constexpr bool is = true;
  using type = T;
};
template <class T>
struct present {
  static constexpr bool optional = false;
  using type = T;
};
template <class T>
struct present<std::optional<T>> {
  static constexpr bool optional = true;
  using type = T;
};

// The text of a value of a text or bytes type.
inline std::string_view characters(std::string_view v) { return v; }
inline std::string_view characters(bytes_view v) { return v.text(); }
inline std::string_view characters(const bytes& v) { return v.value; }

template <class Record>
std::vector<field> fields_of();

template <class T>
WEIR_DETAIL_COLD field field_of(std::string_view name) {
  using V = typename present<T>::type;
  field out{.name = std::string{name}, .nullable = present<T>::optional};
  if constexpr (std::is_same_v<V, bool>) {
    out.kind = type::boolean;
  } else if constexpr (scalar<V>::is) {
    out.kind = scalar<V>::kind;
  } else if constexpr (is_text<V>) {
    out.kind = type::utf8;
  } else if constexpr (is_bytes<V>) {
    out.kind = type::binary;
  } else if constexpr (byte_count<V> > 0) {
    out.kind = type::fixed_binary;
    out.width = byte_count<V>;
  } else if constexpr (decimal_of<V>::is) {
    out.kind = type::decimal128;
    out.precision = decimal_of<V>::precision;
    out.scale = decimal_of<V>::scale;
  } else if constexpr (element_of<V>::is) {
    out.kind = type::list;
    out.children.push_back(field_of<typename element_of<V>::type>("item"));
  } else {
    static_assert(
        described<V>,
        "this member's type stands for no column: use bool, a number, std::string, weir::time, weir::date, "
        "weir::decimal, "
        "weir::bytes, std::array<std::byte, N>, std::vector, std::optional, or a struct that has its own WEIR_RECORD");
    if constexpr (described<V>) {
      out.kind = type::record;
      out.children = fields_of<V>();
    }
  }
  return out;
}

template <class Record>
WEIR_DETAIL_COLD std::vector<field> fields_of() {
  std::vector<field> out;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (out.push_back(field_of<member_value<Record, I>>(std::get<I>(members_of<Record>).name)), ...);
  }
  (member_indexes<Record>{});
  return out;
}
}  // namespace weir::detail

namespace weir {
// The schema of a record.
template <record R>
schema schema_of() {
  return schema{detail::fields_of<R>()};
}
}  // namespace weir
#endif  // WEIR_DETAIL_VALUE_HPP
