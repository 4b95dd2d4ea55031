#include "source/stamper.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "model/name_registry.hpp"
#include "model/trace_id.hpp"

namespace weir::source {
namespace {

bool is_null(const model::column& c, std::uint32_t row) {
  return c.null_count() > 0 && !(c.validity()[row / 8] >> (row % 8) & 1);
}

std::string_view text_at(const model::column& c, std::uint32_t row) {
  const auto* offsets = c.values<std::int32_t>();
  return {c.data() + offsets[row], static_cast<std::size_t>(offsets[row + 1] - offsets[row])};
}

}  // namespace

stamper::stamper(stamp_rule rule) : rule_(std::move(rule)) {
  if (rule_.trace) own_number_ = model::source_names().number(rule_.source_id);
}

model::buffer_ref stamper::trace_ids(const model::batch& b) const {
  const auto bytes = static_cast<std::size_t>(b.length()) * 16;
  auto out = model::buffer_pool::must_allocate(std::max<std::size_t>(bytes, 16));
  std::memset(out->data(), 0, bytes);
  const model::facts& place = b.facts();
  const bool placed = place.split != model::no_split && (place.offset || place.first_offset >= 0);
  const std::string_view split = placed ? model::split_names().name(place.split) : std::string_view();
  auto make = [&](std::uint32_t row) {
    if (!placed) return;
    const std::int64_t offset = place.offset ? place.offset->as<std::int64_t>()[row] : place.first_offset + row;
    const auto id = model::trace_id_of_place(split, offset);
    std::memcpy(out->data() + std::size_t{row} * 16, id.data(), 16);
  };
  if (rule_.trace_id_column == no_column) {
    for (std::int64_t i = 0; i < b.row_count(); ++i) make(b.row(i));
    return out;
  }
  const model::column& from = b.column_at(rule_.trace_id_column);
  const bool fixed = (*b.schema())[rule_.trace_id_column].type.id == model::type_id::fixed_binary;
  for (std::int64_t i = 0; i < b.row_count(); ++i) {
    const std::uint32_t row = b.row(i);
    if (is_null(from, row)) {
      make(row);
      continue;
    }
    if (fixed) {
      std::memcpy(out->data() + std::size_t{row} * 16, from.values<char>() + std::size_t{row} * 16, 16);
    } else {
      const auto id = model::parse_trace_id(text_at(from, row));
      std::memcpy(out->data() + std::size_t{row} * 16, id.data(), 16);
    }
  }
  return out;
}

model::buffer_ref stamper::source_ids(const model::batch& b) {
  auto out = model::buffer_pool::must_allocate(static_cast<std::size_t>(std::max<std::int64_t>(b.length(), 1)) * 4);
  auto* numbers = out->as<std::uint32_t>();
  std::fill_n(numbers, b.length(), own_number_);
  if (rule_.source_id_column == no_column) return out;
  const model::column& from = b.column_at(rule_.source_id_column);
  for (std::int64_t i = 0; i < b.row_count(); ++i) {
    const std::uint32_t row = b.row(i);
    if (is_null(from, row)) continue;
    const std::string_view name = text_at(from, row);
    // Neighbours mostly come from the same system: the registry is asked only when the name changes.
    if (name != last_name_ || last_number_ == 0) {
      last_name_.assign(name);
      last_number_ = model::source_names().number(name);
    }
    numbers[row] = last_number_;
  }
  return out;
}

stamper::stamped stamper::stamp(const model::batch_ref& given) {
  stamped result;
  result.batch = given;
  model::facts facts = given->facts();
  bool changed = false;

  if (rule_.time_column != no_column) {
    const model::column& times = given->column_at(rule_.time_column);
    if (times.null_count() > 0) {
      auto kept = model::buffer_pool::must_allocate(static_cast<std::size_t>(given->row_count()) * 4 + 4);
      std::int64_t count = 0;
      for (std::int64_t i = 0; i < given->row_count(); ++i) {
        const std::uint32_t row = given->row(i);
        if (is_null(times, row))
          result.timeless.push_back(row);
        else
          kept->as<std::uint32_t>()[count++] = row;
      }
      if (count == 0) {
        result.batch = {};
        return result;
      }
      if (!result.timeless.empty()) result.batch = model::select_rows(*given, {std::move(kept), count});
    }
    if (const model::buffer_ref& own = times.owner(1)) {
      facts.event_time = own;  // the column's values are the fact: no copy
    } else {
      facts.event_time = model::buffer_pool::must_allocate(static_cast<std::size_t>(given->length()) * 8 + 8);
      std::memcpy(facts.event_time->data(), times.values<std::int64_t>(),
                  static_cast<std::size_t>(given->length()) * 8);
    }
    changed = true;
  }
  if (rule_.trace) {
    if (!facts.trace_id || rule_.trace_id_column != no_column) facts.trace_id = trace_ids(*result.batch);
    if (!facts.source_id || rule_.source_id_column != no_column) facts.source_id = source_ids(*result.batch);
    changed = true;
  }
  if (changed) result.batch = model::with_facts(*result.batch, std::move(facts));

  const model::batch& b = *result.batch;
  if (const std::int64_t* at = b.view().event_time) {
    std::int64_t newest = INT64_MIN;
    if (b.dense()) {
      for (std::int64_t i = 0; i < b.length(); ++i) newest = std::max(newest, at[i]);
    } else {
      for (std::int64_t i = 0; i < b.row_count(); ++i) newest = std::max(newest, at[b.rows()[i]]);
    }
    result.newest_us = newest;
  }
  return result;
}

}  // namespace weir::source
