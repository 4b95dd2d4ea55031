#include "model/batch_builder.hpp"

#include <algorithm>
#include <cstring>

#include "base/check.hpp"
#include "model/bits.hpp"
#include "model/builder_state.hpp"

namespace weir::model {

// ------------------------------------------------------------------------------------------------------------------
// layout

struct layout_maker {
  static builder_layout_ref make(schema_ref schema, std::span<const std::int32_t> passes, bool beside) {
    WEIR_CHECK(!beside || passes.size() == schema->size(), "passes for another number of columns");
    auto made = std::make_shared<builder_layout>();
    auto& nodes = made->nodes_;
    for (std::size_t i = 0; i < schema->size(); ++i)
      if (!beside || passes[i] < 0) nodes.push_back({.what = &(*schema)[i]});
    made->column_count_ = static_cast<std::uint32_t>(nodes.size());
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      const data_type& type = nodes[n].what->type;
      nodes[n].width = static_cast<std::uint32_t>(type.value_bytes());
      nodes[n].first_child = static_cast<std::uint32_t>(nodes.size());
      nodes[n].child_count = static_cast<std::uint32_t>(type.children.size());
      for (const field& child : type.children) nodes.push_back({.what = &child, .element = type.id == type_id::list});
    }
    made->schema_ = std::move(schema);
    made->passes_.assign(passes.begin(), passes.end());
    made->beside_ = beside;
    return made;
  }
};

builder_layout_ref builder_layout::make(schema_ref schema) { return layout_maker::make(std::move(schema), {}, false); }

builder_layout_ref builder_layout::make_beside(schema_ref schema, std::span<const std::int32_t> passes) {
  return layout_maker::make(std::move(schema), passes, true);
}

// -----------------------------------------------------------------------------------------------------------------
// writing

namespace {

constexpr std::int64_t text_per_row_16 = 24 * 16;
constexpr std::int64_t elements_per_row_16 = 4 * 16;
constexpr std::int64_t room_at_first_max = 64 << 10;

/// Capacities are multiples of 8, so that bitmaps end with a byte.
std::int64_t round_up(std::int64_t rows) { return std::max<std::int64_t>((rows + 7) & ~std::int64_t{7}, 8); }

/// Makes `b` at least `bytes` large and keeps its first `keep`.
bool resize(buffer_ref& b, std::int64_t keep, std::int64_t bytes) {
  if (b && b->capacity() >= static_cast<std::size_t>(bytes)) return true;
  buffer_ref larger = buffer_pool::allocate(static_cast<std::size_t>(bytes));
  if (!larger) return false;
  if (b && keep > 0) std::memcpy(larger->data(), b->data(), static_cast<std::size_t>(keep));
  b = std::move(larger);
  return true;
}

}  // namespace

/// What open and grow do to one column and its children.
struct batch_builder::writer {
  batch_builder& b;

  const builder_layout::node& node(std::uint32_t n) const { return b.layout_->nodes()[n]; }

  bool open(std::uint32_t n, std::int64_t capacity) {
    const builder_layout::node& what = node(n);
    column_state& s = b.states_[n];
    weir_column& c = b.columns_[n];
    c.validity = nullptr;
    s.has_validity = false;
    if (what.width > 0) {
      const std::size_t bytes = static_cast<std::size_t>(capacity) * what.width;
      if (!s.values || s.values->capacity() < bytes) s.values = buffer_pool::allocate(bytes);
      c.capacity = s.capacity = capacity;
      if (!s.values) return false;
      c.values = s.values->data();
      return true;
    }
    c.data = nullptr;
    c.data_capacity = s.data_capacity = 0;
    c.capacity = s.capacity = 0;
    if (!resize_values(n, capacity)) return false;
    switch (what.what->type.id) {
      case type_id::utf8:
      case type_id::binary:
        return resize_data(n, std::max<std::int64_t>(64, guess(s, capacity, text_per_row_16)));
      case type_id::list:
        return open(what.first_child, round_up(guess(s, capacity, elements_per_row_16)));
      case type_id::structure:
        for (std::uint32_t i = 0; i < what.child_count; ++i)
          if (!open(what.first_child + i, capacity)) return false;
        return true;
      default:
        return true;
    }
  }

  bool grow(std::uint32_t n, std::int64_t capacity) {
    const builder_layout::node& what = node(n);
    if (!resize_values(n, capacity)) return false;
    if (what.what->type.id == type_id::structure)
      for (std::uint32_t i = 0; i < what.child_count; ++i)
        if (!grow(what.first_child + i, capacity)) return false;
    return true;
  }

