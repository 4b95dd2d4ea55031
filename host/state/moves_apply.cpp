// Moves at work.
#include <array>
#include <optional>

#include "state/moves_inner.hpp"

namespace weir::state {

using model::type_id;

namespace {

bool text_size(cursor& in, std::uint32_t& n) {
  const char* p = in.at;
  if (!in.take(4)) return false;
  std::memcpy(&n, p, 4);
  return true;
}
bool skip_text(cursor& in) {
  if (in.how == packing::plain) {
    std::uint32_t n = 0;
    return text_size(in, n) && in.take(n);
  }
  for (;;) {
    const auto* zero = static_cast<const char*>(std::memchr(in.at, 0, static_cast<std::size_t>(in.end - in.at)));
    if (!zero || in.end - zero < 2) return false;
    in.at = zero + 2;
    if (zero[1] == 0) return true;
  }
}
/// Is there one more element? nullopt: the bytes end.
std::optional<bool> more_elements(cursor& in, std::uint32_t& left) {
  if (in.how == packing::plain) return left-- != 0;
  if (in.at == in.end) return std::nullopt;
  return *in.at++ != 0;
}

/// Exact, NaNs and their bits too.
double widened(float v) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &v, sizeof bits);
  if ((bits & 0x7f800000u) != 0x7f800000u) return static_cast<double>(v);
  const std::uint64_t wide =
      std::uint64_t{bits >> 31} << 63 | std::uint64_t{0x7ff} << 52 | std::uint64_t{bits & 0x7fffffu} << 29;
  double out = 0;
  std::memcpy(&out, &wide, sizeof out);
  return out;
}

void put_number(const turn& how, const char* from, packing packed, target& to) {
  char plain[16], wide[16];
  if (packed == packing::ordered)
    ordered_to_plain(how.from, from, how.from_width, plain);
  else
    std::memcpy(plain, from, how.from_width);
  if (how.from == type_id::float32 && how.to == type_id::float64) {
    float v = 0;
    std::memcpy(&v, plain, sizeof v);
    const double d = widened(v);
    std::memcpy(plain, &d, sizeof d);
  } else if (how.to_width > how.from_width) {
    const bool minus = is_signed(how.from) && (plain[how.from_width - 1] & 0x80) != 0;
    std::memset(plain + how.from_width, minus ? 0xff : 0, how.to_width - how.from_width);
  }
  if (to.how == packing::ordered) {
    plain_to_ordered(how.to, plain, how.to_width, wide);
    to.out.append(wide, how.to_width);
  } else {
    to.out.append(plain, how.to_width);
  }
}

/// The bytes are known to be whole: skip() has been over them.
void put_text(cursor in, target& to) {
  std::string room;
  std::string_view text;
  if (in.how == packing::plain) {
    std::uint32_t n = 0;
    text_size(in, n);
    text = {in.at, n};
  } else {
    for (; in.at[0] != 0 || in.at[1] != 0; ++in.at) {
      room.push_back(*in.at);
      if (*in.at == 0) ++in.at;
    }
    text = room;
  }
  if (to.how == packing::plain) {
    const auto n = static_cast<std::uint32_t>(text.size());
    to.out.append(reinterpret_cast<const char*>(&n), sizeof n).append(text);
    return;
  }
  for (const char c : text) {
    to.out.push_back(c);
    if (c == 0) to.out.push_back('\xff');
  }
  to.out.append(2, '\0');
}

}  // namespace

bool skip(cursor& in, const extent& what) {
  if (what.null_byte) {
    if (in.at == in.end) return false;
    if (*in.at++ == 0) return true;
  }
  switch (what.what) {
    case extent::shape::fixed:
      return in.take(what.width);
    case extent::shape::text:
      return skip_text(in);
    case extent::shape::list: {
      std::uint32_t left = 0;
      if (in.how == packing::plain && !text_size(in, left)) return false;
      for (;;) {
        const auto more = more_elements(in, left);
        if (!more) return false;
        if (!*more) return true;
        if (in.at == in.end || !skip(in, what.inner[0])) return false;
      }
    }
    default:
      for (const extent& f : what.inner)
        if (!skip(in, f)) return false;
      return true;
  }
}

bool put_field(cursor in, const move& how, target& to) {
  bool there = true;
  if (how.null_from) there = *in.at++ != 0;
  if (how.null_to) to.out.push_back(there ? 1 : 0);
  if (!there) return true;
  to.align(how.align);
  switch (how.how.what) {
    case turn::act::bytes:
      to.out.append(in.at, static_cast<std::size_t>(in.end - in.at));
      return true;
    case turn::act::number:
      put_number(how.how, in.at, in.how, to);
      return true;
    case turn::act::text:
      put_text(in, to);
      return true;
    case turn::act::list: {
      std::uint32_t left = 0;
      if (in.how == packing::plain && !text_size(in, left)) return false;
      const std::uint32_t count = left;
      if (to.how == packing::plain && in.how == packing::plain) to.out.append(reinterpret_cast<const char*>(&count), 4);
      // Elements without a count in front are counted on the way.
      const std::size_t count_at = to.out.size();
      if (to.how == packing::plain && in.how != packing::plain) to.out.append(4, '\0');
      std::uint32_t counted = 0;
      for (;; ++counted) {
        const auto more = more_elements(in, left);
        if (!more) return false;
        if (!*more) break;
        if (to.how == packing::ordered) to.out.push_back(1);
        const char* from = in.at;
        if (!skip(in, how.how.stored[0])) return false;
        if (!put_field({in.begin, from, in.at, in.how}, *how.how.element, to)) return false;
      }
      if (to.how == packing::ordered) to.out.push_back(0);
      if (to.how == packing::plain && in.how != packing::plain) std::memcpy(to.out.data() + count_at, &counted, 4);
      return true;
    }
    default:
      return put_record(in, *how.how.fields, to);
  }
}

bool put_record(cursor& in, const moves::record& how, target& to) {
  struct span {
    const char *from, *end;
  };
  std::array<span, 32> few;
  std::vector<span> many;
  span* at = few.data();
  if (how.stored.size() > few.size()) {
    many.resize(how.stored.size());
    at = many.data();
  }
  for (std::size_t i = 0; i < how.stored.size(); ++i) {
    if (!in.align(how.stored[i].align)) return false;
    at[i].from = in.at;
    if (!skip(in, how.stored[i])) return false;
    at[i].end = in.at;
  }
  if (!in.align(how.stored_align)) return false;
  for (const move& m : how.to) {
    if (m.from < 0) {
      to.align(m.align);
      to.out += m.fill;
    } else if (!put_field({in.begin, at[m.from].from, at[m.through].end, in.how}, m, to)) {
      return false;
    }
  }
  to.align(how.align);
  return true;
}

bool moves::apply(std::string_view from, std::string& to) const {
  cursor in{from.data(), from.data(), from.data() + from.size(), from_};
  target out{to, to.size(), to_};
  return put_record(in, *all_, out) && in.at == in.end;
}

}  // namespace weir::state
