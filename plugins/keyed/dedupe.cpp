#include "keyed/dedupe.hpp"

#include <cstring>

namespace keyed {

using weir::shared::in_slot;

namespace {

// Stores one column's values; marks the rows where the value is another one. Rows of one key come one after the other,
// so each is compared with the one before it.
template <class T>
void store_fixed(const void* column, const std::uint32_t* rows, weir_slot* const* slots, std::int64_t count,
                 std::uint32_t at) {
  const auto* values = static_cast<const T*>(column);
  for (std::int64_t k = 0; k < count; ++k) std::memcpy(in_slot(slots[k], at), values + rows[k], sizeof(T));
}
template <class T>
void compare_fixed(const void* column, const std::uint32_t* rows, weir_slot* const* slots, std::int64_t count,
                   std::uint32_t at, std::uint8_t* changed) {
  const auto* values = static_cast<const T*>(column);
  for (std::int64_t k = 0; k < count; ++k) {
    char* const to = in_slot(slots[k], at);
    changed[k] |= std::memcmp(to, values + rows[k], sizeof(T)) != 0;
    std::memcpy(to, values + rows[k], sizeof(T));
  }
}

struct sixteen {
  char bytes[16];
};

}  // namespace

dedupe::dedupe(const weir::config& c)
    : last_{c.choice<bool>("keep", {{"first", false}, {"last", true}})},
      only_changed_{c.choice<bool>("emit", {{"upsert", false}, {"changed", true}})},
      by_time_{c.choice<bool>("order", {{"arrival", false}, {"event_time", true}})},
      columns_{c.get<std::vector<std::string>>("columns")},
      ttl_us_{c.get<weir::duration>("ttl").count()} {
  if (ttl_us_ < 0) throw c.error("ttl", "must not be negative");
  if (!last_ && only_changed_)
    throw c.error("emit", "is for keep = \"last\": the first row of a key has none before it");
  if (!last_ && by_time_)
    throw c.error("order", "is for keep = \"last\": an older row that comes later could not take the first one back");
  if (!last_ && !columns_.empty())
    throw c.error("columns", "is for keep = \"last\": to keep the first row nothing is compared");
  if (only_changed_ && columns_.empty()) throw c.error("columns", "names the columns that emit = \"changed\" compares");
  if (columns_.size() > 64) throw c.error("columns", "has more than 64 names");
}

void dedupe::bind(weir::binder& b) {
  if (b.key().empty())
    b.error(WEIR_E_CONFIG, "", "it needs a key: give the operator `exchange = { kind = \"hash\", key = [\"...\"] }`");
  weir::shared::value_layout layout;
  kept_.clear();
  bool nullable = false;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const std::string option = "columns[" + std::to_string(i) + "]";
    const int found = b.input().find(columns_[i]);
    if (found < 0) {
      b.error(WEIR_E_CONFIG, option, "there is no column '" + columns_[i] + "'" + b.input().hint(columns_[i]));
      continue;
    }
    const auto& f = b.input()[static_cast<std::size_t>(found)];
    const std::uint32_t width = weir::shared::width_of(f);
    if (width == 0) {
      b.error(WEIR_E_CONFIG, option,
              "column '" + f.name + "' is " + weir::to_string(f) +
                  ": only columns of a fixed width can be kept; keep a digest of it instead");
      continue;
    }
    kept_.push_back({static_cast<std::size_t>(found), layout.add(f), width});
    nullable |= f.nullable;
  }
  nulls_at_ = nullable ? layout.add("nulls", weir::type::uint64) : 0;
  time_at_ = by_time_ ? layout.add("at", weir::type::timestamp) : 0;
  if (layout.fields().fields.empty()) layout.add("seen", weir::type::boolean);
  std::uint32_t next = 0;
  seen_.declare(
      b, next,
      {.name = last_ ? "last" : "first", .value = layout.fields(), .value_size = layout.size(), .ttl_us = ttl_us_});
  b.output_like_input("");
}

void dedupe::process(const weir::batch_view& batch, weir::batch_output& out) {
  work_.begin(batch.raw());
  if (last_)
    keep_last(batch, out);
  else
    keep_first(batch, out);
}

void dedupe::keep_first(const weir::batch_view& batch, weir::batch_output& out) {
  const std::int64_t count = batch.row_count();
  weir_slot** const slots = work_.slots();
  const std::uint32_t* const rows = work_.rows();
  seen_.slots(context(), batch.raw(), batch.raw().rows, count, nullptr, WEIR_SLOTS_CREATE, slots);
  const std::uint32_t epoch = seen_.epoch(context());
  std::uint32_t* const fresh = out.row_buffer(count);
  std::int64_t n = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    weir_slot* const s = slots[k];
    if (s->flags & WEIR_SLOT_PRESENT) {
      if (ttl_us_ == 0) continue;
    } else {
      fresh[n++] = rows[k];
    }
    if (s->epoch != epoch || ttl_us_ != 0) seen_.touch(context(), s);
    s->flags |= WEIR_SLOT_PRESENT;
    *in_slot(s, sizeof(weir_slot)) = 1;
  }
  if (n == count) return out.emit_all(0, batch);
  if (n) out.emit_rows(0, batch, fresh, n);
}

