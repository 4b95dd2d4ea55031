// The encoding is in README.md; it must never change.
#include "model/key_hash.hpp"

#include <bit>
#include <cstring>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/bits.hpp"
#include "model/short_text.hpp"
#include "model/sixteen.hpp"

namespace weir::model {
namespace {

static_assert(std::endian::native == std::endian::little, "values are hashed as they lie in memory");

constexpr std::uint64_t double_nan = 0x7ff8000000000000u;
constexpr std::uint32_t float_nan = 0x7fc00000u;
constexpr std::uint16_t null_mark = 0xffff;  // behind the null mask; no UTF-8 text ends so

/// Both zeros are one key, all NaNs are one key.
std::uint64_t canonical(double v) {
  if (v == 0) return 0;
  return v != v ? double_nan : std::bit_cast<std::uint64_t>(v);
}
std::uint32_t canonical(float v) {
  if (v == 0) return 0;
  return v != v ? float_nan : std::bit_cast<std::uint32_t>(v);
}

/// A growing text of bytes, reused for all rows.
class bytes {
 public:
  void clear() { size_ = 0; }
  void put(const void* from, std::size_t n) {
    if (size_ + n > room_.size()) room_.resize(2 * (size_ + n));
    if (n > 0) std::memcpy(room_.data() + size_, from, n);
    size_ += n;
  }
  template <class T>
  void put(T v) {
    put(&v, sizeof v);
  }
  std::uint64_t hash() const { return XXH3_64bits(room_.data(), size_); }

