#include "window/result.hpp"

#include <algorithm>

#include "window/best_rows.hpp"
#include "window/percentiles.hpp"
#include "window/side_values.hpp"

namespace window {

using weir::shared::copy_rows;

namespace {
constexpr std::int64_t rows_per_batch = 4096;
}  // namespace

bool is_given(const weir::config& c, const char* table) {
  const weir::config in = c.at(table);
  for (const auto& key : in.keys())
    if (in.has(key)) return true;
  return false;
}

std::optional<best_options> read_best(const weir::config& c, const char* name) {
  if (!is_given(c, name)) return std::nullopt;
  const weir::config in = c.at(name);
  best_options o;
  o.by = in.get<std::string>("by");
  o.limit = in.get<std::int64_t>("limit", std::int64_t{1});
  o.ties = in.get("ties", true);
  o.largest = in.get("order", "largest") == "largest";
  if (o.limit < 1 || o.limit > 1'000'000) throw in.error("limit", "must be between 1 and 1000000");
  return o;
}

results::results(const weir::config& c, result_times times, bool with_best)
    : times_{times}, texts_{c.get<std::vector<std::string>>("aggregates")} {
  if (with_best) best_rows_options_ = read_best(c, "best_rows");
  if (best_rows_options_) best_rows_options_->columns = c.at("best_rows").get<std::vector<std::string>>("columns");
  if (with_best) best_keys_ = read_best(c, "best_keys");
  if (texts_.empty() && !best_rows_options_)
    throw c.error("aggregates",
                  with_best ? "is empty: name at least one aggregate, such as \"count() AS n\", or give best_rows"
                            : "is empty: name at least one aggregate, such as \"count() AS n\"");
}
results::~results() = default;

void results::bind_aggregates(weir::binder& b, weir::shared::value_layout& layout) {
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const std::string option = "aggregates[" + std::to_string(i) + "]";
    try {
      const auto call = weir::aggregate::parse(texts_[i]);
      if (auto made = weir::aggregate::make(call, b.input(), layout)) {
        columns_.push_back({made.get(), nullptr});
        fixed_.add(std::move(made));
        continue;
      }
      if (is_percentile(call)) {
        const std::string key = percentile_key(call);
        auto known =
            std::find_if(percentiles_.begin(), percentiles_.end(), [&](const auto& p) { return p.first == key; });
        if (known == percentiles_.end()) {
          auto made = std::make_unique<percentiles>("side_" + std::to_string(i), call, b.input());
          known = percentiles_.insert(known, {key, made.get()});
          sides_.push_back(made.get());
          owned_sides_.push_back(std::move(made));
        }
        columns_.push_back({nullptr, known->second->column(call)});
        continue;
      }
      auto made = make_side_value(call, b.input(), "side_" + std::to_string(i));
      columns_.push_back({nullptr, made.column});
      sides_.push_back(made.state.get());
      owned_sides_.push_back(std::move(made.state));
    } catch (const weir::config_error& e) {
      b.error(WEIR_E_CONFIG, option, e.what(), e.at);
    }
  }
}

void results::bind(weir::binder& b, weir::shared::value_layout& layout, bind_options o) {
  key_ = b.key();
  for (const std::uint32_t i : key_) {
    const auto& f = b.input()[i];
    if (!weir::shared::is_flat(f)) b.error(WEIR_E_SCHEMA, "", "key column '" + f.name + "' is " + weir::to_string(f));
    key_fields_.push_back(f);
  }
  bind_aggregates(b, layout);
  if (best_rows_options_) try {
      best_rows_ = std::make_unique<best_rows>(*best_rows_options_, b.input(), layout);
      sides_.push_back(best_rows_.get());
    } catch (const weir::config_error& e) {
      b.error(WEIR_E_CONFIG, e.option, e.what(), e.at);
    }
  weir::schema out;
  out.fields = key_fields_;
  if (times_ == result_times::both)
    out.fields.push_back({.name = "window_start", .kind = weir::type::timestamp, .nullable = false});
  if (times_ != result_times::none)
    out.fields.push_back({.name = "window_end", .kind = weir::type::timestamp, .nullable = false});
  for (const column& c : columns_) out.fields.push_back(c.fixed ? c.fixed->result() : c.side->result());
  if (best_rows_) out.fields.insert(out.fields.end(), best_rows_->results().begin(), best_rows_->results().end());
  for (std::size_t i = 0; i < out.size(); ++i)
    if (out.find(out[i].name) != static_cast<int>(i))
      b.error(WEIR_E_CONFIG, "", "the result would have two columns '" + out[i].name + "': rename one with AS");
  if (best_keys_) {
    for (const column& c : columns_)
      if (c.fixed && c.fixed->result().name == best_keys_->by) best_by_ = c.fixed;
    const bool beside = std::any_of(columns_.begin(), columns_.end(),
                                    [&](const column& c) { return c.side && c.side->result().name == best_keys_->by; });
    if (beside)
      b.error(WEIR_E_CONFIG, "best_keys.by",
              "'" + best_keys_->by + "' cannot order keys: it has no accumulator of a fixed size");
    else if (!best_by_)
      b.error(WEIR_E_CONFIG, "best_keys.by",
              "there is no aggregate '" + best_keys_->by + "': name one of `aggregates`");
    else if (!best_by_->ordered())
      b.error(WEIR_E_CONFIG, "best_keys.by", "'" + best_keys_->by + "' is no number to order by");
  }
  if (b.first_error() != WEIR_OK) return;
  if (o.side_space_at && !sides_.empty()) *o.side_space_at = layout.add("side_space", weir::type::int64);
  if (layout.fields().fields.empty()) layout.add("seen", weir::type::boolean);
  fixed_.seal(layout.size());
  std::uint32_t next = 0;
  state_.declare(b, next,
                 {.name = "window", .value = layout.fields(), .value_size = layout.size(), .ttl_us = o.ttl_us});
  for (side_result* s : sides_) s->declare(b, next, o.ttl_us);
  b.output("", std::move(out));
  if (o.late_port) b.output_like_input("late");
}

