#include "lookup/pg_types.hpp"

#include <cstring>

#include "shared/decimal_text.hpp"
#include "shared/value_text.hpp"

namespace lookup::pg {
namespace {

constexpr std::int64_t days_to_2000 = 10'957;  // PostgreSQL counts from there
constexpr std::int64_t us_to_2000 = days_to_2000 * 86'400'000'000;

template <class T>
T to_network(T v) {
  if constexpr (sizeof(T) == 8)
    return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(v)));
  else if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(v)));
  else if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(v)));
  else
    return v;
}
template <class T>
void put(std::string& to, T v) {
  v = to_network(v);
  to.append(reinterpret_cast<const char*>(&v), sizeof v);
}
template <class T>
bool get(std::string_view from, T& v) {
  if (from.size() != sizeof v) return false;
  std::memcpy(&v, from.data(), sizeof v);
  v = to_network(v);
  return true;
}

/// An integer of the protocol, Wire wide, into a column of type T.
template <class Wire, class T>
bool whole(std::string_view value, cells& to, std::string& why) {
  Wire v{};
  if (!get(value, v)) return why = "came in another form than it was asked for", false;
  if (static_cast<Wire>(static_cast<T>(v)) != v || (static_cast<T>(v) < T{}) != (v < 0))
    return why = "is " + std::to_string(v) + ", which " + to_string(to.of()) + " does not hold", false;
  to.append(static_cast<T>(v));
  return true;
}
template <class Bits, class T>
bool real(std::string_view value, cells& to, std::string& why) {
  Bits bits{};
  if (!get(value, bits)) return why = "came in another form than it was asked for", false;
  T v;
  std::memcpy(&v, &bits, sizeof v);
  to.append(v);
  return true;
}

}  // namespace

key_type key_type_of(const weir::field& f) {
  using weir::type;
  switch (f.kind) {
    case type::boolean:
      return {"bool", 16, false};
    case type::utf8:
      return {"text", 25, false};
    case type::binary:
    case type::fixed_binary:
      return {"bytea", 17, false};
    case type::timestamp:
      return {"timestamptz", 1184, false};
    case type::date32:
      return {"date", 1082, false};
    case type::uint64:
    case type::decimal128:
      return {"text", 25, true};
    default:
      return {"int8", 20, false};
  }
}

void key_array::add(std::string_view value) {
  using weir::type;
  std::int64_t number = 0;
  if (value.size() == sizeof number) std::memcpy(&number, value.data(), sizeof number);
  ++count_;
  switch (field_->kind) {
    case type::boolean:
    case type::utf8:
    case type::binary:
    case type::fixed_binary:
      put(elements_, static_cast<std::int32_t>(value.size()));
      elements_.append(value);
      return;
    case type::timestamp:
      put(elements_, std::int32_t{8});
      put(elements_, number - us_to_2000);
      return;
    case type::date32:
      put(elements_, std::int32_t{4});
      put(elements_, static_cast<std::int32_t>(number - days_to_2000));
      return;
    case type::uint64: {
      const std::string text = std::to_string(static_cast<std::uint64_t>(number));
      put(elements_, static_cast<std::int32_t>(text.size()));
      elements_.append(text);
      return;
    }
    case type::decimal128: {
      weir::int128 unscaled;
      std::memcpy(&unscaled, value.data(), sizeof unscaled);
      char text[64];
      const auto size = static_cast<std::size_t>(weir::shared::print_decimal(text, unscaled, field_->scale) - text);
      put(elements_, static_cast<std::int32_t>(size));
      elements_.append(text, size);
      return;
    }
    default:
      put(elements_, std::int32_t{8});
      put(elements_, number);
  }
}

const std::string& key_array::bytes() {
  bytes_.clear();
  put(bytes_, std::int32_t{1});  // dimensions
  put(bytes_, std::int32_t{0});  // no nulls
  put(bytes_, key_type_of(*field_).oid);
  put(bytes_, count_);
  put(bytes_, std::int32_t{1});  // the first index
  bytes_.append(elements_);
  return bytes_;
}

const char* cast_of(const weir::field& f) {
  using weir::type;
  switch (f.kind) {
    case type::boolean:
      return "::bool";
    case type::int8:
    case type::uint8:
    case type::int16:
      return "::int2";
    case type::uint16:
    case type::int32:
      return "::int4";
    case type::uint32:
    case type::int64:
      return "::int8";
    case type::float32:
      return "::float4";
    case type::float64:
      return "::float8";
    case type::utf8:
      return "::text";
    case type::binary:
    case type::fixed_binary:
      return "::bytea";
    case type::timestamp:
      return "::timestamptz";
    case type::date32:
      return "::date";
    default:
      return "::numeric::text";
  }
}

bool read_cell(std::string_view value, cells& to, std::string& why) {
  using weir::type;
  switch (to.of().kind) {
    case type::boolean:
      return to.append_bool(!value.empty() && value[0] != 0), true;
    case type::int8:
      return whole<std::int16_t, std::int8_t>(value, to, why);
    case type::uint8:
      return whole<std::int16_t, std::uint8_t>(value, to, why);
    case type::int16:
      return whole<std::int16_t, std::int16_t>(value, to, why);
    case type::uint16:
      return whole<std::int32_t, std::uint16_t>(value, to, why);
    case type::int32:
      return whole<std::int32_t, std::int32_t>(value, to, why);
    case type::uint32:
      return whole<std::int64_t, std::uint32_t>(value, to, why);
    case type::int64:
      return whole<std::int64_t, std::int64_t>(value, to, why);
    case type::float32:
      return real<std::uint32_t, float>(value, to, why);
    case type::float64:
      return real<std::uint64_t, double>(value, to, why);
    case type::utf8:
    case type::binary:
      return to.append(value), true;
    case type::fixed_binary:
      if (value.size() != static_cast<std::size_t>(to.of().width))
        return why = "has " + std::to_string(value.size()) + " bytes, not " + std::to_string(to.of().width), false;
      return to.append_fixed(value.data()), true;
    case type::timestamp: {
      std::int64_t us = 0;
      if (!get(value, us)) return why = "came in another form than it was asked for", false;
      if (us == INT64_MAX || us == INT64_MIN || __builtin_add_overflow(us, us_to_2000, &us))
        return why = "is no time that a timestamp holds", false;
      return to.append(us), true;
    }
    case type::date32: {
      std::int32_t days = 0;
      if (!get(value, days)) return why = "came in another form than it was asked for", false;
      if (days == INT32_MAX || days == INT32_MIN) return why = "is infinity, which a date does not hold", false;
      return to.append(static_cast<std::int32_t>(days + days_to_2000)), true;
    }
    default:
      return weir::shared::read_value(value, to, why);
  }
}

}  // namespace lookup::pg