 private:
  std::vector<char> room_ = std::vector<char>(256);
  std::size_t size_ = 0;
};

void put_value(bytes& out, const data_type& type, const column& c, std::int64_t row, bool alone);

/// A value inside a list or struct: a byte that says whether it is there, then the value.
void put_inner(bytes& out, const data_type& type, const column& c, std::int64_t row) {
  const bool present = c.null_count() == 0 || bit_at(c.validity(), row);
  out.put<std::uint8_t>(present);
  if (present) put_value(out, type, c, row, false);
}

void put_value(bytes& out, const data_type& type, const column& c, std::int64_t row, bool alone) {
  switch (type.id) {
    case type_id::boolean:
      out.put<std::uint8_t>(bit_at(c.values<std::uint8_t>(), row));
      break;
    case type_id::float32:
      out.put(canonical(c.values<float>()[row]));
      break;
    case type_id::float64:
      out.put(canonical(c.values<double>()[row]));
      break;
    case type_id::utf8:
    case type_id::binary: {
      const auto* at = c.values<std::int32_t>() + row;
      const auto size = static_cast<std::uint32_t>(at[1] - at[0]);
      if (!alone) out.put(size);
      out.put(c.data() + at[0], size);
      break;
    }
    case type_id::list: {
      const auto* at = c.values<std::int32_t>() + row;
      out.put(static_cast<std::uint32_t>(at[1] - at[0]));
      for (std::int32_t i = at[0]; i < at[1]; ++i) put_inner(out, type.children[0].type, c.child(0), i);
      break;
    }
    case type_id::structure:
      for (std::size_t i = 0; i < type.children.size(); ++i) put_inner(out, type.children[i].type, c.child(i), row);
      break;
    default: {
      const auto width = static_cast<std::size_t>(type.value_bytes());
      out.put(c.values<char>() + static_cast<std::size_t>(row) * width, width);
      break;
    }
  }
}

std::uint64_t hash_row(bytes& scratch, const batch& b, std::span<const std::uint32_t> key, std::uint32_t row) {
  scratch.clear();
  bool any_null = false;
  for (const std::uint32_t k : key) {
    const column& c = b.column_at(k);
    if (c.null_count() > 0 && !bit_at(c.validity(), row)) {
      any_null = true;
    } else {
      put_value(scratch, (*b.schema())[k].type, c, row, key.size() == 1);
    }
  }
  if (any_null) {
    unsigned mask = 0;
    for (std::size_t i = 0; i < key.size(); ++i) {
      const column& c = b.column_at(key[i]);
      const bool is_null = c.null_count() > 0 && !bit_at(c.validity(), row);
      mask |= static_cast<unsigned>(is_null) << (i % 8);
      if (i % 8 == 7 || i + 1 == key.size()) {
        scratch.put(static_cast<std::uint8_t>(mask));
        mask = 0;
      }
    }
    scratch.put(null_mark);
  }
  return scratch.hash();
}

/// Calls each(row) for the rows to hash: all of them when most count, so that the loop is straight.
template <class Each>
void for_rows(const batch& b, Each each) {
  if (b.dense() || b.row_count() * 2 >= b.length()) {
    for (std::int64_t i = 0; i < b.length(); ++i) each(i);
  } else {
    for (std::int64_t i = 0; i < b.row_count(); ++i) each(static_cast<std::int64_t>(b.rows()[i]));
  }
}

/// One column of a fixed width: the compiler sees the width, and XXH3 of a short constant length is a few instructions.
template <class T>
void hash_fixed(const batch& b, const column& c, std::uint64_t* out) {
  const T* values = c.values<T>();
  for_rows(b, [=](std::int64_t row) { out[row] = XXH3_64bits(values + row, sizeof(T)); });
}

template <class T>
void hash_float(const batch& b, const column& c, std::uint64_t* out) {
  const T* values = c.values<T>();
  for_rows(b, [=](std::int64_t row) {
    const auto bits = canonical(values[row]);
    out[row] = XXH3_64bits(&bits, sizeof bits);
  });
}

void hash_text(const batch& b, const column& c, std::uint64_t* out) {
  const auto* at = c.values<std::int32_t>();
  const char* data = c.data();
  for_rows(b, [=](std::int64_t row) {
    out[row] = XXH3_64bits(data + at[row], static_cast<std::size_t>(at[row + 1] - at[row]));
  });
}

/// The fast paths; false: there is none for this type.
bool hash_column(const batch& b, const data_type& type, const column& c, std::uint64_t* out) {
  switch (type.id) {
    case type_id::int8:
    case type_id::uint8:
      hash_fixed<std::uint8_t>(b, c, out);
      return true;
    case type_id::int16:
    case type_id::uint16:
      hash_fixed<std::uint16_t>(b, c, out);
      return true;
    case type_id::int32:
    case type_id::uint32:
    case type_id::date:
      hash_fixed<std::uint32_t>(b, c, out);
      return true;
    case type_id::int64:
    case type_id::uint64:
    case type_id::timestamp:
      hash_fixed<std::uint64_t>(b, c, out);
      return true;
    case type_id::decimal128:
      hash_fixed<sixteen>(b, c, out);
      return true;
    case type_id::float32:
      hash_float<float>(b, c, out);
      return true;
    case type_id::float64:
      hash_float<double>(b, c, out);
      return true;
    case type_id::utf8:
    case type_id::binary:
      hash_text(b, c, out);
      return true;
    default:
      return false;
  }
}

/// How one key column is put into the bytes of a row; made once for a batch.
struct step {
  enum { one, two, four, eight, sixteen_bytes, bit, real32, real64, text } kind = one;
  const char* values = nullptr;
  const char* data = nullptr;  // text
};

/// Keys of several plain columns without nulls: a short loop over steps for each row. Empty: the key is not like that.
std::vector<step> plan_steps(const batch& b, std::span<const std::uint32_t> key) {
  std::vector<step> steps;
  for (const std::uint32_t k : key) {
    const column& c = b.column_at(k);
    const data_type& type = (*b.schema())[k].type;
    if (c.null_count() > 0) return {};
    step s{.values = c.values<char>(), .data = c.data()};
    switch (type.id) {
      case type_id::boolean:
        s.kind = step::bit;
        break;
      case type_id::float32:
        s.kind = step::real32;
        break;
      case type_id::float64:
        s.kind = step::real64;
        break;
      case type_id::utf8:
      case type_id::binary:
        s.kind = step::text;
        break;
      case type_id::list:
      case type_id::structure:
      case type_id::fixed_binary:
        return {};
      default:
        switch (type.value_bytes()) {
          case 1:
            s.kind = step::one;
            break;
          case 2:
            s.kind = step::two;
            break;
          case 4:
            s.kind = step::four;
            break;
          case 8:
            s.kind = step::eight;
            break;
          default:
            s.kind = step::sixteen_bytes;
            break;
        }
    }
    steps.push_back(s);
  }
  return steps;
}

template <std::size_t Width>
char* copy_value(char* to, const step& s, std::int64_t row) {
  std::memcpy(to, s.values + row * static_cast<std::int64_t>(Width), Width);
  return to + Width;
}
template <class T>
char* copy_real(char* to, const step& s, std::int64_t row) {
  const auto bits = canonical(reinterpret_cast<const T*>(s.values)[row]);
  std::memcpy(to, &bits, sizeof bits);
  return to + sizeof bits;
}

void hash_steps(const batch& b, std::span<const step> steps, std::uint64_t* out) {
  constexpr std::size_t most = 20;  // of a step without its text
  std::vector<char> room(256 + most * steps.size());
  for_rows(b, [&](std::int64_t row) {
    char* to = room.data();
    for (const step& s : steps) {
      switch (s.kind) {
        case step::one:
          to = copy_value<1>(to, s, row);
          break;
        case step::two:
          to = copy_value<2>(to, s, row);
          break;
        case step::four:
          to = copy_value<4>(to, s, row);
          break;
        case step::eight:
          to = copy_value<8>(to, s, row);
          break;
        case step::sixteen_bytes:
          to = copy_value<16>(to, s, row);
          break;
        case step::bit:
          *to++ = bit_at(reinterpret_cast<const std::uint8_t*>(s.values), row);
          break;
        case step::real32:
          to = copy_real<float>(to, s, row);
          break;
        case step::real64:
          to = copy_real<double>(to, s, row);
          break;
        case step::text: {
          const auto* at = reinterpret_cast<const std::int32_t*>(s.values) + row;
          const auto size = static_cast<std::uint32_t>(at[1] - at[0]);
          const auto used = static_cast<std::size_t>(to - room.data());
          if (used + size + most * steps.size() > room.size()) {
            room.resize(2 * (used + size) + most * steps.size());
            to = room.data() + used;
          }
          std::memcpy(to, &size, sizeof size);
          copy_text(to + sizeof size, s.data + at[0], size);
          to += sizeof size + size;
          break;
        }
      }
    }
    out[row] = XXH3_64bits(room.data(), static_cast<std::size_t>(to - room.data()));
  });
}

}  // namespace

buffer_ref hash_keys(const batch& rows, std::span<const std::uint32_t> key) {
  buffer_ref out = buffer_pool::must_allocate(static_cast<std::size_t>(rows.length()) * sizeof(std::uint64_t));
  auto* to = out->as<std::uint64_t>();
  if (key.size() == 1) {
    const column& c = rows.column_at(key[0]);
    if (hash_column(rows, (*rows.schema())[key[0]].type, c, to)) {
      if (c.null_count() > 0) {
        const std::uint8_t null_key[] = {1, 0xff, 0xff};
        const std::uint64_t of_null = XXH3_64bits(null_key, sizeof null_key);
        for_rows(rows, [&](std::int64_t row) {
          if (!bit_at(c.validity(), row)) to[row] = of_null;
        });
      }
      return out;
    }
  }
  if (key.size() > 1) {
    if (const std::vector<step> steps = plan_steps(rows, key); !steps.empty()) {
      hash_steps(rows, steps, to);
      return out;
    }
  }
  bytes scratch;
  for_rows(rows, [&](std::int64_t row) { to[row] = hash_row(scratch, rows, key, static_cast<std::uint32_t>(row)); });
  return out;
}

std::uint64_t hash_key(const batch& rows, std::span<const std::uint32_t> key, std::uint32_t row) {
  bytes scratch;
  return hash_row(scratch, rows, key, row);
}

}  // namespace weir::model
