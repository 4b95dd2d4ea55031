#include "state/key.hpp"

#include <bit>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/batch_builder.hpp"
#include "model/bits.hpp"

namespace weir::state {
namespace {

using model::bit_at;
using model::data_type;
using model::type_id;

template <class T>
void put(std::string& out, T v) {
  out.append(reinterpret_cast<const char*>(&v), sizeof v);
}

// Both zeros are one key, all NaNs are one key.
void put_real(std::string& out, double v) {
  put<std::uint64_t>(out, v == 0 ? 0 : v != v ? 0x7ff8000000000000u : std::bit_cast<std::uint64_t>(v));
}
void put_real(std::string& out, float v) {
  put<std::uint32_t>(out, v == 0 ? 0 : v != v ? 0x7fc00000u : std::bit_cast<std::uint32_t>(v));
}

bool is_null(const model::column& c, std::int64_t row) { return c.null_count() > 0 && !bit_at(c.validity(), row); }

void put_value(std::string& out, const data_type& type, const model::column& c, std::int64_t row, bool alone);

void put_inner(std::string& out, const data_type& type, const model::column& c, std::int64_t row) {
  const bool present = !is_null(c, row);
  put<std::uint8_t>(out, present);
  if (present) put_value(out, type, c, row, false);
}

void put_value(std::string& out, const data_type& type, const model::column& c, std::int64_t row, bool alone) {
  switch (type.id) {
    case type_id::boolean:
      return put<std::uint8_t>(out, bit_at(c.values<std::uint8_t>(), row));
    case type_id::float32:
      return put_real(out, c.values<float>()[row]);
    case type_id::float64:
      return put_real(out, c.values<double>()[row]);
    case type_id::utf8:
    case type_id::binary: {
      const auto* at = c.values<std::int32_t>() + row;
      const auto size = static_cast<std::uint32_t>(at[1] - at[0]);
      if (!alone) put(out, size);
      out.append(c.data() + at[0], size);
      return;
    }
    case type_id::list: {
      const auto* at = c.values<std::int32_t>() + row;
      put(out, static_cast<std::uint32_t>(at[1] - at[0]));
      for (std::int32_t i = at[0]; i < at[1]; ++i) put_inner(out, type.children[0].type, c.child(0), i);
      return;
    }
    case type_id::structure:
      for (std::size_t i = 0; i < type.children.size(); ++i) put_inner(out, type.children[i].type, c.child(i), row);
      return;
    default: {
      const auto width = static_cast<std::size_t>(type.value_bytes());
      out.append(c.values<char>() + static_cast<std::size_t>(row) * width, width);
      return;
    }
  }
}

/// Bytes of a value without nulls; -1: each its own.
std::int32_t width_of(const data_type& type) {
  return type.id == type_id::boolean ? 1 : type.value_bytes() > 0 ? type.value_bytes() : -1;
}
bool is_plain(const data_type& type) {
  return type.value_bytes() == 8 && type.id != type_id::float64 && type.id != type_id::fixed_binary;
}

/// What is left of a key that is read.
struct reader {
  const char* at;
  std::size_t left;
  const char* take(std::size_t n) {
    if (n > left) return nullptr;
    const char* from = at;
    at += n;
    left -= n;
    return from;
  }
  bool take_count(std::uint32_t& out) {
    const char* from = take(sizeof out);
    if (from) std::memcpy(&out, from, sizeof out);
    return from != nullptr;
  }
};

bool take_value(reader& from, const data_type& type, weir_column& c, std::int64_t row, bool alone);

/// What lies behind a null: right offsets, zeros.
bool put_null(const data_type& type, weir_column& c, std::int64_t row) {
  if (type.has_offsets()) {
    auto* offsets = static_cast<std::int32_t*>(c.values);
    offsets[row + 1] = offsets[row];
  } else if (type.id == type_id::structure) {
    for (std::size_t i = 0; i < type.children.size(); ++i)
      if (!put_null(type.children[i].type, c.children[i], row)) return false;
  } else if (type.id == type_id::boolean) {
    model::set_bit(static_cast<std::uint8_t*>(c.values), row, false);
  } else {
    std::memset(static_cast<char*>(c.values) + row * type.value_bytes(), 0,
                static_cast<std::size_t>(type.value_bytes()));
  }
  return true;
}

bool take_inner(reader& from, const data_type& type, weir_column& c, std::int64_t row) {
  const char* present = from.take(1);
  if (!present) return false;
  if (*present == 0) {
    if (!put_null(type, c, row)) return false;
    return model::batch_builder::set_null(c, row, true);
  }
  return model::batch_builder::set_null(c, row, false) && take_value(from, type, c, row, false);
}

bool take_value(reader& from, const data_type& type, weir_column& c, std::int64_t row, bool alone) {
  switch (type.id) {
    case type_id::boolean: {
      const char* v = from.take(1);
      if (v) model::set_bit(static_cast<std::uint8_t*>(c.values), row, *v != 0);
      return v != nullptr;
    }
    case type_id::utf8:
    case type_id::binary: {
      auto size = static_cast<std::uint32_t>(from.left);
      if (!alone && !from.take_count(size)) return false;
      const char* text = from.take(size);
      if (!text) return false;
      auto* offsets = static_cast<std::int32_t*>(c.values);
      const std::int64_t end = offsets[row] + static_cast<std::int64_t>(size);
      if (end > c.data_capacity &&
          model::batch_builder::grow_data(&c, std::max<std::int64_t>(end, 2 * c.data_capacity)) != WEIR_OK)
        return false;
      if (size > 0) std::memcpy(c.data + offsets[row], text, size);
      offsets[row + 1] = static_cast<std::int32_t>(end);
      return true;
    }
    case type_id::list: {
      std::uint32_t count = 0;
      if (!from.take_count(count) || count > from.left) return false;
      auto* offsets = static_cast<std::int32_t*>(c.values);
      const std::int64_t begin = offsets[row];
      weir_column& child = c.children[0];
      if (begin + count > child.capacity &&
          model::batch_builder::grow_column(&child, std::max<std::int64_t>(begin + count, 2 * child.capacity)) !=
              WEIR_OK)
        return false;
      for (std::uint32_t i = 0; i < count; ++i)
        if (!take_inner(from, type.children[0].type, child, begin + i)) return false;
      offsets[row + 1] = static_cast<std::int32_t>(begin + count);
      return true;
    }
    case type_id::structure:
      for (std::size_t i = 0; i < type.children.size(); ++i)
        if (!take_inner(from, type.children[i].type, c.children[i], row)) return false;
      return true;
    default: {
      const auto width = static_cast<std::size_t>(type.value_bytes());
      const char* v = from.take(width);
      if (v) std::memcpy(static_cast<char*>(c.values) + static_cast<std::size_t>(row) * width, v, width);
      return v != nullptr;
    }
  }
}

}  // namespace

std::uint64_t hash_of(key_bytes key) noexcept { return XXH3_64bits(key.data, key.size); }

key_codec::key_codec(std::vector<model::field> columns) {
  plain_ = !columns.empty() && columns.size() <= 2;
  text_ = columns.size() == 1 && (columns[0].type.id == type_id::utf8 || columns[0].type.id == type_id::binary);
  for (model::field& f : columns) {
    f.nullable = true;
    f.metadata.clear();
    const std::int32_t width = width_of(f.type);
    width_ = width < 0 || width_ < 0 ? -1 : width_ + width;
    plain_ = plain_ && is_plain(f.type);
  }
  schema_ = model::schema::of(std::move(columns));
}

std::uint32_t key_codec::append(std::string& out, const model::batch& from, std::span<const std::uint32_t> key,
                                std::uint32_t row) const {
  if (key.size() != columns()) return no_key.bits;
  bool any_null = false;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const model::column& c = from.column_at(key[i]);
    if (is_null(c, row))
      any_null = true;
    else
      put_value(out, (*schema_)[i].type, c, row, key.size() == 1);
  }
  if (!any_null) return width_ < 0 ? key_long : 0;
  unsigned mask = 0;
  for (std::size_t i = 0; i < key.size(); ++i) {
    mask |= static_cast<unsigned>(is_null(from.column_at(key[i]), row)) << (i % 8);
    if (i % 8 == 7 || i + 1 == key.size()) {
      put(out, static_cast<std::uint8_t>(mask));
      mask = 0;
    }
  }
  put<std::uint16_t>(out, 0xffff);
  return key_long | key_nulls;
}

bool key_codec::decode(key_bytes key, weir_column* to, std::int64_t row) const {
  reader from{key.data, key.size};
  const std::uint8_t* mask = nullptr;
  if ((key.bits & key_nulls) != 0 && key.size > 0) {
    const std::size_t tail = (columns() + 7) / 8 + 2;
    if (tail > from.left) return false;
    from.left -= tail;
    mask = reinterpret_cast<const std::uint8_t*>(from.at + from.left);
  }
  const bool nothing = (key.bits & key_nulls) != 0 && key.size == 0;
  for (std::size_t i = 0; i < columns(); ++i) {
    const data_type& type = (*schema_)[i].type;
    if (nothing || (mask && bit_at(mask, static_cast<std::int64_t>(i)))) {
      if (!put_null(type, to[i], row) || !model::batch_builder::set_null(to[i], row, true)) return false;
    } else if (!model::batch_builder::set_null(to[i], row, false) ||
               !take_value(from, type, to[i], row, columns() == 1)) {
      return false;
    }
  }
  return from.left == 0;
}

}  // namespace weir::state
