#include <openssl/evp.h>
#include <utf8proc.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstring>

#include "cast.hpp"
#include "functions.hpp"
#include "map.hpp"
#include "utf8.hpp"

namespace weir::expression {

namespace {

constexpr std::int64_t result_bytes_max = 16 << 20;  // of one value that a function makes

bool too_large(call& c, std::int64_t bytes) {
  if (bytes <= result_bytes_max) return false;
  c.fail("the result would have more than " + std::to_string(result_bytes_max) + " bytes");
  return true;
}

std::int64_t length(call&, text_ref t) { return character_count(t.view()); }
std::int64_t byte_length(call&, text_ref t) { return static_cast<std::int64_t>(t.size); }

template <utf8proc_int32_t (*Convert)(utf8proc_int32_t), char First>
text_ref with_case(call& c, text_ref t) {
  if (is_ascii(t.view())) {
    char* out = c.texts.take(t.size);
    for (std::size_t i = 0; i < t.size; ++i) {
      const char ch = t.data[i];
      out[i] = static_cast<char>(ch ^ (static_cast<unsigned char>(ch - First) < 26 ? 0x20 : 0));
    }
    return {out, t.size};
  }
  c.work.clear();
  const auto* p = reinterpret_cast<const utf8proc_uint8_t*>(t.data);
  auto left = static_cast<utf8proc_ssize_t>(t.size);
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const auto n = utf8proc_iterate(p, left, &point);
    if (n <= 0) {  // no UTF-8: as it is
      c.work += static_cast<char>(*p++);
      --left;
      continue;
    }
    utf8proc_uint8_t bytes[4];
    const auto m = utf8proc_encode_char(Convert(point), bytes);
    c.work.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(m));
    p += n;
    left -= n;
  }
  return c.texts.copy(c.work);
}
text_ref lower(call& c, text_ref t) { return with_case<utf8proc_tolower, 'A'>(c, t); }
text_ref upper(call& c, text_ref t) { return with_case<utf8proc_toupper, 'a'>(c, t); }

// ---- trimming. Without a set: all kinds of spaces (Unicode's Zs), but no tabs or line ends.

std::size_t space_at_front(std::string_view t) {
  if (t[0] == ' ') return 1;
  if (!(t[0] & 0x80)) return 0;
  utf8proc_int32_t point = 0;
  const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(t.data()),
                                  static_cast<utf8proc_ssize_t>(t.size()), &point);
  return n > 0 && utf8proc_category(point) == UTF8PROC_CATEGORY_ZS ? static_cast<std::size_t>(n) : 0;
}
std::string_view last_character(std::string_view t) {
  std::size_t i = t.size() - 1;
  while (i > 0 && continues_character(t[i])) --i;
  return t.substr(i);
}
std::string_view first_character(std::string_view t) { return t.substr(0, offset_of(t, 1)); }

template <bool Left, bool Right>
text_ref trim(call&, text_ref t) {
  std::string_view v = t.view();
  while (Left && !v.empty()) {
    const std::size_t n = space_at_front(v);
    if (!n) break;
    v.remove_prefix(n);
  }
  while (Right && !v.empty()) {
    const std::string_view last = last_character(v);
    if (!space_at_front(last)) break;
    v.remove_suffix(last.size());
  }
  return {v.data(), v.size()};
}
bool has_character(std::string_view set, std::string_view character) {
  while (!set.empty()) {
    const std::string_view one = first_character(set);
    if (one == character) return true;
    set.remove_prefix(one.size());
  }
  return false;
}
template <bool Left, bool Right>
text_ref trim_set(call&, text_ref t, text_ref set) {
  std::string_view v = t.view();
  while (Left && !v.empty() && has_character(set.view(), first_character(v)))
    v.remove_prefix(first_character(v).size());
  while (Right && !v.empty() && has_character(set.view(), last_character(v))) v.remove_suffix(last_character(v).size());
  return {v.data(), v.size()};
}

