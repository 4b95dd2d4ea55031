// Casts from text and to text.
#include <charconv>
#include <limits>
#include <optional>

#include "cast.hpp"
#include "convert.hpp"
#include "number_text.hpp"
#include "time_text.hpp"

namespace weir::expression {

namespace {

// Most integers are a few digits and nothing else: no need of the general way.
bool parse_plain(std::string_view t, std::int64_t& out) {
  const auto r = std::from_chars(t.data(), t.data() + t.size(), out);
  return r.ec == std::errc{} && r.ptr == t.data() + t.size();
}

struct read_integer {
  template <class To>
  bool operator()(text_ref v, To& out) const {
    int128 wide = 0;
    std::int64_t plain = 0;
    if (parse_plain(v.view(), plain)) {
      wide = plain;
    } else {
      const auto parsed = parse_integer(v.view());
      if (!parsed) return false;
      wide = *parsed;
    }
    out = static_cast<To>(wide);
    return static_cast<int128>(out) == wide;
  }
};
struct read_real {
  bool operator()(text_ref v, double& out) const {
    const auto r = parse_real(v.view());
    out = r.value_or(0);
    return r.has_value();
  }
  bool operator()(text_ref v, float& out) const {
    const auto r = parse_real32(v.view());
    out = r.value_or(0);
    return r.has_value();
  }
};
struct read_decimal {
  int scale;
  int128 limit;
  bool operator()(text_ref v, int128& out) const {
    const auto r = parse_scaled(v.view(), scale);
    out = r.value_or(0);
    return r && *r<limit&& * r> - limit;
  }
};
struct read_truth {
  bool operator()(text_ref v, std::uint8_t& out) const {
    const auto r = parse_truth(v.view());
    out = r.value_or(false);
    return r.has_value();
  }
};
struct read_date {
  bool operator()(text_ref v, std::int32_t& out) const {
    const auto r = parse_date(v.view());
    out = r.value_or(0);
    return r.has_value();
  }
};
struct read_timestamp {
  bool operator()(text_ref v, std::int64_t& out) const {
    const auto r = parse_timestamp(v.view());
    out = r.value_or(0);
    return r.has_value();
  }
};
struct read_interval {
  bool operator()(text_ref v, span& out) const {
    const auto r = parse_interval(v.view());
    out = r.value_or(span{0, 0, 0});
    return r.has_value();
  }
};

template <class T>
class formatter final : public node {
 public:
  explicit formatter(node_ptr a) : node{kind::text} {
    add(std::move(a));
    costly = true;
  }
  column eval(frame& f, row_set rows) const override {
    const column c = args[0]->eval(f, rows);
    const type from = args[0]->result;
    const T* a = c.as<T>();
    auto* out = f.scratch<text_ref>(slot);
    for_each_row(rows, [&](std::int64_t i) {
      out[i] = {nullptr, 0};
      if (!c.is_valid(i)) return;
      if constexpr (std::is_integral_v<T> && sizeof(T) > 1) {
        if (is_integer(from.is)) {
          char text[24];
          const auto end = std::to_chars(text, text + sizeof text, a[i]).ptr;
          out[i] = f.texts.copy({text, static_cast<std::size_t>(end - text)});
          return;
        }
      }
      f.work.clear();
      append(f.work, from, a[i]);
      out[i] = f.texts.copy(f.work);
    });
    return {out, c.valid};
  }

 private:
  static void append(std::string& out, const type& from, const T& v) {
    if constexpr (std::is_same_v<T, span>) {
      append_interval(out, v);
    } else if constexpr (std::is_floating_point_v<T>) {
      append_real(out, v);
    } else if constexpr (!std::is_same_v<T, text_ref>) {
      switch (from.is) {
        case kind::boolean:
          out += v ? "true" : "false";
          return;
        case kind::date:
          append_date(out, static_cast<std::int32_t>(v));
          return;
        case kind::timestamp:
          append_timestamp(out, static_cast<std::int64_t>(v));
          return;
        case kind::decimal:
          append_decimal(out, v, from.scale);
          return;
        default:
          append_integer(out, v);
          return;
      }
    }
  }
};

}  // namespace

node_ptr make_text_parse(node_ptr a, type to, bool attempt) {
  switch (to.is) {
    case kind::boolean:
      return make_converter<text_ref, std::uint8_t, false>(std::move(a), to, attempt, read_truth{});
    case kind::date:
      return make_converter<text_ref, std::int32_t, false>(std::move(a), to, attempt, read_date{});
    case kind::timestamp:
      return make_converter<text_ref, std::int64_t, false>(std::move(a), to, attempt, read_timestamp{});
    case kind::interval:
      return make_converter<text_ref, span, false>(std::move(a), to, attempt, read_interval{});
    case kind::decimal:
      return make_converter<text_ref, int128, false>(std::move(a), to, attempt,
                                                     read_decimal{to.scale, power_of_ten(to.precision)});
    default:
      return with_number(to.is, [&](auto tag) -> node_ptr {
        using To = typename decltype(tag)::value;
        if constexpr (std::is_floating_point_v<To>) {
          return make_converter<text_ref, To, false>(std::move(a), to, attempt, read_real{});
        } else {
          return make_converter<text_ref, To, false>(std::move(a), to, attempt, read_integer{});
        }
      });
  }
}

node_ptr make_text_format(node_ptr a) {
  return with_value(a->result.is, [&](auto tag) -> node_ptr {
    return std::make_unique<formatter<typename decltype(tag)::value>>(std::move(a));
  });
}

}  // namespace weir::expression
