#pragma once
// Batches with random contents for the tests of this room.
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "model/batch.hpp"
#include "model/bits.hpp"
#include "model/row_json.hpp"

namespace weir::model::test {

using random = std::mt19937_64;

inline std::int64_t pick(random& r, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(r() % static_cast<std::uint64_t>(high - low + 1));
}

inline std::string random_text(random& r) {
  static const char* const pieces[] = {
      "a", "Z", "7", " ", "\"", "\\", "\n", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
  std::string out;
  const std::int64_t n = pick(r, 0, 3) == 0 ? pick(r, 0, 40) : pick(r, 0, 5);
  for (std::int64_t i = 0; i < n; ++i) out += pieces[pick(r, 0, 9)];
  return out;
}

inline data_type random_type(random& r, int depth) {
  switch (pick(r, 0, depth > 0 ? 18 : 16)) {
    case 13:
      return data_type::fixed_binary_of(static_cast<std::int32_t>(pick(r, 1, 33)));
    case 16: {
      const auto precision = static_cast<std::int32_t>(pick(r, 1, 38));
      return data_type::decimal_of(precision, static_cast<std::int32_t>(pick(r, 0, precision)));
    }
    case 17:
      return data_type::list_of(random_type(r, depth - 1), pick(r, 0, 1) == 1);
    case 18: {
      std::vector<field> children;
      for (std::int64_t i = pick(r, 1, 3); i > 0; --i)
        children.push_back(
            {.name = "f" + std::to_string(i), .type = random_type(r, depth - 1), .nullable = pick(r, 0, 1) == 1});
      return data_type::struct_of(std::move(children));
    }
    case 14:
      return type_id::timestamp;
    case 15:
      return type_id::date;
    default:
      return static_cast<type_id>(pick(r, 0, 12));
  }
}

inline schema_ref random_schema(random& r) {
  std::vector<field> fields;
  for (std::int64_t i = pick(r, 1, 8); i > 0; --i)
    fields.push_back({.name = "c" + std::to_string(i), .type = random_type(r, 2), .nullable = pick(r, 0, 1) == 1});
  return schema::of(std::move(fields));
}

inline column_ref random_column(random& r, const data_type& type, bool nullable, std::int64_t length) {
  auto memory = [](std::int64_t bytes) { return buffer_pool::must_allocate(static_cast<std::size_t>(bytes)); };
  column::part parts[3];
  auto set = [&](int i, buffer_ref b) { parts[i] = {.data = b->data(), .owner = std::move(b)}; };
  std::int64_t nulls = 0;
  if (nullable && length > 0 && pick(r, 0, 2) > 0) {
    buffer_ref bits = memory(bit_bytes(length));
    for (std::int64_t i = 0; i < length; ++i) set_bit(bits->as<std::uint8_t>(), i, pick(r, 0, 3) > 0);
    nulls = length - count_ones(bits->as<std::uint8_t>(), length);
    set(0, std::move(bits));
  }
  std::vector<column_ref> children;
  switch (type.id) {
    case type_id::utf8:
    case type_id::binary: {
      std::string all;
      buffer_ref offsets = memory((length + 1) * 4);
      offsets->as<std::int32_t>()[0] = 0;
      for (std::int64_t i = 0; i < length; ++i) {
        all += random_text(r);
        offsets->as<std::int32_t>()[i + 1] = static_cast<std::int32_t>(all.size());
      }
      buffer_ref data = memory(static_cast<std::int64_t>(all.size()));
      std::memcpy(data->data(), all.data(), all.size());
      set(1, std::move(offsets));
      set(2, std::move(data));
      break;
    }
    case type_id::list: {
      buffer_ref offsets = memory((length + 1) * 4);
      std::int32_t end = 0;
      offsets->as<std::int32_t>()[0] = 0;
      for (std::int64_t i = 0; i < length; ++i)
        offsets->as<std::int32_t>()[i + 1] = end += static_cast<std::int32_t>(pick(r, 0, 3));
      set(1, std::move(offsets));
      children.push_back(random_column(r, type.children[0].type, type.children[0].nullable, end));
      break;
    }
    case type_id::structure:
      for (const field& f : type.children) children.push_back(random_column(r, f.type, f.nullable, length));
      break;
    case type_id::boolean: {
      buffer_ref bits = memory(bit_bytes(length));
      for (std::int64_t i = 0; i < length; ++i) set_bit(bits->as<std::uint8_t>(), i, pick(r, 0, 1) == 1);
      set(1, std::move(bits));
      break;
    }
    case type_id::decimal128: {
      buffer_ref values = memory(length * 16);
      __int128 limit = 1;
      for (int i = 0; i < type.precision; ++i) limit *= 10;
      for (std::int64_t i = 0; i < length; ++i) {
        __int128 v = (static_cast<__int128>(r() >> 1) << 64 | r()) % limit;
        if (pick(r, 0, 1)) v = -v;
        std::memcpy(values->as<char>() + i * 16, &v, 16);
      }
      set(1, std::move(values));
      break;
    }
    default: {
      const std::int64_t bytes = length * type.value_bytes();
      buffer_ref values = memory(bytes);
      for (std::int64_t i = 0; i < bytes; ++i) values->as<std::uint8_t>()[i] = static_cast<std::uint8_t>(r());
      set(1, std::move(values));
    }
  }
  return column::make(length, nulls, std::span(parts, static_cast<std::size_t>(type.buffer_count())), children);
}

inline facts random_facts(random& r, std::int64_t length) {
  facts f;
  auto fill = [&](std::int64_t width) {
    buffer_ref b = buffer_pool::must_allocate(static_cast<std::size_t>(length * width));
    for (std::int64_t i = 0; i < length * width; ++i) b->as<std::uint8_t>()[i] = static_cast<std::uint8_t>(r());
    return b;
  };
  if (pick(r, 0, 1)) f.event_time = fill(8);
  if (pick(r, 0, 1)) f.key_hash = fill(8);
  if (pick(r, 0, 1)) {
    f.change = fill(1);
    for (std::int64_t i = 0; i < length; ++i) f.change->as<std::uint8_t>()[i] &= 3;
  }
  if (pick(r, 0, 1)) {
    f.trace_id = fill(16);
    f.source_id = fill(4);
  }
  f.split = static_cast<std::uint32_t>(pick(r, 0, 1));
  if (pick(r, 0, 1)) {
    f.offset = fill(8);
  } else if (pick(r, 0, 1)) {
    f.first_offset = pick(r, 0, 1000);
  }
  return f;
}

/// Ascending rows of 0 .. length-1.
inline selection random_selection(random& r, std::int64_t length) {
  selection s{.rows = buffer_pool::must_allocate(static_cast<std::size_t>(length) * 4)};
  const std::int64_t share = pick(r, 0, 4);
  for (std::int64_t i = 0; i < length; ++i)
    if (pick(r, 0, 3) < share) s.rows->as<std::uint32_t>()[s.count++] = static_cast<std::uint32_t>(i);
  return s;
}

inline batch_ref random_batch(random& r, const schema_ref& schema, std::int64_t length, bool selected) {
  std::vector<column_ref> columns;
  for (const field& f : schema->fields()) columns.push_back(random_column(r, f.type, f.nullable, length));
  return make_batch(schema, columns, length, random_facts(r, length),
                    selected ? random_selection(r, length) : selection{});
}

/// A row with all that belongs to it, as text: what must stay the same however batches are cut and copied.
inline std::string row_text(const batch& b, std::uint32_t row) {
  std::string out;
  row_json(b.schema()).append(out, b, row);
  const weir_batch& v = b.view();
  out += " t" + std::to_string(v.event_time ? v.event_time[row] : WEIR_TIME_MIN);
  out += " c" + std::to_string(v.change ? v.change[row] : WEIR_INSERT);
  out += " s" + std::to_string(v.source_id ? v.source_id[row] : 0) + " ";
  if (v.trace_id)
    out.append(reinterpret_cast<const char*>(v.trace_id) + 16 * std::size_t{row}, 16);
  else
    out.append(16, '\0');
  return out;
}

/// The same with key hash, offset and split, which concat may lose.
inline std::string full_row_text(const batch& b, std::uint32_t row) {
  std::string out = row_text(b, row);
  const weir_batch& v = b.view();
  out += " k" + (v.key_hash ? std::to_string(v.key_hash[row]) : std::string());
  out += " o" + std::to_string(v.offset ? v.offset[row] : v.first_offset >= 0 ? v.first_offset + row : -1);
  out += " p" + std::to_string(v.split);
  return out;
}

}  // namespace weir::model::test