// ---- parts

text_ref substring(call& c, text_ref t, std::int64_t offset, std::int64_t length) {
  constexpr std::int64_t most = 4'294'967'295;
  if (offset > most || offset < -most || length > most || length < -most) {
    c.fail("substring: a position or length beyond 4294967295");
    return t;
  }
  const std::int64_t size = character_count(t.view());
  std::int64_t begin = offset > 0 ? offset - 1 : offset < 0 ? size + offset : -1;
  std::int64_t end = begin + length;
  if (length < 0) std::swap(begin, end);
  return characters(t, std::max<std::int64_t>(begin, 0), std::min(end, size));
}
text_ref substring_from(call& c, text_ref t, std::int64_t offset) {
  constexpr std::int64_t most = 4'294'967'295;
  if (offset > most || offset < -most) {
    c.fail("substring: a position beyond 4294967295");
    return t;
  }
  const std::int64_t size = character_count(t.view());
  return characters(t, std::max<std::int64_t>(offset > 0 ? offset - 1 : offset < 0 ? size + offset : 0, 0), size);
}
text_ref left(call&, text_ref t, std::int64_t n) {
  return characters(t, 0, n >= 0 ? n : std::max<std::int64_t>(character_count(t.view()) + n, 0));
}
text_ref right(call&, text_ref t, std::int64_t n) {
  const std::int64_t size = character_count(t.view());
  return characters(t, n >= 0 ? std::max<std::int64_t>(size - n, 0) : n < -size ? size : -n, size);
}

text_ref replace(call& c, text_ref t, text_ref from, text_ref to) {
  if (from.size == 0) return t;
  const std::string_view v = t.view();
  std::size_t found = v.find(from.view());
  if (found == std::string_view::npos) return t;
  c.work.clear();
  std::size_t at = 0;
  for (; found != std::string_view::npos; found = v.find(from.view(), at)) {
    c.work.append(v, at, found - at);
    c.work += to.view();
    at = found + from.size;
    if (too_large(c, static_cast<std::int64_t>(c.work.size()))) return t;
  }
  c.work.append(v, at);
  return c.texts.copy(c.work);
}

std::int64_t position(call&, text_ref t, text_ref part) {
  const std::size_t found = t.view().find(part.view());
  if (found == std::string_view::npos) return 0;
  return character_count(t.view().substr(0, found)) + 1;
}
std::uint8_t starts_with(call&, text_ref t, text_ref part) { return t.view().starts_with(part.view()); }
std::uint8_t ends_with(call&, text_ref t, text_ref part) { return t.view().ends_with(part.view()); }
std::uint8_t contains(call&, text_ref t, text_ref part) { return t.view().find(part.view()) != std::string_view::npos; }

text_ref split_part(call&, text_ref t, text_ref by, std::int64_t n) {
  const std::string_view v = t.view();
  constexpr text_ref none{"", 0};
  if (n == 0) return none;
  auto next = [&](std::size_t from) -> std::size_t {  // where the part that begins at `from` ends
    if (by.size == 0) return from + first_character(v.substr(from)).size();
    const std::size_t found = v.find(by.view(), from);
    return found == std::string_view::npos ? v.size() : found;
  };
  auto last = [&](std::size_t end) { return by.size == 0 ? end >= v.size() : end == v.size(); };
  if (n < 0) {
    std::int64_t parts = 1;
    for (std::size_t end = next(0); !last(end); end = next(end + by.size)) ++parts;
    n += parts + 1;
    if (n < 1) return none;
  }
  std::size_t begin = 0, end = next(0);
  for (; n > 1; --n) {
    if (last(end)) {
      // A separator at the very end is followed by an empty part.
      return none;
    }
    begin = end + by.size;
    end = next(begin);
  }
  return {t.data + begin, end - begin};
}

