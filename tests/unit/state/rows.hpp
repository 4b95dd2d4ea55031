#pragma once
// Batches of keys, and stores of a few shapes, for the tests of this room.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/env.hpp"
#include "model/batch_builder.hpp"
#include "model/bits.hpp"
#include "model/row_json.hpp"
#include "state/store.hpp"

namespace weir::state::test {

using random = std::mt19937_64;
inline std::int64_t pick(random& r, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(r() % static_cast<std::uint64_t>(high - low + 1));
}

/// The n-th of some key columns, from a number: equal numbers, equal keys. Every seventh has a null when `nulls`.
class key_maker {
 public:
  key_maker(std::string_view schema_text, bool nulls)
      : schema_(model::parse_schema(schema_text).take()), nulls_(nulls) {}
  const model::schema_ref& schema() const { return schema_; }
  std::vector<std::uint32_t> key() const {
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < schema_->size(); ++i) all.push_back(i);
    return all;
  }
  model::batch_ref batch(const std::vector<std::int64_t>& numbers) const {
    model::batch_builder b(model::builder_layout::make(schema_));
    weir_builder* v = b.open(static_cast<std::int64_t>(numbers.size()));
    for (std::size_t i = 0; i < numbers.size(); ++i)
      for (std::uint32_t c = 0; c < v->column_count; ++c)
        write(v->columns[c], (*schema_)[c], numbers[i], c, static_cast<std::int64_t>(i));
    v->length = static_cast<std::int64_t>(numbers.size());
    auto made = b.finish(0, nullptr);
    EXPECT_TRUE(made) << made.why().text();
    const auto k = key();
    return model::with_key_hash(**made, model::hash_keys(**made, k));
  }
  /// The key as JSON.
  std::string text(std::int64_t number) const {
    std::string out;
    model::row_json(schema_).append(out, *batch({number}), 0);
    return out;
  }

 private:
  void write(weir_column& c, const model::field& f, std::int64_t n, std::uint32_t column, std::int64_t row) const {
    using model::type_id;
    const bool null = nulls_ && f.nullable && n % 7 == static_cast<std::int64_t>(column);
    if (f.nullable) {
      ASSERT_EQ(model::batch_builder::column_validity(&c), WEIR_OK);
      model::set_bit(c.validity, row, !null);
    }
    switch (f.type.id) {
      case type_id::utf8:
      case type_id::binary: {
        const std::string text = null ? "" : std::string(static_cast<std::size_t>(n % 40), 'x') + std::to_string(n);
        auto* at = static_cast<std::int32_t*>(c.values) + row;
        const auto size = static_cast<std::int32_t>(text.size());
        if (at[0] + size > c.data_capacity) {
          ASSERT_EQ(model::batch_builder::grow_data(&c, 2 * (at[0] + size)), WEIR_OK);
        }
        std::memcpy(c.data + at[0], text.data(), text.size());
        at[1] = at[0] + size;
        return;
      }
      case type_id::boolean:
        return model::set_bit(static_cast<std::uint8_t*>(c.values), row, n % 2 != 0);
      case type_id::float64:
        static_cast<double*>(c.values)[row] = static_cast<double>(n);
        return;
      case type_id::list: {
        auto* at = static_cast<std::int32_t*>(c.values) + row;
        at[1] = at[0];
        for (std::int64_t i = 0; !null && i < n % 3; ++i) {
          weir_column& child = c.children[0];
          if (at[1] + 1 > child.capacity) {
            ASSERT_EQ(model::batch_builder::grow_column(&child, 2 * (at[1] + 1)), WEIR_OK);
          }
          write(child, f.type.children[0], n + i, 99, at[1]++);
        }
        return;
      }
      case type_id::structure:
        for (std::uint32_t i = 0; i < c.child_count; ++i) write(c.children[i], f.type.children[i], n, 99, row);
        return;
      default: {
        const auto width = static_cast<std::size_t>(f.type.value_bytes());
        char bytes[64] = {};
        std::memcpy(bytes, &n, std::min<std::size_t>(width, 8));
        if (f.type.id == type_id::decimal128 && n < 0) std::memset(bytes + 8, 0xff, 8);
        std::memcpy(static_cast<char*>(c.values) + static_cast<std::size_t>(row) * width, bytes, width);
      }
    }
  }
  model::schema_ref schema_;
  bool nulls_;
};

inline model::state_declaration value_of_longs(std::string name, int longs = 1) {
  std::vector<model::field> fields;
  for (int i = 0; i < longs; ++i) fields.push_back({"v" + std::to_string(i), model::type_id::int64, false, {}});
  return {.name = std::move(name),
          .kind = WEIR_STATE_VALUE,
          .value = model::schema::of(fields),
          .map_key = {},
          .value_size = static_cast<std::uint32_t>(8 * longs)};
}
inline model::state_declaration texts_of(std::string name, std::uint32_t kind) {
  model::state_declaration d{.name = std::move(name),
                             .kind = kind,
                             .value = model::schema::of({{"text", model::type_id::utf8, false, {}}}),
                             .map_key = {}};
  if (kind == WEIR_STATE_MAP) d.map_key = model::schema::of({{"k", model::type_id::int64, false, {}}});
  return d;
}

inline model::state_shape shape_of(const key_maker& key, std::vector<model::state_declaration> states,
                                   std::vector<model::timer_declaration> timers = {},
                                   model::key_group_range own = {0, 128}) {
  return {.key = key.schema()->fields(),
          .states = std::move(states),
          .timers = std::move(timers),
          .key_groups = 128,
          .own = own};
}

/// The slot of one key; null: there is none.
inline weir_slot* slot_of(store& s, std::uint32_t state, const key_maker& keys, std::int64_t number,
                          std::int64_t name_space = 0, std::uint32_t flags = WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH) {
  const auto batch = keys.batch({number});
  const auto key = keys.key();
  weir_slot* slot = nullptr;
  EXPECT_EQ(s.slots(state, *batch, key, nullptr, 1, &name_space, flags, &slot), WEIR_OK) << s.why();
  return slot;
}
inline std::int64_t& long_in(weir_slot* slot) { return *reinterpret_cast<std::int64_t*>(slot + 1); }
inline weir_view view(std::string_view v) { return {v.data(), v.size()}; }
inline std::string text(weir_view v) { return v.data ? std::string(v.data, v.size) : std::string("(none)"); }

inline std::vector<std::string> capture_all(store& s, std::size_t about = 1 << 18) {
  std::vector<std::string> blocks;
  for (bool more = true; more;) {
    std::string block;
    more = s.capture(about, block);
    if (!block.empty()) blocks.push_back(block);
  }
  return blocks;
}

}  // namespace weir::state::test
