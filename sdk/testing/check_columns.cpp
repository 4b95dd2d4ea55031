#include "check_columns.hpp"

#include <cstddef>

#include "layout.hpp"

namespace weir::test::check {

bool is_utf8(std::string_view s) {
  const auto* p = reinterpret_cast<const unsigned char*>(s.data());
  const auto* const end = p + s.size();
  while (p != end) {
    const unsigned lead = *p++;
    if (lead < 0x80) continue;
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || end - p < more) return false;
    unsigned code = lead & (0x3fu >> more);
    for (int i = 0; i < more; ++i) {
      if ((*p & 0xc0) != 0x80) return false;
      code = code << 6 | (*p++ & 0x3fu);
    }
    if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10ffff)) ||
        (code >= 0xd800 && code <= 0xdfff))
      return false;
  }
  return true;
}

static verdict offsets(const std::string& column, const std::int32_t* at, std::int64_t rows, std::int64_t room) {
  if (at[0] != 0)
    return wrong{"offsets", "column '" + column + "': the first offset is " + std::to_string(at[0]) + ", it must be 0"};
  for (std::int64_t i = 0; i < rows; ++i)
    if (at[i + 1] < at[i])
      return wrong{"offsets", "column '" + column + "': offsets go back from " + std::to_string(at[i]) + " to " +
                                  std::to_string(at[i + 1]) + " at row " + std::to_string(i)};
  if (at[rows] > room)
    return wrong{"offsets", "column '" + column + "': the last offset " + std::to_string(at[rows]) + " is beyond the " +
                                std::to_string(room) + " that fit"};
  return {};
}

static verdict texts(const field& f, const std::int32_t* at, const char* data, const std::uint8_t* validity,
                     std::int64_t rows) {
  if (f.kind != type::utf8) return {};
  for (std::int64_t i = 0; i < rows; ++i)
    if ((!validity || weir::detail::bit(validity, i)) &&
        !is_utf8({data + at[i], static_cast<std::size_t>(at[i + 1] - at[i])}))
      return wrong{"utf8", "column '" + f.name + "': the text of row " + std::to_string(i) + " is no UTF-8"};
  return {};
}

static verdict nulls(const field& f, const std::uint8_t* validity, std::int64_t rows) {
  for (std::int64_t i = 0; validity && !f.nullable && i < rows; ++i)
    if (!weir::detail::bit(validity, i))
      return wrong{"schema",
                   "column '" + f.name + "' is declared without nulls, row " + std::to_string(i) + " is null"};
  return {};
}

verdict written(const field& f, const weir_column& c, std::int64_t rows, bool all_sent) {
  if (rows > c.capacity)
    return wrong{"builder", "column '" + f.name + "' holds " + std::to_string(rows) + " rows, only " +
                                std::to_string(c.capacity) + " fit"};
  if (all_sent)
    if (auto bad = nulls(f, c.validity, rows)) return bad;
  if (has_offsets(f)) {
    const auto* at = static_cast<const std::int32_t*>(c.values);
    if (auto bad = offsets(f.name, at, rows, f.kind == type::list ? c.children[0].capacity : c.data_capacity))
      return bad;
    if (f.kind == type::list) return written(f.children[0], c.children[0], at[rows], true);
    return all_sent ? texts(f, at, c.data, c.validity, rows) : verdict{};
  }
  if (f.kind == type::record)
    for (std::size_t i = 0; i < f.children.size(); ++i)
      if (auto bad = written(f.children[i], c.children[i], rows, false)) return bad;
  return {};
}