  /// Values (or offsets) and the bitmap of one column, not its children.
  bool resize_values(std::uint32_t n, std::int64_t capacity) {
    const builder_layout::node& what = node(n);
    column_state& s = b.states_[n];
    weir_column& c = b.columns_[n];
    const std::int64_t old = s.capacity;
    if (capacity <= old) return true;  // from a grow that failed half way
    if (what.width > 0) {
      const auto width = static_cast<std::int64_t>(what.width);
      if (!resize(s.values, old * width, capacity * width)) return false;
    } else if (what.what->type.id == type_id::boolean) {
      if (!resize(s.values, old / 8, capacity / 8)) return false;
      std::memset(s.values->data() + old / 8, 0, static_cast<std::size_t>((capacity - old) / 8));
    } else if (what.what->type.has_offsets()) {
      if (!resize(s.values, (old + 1) * 4, (capacity + 1) * 4)) return false;
      if (old == 0) *s.values->as<std::int32_t>() = 0;
    }
    c.values = s.values ? s.values->data() : nullptr;
    if (s.has_validity && !make_validity(n, capacity)) return false;
    c.capacity = s.capacity = capacity;
    return true;
  }

  bool make_validity(std::uint32_t n, std::int64_t capacity) {
    column_state& s = b.states_[n];
    weir_column& c = b.columns_[n];
    const std::int64_t old = s.has_validity ? s.capacity / 8 : 0;
    if (!resize(s.validity, old, capacity / 8)) return false;
    s.has_validity = true;
    c.validity = s.validity->as<std::uint8_t>();
    std::memset(c.validity + old, 0xff, static_cast<std::size_t>(capacity / 8 - old));
    return true;
  }

  bool resize_data(std::uint32_t n, std::int64_t bytes) {
    column_state& s = b.states_[n];
    weir_column& c = b.columns_[n];
    if (!resize(s.data, s.data_capacity, bytes)) return false;
    c.data = s.data->as<char>();
    c.data_capacity = s.data_capacity =
        std::min<std::int64_t>(static_cast<std::int64_t>(s.data->capacity()), INT32_MAX);
    return true;
  }

  static std::int64_t guess(const column_state& s, std::int64_t rows, std::int64_t at_first) {
    const std::int64_t per_row = s.per_row_16 > 0 ? s.per_row_16 : at_first;
    return std::min({rows * per_row / 16, room_at_first_max + 2 * s.used_lately, batch_rows_max / 2});
  }

  bool facts(std::int64_t old, std::int64_t rows) {
    weir_builder& v = b.view_;
    if (!resize(b.event_time_, old * 8, rows * 8) || !resize(b.parent_, old * 4, rows * 4) ||
        !resize(b.change_, old, rows))
      return false;
    v.event_time = b.event_time_->as<std::int64_t>();
    v.parent = b.parent_->as<std::uint32_t>();
    v.change = b.change_->as<std::uint8_t>();
    if (b.options_.tracing) {
      if (!resize(b.trace_id_, old * 16, rows * 16) || !resize(b.source_id_, old * 4, rows * 4)) return false;
      v.trace_id = b.trace_id_->as<std::uint8_t>();
      v.source_id = b.source_id_->as<std::uint32_t>();
    }
    if (b.options_.source) {
      if (!resize(b.offset_, old * 8, rows * 8)) return false;
      v.offset = b.offset_->as<std::int64_t>();
    }
    return true;
  }
};

batch_builder::batch_builder(builder_layout_ref layout, builder_options options)
    : layout_(std::move(layout)),
      options_(options),
      columns_(layout_->nodes().size()),
      states_(layout_->nodes().size()) {
  for (std::uint32_t n = 0; n < states_.size(); ++n) {
    const builder_layout::node& what = layout_->nodes()[n];
    states_[n].builder = this;
    states_[n].node = n;
    columns_[n].width = what.width;
    columns_[n].child_count = what.child_count;
    columns_[n].children = what.child_count ? &columns_[what.first_child] : nullptr;
    columns_[n].owner = &states_[n];
  }
  finished_.reserve(layout_->column_count());
  view_.struct_size = sizeof view_;
  view_.column_count = layout_->column_count();
  view_.columns = columns_.data();
  view_.owner = this;
}

batch_builder::~batch_builder() = default;

weir_builder* batch_builder::open_rows(std::int64_t rows) {
  WEIR_CHECK(!open_, "a builder is opened twice");
  if (rows < 0 || rows > batch_rows_max) return nullptr;
  const std::int64_t capacity = round_up(rows);
  writer w{*this};
  open_ = true;
  bool enough = w.facts(0, capacity);
  for (std::uint32_t n = 0; enough && n < layout_->column_count(); ++n) enough = w.open(n, capacity);
  if (!enough) {
    discard();
    return nullptr;
  }
  view_.length = 0;
  view_.capacity = capacity_ = capacity;
  view_.first_offset = -1;
  view_.split = no_split;
  view_.port = 0;
  return &view_;
}