template <bool Left>
text_ref pad(call& c, text_ref t, std::int64_t wanted, text_ref with) {
  if (wanted < 0) wanted = 0;
  const std::int64_t size = character_count(t.view());
  if (size >= wanted) return characters(t, 0, wanted);
  const std::int64_t each = character_count(with.view());
  if (!each) {
    c.fail("the padding text is empty");
    return t;
  }
  const std::int64_t missing = wanted - size;
  if (too_large(c, missing * 4)) return t;
  c.work.clear();
  if (!Left) c.work += t.view();
  for (std::int64_t k = 0; k < missing / each; ++k) c.work += with.view();
  c.work += characters(with, 0, missing % each).view();
  if (Left) c.work += t.view();
  return c.texts.copy(c.work);
}

text_ref repeat(call& c, text_ref t, std::int64_t n) {
  if (n <= 0 || t.size == 0) return {"", 0};
  if (n > result_bytes_max || too_large(c, n * static_cast<std::int64_t>(t.size))) {
    too_large(c, result_bytes_max + 1);
    return t;
  }
  char* out = c.texts.take(static_cast<std::size_t>(n) * t.size);
  for (std::int64_t k = 0; k < n; ++k) std::memcpy(out + static_cast<std::size_t>(k) * t.size, t.data, t.size);
  return {out, static_cast<std::size_t>(n) * t.size};
}

// Characters with their combining marks stay together.
text_ref reverse(call& c, text_ref t) {
  char* out = c.texts.take(t.size);
  if (is_ascii(t.view())) {
    for (std::size_t i = 0; i < t.size; ++i) out[t.size - 1 - i] = t.data[i];
    return {out, t.size};
  }
  char* end = out + t.size;
  const auto* p = reinterpret_cast<const utf8proc_uint8_t*>(t.data);
  std::size_t i = 0;
  while (i < t.size) {
    utf8proc_int32_t before = 0, point = 0, state = 0;
    std::size_t size = 0;
    for (;;) {
      auto n = utf8proc_iterate(p + i + size, static_cast<utf8proc_ssize_t>(t.size - i - size), &point);
      if (n <= 0) {
        n = 1;
        point = 0xfffd;
      }
      if (size && utf8proc_grapheme_break_stateful(before, point, &state)) break;
      size += static_cast<std::size_t>(n);
      before = point;
      if (i + size >= t.size) break;
    }
    end -= size;
    std::memcpy(end, t.data + i, size);
    i += size;
  }
  return {out, t.size};
}

std::int32_t code_point(call&, text_ref t) {
  utf8proc_int32_t point = 0;
  if (t.size == 0) return 0;
  utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(t.data), static_cast<utf8proc_ssize_t>(t.size), &point);
  return point;
}
text_ref character(call& c, std::int64_t point) {
  utf8proc_uint8_t bytes[4];
  if (point < 0 || point > 0x10ffff || !utf8proc_codepoint_valid(static_cast<utf8proc_int32_t>(point))) {
    c.fail("chr(" + std::to_string(point) + "): no such character");
    return {"", 0};
  }
  const auto n = utf8proc_encode_char(static_cast<utf8proc_int32_t>(point), bytes);
  return c.texts.copy({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(n)});
}

// ---- digests

text_ref as_hex(call& c, const unsigned char* bytes, std::size_t n) {
  char* out = c.texts.take(n * 2);
  for (std::size_t i = 0; i < n; ++i) {
    out[i * 2] = "0123456789abcdef"[bytes[i] >> 4];
    out[i * 2 + 1] = "0123456789abcdef"[bytes[i] & 15];
  }
  return {out, n * 2};
}
template <const EVP_MD* (*Digest)()>
text_ref digest(call& c, text_ref t) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!EVP_Digest(t.data, t.size, bytes, &size, Digest(), nullptr)) {
    c.fail("this system's OpenSSL refuses this digest");
    return {"", 0};
  }
  return as_hex(c, bytes, size);
}
text_ref hex(call& c, text_ref t) { return as_hex(c, reinterpret_cast<const unsigned char*>(t.data), t.size); }
std::uint64_t xxhash64(call&, text_ref t) { return XXH64(t.data, t.size, 0); }