verdict array(const field& f, const ArrowArray* a, std::int64_t rows, bool from_host) {
  const auto say = [&](const std::string& what) {
    return wrong{from_host ? "batch" : "array", "column '" + f.name + "' " + what};
  };
  if (!a) return say("is missing");
  if (!from_host && !a->release) return say("was released already");
  const std::int64_t buffers = f.kind == type::record ? 1 : f.kind == type::utf8 || f.kind == type::binary ? 3 : 2;
  if (a->dictionary)
    return wrong{"schema", "column '" + f.name + "' is dictionary encoded, it is declared as " + to_string(f)};
  if (a->n_buffers != buffers || a->n_children != static_cast<std::int64_t>(f.children.size()))
    return wrong{"schema", "column '" + f.name + "' has " + std::to_string(a->n_buffers) + " buffers and " +
                               std::to_string(a->n_children) + " children, " + to_string(f) + " has " +
                               std::to_string(buffers) + " and " + std::to_string(f.children.size())};
  if (from_host && a->offset != 0) return say("has an offset of " + std::to_string(a->offset) + ", it must be 0");
  if (a->length < rows)
    return say("is " + std::to_string(a->length) + " rows long, the batch has " + std::to_string(rows));
  const auto* validity = static_cast<const std::uint8_t*>(a->buffers[0]);
  if (from_host && (validity != nullptr) != (a->null_count > 0))
    return say("has a null_count of " + std::to_string(a->null_count) +
               (validity ? " and a validity bitmap" : " and no validity bitmap"));
  if (a->offset != 0) return {};
  if (from_host && validity) {
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < a->length; ++i) count += !weir::detail::bit(validity, i);
    if (count != a->null_count)
      return say("has " + std::to_string(count) + " nulls, its null_count says " + std::to_string(a->null_count));
  }
  if (auto bad = nulls(f, validity, rows)) return bad;
  if (has_offsets(f)) {
    const auto* at = static_cast<const std::int32_t*>(a->buffers[1]);
    if (!at) return rows ? verdict{say("has no offsets")} : verdict{};
    if (auto bad = offsets(f.name, at, rows, f.kind == type::list ? a->children[0]->length : INT32_MAX)) return bad;
    if (f.kind == type::list) return array(f.children[0], a->children[0], at[rows], from_host);
    return texts(f, at, static_cast<const char*>(a->buffers[2]), validity, rows);
  }
  if (f.kind == type::record)
    for (std::size_t i = 0; i < f.children.size(); ++i)
      if (auto bad = array(f.children[i], a->children[i], rows, from_host)) return bad;
  return {};
}

verdict indexes(const std::uint32_t* rows, std::int64_t count, std::int64_t length, const std::uint32_t* selected,
                std::int64_t selected_count) {
  std::int64_t at = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    if (rows[k] >= length)
      return wrong{"rows", "row " + std::to_string(rows[k]) + " is out of range: the batch has " +
                               std::to_string(length) + " rows"};
    if (k && rows[k] <= rows[k - 1])
      return wrong{"rows", "row indexes must ascend: " + std::to_string(rows[k]) + " comes after " +
                               std::to_string(rows[k - 1])};
    if (!selected) continue;
    while (at < selected_count && selected[at] < rows[k]) ++at;
    if (at == selected_count || selected[at] != rows[k])
      return wrong{"rows", "row " + std::to_string(rows[k]) + " is not one of the batch's selected rows"};
  }
  return {};
}

verdict batch(const schema& columns, const weir_batch& b, bool selections) {
  if (b.struct_size < offsetof(weir_batch, owner))
    return wrong{"batch", "its struct_size is " + std::to_string(b.struct_size)};
  if (b.column_count != columns.size())
    return wrong{"batch", "it has " + std::to_string(b.column_count) + " columns, the bound schema has " +
                              std::to_string(columns.size())};
  if (b.length < 0 || b.row_count < 0 || b.row_count > b.length || b.length > UINT32_MAX)
    return wrong{"batch", "length " + std::to_string(b.length) + " and row_count " + std::to_string(b.row_count) +
                              " do not fit together"};
  if (!b.rows && b.row_count != b.length) return wrong{"batch", "without rows, row_count must be the length"};
  if (b.rows && !selections) return wrong{"batch", "it has a selection, but the operator does not set WEIR_SELECTIONS"};
  if (b.rows)
    if (auto bad = indexes(b.rows, b.row_count, b.length, nullptr, 0)) return wrong{"batch", bad->what};
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (auto bad = array(columns[i], b.columns[i], b.length, true)) return bad;
  return {};
}
}  // namespace weir::test::check
