#include "constant.hpp"

#include "number_text.hpp"
#include "time_text.hpp"

namespace weir::expression {

column constant::eval(frame& f, row_set) const {
  const std::int64_t length = f.length();
  std::int64_t& filled = f.filled(slot);
  auto* valid = value.null ? f.scratch<std::uint8_t>(slot + 1) : nullptr;
  const void* values = nullptr;
  with_value(result.is, [&](auto t) {
    using T = typename decltype(t)::value;
    T* out = f.scratch<T>(slot);
    values = out;
    if (filled >= length) return;
    T v{};
    if constexpr (std::is_same_v<T, text_ref>) {
      v = {value.text.data(), value.text.size()};
    } else if constexpr (std::is_same_v<T, span>) {
      v = value.interval;
    } else if constexpr (std::is_floating_point_v<T>) {
      v = static_cast<T>(value.real);
    } else {
      v = static_cast<T>(value.integer);
    }
    std::fill(out, out + length, v);
  });
  if (filled < length) {
    if (valid) std::memset(valid, 0, static_cast<std::size_t>(length));
    filled = length;
  }
  return {values, valid};
}

node_ptr make_constant(type t, scalar v, literal l) { return std::make_unique<constant>(t, std::move(v), l); }

node_ptr make_null(type t) { return make_constant(t, scalar{}, t.is == kind::null ? literal::null : literal::none); }

node_ptr make_integer(type t, int128 v) {
  scalar s;
  s.null = false;
  s.integer = v;
  return make_constant(t, std::move(s));
}

scalar scalar_of(const type& t, const column& c, std::int64_t row) {
  scalar s;
  if (t.is == kind::null || !c.is_valid(row)) return s;
  s.null = false;
  with_value(t.is, [&](auto tag) {
    using T = typename decltype(tag)::value;
    const T v = c.as<T>()[row];
    if constexpr (std::is_same_v<T, text_ref>) {
      s.text = v.view();
    } else if constexpr (std::is_same_v<T, span>) {
      s.interval = v;
    } else if constexpr (std::is_floating_point_v<T>) {
      s.real = static_cast<double>(v);
    } else {
      s.integer = v;
    }
  });
  return s;
}

std::string shown(const type& t, const scalar& s) {
  if (s.null) return "NULL";
  std::string out;
  switch (t.is) {
    case kind::boolean:
      return s.integer ? "true" : "false";
    case kind::float32:
      append_real(out, static_cast<float>(s.real));
      return out;
    case kind::float64:
      append_real(out, s.real);
      return out;
    case kind::decimal:
      append_decimal(out, s.integer, t.scale);
      return out;
    case kind::text:
      return "'" + (s.text.size() > 80 ? s.text.substr(0, 77) + "..." : s.text) + "'";
    case kind::binary:
      return std::to_string(s.text.size()) + " bytes";
    case kind::date:
      append_date(out, static_cast<std::int32_t>(s.integer));
      return out;
    case kind::timestamp:
      append_timestamp(out, static_cast<std::int64_t>(s.integer));
      return out;
    case kind::interval:
      append_interval(out, s.interval);
      return out;
    default:
      append_integer(out, s.integer);
      return out;
  }
}

std::string shown(const type& t, const column& c, std::int64_t row) { return shown(t, scalar_of(t, c, row)); }

}  // namespace weir::expression
