#include "task/ordered_input.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/cat.hpp"
#include "model/batch_codec.hpp"
#include "model/compact.hpp"
#include "model/name_registry.hpp"
#include "task/bytes.hpp"

namespace weir::task {
namespace {

using base::result;
using model::batch;
using model::batch_ref;

constexpr std::uint32_t magic = 0x31'69'6f'ff;  // its first byte is not a channel count that in-flight bytes begin with

std::int64_t turn_of(const batch& b, std::uint32_t row) {
  const std::int64_t* times = b.view().event_time;
  return std::max(times ? times[row] : WEIR_TIME_MIN, b.facts().turn_us);
}

/// All rows of one port in a step, dense, and what they are ordered by.
struct port_rows {
  std::uint32_t port = 0;
  batch_ref all;
  model::buffer_ref content;  // hashes, made when they are asked for

  std::int64_t time(std::uint32_t row) const {
    const std::int64_t* times = all->view().event_time;
    return times ? times[row] : WEIR_TIME_MIN;
  }
  std::uint64_t hash(std::uint32_t row) {
    if (!content) {
      std::vector<std::uint32_t> columns(all->column_count());
      std::iota(columns.begin(), columns.end(), 0u);
      content = model::hash_keys(*all, columns);
    }
    return content->as<std::uint64_t>()[row];
  }
};

struct place {
  std::int64_t time;
  std::uint32_t of;  // index of port_rows
  std::uint32_t row;
};

class row_order {
 public:
  explicit row_order(std::vector<port_rows>& ports) : ports_(ports) {}
  bool operator()(const place& a, const place& b) const {
    if (a.time != b.time) return a.time < b.time;
    if (a.of != b.of) return a.of < b.of;
    port_rows& in = ports_[a.of];
    const model::facts& f = in.all->facts();
    const std::uint32_t split_a = f.split_of(a.row), split_b = f.split_of(b.row);
    if (split_a != split_b) {
      const auto left = name(split_a), right = name(split_b);
      if (left != right) return left < right;
    }
    const std::int64_t at_a = f.offset_of(a.row), at_b = f.offset_of(b.row);
    if (at_a != at_b) return at_a < at_b;
    if (f.change) {
      const auto* kinds = f.change->as<std::uint8_t>();
      if (kinds[a.row] != kinds[b.row]) return kinds[a.row] < kinds[b.row];
    }
    return in.hash(a.row) < in.hash(b.row);
  }