// ---- joining

text_ref concatenated(call& c, text_ref a, text_ref b) {
  char* out = c.texts.take(a.size + b.size);
  if (a.size) std::memcpy(out, a.data, a.size);
  if (b.size) std::memcpy(out + a.size, b.data, b.size);
  return {out, a.size + b.size};
}

// concat and concat_ws: NULLs are left out.
class joined final : public node {
 public:
  joined(std::vector<node_ptr> all, bool separated) : node{kind::text}, separated_{separated} {
    for (auto& a : all) add(std::move(a));
    costly = true;
    scratch = 3;
  }
  column eval(frame& f, row_set rows) const override {
    auto* parts = f.scratch<column>(slot + 2, args.size());
    for (std::size_t k = 0; k < args.size(); ++k) parts[k] = args[k]->eval(f, rows);
    auto* out = f.scratch<text_ref>(slot);
    for_each_row(rows, [&](std::int64_t i) {
      f.work.clear();
      bool first = true;
      for (std::size_t k = separated_ ? 1 : 0; k < args.size(); ++k) {
        if (!parts[k].is_valid(i)) continue;
        if (separated_ && !first && parts[0].is_valid(i)) f.work += parts[0].as<text_ref>()[i].view();
        f.work += parts[k].as<text_ref>()[i].view();
        first = false;
      }
      out[i] = f.texts.copy(f.work);
    });
    return {out, separated_ ? parts[0].valid : nullptr};
  }

 private:
  bool separated_;
};

template <auto Fn>
node_ptr text_to_text(invocation& c) {
  c.as(0, kind::text);
  return make_mapped<Fn>(kind::text, std::move(c.args));
}
template <auto Fn>
node_ptr two_texts_to_truth(invocation& c) {
  c.all_as(kind::text);
  return make_mapped<Fn>(kind::boolean, std::move(c.args));
}
template <bool Left, bool Right>
node_ptr bind_trim(invocation& c) {
  c.all_as(kind::text);
  if (c.count() == 1) return make_mapped<trim<Left, Right>>(kind::text, std::move(c.args));
  return make_mapped<trim_set<Left, Right>>(kind::text, std::move(c.args));
}
node_ptr bind_substring(invocation& c) {
  c.as(0, kind::text);
  for (std::size_t i = 1; i < c.count(); ++i) c.as(i, kind::int64);
  if (c.count() == 2) return make_mapped<substring_from>(kind::text, std::move(c.args), true);
  return make_mapped<substring>(kind::text, std::move(c.args), true);
}
template <auto Fn>
node_ptr bind_side(invocation& c) {
  c.as(0, kind::text);
  c.as(1, kind::int64);
  return make_mapped<Fn>(kind::text, std::move(c.args));
}
template <auto Fn>
node_ptr bind_pad(invocation& c) {
  c.as(0, kind::text);
  c.as(1, kind::int64);
  c.as(2, kind::text);
  return make_mapped<Fn>(kind::text, std::move(c.args), true);
}
// Text or bytes.
void as_bytes(invocation& c) {
  if (c.is(0) != kind::binary) c.as(0, kind::text);
}
template <auto Fn>
node_ptr bytes_to_text(invocation& c) {
  as_bytes(c);
  return make_mapped<Fn>(kind::text, std::move(c.args), true);
}
node_ptr bind_joined(invocation& c, bool separated) {
  for (std::size_t i = 0; i < c.count(); ++i) c.as_shown(i);
  return std::make_unique<joined>(std::move(c.args), separated);
}

