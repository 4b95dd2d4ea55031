#include "block_reader.hpp"

#include <simdjson.h>

#include <cstring>
#include <limits>
#include <type_traits>

#include "number_text.hpp"
#include "shared/base64.hpp"
#include "shared/decimal_text.hpp"
#include "shared/time_text.hpp"
#include "weir/batch.hpp"

namespace json {

// The kernel that the machine has, chosen when the program starts.
struct block_reader::first_pass {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> kernel;
};

block_reader::block_reader(const std::vector<weir::field>& columns, const rules& how)
    : rules_(how), shape_(shape_of(columns)), pass_(std::make_unique<first_pass>()) {
  // Without memory there is no kernel, and index() says no.
  if (simdjson::get_active_implementation()->create_dom_parser_implementation(block_bytes, 1, pass_->kernel))
    pass_->kernel.reset();
}

block_reader::~block_reader() = default;

block_reader::shape block_reader::shape_of(const std::vector<weir::field>& fields) {
  shape s;
  for (const auto& f : fields) {
    const weir::field* inner = &f;
    while (inner->kind == weir::type::list) inner = &inner->children[0];
    s.members.push_back(
        {&f, field_name{f.name}, inner->kind == weir::type::record ? shape_of(inner->children) : shape{}});
  }
  return s;
}

bool block_reader::index(const char* text, std::size_t size) {
  if (!pass_->kernel || size > block_bytes) return false;
  auto& kernel = *pass_->kernel;
  if (kernel.stage1(reinterpret_cast<const std::uint8_t*>(text), size, simdjson::stage1_mode::regular)) return false;
  data_ = text;
  next_ = kernel.structural_indexes.get();
  limit_ = next_ + kernel.n_structural_indexes;
  return true;
}

template <class Writers>
bool block_reader::read(std::size_t begin, std::size_t end, Writers& writers) {
  while (next_ < limit_ && *next_ < begin) ++next_;
  // That the record's first character is the brace of a token proves that no string of a record before it reaches into
  // this one.
  while (begin < end && is_space(data_[begin])) ++begin;
  const std::uint32_t* at = next_;
  if (begin == end || at == limit_ || *at != begin || !object(shape_, at, writers)) return false;
  next_ = at;
  return at[-1] < end && (at == limit_ || *at >= end);
}
template bool block_reader::read(std::size_t, std::size_t, weir::batch_builder&);

template <class Writers>
inline bool block_reader::object(shape& s, const std::uint32_t*& at, Writers& writers) {
  if (data_[*at] != '{') return false;
  ++at;
  ++s.record;
  const std::size_t count = s.members.size();
  std::size_t expected = 0, got = 0;
  bool more = at < limit_ && data_[*at] != '}';
  if (!more) ++at;
  while (more) {
    if (limit_ - at < 4) return false;
    const char* key = data_ + *at;
    if (*key != '"' || data_[at[1]] != ':') return false;
    at += 2;
    std::size_t i = expected;
    if (i >= count || !s.members[i].name.stands_at(key + 1)) [[unlikely]]
      for (i = 0; i < count && !s.members[i].name.stands_at(key + 1);) ++i;
    if (i == count) {
      if (rules_.unknown_fails || !skip(at)) return false;
    } else {
      member& m = s.members[i];
      if (m.seen == s.record) return false;
      m.seen = s.record;
      ++got;
      if (!value(m, *m.what, at, writers[i])) return false;
      expected = i + 1;
    }
    if (at >= limit_) return false;
    const char behind = data_[*at++];
    if (behind != ',' && behind != '}') return false;
    more = behind == ',';
  }
  if (at > limit_) return false;
  if (got == count) return true;
  for (std::size_t i = 0; i < count; ++i) {
    if (s.members[i].seen == s.record) continue;
    if (!s.members[i].what->nullable) return false;
    writers[i].append_null();
  }
  return true;
}

// An unknown field's value, as loosely as On-Demand passes over it: brackets in pairs.
bool block_reader::skip(const std::uint32_t*& at) const {
  std::size_t depth = 0;
  do {
    if (at >= limit_) return false;
    const char c = data_[*at];
    if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return false;
      --depth;
    } else if (depth == 0 && (c == ',' || c == ':')) {
      return false;
    }
    ++at;
  } while (depth > 0);
  return true;
}

// The characters of a string that the parser has nothing to do with but to find its end.
bool block_reader::plain(const std::uint32_t* at, std::string_view& out) const {
  const char *from = data_ + *at, *to = data_ + at[1];
  while (is_space(to[-1])) --to;
  if (*from != '"' || to - from < 2 || to[-1] != '"') return false;
  out = {from + 1, static_cast<std::size_t>(to - from - 2)};
  return true;
}

// Copied by words, looking for a backslash on the way; both buffers have room behind the text.
bool block_reader::text(const std::uint32_t* at, weir::column_writer& to) {
  std::string_view t;
  if (!plain(at, t)) return false;
  const char* from = t.data();
  char* room = to.text_room(static_cast<std::int64_t>(t.size() + simdjson::SIMDJSON_PADDING));
  constexpr std::uint64_t ones = ~std::uint64_t{0} / 255, high = ones << 7;
  std::uint64_t found = 0;
  std::size_t i = 0;
  const auto copy = [&] {
    std::uint64_t word = 0;
    std::memcpy(&word, from + i, 8);
    std::memcpy(room + i, &word, 8);
    return word ^ ones * '\\';
  };
  for (; i + 8 <= t.size(); i += 8) {
    const std::uint64_t zero = copy();
    found |= (zero - ones) & ~zero & high;
  }
  if (i < t.size()) {
    const std::uint64_t zero = copy() | ~std::uint64_t{0} << (8 * (t.size() - i));
    found |= (zero - ones) & ~zero & high;
  }
  if (found == 0) {
    to.commit_text(static_cast<std::int64_t>(t.size()));
    return true;
  }
  auto* into = reinterpret_cast<std::uint8_t*>(room);
  const auto* end = pass_->kernel->parse_string(reinterpret_cast<const std::uint8_t*>(from), into);
  if (!end) return false;
  to.commit_text(end - into);
  return true;
}

