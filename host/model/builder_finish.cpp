// batch_builder: from written columns to a batch; and emission of passed columns alone.
#include <algorithm>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "model/bits.hpp"
#include "model/builder_state.hpp"
#include "model/column_check.hpp"
#include "model/derive.hpp"

namespace weir::model {

using base::cat;
using base::result;

namespace {

constexpr std::uint32_t known_flags = WEIR_EMIT_TIMES | WEIR_EMIT_CHANGES | WEIR_EMIT_PARENTS | WEIR_EMIT_PARENTS_SAME |
                                      WEIR_EMIT_TRACES | WEIR_EMIT_OFFSETS;

/// Rows that a plugin gives for a batch: ascending and out of those that count.
result<void> check_rows(const batch& parent, const selection& s, check_level level) {
  if (!s.rows) return {};
  if (s.count < 0 || s.count > parent.row_count())
    return base::plugin_error(cat("emitted ", s.count, " rows of a batch of ", parent.row_count()));
  const auto* rows = s.rows->as<std::uint32_t>();
  std::uint32_t most = 0;
  for (std::int64_t i = 0; i < s.count; ++i) most = std::max(most, rows[i]);
  if (s.count > 0 && most >= parent.length())
    return base::plugin_error(cat("emitted row ", most, " of a batch of ", parent.length()));
  if (level == check_level::cheap) return {};
  std::int64_t k = 0;
  for (std::int64_t i = 0; i < s.count; ++i) {
    if (i > 0 && rows[i] <= rows[i - 1])
      return base::plugin_error(cat("emitted row ", rows[i], " after row ", rows[i - 1], ": rows must ascend"));
    while (k < parent.row_count() && parent.row(k) < rows[i]) ++k;
    if (k == parent.row_count() || parent.row(k) != rows[i])
      return base::plugin_error(cat("emitted row ", rows[i], ", which was not among the batch's rows"));
  }
  return {};
}

bool is_identity(const batch& parent, std::span<const std::int32_t> passes) {
  if (passes.empty()) return true;
  if (passes.size() != parent.column_count()) return false;
  for (std::size_t i = 0; i < passes.size(); ++i)
    if (passes[i] != static_cast<std::int32_t>(i)) return false;
  return true;
}

}  // namespace

struct batch_builder::finisher {
  batch_builder& b;
  bool check_contents;
  std::string fault = {};  // what is wrong
  std::string path = {};   // with which column

  column_ref stop(std::uint32_t n, std::string what) {
    if (!what.empty()) fault = std::move(what);
    const std::string& name = b.layout_->nodes()[n].what->name;
    path = path.empty() ? name : cat(name, ".", path);
    return {};
  }

  /// The plugin left the pointers of its view alone.
  bool untouched(std::uint32_t n) const {
    const column_state& s = b.states_[n];
    const weir_column& c = b.columns_[n];
    const void* values = b.layout_->nodes()[n].what->type.id == type_id::structure ? nullptr : s.values->data();
    return c.values == values && c.validity == (s.has_validity ? s.validity->as<std::uint8_t>() : nullptr) &&
           c.data == (s.data_capacity > 0 ? s.data->as<char>() : nullptr);
  }

  /// Fixed width, no bitmap, nothing to check: what most columns of most batches are.
  bool is_plain(std::uint32_t n) const {
    const column_state& s = b.states_[n];
    const weir_column& c = b.columns_[n];
    return b.layout_->nodes()[n].width > 0 && !s.has_validity && !c.validity && !check_contents &&
           c.values == s.values->data();
  }