weir_builder* batch_builder::open(std::int64_t rows) {
  WEIR_CHECK(!layout_->beside(), "a builder in extend mode is opened without a batch");
  return open_rows(rows);
}

weir_builder* batch_builder::open_beside(const batch& parent) {
  WEIR_CHECK(layout_->beside(), "a builder of all columns is opened beside a batch");
  weir_builder* view = open_rows(parent.length());
  if (view) {
    view->length = parent.length();
    fixed_length_ = parent.length();
  }
  return view;
}

weir_code batch_builder::grow(std::int64_t rows) {
  if (!open_ || layout_->beside() || rows < 0) return WEIR_E_CONTRACT;
  if (rows > batch_rows_max) return WEIR_E_MEMORY;
  const std::int64_t old = capacity_;
  if (rows <= old) return WEIR_OK;
  const std::int64_t capacity = round_up(std::min(std::max(rows, 2 * old), batch_rows_max));
  writer w{*this};
  if (!w.facts(old, capacity)) return WEIR_E_MEMORY;
  for (std::uint32_t n = 0; n < layout_->column_count(); ++n)
    if (!w.grow(n, capacity)) return WEIR_E_MEMORY;
  view_.capacity = capacity_ = capacity;
  return WEIR_OK;
}

weir_code batch_builder::grow_column(weir_column* c, std::int64_t elements) {
  auto& s = *static_cast<column_state*>(c->owner);
  batch_builder& b = *s.builder;
  if (!b.open_ || !b.layout_->nodes()[s.node].element || elements < 0) return WEIR_E_CONTRACT;
  if (elements <= s.capacity) return WEIR_OK;
  if (elements > batch_rows_max) return WEIR_E_MEMORY;
  const std::int64_t capacity = round_up(std::min(std::max(elements, 2 * s.capacity), batch_rows_max));
  return writer{b}.grow(s.node, capacity) ? WEIR_OK : WEIR_E_MEMORY;
}

weir_code batch_builder::grow_data(weir_column* c, std::int64_t bytes) {
  auto& s = *static_cast<column_state*>(c->owner);
  batch_builder& b = *s.builder;
  const type_id id = b.layout_->nodes()[s.node].what->type.id;
  if (!b.open_ || (id != type_id::utf8 && id != type_id::binary) || bytes < 0) return WEIR_E_CONTRACT;
  if (bytes <= s.data_capacity) return WEIR_OK;
  if (bytes > INT32_MAX) return WEIR_E_MEMORY;  // offsets are int32
  const std::int64_t larger = std::min<std::int64_t>(std::max(bytes, 2 * s.data_capacity), INT32_MAX);
  return writer{b}.resize_data(s.node, larger) ? WEIR_OK : WEIR_E_MEMORY;
}

weir_code batch_builder::column_validity(weir_column* c) {
  auto& s = *static_cast<column_state*>(c->owner);
  if (!s.builder->open_) return WEIR_E_CONTRACT;
  if (s.has_validity) return WEIR_OK;
  return writer{*s.builder}.make_validity(s.node, s.capacity) ? WEIR_OK : WEIR_E_MEMORY;
}

void batch_builder::discard() noexcept {
  // Values stay for the next open; a bitmap is only made when it is asked for, so it does not.
  open_ = false;
  fixed_length_ = -1;
}

// -------------------------------------------------------------------------------------------------------------------
// stock

builder_stock::builder_stock(builder_layout_ref layout, builder_options options)
    : layout_(std::move(layout)), options_(options) {}

builder_stock::~builder_stock() = default;

batch_builder& builder_stock::take() {
  if (free_.empty()) {
    taken_.push_back(std::make_unique<batch_builder>(layout_, options_));
  } else {
    taken_.push_back(std::move(free_.back()));
    free_.pop_back();
  }
  return *taken_.back();
}

bool builder_stock::holds(const batch_builder& b) const noexcept {
  for (const auto& taken : taken_)
    if (taken.get() == &b) return true;
  return false;
}

void builder_stock::give_back(batch_builder& b) {
  for (std::size_t i = taken_.size(); i-- > 0;) {
    if (taken_[i].get() != &b) continue;
    free_.push_back(std::move(taken_[i]));
    taken_.erase(taken_.begin() + static_cast<std::ptrdiff_t>(i));
    return;
  }
  WEIR_CHECK(false, "a builder is given back to a stock that it is not from");
}

int builder_stock::discard_open() {
  int open = 0;
  for (auto& b : taken_) {
    if (b->is_open()) {
      ++open;
      b->discard();
    }
    free_.push_back(std::move(b));
  }
  taken_.clear();
  return open;
}

}  // namespace weir::model
