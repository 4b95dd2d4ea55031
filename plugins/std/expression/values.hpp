// The C++ type behind each kind of value, and single values outside of vectors.
#pragma once

#include <string>
#include <utility>

#include "column.hpp"

namespace weir::expression {

template <class T>
struct of {
  using value = T;
};

// Calls f(of<T>{}) with the C++ type that vectors of this kind hold.
template <class F>
decltype(auto) with_value(kind k, F f) {
  switch (k) {
    case kind::int8:
      return f(of<std::int8_t>{});
    case kind::int16:
      return f(of<std::int16_t>{});
    case kind::int32:
    case kind::date:
      return f(of<std::int32_t>{});
    case kind::int64:
    case kind::timestamp:
      return f(of<std::int64_t>{});
    case kind::uint16:
      return f(of<std::uint16_t>{});
    case kind::uint32:
      return f(of<std::uint32_t>{});
    case kind::uint64:
      return f(of<std::uint64_t>{});
    case kind::hugeint:
    case kind::decimal:
      return f(of<int128>{});
    case kind::float32:
      return f(of<float>{});
    case kind::float64:
      return f(of<double>{});
    case kind::text:
    case kind::binary:
      return f(of<text_ref>{});
    case kind::interval:
      return f(of<span>{});
    default:
      return f(of<std::uint8_t>{});  // boolean, uint8, null
  }
}

// The same for numbers alone.
template <class F>
decltype(auto) with_number(kind k, F f) {
  switch (k) {
    case kind::int8:
      return f(of<std::int8_t>{});
    case kind::int16:
      return f(of<std::int16_t>{});
    case kind::int32:
      return f(of<std::int32_t>{});
    case kind::int64:
      return f(of<std::int64_t>{});
    case kind::uint16:
      return f(of<std::uint16_t>{});
    case kind::uint32:
      return f(of<std::uint32_t>{});
    case kind::uint64:
      return f(of<std::uint64_t>{});
    case kind::hugeint:
    case kind::decimal:
      return f(of<int128>{});
    case kind::float32:
      return f(of<float>{});
    case kind::float64:
      return f(of<double>{});
    default:
      return f(of<std::uint8_t>{});
  }
}

// One value; which member holds it follows from the type. Booleans, integers, decimals, dates and timestamps: integer.
struct scalar {
  bool null{true};
  int128 integer{0};
  double real{0};
  span interval{0, 0, 0};
  std::string text;
};

scalar scalar_of(const type& t, const column& c, std::int64_t row);

// As people write it in messages: 12, 1.50, 'abc', NULL.
std::string shown(const type& t, const scalar& s);
std::string shown(const type& t, const column& c, std::int64_t row);

}  // namespace weir::expression
