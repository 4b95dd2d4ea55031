#include "model/derive.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "model/sixteen.hpp"

namespace weir::model {

using base::cat;
using base::result;

namespace {

template <class T>
buffer_ref gather(const buffer_ref& from, const std::uint32_t* parents, std::int64_t n) {
  if (!from) return {};
  buffer_ref out = buffer_pool::must_allocate(static_cast<std::size_t>(n) * sizeof(T));
  const T* source = from->as<T>();
  T* to = out->as<T>();
  for (std::int64_t i = 0; i < n; ++i) to[i] = source[parents[i]];
  return out;
}

buffer_ref all_at(std::int64_t time, std::int64_t n) {
  if (time == WEIR_TIME_MIN) return {};
  buffer_ref out = buffer_pool::must_allocate(static_cast<std::size_t>(n) * sizeof(std::int64_t));
  std::fill_n(out->as<std::int64_t>(), n, time);
  return out;
}

std::int64_t newest(const batch& b) {
  if (!b.facts().event_time) return WEIR_TIME_MIN;
  const auto* times = b.facts().event_time->as<std::int64_t>();
  std::int64_t most = WEIR_TIME_MIN;
  if (b.dense()) {
    for (std::int64_t i = 0; i < b.length(); ++i) most = std::max(most, times[i]);
  } else {
    for (std::int64_t i = 0; i < b.row_count(); ++i) most = std::max(most, times[b.rows()[i]]);
  }
  return most;
}

bool any_without_time(const std::int64_t* times, std::int64_t n) {
  std::int64_t least = WEIR_TIME_MAX;
  for (std::int64_t i = 0; i < n; ++i) least = std::min(least, times[i]);
  return least == WEIR_TIME_MIN;
}

result<void> check(const derivation& d) {
  const bool listed = d.flags & WEIR_EMIT_PARENTS;
  const bool same = d.flags & WEIR_EMIT_PARENTS_SAME;
  if (listed && same)
    return base::plugin_error("emitted with WEIR_EMIT_PARENTS and WEIR_EMIT_PARENTS_SAME: give one of them");
  if ((listed || same) && !d.parent)
    return base::plugin_error(
        "emitted with parents, but there is no input batch in this call: leave WEIR_EMIT_PARENTS out");
  if (same && d.length > d.parent->length())
    return base::plugin_error(cat("emitted ", d.length, " rows with WEIR_EMIT_PARENTS_SAME for a batch of ",
                                  d.parent->length(), ": write WEIR_EMIT_PARENTS instead"));
  if (listed) {
    std::uint32_t most = 0;
    for (std::int64_t i = 0; i < d.length; ++i) most = std::max(most, d.parents[i]);
    if (d.length > 0 && most >= d.parent->length())
      return base::plugin_error(
          cat("parent ", most, " of an emitted row is not a row of the input batch, which has ", d.parent->length()));
  }
  if (d.flags & WEIR_EMIT_CHANGES) {
    const auto* kinds = d.change->as<std::uint8_t>();
    std::uint8_t most = 0;
    if (d.rows) {
      for (std::int64_t i = 0; i < d.row_count; ++i) most = std::max(most, kinds[d.rows[i]]);
    } else {
      for (std::int64_t i = 0; i < d.length; ++i) most = std::max(most, kinds[i]);
    }
    if (most > WEIR_DELETE)
      return base::plugin_error(cat("change kind ", most, " of an emitted row is none of WEIR_INSERT .. WEIR_DELETE"));
  }
  return {};
}

/// Rows that have WEIR_TIME_MIN get the time that they would have had without WEIR_EMIT_TIMES.
void fill_times(const derivation& d) {
  auto* times = d.event_time->as<std::int64_t>();
  if (!any_without_time(times, d.length)) return;
  const bool parents = d.flags & (WEIR_EMIT_PARENTS | WEIR_EMIT_PARENTS_SAME);
  const std::int64_t* theirs =
      parents && d.parent->facts().event_time ? d.parent->facts().event_time->as<std::int64_t>() : nullptr;
  if (parents && !theirs) return;
  std::int64_t other = d.fallback_time;
  if (!parents && other == WEIR_TIME_MIN && d.parent) other = newest(*d.parent);
  for (std::int64_t i = 0; i < d.length; ++i) {
    if (times[i] != WEIR_TIME_MIN) continue;
    times[i] = theirs ? theirs[d.flags & WEIR_EMIT_PARENTS ? d.parents[i] : static_cast<std::uint32_t>(i)] : other;
  }
}

}  // namespace

result<facts> derive_facts(derivation d) {
  WEIR_TRY(check(d));
  facts out;
  const bool times = d.flags & WEIR_EMIT_TIMES;
  if (times) {
    fill_times(d);
    out.event_time = std::move(d.event_time);
  }
  if (d.flags & WEIR_EMIT_CHANGES) out.change = std::move(d.change);
  if (d.flags & WEIR_EMIT_PARENTS_SAME) {
    const facts& theirs = d.parent->facts();
    if (!times) out.event_time = theirs.event_time;
    if (!out.change) out.change = theirs.change;
    out.trace_id = theirs.trace_id;
    out.source_id = theirs.source_id;
    out.offset = theirs.offset;
    out.first_offset = theirs.first_offset;
    out.split = theirs.split;
    out.splits = theirs.splits;
  } else if (d.flags & WEIR_EMIT_PARENTS) {
    const facts& theirs = d.parent->facts();
    if (!times) out.event_time = gather<std::int64_t>(theirs.event_time, d.parents, d.length);
    if (!out.change) out.change = gather<std::uint8_t>(theirs.change, d.parents, d.length);
    out.trace_id = gather<sixteen>(theirs.trace_id, d.parents, d.length);
    out.source_id = gather<std::uint32_t>(theirs.source_id, d.parents, d.length);
    out.split = theirs.split;
    out.splits = gather<std::uint32_t>(theirs.splits, d.parents, d.length);
    if (theirs.offset) {
      out.offset = gather<std::int64_t>(theirs.offset, d.parents, d.length);
    } else if (theirs.first_offset >= 0) {
      out.offset = buffer_pool::must_allocate(static_cast<std::size_t>(d.length) * sizeof(std::int64_t));
      auto* to = out.offset->as<std::int64_t>();
      for (std::int64_t i = 0; i < d.length; ++i) to[i] = theirs.first_offset + d.parents[i];
    }
  } else if (!times) {
    std::int64_t time = d.fallback_time;
    if (time == WEIR_TIME_MIN && d.parent) time = newest(*d.parent);
    out.event_time = all_at(time, d.length);
  }
  return out;
}

}  // namespace weir::model
