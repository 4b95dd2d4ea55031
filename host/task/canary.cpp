#include "task/canary.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "model/compact.hpp"
#include "model/key_hash.hpp"

namespace weir::task {

void divide(const model::batch_ref& batch, const model::group_part& is_new, bool in_order,
            std::vector<divided_rows>& out) {
  out.clear();
  const std::uint64_t* const hashes = batch->view().key_hash;
  std::vector<std::uint32_t> rows[2];  // of the old version, of the new one
  struct piece {
    bool is_new;
    std::size_t begin, end;  // in rows[is_new]
  };
  std::vector<piece> pieces;
  for (std::int64_t i = 0; i < batch->row_count(); ++i) {
    const std::uint32_t row = batch->row(i);
    const bool side = is_new.holds(hashes[row]);
    std::vector<std::uint32_t>& to = rows[side ? 1 : 0];
    if (in_order && (pieces.empty() || pieces.back().is_new != side)) pieces.push_back({side, to.size(), 0});
    to.push_back(row);
    if (in_order) pieces.back().end = to.size();
  }
  if (rows[0].empty() || rows[1].empty()) return out.push_back({!rows[1].empty(), batch});
  if (!in_order) pieces = {{false, 0, rows[0].size()}, {true, 0, rows[1].size()}};
  for (const piece& p : pieces) {
    const std::span all(rows[p.is_new ? 1 : 0]);
    out.push_back({p.is_new, model::select_rows(*batch, all.subspan(p.begin, p.end - p.begin))});
  }
}

canary::canary(std::unique_ptr<prepared_node> next, std::unique_ptr<prepared_node> last, place at,
               std::shared_ptr<canary_report> report)
    : next_(std::move(next)), last_(std::move(last)), at_(at), what_(*next_->what), report_(std::move(report)) {
  new_keys_ = {{}, what_.key_groups, true};
  old_keys_ = {{}, what_.key_groups, false};
  if (!at_.state) return;
  new_state_ = std::make_unique<state_part>(*at_.state, new_keys_);
  old_state_ = std::make_unique<state_part>(*at_.state, old_keys_);
  next_->made->use(new_state_.get());
  at_.serving.use(old_state_.get());
}

canary::~canary() {
  if (at_.state) at_.serving.use(at_.state);
  if (!next_) return;
  // destroy of the plugin is a call, too.
  if (at_.state) next_->made->use(at_.state);
  next_->made.reset();
}

std::unique_ptr<prepared_node> canary::take() {
  if (at_.state) next_->made->use(at_.state);
  return std::move(next_);
}

void canary::serve(double part) {
  part_ = part;
  new_keys_.share = old_keys_.share = model::group_share::of(part);
}

template <class What>
bool canary::call(bool is_new, bool rows, What&& what) {
  constexpr auto now = std::memory_order_relaxed;
  const op::counters& c = at_.counts;
  const auto seen = [&]() -> canary_side {
    return {c.records_in.load(now), c.records_out.load(now), c.dead_letters.load(now) + c.skipped.load(now),
            rows ? 1u : 0u, at_.env.monotonic_ns()};
  };
  canary_side before = seen();
  before.calls = 0;
  const bool well = what(is_new ? *next_->made : at_.serving);
  report_->add(at_.subtask, is_new, seen() - before);
  return well;
}

bool canary::is_next(std::int64_t rows) {
  const auto many = static_cast<double>(rows);
  owed_ += many * part_;
  if (owed_ < many / 2) return false;
  owed_ -= many;
  return true;
}

bool canary::process(std::uint32_t port, const model::batch_ref& given) {
  const auto& keys = what_.keys[port];
  if (keys.empty())
    return call(is_next(given->row_count()), true, [&](op::instance& to) { return to.process(port, given); });
  model::batch_ref batch = given;
  if (!batch->view().key_hash) batch = model::with_key_hash(*batch, model::hash_keys(*batch, keys));
  divide(batch, new_keys_, at_.in_order, divided_);
  return std::all_of(divided_.begin(), divided_.end(), [&](const divided_rows& d) {
    return call(d.is_new, true, [&](op::instance& to) { return to.process(port, d.rows); });
  });
}

bool canary::advance(std::int64_t watermark_us) {
  if (watermark_us <= at_.serving.watermark()) return true;
  // Both clocks first: what a timer of one makes is given on by the time of both.
  at_.serving.set_watermark(watermark_us);
  next_->made->set_watermark(watermark_us);
  const auto tell = [](op::instance& to) { return to.tell_watermark(); };
  return fire(WEIR_TIMER_EVENT_TIME, watermark_us) && call(false, false, tell) && call(true, false, tell);
}

bool canary::fire(std::uint32_t time_kind, std::int64_t until_us) {
  if (!at_.state) return true;
  std::uint32_t family = 0;
  while (const model::batch_ref due = at_.state->pop_due(time_kind, until_us, op::instance::timers_a_call, &family)) {
    divide(due, new_keys_, at_.in_order, divided_);
    for (const divided_rows& d : divided_)
      if (!call(d.is_new, true, [&](op::instance& to) { return to.tell_timers(family, *model::compact(d.rows)); }))
        return false;
  }
  return true;
}

bool canary::end_of_port(std::uint32_t port) {
  const auto tell = [&](op::instance& to) { return to.end_of_port(port); };
  return call(false, false, tell) && call(true, false, tell);
}

bool canary::flush() {
  const auto tell = [](op::instance& to) { return to.flush(); };
  return call(false, false, tell) && call(true, false, tell);
}

}  // namespace weir::task