  column_ref finish(std::uint32_t n, std::int64_t length) {
    const builder_layout::node& what = b.layout_->nodes()[n];
    const type_id id = what.what->type.id;
    column_state& s = b.states_[n];
    if (!untouched(n))
      return stop(n, "has other pointers than the host gave: write into its buffers, and grow them by calls");
    if (length > s.capacity) return stop(n, cat("has room for ", s.capacity, " and ", length, " were written"));
    column::part parts[3];
    std::int64_t nulls = 0;
    const std::uint8_t* validity = nullptr;
    if (s.has_validity) {
      nulls = length - count_ones(s.validity->as<std::uint8_t>(), length);
      if (nulls > 0 && !what.what->nullable) return stop(n, cat("has ", nulls, " nulls but is declared without null"));
      if (nulls > 0) {
        validity = s.validity->as<std::uint8_t>();
        parts[0] = {.data = validity, .owner = std::move(s.validity)};
      }
    }
    std::vector<column_ref> children;
    if (what.what->type.has_offsets()) {
      const auto* offsets = s.values->as<std::int32_t>();
      const std::int64_t room = id == type_id::list ? b.states_[what.first_child].capacity : s.data_capacity;
      std::string wrong = offsets_fault(offsets, length, room);
      if (wrong.empty() && id == type_id::utf8 && check_contents)
        wrong = utf8_fault(offsets, s.data->as<char>(), validity, length);
      if (!wrong.empty()) return stop(n, std::move(wrong));
      remember(s, offsets[length], length);
      if (id == type_id::list) {
        children.push_back(finish(what.first_child, offsets[length]));
        if (!children.back()) return stop(n, {});
      } else {
        parts[2] = {.data = s.data->data(), .owner = std::move(s.data)};
      }
    } else if (id == type_id::structure) {
      for (std::uint32_t i = 0; i < what.child_count; ++i) {
        children.push_back(finish(what.first_child + i, length));
        if (!children.back()) return stop(n, {});
      }
    } else if (id == type_id::decimal128 && check_contents) {
      std::string wrong = decimal_fault(s.values->data(), validity, length, what.what->type.precision);
      if (!wrong.empty()) return stop(n, std::move(wrong));
    }
    if (id != type_id::structure) parts[1] = {.data = s.values->data(), .owner = std::move(s.values)};
    return column::make(length, nulls, std::span(parts, static_cast<std::size_t>(what.what->type.buffer_count())),
                        children);
  }

  /// The next open makes room for what batches needed lately, and a quarter more.
  static void remember(column_state& s, std::int64_t used, std::int64_t length) {
    if (length <= 0) return;
    s.used_lately = std::max(used, s.used_lately * 7 / 8);
    const std::int64_t now = std::clamp<std::int64_t>(used * 20 / length, 16, 1 << 30);
    s.per_row_16 = s.per_row_16 == 0 ? now : std::max(now, (s.per_row_16 * 7 + now) / 8);
  }

  result<void> columns(std::int64_t length) {
    b.finished_.clear();
    for (std::uint32_t n = 0; n < b.layout_->column_count(); ++n) {
      if (is_plain(n)) {
        b.finished_.push_back(column::make_values(length, std::move(b.states_[n].values)));
        continue;
      }
      b.finished_.push_back(finish(n, length));
      if (!b.finished_.back()) {
        b.finished_.clear();
        return base::plugin_error(cat("column ", path, " ", fault));
      }
    }
    return {};
  }

  result<facts> row_facts(std::uint32_t flags, derivation d) {
    if (flags & WEIR_EMIT_TIMES) d.event_time = std::move(b.event_time_);
    if (flags & WEIR_EMIT_CHANGES) d.change = std::move(b.change_);
    if (flags & WEIR_EMIT_PARENTS) d.parents = b.parent_->as<std::uint32_t>();
    d.flags = flags;
    facts f = WEIR_TRY(derive_facts(std::move(d)));
    if (b.options_.source) {
      f.split = b.view_.split;
      f.first_offset = b.view_.first_offset;
      if (flags & WEIR_EMIT_OFFSETS) f.offset = std::move(b.offset_);
    }
    if ((flags & WEIR_EMIT_TRACES) && b.options_.tracing) {
      f.trace_id = std::move(b.trace_id_);
      f.source_id = std::move(b.source_id_);
    }
    return f;
  }

  result<void> check(std::uint32_t flags) const {
    if (flags & ~known_flags) return base::plugin_error(cat("emitted with unknown flags ", flags));
    if ((flags & WEIR_EMIT_OFFSETS) && !b.options_.source)
      return base::plugin_error("emitted with WEIR_EMIT_OFFSETS, which only a source may");
    return {};
  }

