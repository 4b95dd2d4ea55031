#include "model/compact.hpp"

#include <algorithm>
#include <cstring>

#include "base/cat.hpp"
#include "base/check.hpp"

namespace weir::model {

using base::result;

namespace {

/// Rows of one batch: those in `rows`, or begin .. begin + count - 1 when rows is null.
struct piece {
  const batch* from = nullptr;
  const std::uint32_t* rows = nullptr;
  std::int64_t begin = 0;
  std::int64_t count = 0;
};

template <std::size_t Width>
struct entry {
  std::uint8_t bytes[Width];
};

/// One fact of all pieces; `missing` fills in for batches that do not have it. Null when none has it.
template <class T>
buffer_ref gather_fact(std::span<const piece> pieces, std::int64_t total, buffer_ref facts::*fact, T missing) {
  bool any = false;
  for (const piece& p : pieces) any = any || (p.from->facts().*fact);
  if (!any) return {};
  buffer_ref out = buffer_pool::must_allocate(static_cast<std::size_t>(total) * sizeof(T));
  T* to = out->as<T>();
  for (const piece& p : pieces) {
    const buffer_ref& source = p.from->facts().*fact;
    if (!source) {
      for (std::int64_t i = 0; i < p.count; ++i) to[i] = missing;
    } else if (p.rows) {
      const T* from = source->as<T>();
      for (std::int64_t i = 0; i < p.count; ++i) to[i] = from[p.rows[i]];
    } else {
      std::memcpy(static_cast<void*>(to), source->as<T>() + p.begin, static_cast<std::size_t>(p.count) * sizeof(T));
    }
    to += p.count;
  }
  return out;
}

/// Rows of several splits: each with its own.
void gather_places(facts& out, std::span<const piece> pieces, std::int64_t total) {
  out.splits = buffer_pool::must_allocate(static_cast<std::size_t>(total) * sizeof(std::uint32_t));
  out.offset = buffer_pool::must_allocate(static_cast<std::size_t>(total) * sizeof(std::int64_t));
  auto* split = out.splits->as<std::uint32_t>();
  auto* offset = out.offset->as<std::int64_t>();
  for (const piece& p : pieces) {
    const facts& f = p.from->facts();
    for (std::int64_t i = 0; i < p.count; ++i) {
      const std::int64_t r = p.rows ? p.rows[i] : p.begin + i;
      *split++ = f.split_of(r);
      *offset++ = f.offset_of(r);
    }
  }
}

/// Offsets mean something only beside a split.
void gather_offsets(facts& out, std::span<const piece> pieces, std::int64_t total) {
  for (const piece& p : pieces)
    if (p.from->facts().splits) return gather_places(out, pieces, total);
  const facts& first = pieces[0].from->facts();
  out.split = first.split;
  for (const piece& p : pieces) {
    if (p.from->facts().split != out.split) {
      out.split = no_split;
      return;
    }
  }
  if (out.split == no_split && pieces.size() > 1) return;
  bool counting = true;  // the offsets of the result are first_offset, first_offset + 1, ...
  std::int64_t next = -1;
  for (const piece& p : pieces) {
    const facts& f = p.from->facts();
    if (!f.offset && f.first_offset < 0) return;
    counting = counting && !f.offset && !p.rows && (next < 0 || next == f.first_offset + p.begin);
    next = f.first_offset + p.begin + p.count;
  }
  if (counting) {
    out.first_offset = first.first_offset + pieces[0].begin;
    return;
  }
  out.offset = buffer_pool::must_allocate(static_cast<std::size_t>(total) * sizeof(std::int64_t));
  auto* to = out.offset->as<std::int64_t>();
  for (const piece& p : pieces) {
    const facts& f = p.from->facts();
    const std::int64_t* from = f.offset ? f.offset->as<std::int64_t>() : nullptr;
    for (std::int64_t i = 0; i < p.count; ++i) {
      const std::int64_t r = p.rows ? p.rows[i] : p.begin + i;
      *to++ = from ? from[r] : f.first_offset + r;
    }
  }
}

facts gather_facts(std::span<const piece> pieces, std::int64_t total) {
  facts out;
  out.event_time = gather_fact<std::int64_t>(pieces, total, &facts::event_time, WEIR_TIME_MIN);
  out.change = gather_fact<std::uint8_t>(pieces, total, &facts::change, WEIR_INSERT);
  out.trace_id = gather_fact<entry<16>>(pieces, total, &facts::trace_id, entry<16>{});
  out.source_id = gather_fact<std::uint32_t>(pieces, total, &facts::source_id, 0);
  bool keyed = true;
  for (const piece& p : pieces) keyed = keyed && p.from->facts().key_hash;
  if (keyed) out.key_hash = gather_fact<std::uint64_t>(pieces, total, &facts::key_hash, 0);
  gather_offsets(out, pieces, total);
  for (const piece& p : pieces) out.turn_us = std::max(out.turn_us, p.from->facts().turn_us);
  return out;
}

result<batch_ref> assemble(std::span<const piece> pieces) {
  const batch& first = *pieces[0].from;
  std::int64_t total = 0;
  for (const piece& p : pieces) total += p.count;
  if (total > batch_rows_max)
    return base::data_error(base::cat("a batch of ", total, " rows, and 2147483647 is the most: make batches smaller"));
  std::vector<column_ref> columns;
  columns.reserve(first.column_count());
  std::vector<gather_part> parts(pieces.size());
  for (std::size_t c = 0; c < first.column_count(); ++c) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const piece& p = pieces[i];
      parts[i] = {.from = &p.from->column_at(c), .rows = p.rows, .begin = p.begin, .count = p.count};
    }
    const field& what = (*first.schema())[c];
    auto made = gather_column(what.type, parts);
    if (!made) return std::move(made).why().in("column " + what.name);
    columns.push_back(std::move(made).take());
  }
  return make_batch(first.schema(), columns, total, gather_facts(pieces, total));
}

piece counted_rows(const batch& from, std::int64_t begin, std::int64_t count) {
  if (from.dense()) return {.from = &from, .begin = begin, .count = count};
  return {.from = &from, .rows = from.rows() + begin, .count = count};
}

}  // namespace

batch_ref compact(const batch_ref& from) {
  if (from->dense()) return from;
  // A part of a batch always fits: it is not larger than the batch.
  const piece all = counted_rows(*from, 0, from->row_count());
  return assemble(std::span(&all, 1)).take();
}

result<batch_ref> take_rows(const batch& from, std::span<const std::uint32_t> rows) {
  const piece p{.from = &from, .rows = rows.data(), .count = static_cast<std::int64_t>(rows.size())};
  if (rows.empty()) return slice(from, 0, 0);
  return assemble(std::span(&p, 1));
}

batch_ref slice(const batch& from, std::int64_t begin, std::int64_t count) {
  WEIR_CHECK(begin >= 0 && count >= 0 && begin + count <= from.row_count(), "rows ", begin, " to ", begin + count,
             " of ", from.row_count());
  const piece p = counted_rows(from, begin, count);
  return assemble(std::span(&p, 1)).take();
}

result<batch_ref> concat(std::span<const batch_ref> batches) {
  WEIR_CHECK(!batches.empty(), "concat of nothing");
  if (batches.size() == 1) return compact(batches[0]);
  std::vector<piece> pieces;
  pieces.reserve(batches.size());
  for (const batch_ref& b : batches) {
    WEIR_CHECK(same_schema(b->schema(), batches[0]->schema()), "concat of batches of different schemas");
    pieces.push_back(counted_rows(*b, 0, b->row_count()));
  }
  return assemble(pieces);
}

}  // namespace weir::model
