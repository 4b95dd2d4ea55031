#include <algorithm>

#include "join/join.hpp"

namespace join {

namespace {

constexpr std::int64_t time_least = -(std::int64_t{1} << 61), time_most = std::int64_t{1} << 61;

std::int64_t floor_to(std::int64_t t, std::int64_t step, std::int64_t offset) {
  const std::int64_t from = t - offset;
  return (from / step - (from % step < 0)) * step + offset;
}
std::int64_t read(const weir::config& c, const char* name, std::int64_t least) {
  const auto us = c.get<weir::duration>(name).count();
  if (us < least || us > time_most / 8)
    throw c.error(name, least ? "must be longer than nothing, and no age of the world"
                              : "must not be negative, and no age of the world");
  return us;
}

}  // namespace

tumbling::tumbling(const weir::config& c) : timed{c} {
  bucket_ = read(c, "size", 1);
  offset_ = read(c, "offset", 0);
  if (offset_ >= bucket_) throw c.error("offset", "must be shorter than the size");
  same_bucket_ = true;
}

interval::interval(const weir::config& c) : timed{c} {
  const std::int64_t before = read(c, "before", 0), after = read(c, "after", 0);
  from_[0] = -before, to_[0] = after;
  from_[1] = -after, to_[1] = before;
  bucket_ = std::max<std::int64_t>(before + after, 1);
}

void timed::bind(weir::binder& b) {
  two_sides::bind(b);
  if (b.first_error() != WEIR_OK) return;
  b.output_like_input("late", 0);
  b.output_like_input("late.right", 1);
}

void timed::save(std::string& to) const {
  weir::packed_row row;
  for (const std::int64_t t : ended_) row.add(t);
  to += row.bytes();
}
void timed::restore(std::string_view saved) {
  weir::packed_reader in{saved};
  for (std::int64_t& t : ended_) t = std::max(t, in.get<std::int64_t>());
}

std::int64_t timed::first_kept(int own, std::int64_t watermark) const {
  if (watermark <= time_least) return INT64_MIN;
  if (watermark >= time_most) return INT64_MAX;
  if (same_bucket_) return floor_to(watermark + 1, bucket_, offset_);  // the first window that is not complete
  return watermark + 1 - to_[own];
}

void timed::process(const weir::batch_view& batch, weir::batch_output& out) {
  const int own = static_cast<int>(batch.port()), other = 1 - own;
  const std::int64_t* const times = batch.raw().event_time;
  if (!times)
    throw weir::plugin_error{
        "a join by time needs records with an event time: give the source a [watermark] with a field"};
  std::int64_t count = batch.row_count();
  work_.begin(batch.raw());
  const std::uint32_t* rows = work_.rows();
  const std::uint32_t* given = batch.raw().rows;
  // Rows that nothing can meet any more, and what no join by time can hold.
  const std::int64_t first = first_kept(own, weir::detail::micros(watermark()));
  const auto is_late = [&](std::uint32_t row) { return times[row] < first; };
  const auto is_odd = [&](std::uint32_t row) {
    const auto change = batch.change(row);
    return times[row] <= time_least || times[row] >= time_most || change == weir::change_kind::erase ||
           change == weir::change_kind::update_before;
  };
  if (std::any_of(rows, rows + count, [&](std::uint32_t r) { return is_late(r) || is_odd(r); })) {
    on_time_.clear();
    std::uint32_t* const late = out.row_buffer(count);
    std::int64_t n = 0;
    for (std::int64_t k = 0; k < count; ++k)
      if (is_odd(rows[k]))
        out.dead_letter(batch, rows[k],
                        batch.change(rows[k]) == weir::change_kind::insert
                            ? "the record has no event time that a join could hold"
                            : "a row is taken back, which only join.keyed can do");
      else if (is_late(rows[k]))
        late[n++] = rows[k];
      else
        on_time_.push_back(rows[k]);
    if (n) out.emit_rows(own == 0 ? 1 : 2, batch, late, n);
    rows = given = on_time_.data();
    count = static_cast<std::int64_t>(on_time_.size());
  }
  if (count == 0) return;
  const auto room = static_cast<std::size_t>(count);
  buckets_.resize(std::max(buckets_.size(), room));
  theirs_.resize(std::max(theirs_.size(), room));
  others_.resize(std::max(others_.size(), room));
  for (std::int64_t k = 0; k < count; ++k)
    buckets_[static_cast<std::size_t>(k)] = floor_to(times[rows[k]], bucket_, offset_);
  weir_slot** const mine = work_.slots();
  sides_[own].rows().slots(context(), batch.raw(), given, count, buckets_.data(), WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                           mine);
  result to{out, sides_};
  // The rows from t + from to t + to lie in at most two buckets.
  const auto& state = sides_[other].rows();
  for (int step = 0; step < (same_bucket_ ? 1 : 2); ++step) {
    for (std::int64_t k = 0; k < count; ++k) {
      const auto i = static_cast<std::size_t>(k);
      theirs_[i] =
          same_bucket_ ? buckets_[i] : floor_to(times[rows[k]] + from_[own], bucket_, offset_) + step * bucket_;
    }
    state.slots(context(), batch.raw(), given, count, theirs_.data(), 0, others_.data());
    for (std::int64_t k = 0; k < count; ++k) {
      weir_slot* const theirs = others_[static_cast<std::size_t>(k)];
      const std::uint64_t matches = theirs ? state.list_size(context(), theirs) : 0;
      if (!matches) continue;
      const std::string_view row = sides_[own].pack(batch, rows[k]);
      for (std::uint64_t i = 0; i < matches; ++i) {
        const std::string_view match = state.list_at(context(), theirs, i);
        if (!meets(own, times[rows[k]], side::time_of(match))) continue;
        if (own == 0)
          to.add(row, match);
        else
          to.add(match, row);
      }
    }
  }
  for (std::int64_t k = 0; k < count; ++k)
    sides_[own].rows().list_add(context(), mine[k], sides_[own].pack(batch, rows[k]));
  to.send();
}

void timed::on_watermark(weir::time at, weir::batch_output& out) {
  const std::int64_t us = weir::detail::micros(at);
  result to{out, sides_};
  // First what met nothing, while all that it could have met is still there.
  const std::int64_t spread = same_bucket_ ? 0 : bucket_;
  for (int own = 0; own < 2; ++own) {
    if (!keeps_[own]) continue;
    const std::int64_t first = first_kept(own, us);
    std::int64_t bucket = 0;
    for (std::int64_t from = INT64_MIN; sides_[own].rows().next_name_space(context(), from, bucket) &&
                                        (first == INT64_MAX || (first != INT64_MIN && bucket + bucket_ <= first));
         from = bucket + 1)
      if (bucket + bucket_ > ended_[own]) end_bucket(own, bucket, to);
    ended_[own] = std::max(ended_[own], first);
  }
  to.send();
  for (int own = 0; own < 2; ++own) {
    const std::int64_t first = first_kept(own, us);
    // A kept row of the other input may look back further than its last match came.
    const std::int64_t more = keeps_[1 - own] ? 2 * spread : 0;
    const auto& state = sides_[own].rows();
    std::int64_t bucket = 0;
    for (std::int64_t from = INT64_MIN;
         state.next_name_space(context(), from, bucket) &&
         (first == INT64_MAX || (first != INT64_MIN && bucket + bucket_ + more <= first));
         from = bucket + 1)
      state.drop(context(), bucket);
  }
}

// Sends the rows of a bucket that met nothing; they are gone then.
void timed::end_bucket(int own, std::int64_t bucket, result& to) {
  const auto &state = sides_[own].rows(), &other = sides_[1 - own].rows();
  std::uint64_t cursor = 0;
  do {
    const weir_batch* keys = nullptr;
    weir_slot** slots = nullptr;
    const std::int64_t count = state.scan(context(), bucket, cursor, keys, slots);
    if (!count) continue;
    const auto room = static_cast<std::size_t>(count);
    // Times of one bucket look into three of the other input.
    std::vector<weir_slot*> near[3];
    std::vector<std::int64_t> spaces(room);
    for (int step = 0; step < (same_bucket_ ? 1 : 3); ++step) {
      near[step].resize(room);
      std::fill(spaces.begin(), spaces.end(),
                same_bucket_ ? bucket : floor_to(bucket + from_[own], bucket_, offset_) + step * bucket_);
      other.slots(context(), *keys, nullptr, count, spaces.data(), 0, near[step].data());
    }
    for (std::int64_t k = 0; k < count; ++k) {
      const std::uint64_t rows = state.list_size(context(), slots[k]);
      for (std::uint64_t i = 0; i < rows; ++i) {
        const std::string_view row = state.list_at(context(), slots[k], i);
        bool met = false;
        for (const auto& in : near) {
          weir_slot* const theirs = in.empty() ? nullptr : in[static_cast<std::size_t>(k)];
          const std::uint64_t n = theirs ? other.list_size(context(), theirs) : 0;
          for (std::uint64_t j = 0; j < n && !met; ++j)
            met = meets(own, side::time_of(row), side::time_of(other.list_at(context(), theirs, j)));
        }
        if (met) continue;
        if (own == 0)
          to.add(row, {});
        else
          to.add({}, row);
      }
    }
  } while (cursor != 0);
}

}  // namespace join
