#include "cast.hpp"

#include "constant.hpp"
#include "convert.hpp"
#include "time_text.hpp"

namespace weir::expression {

namespace {

bool is_countable(kind k) { return k == kind::boolean || is_number(k); }

struct date_to_timestamp {
  bool operator()(std::int32_t v, std::int64_t& out) const {
    return !__builtin_mul_overflow(static_cast<std::int64_t>(v), micros_per_day, &out);
  }
};
struct timestamp_to_date {
  bool operator()(std::int64_t v, std::int32_t& out) const {
    out = static_cast<std::int32_t>(day_of(v));
    return true;
  }
};

// Bytes that are UTF-8, as RFC 3629 has it.
struct binary_to_text {
  bool operator()(text_ref v, text_ref& out) const {
    out = v;
    const auto* p = reinterpret_cast<const unsigned char*>(v.data);
    const auto* end = p + v.size;
    while (p < end) {
      if (*p < 0x80) {
        ++p;
        continue;
      }
      const int n = *p >= 0xc2 && *p < 0xe0 ? 1 : *p >= 0xe0 && *p < 0xf0 ? 2 : *p >= 0xf0 && *p < 0xf5 ? 3 : 0;
      if (!n || end - p <= n) return false;
      for (int k = 1; k <= n; ++k)
        if ((p[k] & 0xc0) != 0x80) return false;
      if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] >= 0xa0) || (*p == 0xf0 && p[1] < 0x90) ||
          (*p == 0xf4 && p[1] >= 0x90))
        return false;
      p += n + 1;
    }
    return true;
  }
};
struct same_bytes {
  bool operator()(text_ref v, text_ref& out) const {
    out = v;
    return true;
  }
};

}  // namespace

void conversion::settle(frame& f, const column& from, std::int64_t i, const std::uint8_t*& valid) const {
  if (attempt_) {
    auto* own = f.scratch<std::uint8_t>(slot + 1);
    if (valid != own) valid = own_valid(f, slot + 1, valid);
    own[i] = 0;
    return;
  }
  const type& t = args[0]->result;
  if (t.is == kind::text) {
    f.fail(i, "cannot read " + shown(t, from, i) + " as " + name(result));
  } else {
    f.fail(i, "cannot cast " + shown(t, from, i) + " (" + name(t) + ") to " + name(result) + ": out of range");
  }
}

bool can_cast(const type& from, const type& to) {
  if (is_nested(from.is) || is_nested(to.is) || to.is == kind::null) return false;
  if (from.is == to.is || from.is == kind::null) return true;
  if (is_countable(from.is) && is_countable(to.is)) return true;
  if (from.is == kind::text) return true;
  if (to.is == kind::text) return true;
  return (from.is == kind::date && to.is == kind::timestamp) || (from.is == kind::timestamp && to.is == kind::date);
}

node_ptr make_cast(node_ptr a, type to, bool attempt) {
  const type from = a->result;
  if (from == to) return a;
  if (from.is == kind::null) return make_null(to);
  if (is_countable(from.is) && is_countable(to.is)) return make_number_cast(std::move(a), to, attempt);
  if (from.is == kind::date && to.is == kind::timestamp)
    return make_converter<std::int32_t, std::int64_t, false>(std::move(a), to, attempt, date_to_timestamp{});
  if (from.is == kind::timestamp && to.is == kind::date)
    return make_converter<std::int64_t, std::int32_t, true>(std::move(a), to, attempt, timestamp_to_date{});
  if (from.is == kind::text && to.is == kind::binary)
    return make_converter<text_ref, text_ref, false>(std::move(a), to, attempt, same_bytes{});
  if (from.is == kind::binary && to.is == kind::text)
    return make_converter<text_ref, text_ref, false>(std::move(a), to, attempt, binary_to_text{});
  if (from.is == kind::text) return make_text_parse(std::move(a), to, attempt);
  return make_text_format(std::move(a));
}

}  // namespace weir::expression