  result<batch_ref> all(std::uint32_t flags, const batch* parent, std::int64_t fallback_time) {
    WEIR_TRY(check(flags));
    const std::int64_t length = b.view_.length;
    if (length < 0 || length > b.capacity_ || length > batch_rows_max)
      return base::plugin_error(cat("emitted a builder of length ", length, " with room for ", b.capacity_));
    WEIR_TRY(columns(length));
    facts f = WEIR_TRY(row_facts(flags, {.length = length, .parent = parent, .fallback_time = fallback_time}));
    return make_batch(b.layout_->schema(), b.finished_, length, std::move(f));
  }

  result<batch_ref> beside(std::uint32_t flags, const batch& parent, selection rows) {
    WEIR_TRY(check(flags));
    if (parent.length() != b.fixed_length_)
      return base::plugin_error("emitted a builder with another batch than the one that it was opened beside");
    if (b.view_.length != b.fixed_length_)
      return base::plugin_error(cat("emitted a builder of length ", b.view_.length, " beside a batch of ",
                                    b.fixed_length_, ": in extend mode the length is fixed"));
    if (flags & WEIR_EMIT_PARENTS)
      return base::plugin_error("emitted with WEIR_EMIT_PARENTS beside a batch: row i always comes from row i");
    WEIR_TRY(check_rows(parent, rows, b.options_.checks));
    if (!rows.rows) rows = parent.selection();
    WEIR_TRY(columns(parent.length()));
    facts f = WEIR_TRY(
        row_facts(flags | WEIR_EMIT_PARENTS_SAME, {.length = parent.length(),
                                                   .parent = &parent,
                                                   .rows = rows.rows ? rows.rows->as<std::uint32_t>() : nullptr,
                                                   .row_count = rows.count}));
    return pass_through(parent, b.layout_->schema(), b.layout_->passes(), b.finished_, std::move(f), std::move(rows));
  }
};

result<batch_ref> batch_builder::finish(std::uint32_t flags, const batch* parent, std::int64_t fallback_time) {
  WEIR_CHECK(open_, "a builder that is not open is emitted");
  if (layout_->beside()) {
    if (parent) return finish_beside(flags, *parent, {});
    discard();
    return base::plugin_error("emitted a builder of build_beside outside the call with its batch");
  }
  auto made =
      finisher{.b = *this, .check_contents = options_.checks == check_level::full}.all(flags, parent, fallback_time);
  finished_.clear();
  discard();
  return made;
}

result<batch_ref> batch_builder::finish_beside(std::uint32_t flags, const batch& parent, selection rows) {
  WEIR_CHECK(open_ && layout_->beside(), "a builder that is not open beside a batch is emitted");
  // Rows that do not count may hold anything, so their contents are not checked.
  const bool contents = options_.checks == check_level::full && parent.dense() && !rows.rows;
  auto made = finisher{.b = *this, .check_contents = contents}.beside(flags, parent, std::move(rows));
  finished_.clear();
  discard();
  return made;
}

result<batch_ref> emit_passed(const batch& parent, const schema_ref& schema, std::span<const std::int32_t> passes,
                              selection rows, check_level checks) {
  WEIR_TRY(check_rows(parent, rows, checks));
  if (!rows.rows) rows = parent.selection();
  const bool identity = is_identity(parent, passes);
  facts f;
  if (parent.facts().key_hash || !identity || schema != parent.schema()) {
    f = parent.facts();
    f.key_hash.reset();  // the key of the input says nothing about the output
  } else {
    return select_rows(parent, std::move(rows));
  }
  if (identity && schema == parent.schema()) return select_rows(parent, std::move(rows), std::move(f));
  if (!passes.empty()) return pass_through(parent, schema, passes, {}, std::move(f), std::move(rows));
  return with_schema(*select_rows(parent, std::move(rows), std::move(f)), schema);
}

}  // namespace weir::model