 private:
  static std::string_view name(std::uint32_t split) {
    return split == model::no_split ? std::string_view() : model::split_names().name(split);
  }
  std::vector<port_rows>& ports_;
};

/// concat keeps offsets of several splits only where each row says its own.
batch_ref with_places(const batch_ref& from) {
  model::facts f = from->facts();
  if (f.splits || (f.split == model::no_split && !f.offset && f.first_offset < 0)) return from;
  const std::int64_t n = from->length();
  auto splits = model::buffer_pool::must_allocate(static_cast<std::size_t>(n) * 4 + 4);
  std::fill_n(splits->as<std::uint32_t>(), n, f.split);
  if (!f.offset) {
    f.offset = model::buffer_pool::must_allocate(static_cast<std::size_t>(n) * 8 + 8);
    auto* to = f.offset->as<std::int64_t>();
    for (std::int64_t i = 0; i < n; ++i) to[i] = f.first_offset < 0 ? -1 : f.first_offset + i;
  }
  f.splits = std::move(splits);
  f.split = model::no_split;
  return model::with_facts(*from, std::move(f));
}

}  // namespace

bool ordered_input::add(std::uint32_t edge, const batch_ref& batch) {
  if (batch->row_count() == 0) return true;
  std::int64_t least = INT64_MAX, most = INT64_MIN;
  for (std::int64_t i = 0; i < batch->row_count(); ++i) {
    const std::int64_t turn = turn_of(*batch, batch->row(i));
    least = std::min(least, turn);
    most = std::max(most, turn);
  }
  if (most == WEIR_TIME_MIN) return false;
  const std::int64_t first = step_of(least, step_us_);
  if (first == step_of(most, step_us_)) {
    steps_[first].push_back({edge, batch});
    return true;
  }
  std::map<std::int64_t, std::vector<std::uint32_t>> rows;
  auto last = rows.end();  // neighbours are mostly of one step
  for (std::int64_t i = 0; i < batch->row_count(); ++i) {
    const std::uint32_t row = batch->row(i);
    const std::int64_t step = step_of(turn_of(*batch, row), step_us_);
    if (last == rows.end() || last->first != step) last = rows.try_emplace(step).first;
    last->second.push_back(row);
  }
  for (const auto& [step, of] : rows) steps_[step].push_back({edge, model::select_rows(*batch, of)});
  return true;
}

result<std::vector<ordered_input::part>> ordered_input::take_first() {
  auto first = steps_.extract(steps_.begin());
  std::map<std::uint32_t, std::vector<batch_ref>> by_port;
  for (held& h : first.mapped()) by_port[ports_[h.edge]].push_back(std::move(h.rows));
  std::vector<port_rows> ports;
  std::vector<place> places;
  for (auto& [port, batches] : by_port) {
    if (batches.size() > 1)
      for (batch_ref& b : batches) b = with_places(b);
    ports.push_back({port, WEIR_TRY(model::concat(batches)), {}});
    const auto of = static_cast<std::uint32_t>(ports.size() - 1);
    for (std::uint32_t row = 0; row < ports.back().all->length(); ++row)
      places.push_back({ports.back().time(row), of, row});
  }
  std::sort(places.begin(), places.end(), row_order(ports));
  std::vector<part> out;
  std::vector<std::uint32_t> rows;
  for (std::size_t i = 0; i < places.size();) {
    rows.clear();
    const std::uint32_t of = places[i].of;
    for (; i < places.size() && places[i].of == of && rows.size() < batch_rows; ++i) rows.push_back(places[i].row);
    out.push_back({ports[of].port, WEIR_TRY(model::take_rows(*ports[of].all, rows))});
  }
  return out;
}

std::string ordered_input::encode() const {
  std::string out;
  if (steps_.empty()) return out;
  put(out, magic);
  for (const auto& [step, parts] : steps_)
    for (const held& h : parts) {
      put(out, h.edge);
      put(out, step);
      model::encode_batch(h.rows, out);
    }
  return out;
}

bool ordered_input::is_encoded(std::string_view bytes) {
  std::uint32_t begins = 0;
  return get(bytes, &begins) && begins == magic;
}

result<void> ordered_input::decode(std::string_view bytes, const heir& to) {
  auto damaged = [] { return base::host_error("rows that waited for their turn at the cut are damaged"); };
  std::uint32_t begins = 0;
  if (!get(bytes, &begins) || begins != magic) return damaged();
  while (!bytes.empty()) {
    std::uint32_t edge = 0;
    std::int64_t step = 0;
    if (!get(bytes, &edge) || !get(bytes, &step) || edge >= to.schemas.size() || edge >= ports_.size())
      return damaged();
    batch_ref rows = WEIR_TRY(model::decode_batch(bytes, to.schemas[edge]));
    if (!to.same) {
      // Each subtask had its own copy, and may have been further with it than the others.
      if (to.broadcast[edge])
        return base::config_error(
            "this cut holds rows of a broadcast input that waited for their turn; it can only be "
            "restored at the parallelism that it was taken at");
      if (to.keys[edge].empty()) {
        if (!to.takes_dealt) continue;
      } else {
        const auto hashes = model::hash_keys(*rows, to.keys[edge]);
        std::vector<std::uint32_t> mine;
        for (std::uint32_t row = 0; row < rows->length(); ++row)
          if (to.own.contains(model::key_group(hashes->as<std::uint64_t>()[row], to.groups))) mine.push_back(row);
        if (mine.empty()) continue;
        rows = model::select_rows(*rows, mine);
      }
    }
    steps_[step].push_back({edge, std::move(rows)});
  }
  return {};
}

}  // namespace weir::task