constexpr function text_table[]{
    {"length", 1, 1, "length(text)",
     [](invocation& c) {
       c.as(0, kind::text);
       return make_mapped<length>(kind::int64, std::move(c.args));
     }},
    {"octet_length", 1, 1, "octet_length(text or bytes)",
     [](invocation& c) {
       as_bytes(c);
       return make_mapped<byte_length>(kind::int64, std::move(c.args));
     }},
    {"lower", 1, 1, "lower(text)", text_to_text<lower>},
    {"upper", 1, 1, "upper(text)", text_to_text<upper>},
    {"trim", 1, 2, "trim(text [, characters])", bind_trim<true, true>},
    {"ltrim", 1, 2, "ltrim(text [, characters])", bind_trim<true, false>},
    {"rtrim", 1, 2, "rtrim(text [, characters])", bind_trim<false, true>},
    {"substring", 2, 3, "substring(text, from [, count])", bind_substring},
    {"substr", 2, 3, "substr(text, from [, count])", bind_substring},
    {"left", 2, 2, "left(text, count)", bind_side<left>},
    {"right", 2, 2, "right(text, count)", bind_side<right>},
    {"replace", 3, 3, "replace(text, from, to)",
     [](invocation& c) {
       c.all_as(kind::text);
       return make_mapped<replace>(kind::text, std::move(c.args), true);
     }},
    {"strpos", 2, 2, "strpos(text, part)",
     [](invocation& c) {
       c.all_as(kind::text);
       return make_mapped<position>(kind::int64, std::move(c.args));
     }},
    {"starts_with", 2, 2, "starts_with(text, prefix)", two_texts_to_truth<starts_with>},
    {"ends_with", 2, 2, "ends_with(text, suffix)", two_texts_to_truth<ends_with>},
    {"contains", 2, 2, "contains(text, part)", two_texts_to_truth<contains>},
    {"split_part", 3, 3, "split_part(text, separator, number)",
     [](invocation& c) {
       c.as(0, kind::text);
       c.as(1, kind::text);
       c.as(2, kind::int64);
       return make_mapped<split_part>(kind::text, std::move(c.args));
     }},
    {"lpad", 3, 3, "lpad(text, length, padding)", bind_pad<pad<true>>},
    {"rpad", 3, 3, "rpad(text, length, padding)", bind_pad<pad<false>>},
    {"repeat", 2, 2, "repeat(text, count)",
     [](invocation& c) {
       c.as(0, kind::text);
       c.as(1, kind::int64);
       return make_mapped<repeat>(kind::text, std::move(c.args), true);
     }},
    {"reverse", 1, 1, "reverse(text)", text_to_text<reverse>},
    {"ascii", 1, 1, "ascii(text)",
     [](invocation& c) {
       c.as(0, kind::text);
       return make_mapped<code_point>(kind::int32, std::move(c.args));
     }},
    {"chr", 1, 1, "chr(code)",
     [](invocation& c) {
       c.as(0, kind::int64);
       return make_mapped<character>(kind::text, std::move(c.args), true);
     }},
    {"concat", 1, -1, "concat(value, ...)", [](invocation& c) { return bind_joined(c, false); }},
    {"concat_ws", 2, -1, "concat_ws(separator, value, ...)", [](invocation& c) { return bind_joined(c, true); }},
    {"md5", 1, 1, "md5(text or bytes)", bytes_to_text<digest<EVP_md5>>},
    {"sha256", 1, 1, "sha256(text or bytes)", bytes_to_text<digest<EVP_sha256>>},
    {"hex", 1, 1, "hex(text or bytes)", bytes_to_text<hex>},
    {"xxhash64", 1, 1, "xxhash64(text or bytes)",
     [](invocation& c) {
       as_bytes(c);
       return make_mapped<xxhash64>(kind::uint64, std::move(c.args));
     }},
};

}  // namespace

std::span<const function> text_functions() { return text_table; }

node_ptr make_concatenation(type t, node_ptr a, node_ptr b) {
  std::vector<node_ptr> both;
  both.push_back(std::move(a));
  both.push_back(std::move(b));
  return make_mapped<concatenated>(t, std::move(both));
}

}  // namespace weir::expression
