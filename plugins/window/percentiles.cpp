#include "window/percentiles.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "shared/aggregate/loops.hpp"

namespace window {

using weir::aggregate::rows_in;
using weir::aggregate::sketch;

std::string percentile_key(const weir::aggregate::call& c) {
  return std::to_string(weir::aggregate::read_percentile(c).bits) + ' ' + c.arguments[0];
}

class percentiles::share final : public side_column {
 public:
  share(const percentiles& of, double where, const std::string& name, bool nullable) : of_{of}, where_{where} {
    result_ = {.name = name, .kind = weir::type::float64, .nullable = nullable};
  }
  [[nodiscard]] const weir::field& result() const override { return result_; }
  void write(const std::uint32_t* groups, std::int64_t count, weir::column_writer& to) override {
    for (std::int64_t k = 0; k < count; ++k)
      if (const sketch& s = of_.groups_[groups[k]]; s.count() == 0)
        to.append_null();
      else
        to.append(s.percentile(where_));
  }

 private:
  const percentiles& of_;
  double where_;
  weir::field result_;
};

percentiles::percentiles(std::string state, const weir::aggregate::call& c, const weir::schema& input)
    : keyed_side{std::move(state)},
      column_{weir::aggregate::column_of(input, c.arguments[0])},
      bits_{weir::aggregate::read_percentile(c).bits},
      nullable_{input[column_].nullable},
      work_{bits_} {
  const weir::field& f = input[column_];
  if (f.kind == weir::type::decimal128) scale_ = std::pow(10.0, f.scale);
  weir::aggregate::with_number(f, [&]<class T>(T) {
    read_ = [](const weir::column_view& from, std::uint32_t row, double scale) {
      return static_cast<double>(from.values<T>()[row]) / scale;
    };
  });
}

percentiles::~percentiles() = default;

side_column* percentiles::column(const weir::aggregate::call& c) {
  shares_.push_back(std::make_unique<share>(*this, weir::aggregate::read_percentile(c).share, c.name, nullable_));
  return shares_.back().get();
}

void percentiles::declare(weir::binder& b, std::uint32_t& next, std::int64_t ttl_us) {
  const weir::schema value{{{.name = "sketch", .kind = weir::type::binary, .nullable = false}}};
  state_.declare(b, next, {.name = name_, .kind = WEIR_STATE_BYTES, .value = value, .ttl_us = ttl_us});
}

void percentiles::load(weir_context* c, weir_slot* s) {
  if (!(s->flags & WEIR_SLOT_PRESENT)) {
    work_ = sketch{bits_};
    return;
  }
  work_.assign(state_.get(c, s).substr(sizeof(std::uint32_t)));
}

void percentiles::store(weir_context* c, weir_slot* s) {
  const auto size = static_cast<std::uint32_t>(work_.bytes().size());
  packed_.assign(reinterpret_cast<const char*>(&size), sizeof size);
  packed_ += work_.bytes();
  state_.put(c, s, packed_);
}

void percentiles::update(weir_context* c, const rows_in& in, weir_slot* const*, const std::int64_t* name_spaces) {
  find_rows(c, in, name_spaces);
  const auto column = in.batch.at(column_);
  values_.clear();
  for (std::int64_t k = 0; k < in.count; ++k)
    if (const std::uint32_t row = in.rows[k]; !column.null(row))
      values_.emplace_back(slots_[static_cast<std::size_t>(k)], read_(column, row, scale_));
  // Equal slots side by side; which order that is means nothing, for a sketch knows none.
  std::sort(values_.begin(), values_.end(),
            [](const auto& a, const auto& b) { return std::less<>{}(a.first, b.first); });
  for (auto at = values_.begin(); at != values_.end();) {
    weir_slot* const s = at->first;
    load(c, s);
    for (; at != values_.end() && at->first == s; ++at) work_.add(at->second);
    store(c, s);
  }
}

void percentiles::update_one(weir_context* c, const rows_in& in, weir_slot*, std::int64_t name_space) {
  weir_slot* const s = find_one(c, in, name_space);
  const auto column = in.batch.at(column_);
  bool any = false;
  for (std::int64_t k = 0; k < in.count; ++k) {
    if (column.null(in.rows[k])) continue;
    if (!any) load(c, s);
    any = true;
    work_.add(read_(column, in.rows[k], scale_));
  }
  if (any) store(c, s);
}

void percentiles::add(weir_context* c, const weir::batch_view& batch, std::uint32_t row, weir_slot* s) {
  const auto column = batch.at(column_);
  if (column.null(row)) return;
  load(c, s);
  work_.add(read_(column, row, scale_));
  store(c, s);
}

void percentiles::gather(weir_context* c, weir_slot* s, std::uint32_t group) {
  load(c, s);
  groups_[group].merge(work_);
}

void percentiles::absorb(weir_context* c, weir_slot* from, weir_slot* to) {
  load(c, from);
  const sketch more = work_;
  load(c, to);
  work_.merge(more);
  store(c, to);
}

}  // namespace window