void results::open(const weir_host* host) {
  state_.open(host);
  for (side_result* s : sides_) s->open(host);
}

void results::pick_best(std::vector<weir_slot*>& slots, std::vector<std::uint32_t>& out) const {
  using weir::aggregate::rank;
  struct entry {
    rank value;
    std::uint32_t group;
  };
  const auto better = [&](const rank& a, const rank& b) {
    return best_keys_->largest || a.null || b.null ? b < a : a < b;
  };
  const auto limit = static_cast<std::size_t>(best_keys_->limit);
  std::vector<entry> best;
  if (limit == 1) {
    for (std::uint32_t g = 0; g < slots.size(); ++g) {
      const rank v = best_by_->order(slots[g]);
      if (!best.empty() && better(best[0].value, v)) continue;
      if (!best.empty() && better(v, best[0].value)) best.clear();
      if (best.empty() || best_keys_->ties) best.push_back({v, g});
    }
  } else {
    for (std::uint32_t g = 0; g < slots.size(); ++g) best.push_back({best_by_->order(slots[g]), g});
    std::stable_sort(best.begin(), best.end(),
                     [&](const entry& a, const entry& b) { return better(a.value, b.value); });
    std::size_t n = std::min(limit, best.size());
    if (best_keys_->ties)
      while (n && n < best.size() && best[n].value == best[n - 1].value) ++n;
    best.resize(n);
  }
  out.clear();
  for (const entry& e : best) out.push_back(e.group);
  std::sort(out.begin(), out.end());
}

void results::emit(weir::batch_output& out, const result_part& part) {
  if (!best_rows_) return emit_rows(out, part);
  auto& s = spread_;
  s = {};
  const auto flush = [&] {
    const result_part rows{part.keys,
                           s.key_rows.data(),
                           s.slots.data(),
                           s.start.data(),
                           s.end.data(),
                           s.groups.data(),
                           static_cast<std::int64_t>(s.groups.size()),
                           part.change};
    emit_rows(out, rows);
    s = {};
  };
  // A result for each row, then the rows themselves in the same order.
  for (std::int64_t k = 0; k < part.count; ++k) {
    const std::size_t n = best_rows_->rows_of(part.groups[k]);
    if (!n) continue;
    s.key_rows.insert(s.key_rows.end(), n, part.key_rows[k]);
    s.slots.insert(s.slots.end(), n, const_cast<weir_slot*>(part.slots[k]));
    s.start.insert(s.start.end(), n, part.start[k]);
    s.end.insert(s.end.end(), n, part.end[k]);
    s.groups.insert(s.groups.end(), n, part.groups[k]);
  }
  if (!s.groups.empty()) flush();
}

void results::emit_rows(weir::batch_output& out, const result_part& part) {
  // With best rows a group's results stay together, whatever their number.
  const std::int64_t step = best_rows_ ? part.count : rows_per_batch;
  std::int64_t count = 0;
  for (std::int64_t from = 0; from < part.count; from += count) {
    count = std::min(step, part.count - from);
    // Both halves of an update stay together: a sink may write them as one.
    if (part.changes && count > 1 && from + count < part.count && part.changes[from + count - 1] == WEIR_UPDATE_BEFORE)
      --count;
    auto to = out.build(0, count);
    to.reserve(count);
    std::size_t at = 0;
    for (const auto& key : *part.keys) copy_rows(key, part.key_rows + from, count, to[at++]);
    const auto times = [&](const std::int64_t* values) {
      std::copy_n(values + from, count, to[at].values<std::int64_t>());
      to[at++].set_size(count);
    };
    if (times_ == result_times::both) times(part.start);
    if (times_ != result_times::none) times(part.end);
    for (const column& c : columns_) {
      if (c.fixed)
        c.fixed->write(part.slots + from, count, to[at]);
      else
        c.side->write(part.groups + from, count, to[at]);
      ++at;
    }
    if (best_rows_) {
      std::vector<std::uint32_t> once;  // each group's rows follow one another
      for (std::int64_t k = 0; k < count; ++k)
        if (k == 0 || part.groups[from + k] != part.groups[from + k - 1]) once.push_back(part.groups[from + k]);
      best_rows_->write(once.data(), static_cast<std::int64_t>(once.size()), to, at);
    }
    std::int64_t* const when = to.times();
    for (std::int64_t k = 0; k < count; ++k) when[k] = part.end[from + k] - 1;
    if (part.changes)
      std::copy_n(part.changes + from, count, to.changes());
    else if (part.change != WEIR_INSERT)
      std::fill_n(to.changes(), count, part.change);
    to.emit(count);
  }
}

}  // namespace window
