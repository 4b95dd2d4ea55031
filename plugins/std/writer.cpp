#include "writer.hpp"

#include <cstring>
#include <limits>

#include "expression/loops.hpp"

namespace weir::standard {

namespace {

using weir::expression::column;
using weir::expression::kind;
using weir::expression::row_set;
using weir::expression::text_ref;

// Bytes 0 and 1 as bits. Eight at a time: the multiplication gathers the lowest bits of eight bytes in the highest
// byte.
void pack_bits(const std::uint8_t* bytes, std::int64_t count, std::uint8_t* bits) {
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, bytes + i, 8);
    bits[i / 8] = static_cast<std::uint8_t>(((eight & 0x0101010101010101ull) * 0x0102040810204080ull) >> 56);
  }
  if (i < count) {
    std::uint8_t last = 0;
    for (std::int64_t k = i; k < count; ++k) last = static_cast<std::uint8_t>(last | (bytes[k] & 1) << (k - i));
    bits[i / 8] = last;
  }
}

void write_texts(const weir::expression::evaluator& e, const column& c, row_set rows, std::int64_t length,
                 weir::column_writer& out) {
  const auto* texts = c.as<text_ref>();
  auto present = [&](std::int64_t i) { return c.is_valid(i) && !e.has_failed(i); };
  std::uint64_t total = 0;
  weir::expression::for_each_row(rows, [&](std::int64_t i) { total += present(i) ? texts[i].size : 0; });
  if (total > static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max()))
    throw weir::failure{"column '" + out.of().name +
                        "': the texts of one batch have more than 2 GiB; make the batches smaller"};
  char* data = out.text_room(static_cast<std::int64_t>(total));
  auto* offsets = out.values<std::int32_t>();
  std::int64_t next = 0;
  std::int32_t at = offsets[0];
  const char* begin = data - at;  // where offset 0 points
  weir::expression::for_each_row(rows, [&](std::int64_t i) {
    for (; next < i; ++next) offsets[next + 1] = at;  // rows that are not asked for are empty
    if (present(i) && texts[i].size) {
      std::memcpy(const_cast<char*>(begin) + at, texts[i].data, texts[i].size);
      at += static_cast<std::int32_t>(texts[i].size);
    }
    offsets[i + 1] = at;
    next = i + 1;
  });
  for (; next < length; ++next) offsets[next + 1] = at;
}

}  // namespace

void write(weir::expression::evaluator& e, std::size_t n, const weir::expression::type& t, row_set rows,
           std::int64_t length, weir::column_writer& out) {
  out.reserve(length);
  column c;
  if (t.is == kind::boolean) {
    c = e.eval(n, rows);
    pack_bits(c.as<std::uint8_t>(), length, out.values<std::uint8_t>());
  } else if (t.is == kind::text || t.is == kind::binary) {
    c = e.eval(n, rows);
    write_texts(e, c, rows, length, out);
  } else {
    c = e.eval_into(n, rows, out.values<void>());
  }
  if (c.valid) {
    out.need_validity();
    pack_bits(c.valid, length, out.validity());
  }
  out.set_size(length);
}

}  // namespace weir::standard
