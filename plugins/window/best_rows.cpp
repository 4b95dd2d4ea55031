#include "window/best_rows.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "weir/packed.hpp"

namespace window {

using weir::aggregate::rows_in;
using weir::shared::in_slot;

namespace {

std::uint64_t load_u64(const weir_slot* s, std::uint32_t at) {
  std::uint64_t v;
  std::memcpy(&v, in_slot(s, at), sizeof v);
  return v;
}
void store_u64(weir_slot* s, std::uint32_t at, std::uint64_t v) { std::memcpy(in_slot(s, at), &v, sizeof v); }

// Numbers whose order is that of the column's values: larger is better.
template <class T>
void to_orders(const weir::column_view& c, const std::uint32_t* rows, std::int64_t count, bool largest,
               std::uint64_t* out) {
  const T* const values = c.values<T>();
  const std::uint64_t flip = largest ? 0 : ~std::uint64_t{0};
  for (std::int64_t k = 0; k < count; ++k) {
    const auto v = values[rows[k]];
    if constexpr (std::is_floating_point_v<T>)
      out[k] = weir::detail::to_ordered(static_cast<double>(v)) ^ flip;
    else if constexpr (std::is_signed_v<T>)
      out[k] = weir::detail::to_ordered(static_cast<std::int64_t>(v)) ^ flip;
    else
      out[k] = static_cast<std::uint64_t>(v) ^ flip;
  }
}

struct each_slot {
  weir_slot* const* slots;
  weir_slot* operator[](std::int64_t k) const { return slots[k]; }
};
struct same_slot {
  weir_slot* slot;
  weir_slot* operator[](std::int64_t) const { return slot; }
};

std::uint64_t order_of(std::string_view row) {
  std::uint64_t v;
  std::memcpy(&v, row.data(), sizeof v);
  return v;
}
// Best first; of equal ones the older, then by their bytes: the same rows whatever order they came in.
bool before(const std::string& a, const std::string& b) {
  std::int64_t at, bt;
  std::memcpy(&at, a.data() + 8, 8);
  std::memcpy(&bt, b.data() + 8, 8);
  return std::tuple{~order_of(a), at, std::string_view{a}} < std::tuple{~order_of(b), bt, std::string_view{b}};
}

}  // namespace

best_rows::best_rows(best_options o, const weir::schema& input, weir::shared::value_layout& layout)
    : options_{std::move(o)} {
  using weir::type;
  const int by = input.find(options_.by);
  if (by < 0)
    throw weir::config_error{"best_rows.by", "there is no column '" + options_.by + "'" + input.hint(options_.by)};
  by_ = static_cast<std::size_t>(by);
  const weir::field& f = input[by_];
  if (!weir::shared::is_flat(f) || weir::shared::is_text(f) || f.kind == type::boolean ||
      f.kind == type::fixed_binary || f.kind == type::decimal128)
    throw weir::config_error{
        "best_rows.by", "column '" + f.name + "' is " + weir::to_string(f) + ", it must be a number, a time or a date"};
  for (std::size_t i = 0; i < options_.columns.size(); ++i) {
    const int found = input.find(options_.columns[i]);
    if (found < 0)
      throw weir::config_error{"best_rows.columns[" + std::to_string(i) + "]",
                               "there is no column '" + options_.columns[i] + "'" + input.hint(options_.columns[i])};
    columns_.push_back(static_cast<std::size_t>(found));
    fields_.push_back(input[columns_.back()]);
  }
  mark_at_ = layout.add("best_rows_from", type::uint64);
  held_at_ = layout.add("best_rows_held", type::uint64);
}

void best_rows::declare(weir::binder& b, std::uint32_t& next, std::int64_t ttl_us) {
  weir::schema value;
  value.fields = {{.name = "order", .kind = weir::type::uint64, .nullable = false},
                  {.name = "event_time", .kind = weir::type::timestamp, .nullable = false}};
  value.fields.insert(value.fields.end(), fields_.begin(), fields_.end());
  rows_.declare(b, next, {.name = "best_rows", .kind = WEIR_STATE_LIST, .value = std::move(value), .ttl_us = ttl_us});
}

void best_rows::update(weir_context* c, const rows_in& in, weir_slot* const* slots, const std::int64_t* name_spaces) {
  run(c, in, each_slot{slots}, name_spaces);
}
void best_rows::update_one(weir_context* c, const rows_in& in, weir_slot* slot, std::int64_t name_space) {
  run(c, in, same_slot{slot}, &name_space);
}

template <class Slots>
void best_rows::run(weir_context* c, const rows_in& in, Slots slots, const std::int64_t* name_spaces) {
  using weir::type;
  if (orders_.size() < static_cast<std::size_t>(in.count)) orders_.resize(static_cast<std::size_t>(in.count));
  const auto column = in.batch.at(by_);
  weir::detail::with_stored(
      column.of().kind, [&]<class T>(T) { to_orders<T>(column, in.rows, in.count, options_.largest, orders_.data()); });
  constexpr bool same = std::is_same_v<Slots, same_slot>;
  const std::uint64_t* const orders = orders_.data();
  std::uint64_t mark = same && in.count ? load_u64(slots[0], mark_at_) : 0;
  for (std::int64_t k = 0; k < in.count; ++k) {
    if constexpr (!same) mark = load_u64(slots[k], mark_at_);
    if (orders[k] < mark) [[likely]]
      continue;
    if (column.null(in.rows[k])) continue;
    take(c, in.batch, in.rows[k], orders[k], slots[k], name_spaces ? name_spaces[same ? 0 : k] : 0);
    if constexpr (same) mark = load_u64(slots[k], mark_at_);
  }
}

void best_rows::take(weir_context* c, const weir::batch_view& batch, std::uint32_t row, std::uint64_t order,
                     weir_slot* mark, std::int64_t name_space) {
  weir_slot* list = nullptr;
  rows_.slots(c, batch.raw(), &row, 1, &name_space, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, &list);
  std::uint64_t held = load_u64(mark, held_at_);
  if (options_.limit == 1 && held && order > load_u64(mark, mark_at_)) {  // all that were held are worse
    rows_.list_trim(c, list, held);
    held = 0;
  }
  weir::packed_row bytes;
  bytes.add(order);
  bytes.add(batch.raw().event_time ? batch.raw().event_time[row] : std::int64_t{0});
  for (const std::size_t i : columns_) bytes.add(batch.at(i), row);
  rows_.list_add(c, list, bytes.bytes());
  store_u64(mark, held_at_, ++held);
  if (options_.limit == 1 && options_.ties) return store_u64(mark, mark_at_, order);
  const auto limit = static_cast<std::uint64_t>(options_.limit);
  if ((limit == 1 && held > 1) || (held >= 2 * limit + 16 && (held & (held - 1)) == 0)) return compact(c, list, mark);
  if (limit == 1) store_u64(mark, mark_at_, order);
}

void best_rows::compact(weir_context* c, weir_slot* list, weir_slot* mark) {
  std::vector<std::string> rows;
  const std::uint64_t held = rows_.list_size(c, list);
  for (std::uint64_t i = 0; i < held; ++i) rows.emplace_back(rows_.list_at(c, list, i));
  cut_off(rows);
  for (const auto& r : rows) rows_.list_add(c, list, r);
  rows_.list_trim(c, list, held);
  store_u64(mark, held_at_, rows.size());
  store_u64(mark, mark_at_, order_of(rows[static_cast<std::size_t>(options_.limit) - 1]));
}

void best_rows::cut_off(std::vector<std::string>& rows) const {
  std::sort(rows.begin(), rows.end(), before);
  std::size_t n = std::min(rows.size(), static_cast<std::size_t>(options_.limit));
  if (options_.ties)
    while (n && n < rows.size() && order_of(rows[n]) == order_of(rows[n - 1])) ++n;
  rows.resize(n);
}

void best_rows::collect(weir_context* c, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
                        std::int64_t name_space, const std::uint32_t* groups, std::int64_t group_count) {
  held_.resize(static_cast<std::size_t>(group_count));
  found_.resize(static_cast<std::size_t>(count));
  const std::vector<std::int64_t> spaces(static_cast<std::size_t>(count), name_space);
  rows_.slots(c, keys, rows, count, spaces.data(), 0, found_.data());
  for (std::int64_t k = 0; k < count; ++k) {
    weir_slot* const s = found_[static_cast<std::size_t>(k)];
    if (!s) continue;
    auto& to = held_[groups[k]];
    const std::uint64_t n = rows_.list_size(c, s);
    for (std::uint64_t i = 0; i < n; ++i) to.emplace_back(rows_.list_at(c, s, i));
  }
}

void best_rows::finish() {
  for (auto& rows : held_) cut_off(rows);
}

void best_rows::clear(weir_context* c, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
                      std::int64_t name_space) {
  found_.resize(static_cast<std::size_t>(count));
  const std::vector<std::int64_t> spaces(static_cast<std::size_t>(count), name_space);
  rows_.slots(c, keys, rows, count, spaces.data(), 0, found_.data());
  for (weir_slot* const s : found_)
    if (s) rows_.clear(c, s);
}

void best_rows::write(const std::uint32_t* groups, std::int64_t count, weir::batch_builder& to,
                      std::size_t first) const {
  for (std::int64_t k = 0; k < count; ++k)
    for (const auto& row : held_[groups[k]]) {
      weir::packed_reader in{std::string_view{row}.substr(16)};
      for (std::size_t i = 0; i < fields_.size(); ++i) in.append_to(to[first + i], fields_[i]);
    }
}

}  // namespace window