bool block_reader::decimal(const weir::field& what, const std::uint32_t* at, weir::column_writer& to) const {
  std::string_view t;
  const char* p = data_ + *at;
  if (*p == '"') {
    if (!plain(at, t)) return false;
  } else {
    std::uint64_t mantissa = 0;
    int digits = 0, behind = 0;
    bool exponent = false;
    const char* end = number_end(p, mantissa, digits, behind, exponent);
    if (!end || exponent) return false;
    t = {p, static_cast<std::size_t>(end - p)};
  }
  weir::int128 n = 0;
  if (weir::shared::parse_decimal(t, what.precision, what.scale, n) != weir::shared::decimal_error::none) return false;
  to.append(n);
  return true;
}

namespace {

template <class T>
bool whole(const char* p, weir::column_writer& to) {
  std::int64_t n = 0;
  if (!parse_whole(p, n)) return false;
  if constexpr (std::is_unsigned_v<T>)
    if (*p == '-') return false;
  if constexpr (sizeof(T) < 8)
    if (n < std::int64_t{std::numeric_limits<T>::min()} || n > std::int64_t{std::numeric_limits<T>::max()})
      return false;
  to.append(static_cast<T>(n));
  return true;
}

}  // namespace

bool block_reader::value(member& m, const weir::field& what, const std::uint32_t*& at, weir::column_writer& to) {
  if (at >= limit_) return false;
  const std::uint32_t* here = at++;
  const char* p = data_ + *here;
  if (*p == 'n') {
    if (!what.nullable || std::memcmp(p, "null", 4) != 0 || !ends_token(p[4])) return false;
    to.append_null();
    return true;
  }
  std::string_view t;
  switch (what.kind) {
    case weir::type::boolean: {
      const bool yes = std::memcmp(p, "true", 4) == 0;
      if (!yes && std::memcmp(p, "false", 5) != 0) return false;
      if (!ends_token(p[yes ? 4 : 5])) return false;
      to.append_bool(yes);
      return true;
    }
    case weir::type::int8:
      return whole<std::int8_t>(p, to);
    case weir::type::int16:
      return whole<std::int16_t>(p, to);
    case weir::type::int32:
      return whole<std::int32_t>(p, to);
    case weir::type::int64:
      return whole<std::int64_t>(p, to);
    case weir::type::uint8:
      return whole<std::uint8_t>(p, to);
    case weir::type::uint16:
      return whole<std::uint16_t>(p, to);
    case weir::type::uint32:
      return whole<std::uint32_t>(p, to);
    case weir::type::uint64:
      return whole<std::uint64_t>(p, to);
    case weir::type::float32:
    case weir::type::float64: {
      double d = 0;
      if (!parse_real(p, d)) return false;
      what.kind == weir::type::float64 ? to.append(d) : to.append(static_cast<float>(d));
      return true;
    }
    case weir::type::utf8:
      return text(here, to);
    case weir::type::binary:
    case weir::type::fixed_binary: {
      bytes_.clear();
      if (!plain(here, t) || !weir::shared::decode_base64(t, bytes_)) return false;
      if (what.kind == weir::type::binary) {
        to.append(std::string_view{bytes_});
        return true;
      }
      if (bytes_.size() != static_cast<std::size_t>(what.width)) return false;
      to.append_fixed(bytes_.data());
      return true;
    }
    case weir::type::timestamp: {
      std::int64_t us = 0;
      if (rules_.timestamps == time_unit::rfc3339) {
        if (!plain(here, t) || !weir::shared::parse_timestamp(t, us)) return false;
      } else {
        const std::int64_t unit = rules_.timestamps == time_unit::seconds        ? 1'000'000
                                  : rules_.timestamps == time_unit::milliseconds ? 1000
                                                                                 : 1;
        if (!parse_whole(p, us) || __builtin_mul_overflow(us, unit, &us)) return false;
      }
      to.append(us);
      return true;
    }
    case weir::type::date32: {
      std::int64_t days = 0;
      if (!plain(here, t) || !weir::shared::parse_date(t, days)) return false;
      to.append(static_cast<std::int32_t>(days));
      return true;
    }
    case weir::type::decimal128:
      return decimal(what, here, to);
    case weir::type::list: {
      if (*p != '[' || at >= limit_) return false;
      bool more = data_[*at] != ']';
      if (!more) ++at;
      while (more) {
        if (!value(m, what.children[0], at, to.item()) || at >= limit_) return false;
        const char behind = data_[*at++];
        if (behind != ',' && behind != ']') return false;
        more = behind == ',';
      }
      to.end_list();
      return true;
    }
    case weir::type::record: {
      at = here;
      if (!object(m.inner, at, to)) return false;
      to.end_record();
      return true;
    }
  }
  return false;
}

}  // namespace json
