#include "digest/row_text.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "shared/digits.hpp"

namespace digest {
namespace {

using weir::type;

template <class T>
const T* buffer(const ArrowArray& a, int which) {
  return static_cast<const T*>(a.buffers[which]);
}

template <class T>
void widen(std::int64_t* to, const void* from, const std::uint32_t* rows, std::size_t count) {
  const T* const values = static_cast<const T*>(from);
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::int64_t>(values[rows[i]]);
}

}  // namespace

row_text::row_text(const weir::schema& input, const std::vector<std::uint32_t>& columns) : columns_(columns.size()) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    columns_[i].type = input[columns[i]];
    columns_[i].index = columns[i];
  }
}

std::uint64_t row_text::sum(const weir_batch& batch) {
  std::uint64_t sum = 0;
  for (std::int64_t from = 0; from < batch.row_count;) {
    const auto count = static_cast<std::size_t>(std::min<std::int64_t>(block_rows, batch.row_count - from));
    sum += sum_block(batch, from, count);
    from += static_cast<std::int64_t>(count);
  }
  return sum;
}

std::string row_text::text(const weir_batch& batch, std::uint32_t row) const {
  std::string out;
  for (const column& c : columns_) {
    if (&c != columns_.data()) out += '|';
    append_value(out, c.type, *batch.columns[c.index], row);
  }
  return out;
}

std::uint64_t row_text::sum_block(const weir_batch& batch, std::int64_t from, std::size_t count) {
  dense_ = batch.rows == nullptr;
  if (dense_)
    std::iota(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(count), static_cast<std::uint32_t>(from));
  else
    std::copy_n(batch.rows + from, count, rows_.begin());
  std::size_t bound = count * columns_.size();  // the bars
  for (column& c : columns_) prepare(c, *batch.columns[c.index], count, bound);
  // Twice: fnv reads behind the last text as far as the longest one goes.
  const std::size_t need = 2 * bound + fnv_padding + weir::shared::number_room;
  if (buffer_.size() < need) buffer_.resize(need + need / 2);

  char* const begin = buffer_.data();
  char* to = begin;
  for (std::size_t i = 0; i < count; ++i) {
    for (const column& c : columns_) {
      to = write(c, i, to);
      *to++ = '|';
    }
    if (!columns_.empty()) --to;
    ends_[i + 1] = static_cast<std::uint32_t>(to - begin);
  }
  return fnv_(begin, ends_.data(), count);
}

inline char* row_text::write(const column& c, std::size_t i, char* to) const {
  if (c.validity && !weir::detail::bit(c.validity, rows_[i])) return to;
  switch (c.how) {
    case way::short_number:
      std::memcpy(to, &c.texts.text[i], 8);
      return to + c.texts.size[i];
    case way::long_number:
      std::memcpy(to, &c.prefix, 8);
      to += c.prefix_size;
      std::memcpy(to, &c.texts.text[i], 8);
      return to + 8;
    case way::number:
      return weir::shared::put_i64(to, c.values[i]);
    case way::unsigned_number:
      return weir::shared::put_u64(to, static_cast<std::uint64_t>(c.values[i]));
    case way::text:
    case way::rendered: {
      const std::size_t at = c.how == way::text ? rows_[i] : i;
      const auto size = static_cast<std::size_t>(c.offsets[at + 1] - c.offsets[at]);
      std::memcpy(to, c.data + c.offsets[at], size);
      return to + size;
    }
  }
  return to;
}

void row_text::prepare(column& c, const ArrowArray& array, std::size_t count, std::size_t& bound) {
  c.validity = array.null_count != 0 ? buffer<std::uint8_t>(array, 0) : nullptr;
  switch (c.type.kind) {
    case type::utf8:
      c.how = way::text;
      c.offsets = buffer<std::int32_t>(array, 1);
      c.data = buffer<char>(array, 2);
      if (dense_)
        bound += static_cast<std::size_t>(c.offsets[rows_[0] + count] - c.offsets[rows_[0]]);
      else
        for (std::size_t i = 0; i < count; ++i)
          bound += static_cast<std::size_t>(c.offsets[rows_[i] + 1] - c.offsets[rows_[i]]);
      return;
    case type::int8:
    case type::int16:
    case type::int32:
    case type::int64:
    case type::uint8:
    case type::uint16:
    case type::uint32:
    case type::uint64:
    case type::timestamp:
    case type::date32:
      prepare_numbers(c, array.buffers[1], count);
      bound += count * 20;
      return;
    default:
      render(c, array, count);
      bound += c.rendered.size();
      return;
  }
}

void row_text::prepare_numbers(column& c, const void* raw, std::size_t count) {
  const bool wide = c.type.kind == type::int64 || c.type.kind == type::uint64 || c.type.kind == type::timestamp;
  std::int64_t* const to = c.gathered.data();
  if (wide && dense_) {
    c.values = static_cast<const std::int64_t*>(raw) + rows_[0];  // the host lets us read 64 bytes behind the end
  } else {
    c.values = to;
    switch (c.type.kind) {
      case type::int8:
        widen<std::int8_t>(to, raw, rows_.data(), count);
        break;
      case type::int16:
        widen<std::int16_t>(to, raw, rows_.data(), count);
        break;
      case type::int32:
      case type::date32:
        widen<std::int32_t>(to, raw, rows_.data(), count);
        break;
      case type::uint8:
        widen<std::uint8_t>(to, raw, rows_.data(), count);
        break;
      case type::uint16:
        widen<std::uint16_t>(to, raw, rows_.data(), count);
        break;
      case type::uint32:
        widen<std::uint32_t>(to, raw, rows_.data(), count);
        break;
      default:
        widen<std::int64_t>(to, raw, rows_.data(), count);
        break;
    }
  }
  const auto [least, most] = numbers_->range(c.values, count);
  if (least >= 0 && most < short_limit) {
    c.how = way::short_number;
    numbers_->short_numbers(c.values, count, c.texts);
    return;
  }
  // Times, mostly: all but the last eight digits are the same in the whole block.
  if (const std::int64_t high = least / short_limit; least >= 0 && high < short_limit && most / short_limit == high) {
    c.how = way::long_number;
    char prefix[16];
    c.prefix_size =
        static_cast<std::uint32_t>(weir::shared::put_below_1e8(prefix, static_cast<std::uint32_t>(high)) - prefix);
    std::memcpy(&c.prefix, prefix, 8);
    numbers_->eight_digits(c.values, high * short_limit, count, c.texts);
    return;
  }
  c.how = c.type.kind == type::uint64 ? way::unsigned_number : way::number;
}

void row_text::render(column& c, const ArrowArray& array, std::size_t count) {
  c.how = way::rendered;
  c.validity = nullptr;
  c.rendered.clear();
  c.rendered_ends.resize(count + 1);
  for (std::size_t i = 0; i < count; ++i) {
    append_value(c.rendered, c.type, array, rows_[i]);
    c.rendered_ends[i + 1] = static_cast<std::int32_t>(c.rendered.size());
  }
  c.offsets = c.rendered_ends.data();
  c.data = c.rendered.data();
}

}  // namespace digest