std::int64_t dedupe::drop_older(const weir::batch_view& batch, const std::uint32_t* rows, weir_slot** slots,
                                std::int64_t count) {
  const std::int64_t* const times = batch.raw().event_time;
  if (!times)
    throw weir::plugin_error{
        "order = \"event_time\", but the records have no event time: give the source a [watermark] field"};
  std::uint32_t* const picked = work_.picked();
  std::int64_t n = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    std::int64_t before;
    std::memcpy(&before, in_slot(slots[k], time_at_), sizeof before);
    const std::int64_t at = times[rows[k]];
    if ((slots[k]->flags & WEIR_SLOT_PRESENT) && at < before) continue;
    std::memcpy(in_slot(slots[k], time_at_), &at, sizeof at);
    picked[n] = rows[k];
    slots[n] = slots[k];
    changed_[static_cast<std::size_t>(n++)] = !(slots[k]->flags & WEIR_SLOT_PRESENT);
    slots[k]->flags |= WEIR_SLOT_PRESENT;
  }
  return n;
}

void dedupe::keep_last(const weir::batch_view& batch, weir::batch_output& out) {
  std::int64_t count = batch.row_count();
  weir_slot** const slots = work_.slots();
  const std::uint32_t* rows = work_.rows();
  seen_.slots(context(), batch.raw(), batch.raw().rows, count, nullptr, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, slots);
  if (changed_.size() < static_cast<std::size_t>(batch.length()))
    changed_.resize(static_cast<std::size_t>(batch.length()));
  auto beside = out.build_beside(0, batch);
  std::uint8_t* const change = beside.changes();
  if (by_time_) {
    count = drop_older(batch, rows, slots, count);
    rows = work_.picked();
  } else {
    for (std::int64_t k = 0; k < count; ++k) {
      changed_[static_cast<std::size_t>(k)] = !(slots[k]->flags & WEIR_SLOT_PRESENT);
      slots[k]->flags |= WEIR_SLOT_PRESENT;
    }
  }
  for (std::int64_t k = 0; k < count; ++k)
    change[rows[k]] = changed_[static_cast<std::size_t>(k)] ? WEIR_INSERT : WEIR_UPDATE_AFTER;
  store(batch, rows, slots, count);
  if (!only_changed_ && !by_time_) return out.emit_all(0, batch, std::move(beside));
  std::uint32_t* const send = out.row_buffer(count);
  std::int64_t n = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    send[n] = rows[k];
    n += !only_changed_ || changed_[static_cast<std::size_t>(k)];
  }
  if (n) out.emit_rows(0, batch, send, n, std::move(beside));
}

void dedupe::store(const weir::batch_view& batch, const std::uint32_t* rows, weir_slot* const* slots,
                   std::int64_t count) {
  for (std::size_t i = 0; i < kept_.size(); ++i) {
    const kept& c = kept_[i];
    const auto column = batch.at(c.column);
    const void* const values = column.values<void>();
    const auto fixed = [&]<class T>(T) {
      if (only_changed_)
        compare_fixed<T>(values, rows, slots, count, c.at, changed_.data());
      else
        store_fixed<T>(values, rows, slots, count, c.at);
    };
    const bool bits = column.of().kind == weir::type::boolean;
    if (!bits && c.width == 8 && !column.has_nulls()) {
      fixed(std::uint64_t{});
    } else if (!bits && c.width == 4 && !column.has_nulls()) {
      fixed(std::uint32_t{});
    } else if (!bits && c.width == 16 && !column.has_nulls()) {
      fixed(sixteen{});
    } else {
      for (std::int64_t k = 0; k < count; ++k) {
        char* const to = in_slot(slots[k], c.at);
        const std::uint32_t row = rows[k];
        const char bit = bits ? static_cast<char>(column.boolean(row)) : 0;
        static constexpr char none[16]{};
        const bool null = column.null(row);
        const char* const from = bits ? &bit : static_cast<const char*>(values) + std::size_t{row} * c.width;
        if (!null) {
          changed_[static_cast<std::size_t>(k)] |= std::memcmp(to, from, c.width) != 0;
          std::memcpy(to, from, c.width);
        } else if (c.width <= sizeof none) {
          std::memcpy(to, none, c.width);
        } else {
          std::memset(to, 0, c.width);
        }
      }
    }
    if (!nulls_at_) continue;
    const std::uint64_t bit = std::uint64_t{1} << i;
    for (std::int64_t k = 0; k < count; ++k) {
      std::uint64_t nulls;
      std::memcpy(&nulls, in_slot(slots[k], nulls_at_), sizeof nulls);
      const std::uint64_t now = column.null(rows[k]) ? nulls | bit : nulls & ~bit;
      changed_[static_cast<std::size_t>(k)] |= now != nulls;
      std::memcpy(in_slot(slots[k], nulls_at_), &now, sizeof now);
    }
  }
}

}  // namespace keyed
