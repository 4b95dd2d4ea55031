#include "job/cut_coordinator.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/cat.hpp"
#include "base/fault_point.hpp"
#include "base/memory_limit.hpp"
#include "base/seeded_bug.hpp"
#include "checkpoint/merged_state.hpp"
#include "plugin/component.hpp"

namespace weir::job {
namespace {

/// State blocks that may wait to be written; above it tasks capture no more.
constexpr std::uint64_t most_waiting_bytes = 16 << 20;

/// How soon a cut that could not be made yet is tried again.
constexpr std::int64_t not_ready_ns = 100'000'000;
/// How often tasks are asked whether they want a cut to let go of memory, and how soon they get another one.
constexpr std::int64_t look_at_memory_ns = 200'000'000;
constexpr std::int64_t between_asked_ns = 500'000'000;
/// A cut under way has so long to end when a change of the pipeline waits for it.
constexpr std::int64_t exchange_waits_ns = 50'000'000;
/// Longer when a task has more entries of state than these and has begun to write them: after a cut that is given up its next one has to
/// look at each of them before it takes another row, some 5 ns an entry. But not when nothing comes of it: then rows stand still anyway.
constexpr std::uint64_t dear_entries = 200'000;
constexpr std::int64_t exchange_waits_for_dear_ns = 10'000'000'000, dear_may_rest_ns = 200'000'000;
/// A change that no subtask could begin with for so long is given up.
constexpr std::int64_t exchange_patience_ns = 10'000'000'000;

std::map<std::string, std::uint64_t> named(const task::node_counts& c) {
  return {{"records_in", c.records_in},
          {"batches_in", c.batches_in},
          {"bytes_in", c.bytes_in},
          {"records_out", c.records_out},
          {"batches_out", c.batches_out},
          {"bytes_out", c.bytes_out},
          {"late", c.late},
          {"dead_letters", c.dead_letters},
          {"skipped", c.skipped}};
}

}  // namespace

cut_coordinator::cut_coordinator(base::env& env, plan::plan_ptr what, built& all, cut_rules rules, parts with)
    : env_(env),
      plan_(std::move(what)),
      rules_(rules),
      with_(std::move(with)),
      log_({.room = "job", .pipeline = plan_->pipeline}),
      next_cut_(with_.last_cut + 1) {
  figures_.last_complete_at_us = with_.restored_at_us;
  for (std::uint32_t c = 0; c < all.tasks.size(); ++c) {
    for (std::uint32_t s = 0; s < all.tasks[c].size(); ++s) {
      task::task* t = all.tasks[c][s].get();
      tasks_.push_back(t);
      places_.emplace(t, place{c, s});
      t->report_to(*this);
    }
  }
  running_ = tasks_.size();
}

cut_coordinator::~cut_coordinator() { stop(); }

void cut_coordinator::begin() {
  const std::int64_t now = env_.monotonic_ns();
  hold_until_ns_ = now + with_.hold_us * 1000;
  due_ns_ = std::max(now + rules_.interval_us * 1000, hold_until_ns_);
}

void cut_coordinator::start() {
  begin();
  thread_ = std::thread([this] { run(); });
}

void cut_coordinator::stop() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (fold_thread_.joinable()) fold_thread_.join();
  // A cut that nobody will complete leaves nothing behind.
  if (work_ && work_->asked) work_->asked->done(base::host_error("the pipeline has ended"));
  work_.reset();
  for (wish& w : wishes_) w.done(base::host_error("the pipeline has ended"));
  wishes_.clear();
  if (exchange_) exchange_->begun(base::host_error("the pipeline has ended"));
  exchange_.reset();
}

void cut_coordinator::run() {
  for (;;) {
    const std::int64_t until = step();
    std::unique_lock lock(mutex_);
    if (stop_) return;
    const auto something = [&] {
      return stop_ || look_again_ || !blocks_.empty() || !taken_.empty() || (work_ && work_->broken) ||
             (exchange_ && !work_ && (!with_.ready || with_.ready())) ||
             (!work_ && !wishes_.empty() && env_.monotonic_ns() >= hold_until_ns_ && (!with_.ready || with_.ready())) ||
             (!work_ && running_ == 0 && !over_);
    };
    if (something()) continue;
    if (until == INT64_MAX)
      changed_.wait(lock, something);
    else
      changed_.wait_for(lock, std::chrono::nanoseconds(std::max<std::int64_t>(until - env_.monotonic_ns(), 0)),
                        something);
  }
}

std::int64_t cut_coordinator::step() {
  std::unique_lock lock(mutex_);
  if (stop_) return INT64_MAX;
  look_again_ = false;
  write(lock);
  if (work_) {
    if (work_->broken || (work_->left == 0 && blocks_.empty())) {
      conclude(lock);
    } else if (must_make_room(env_.monotonic_ns())) {
      // No failure of anything: what it held belongs to the cut that follows at once.
      base::error why = base::external_error(base::cat("cut ", work_->cut, " makes room for a change of the pipeline"));
      ++failures_pardoned_;
      give_up(lock, std::move(why));
    } else if (must_withdraw(env_.monotonic_ns())) {
      withdraw(lock);
    } else if (env_.monotonic_ns() - work_->began_ns >= rules_.timeout_us * 1000) {
      give_up(lock,
              base::external_error(base::cat("cut ", work_->cut, " was not complete after its timeout of ",
                                             rules_.timeout_us / 1'000'000, " s: ", work_->left, " of ", tasks_.size(),
                                             " subtasks had not handed over; look at back pressure, or raise "
                                             "checkpoint.timeout")));
    }
  }
  const std::int64_t patience_ns = disappoint(lock);
  if (!work_ && !over_ && !stop_) {
    const std::int64_t now = env_.monotonic_ns();
    const bool ready = !with_.ready || with_.ready();
    if (running_ == 0 && !ready) {
      // It ended before it could begin: what the newest cut says is still how things are.
      over_ = true;
      tell_all({task::order_kind::finish, 0, model::cut_kind::checkpoint, false});
    } else if (running_ == 0) {
      begin_cut(lock, model::cut_kind::checkpoint, true, std::nullopt);
    } else if (exchange_ && ready) {
      std::optional<exchange_order> what = std::exchange(exchange_, std::nullopt);
      begin_cut(lock, model::cut_kind::swap, false, std::nullopt, std::move(what));
    } else if (now < hold_until_ns_) {
      due_ns_ = std::max(due_ns_, hold_until_ns_);
    } else if (!ready) {
      due_ns_ = std::max(due_ns_, now + not_ready_ns);
    } else if (with_.storage && !wishes_.empty()) {
      wish asked = std::move(wishes_.front());
      wishes_.pop_front();
      begin_cut(lock, model::cut_kind::savepoint, false, std::move(asked));
    } else if (with_.storage && (now >= due_ns_ || memory_asks(now))) {
      begin_cut(lock, model::cut_kind::checkpoint, false, std::nullopt);
    }
  }
  if (work_) {
    std::int64_t over = work_->began_ns + rules_.timeout_us * 1000;
    if (may_withdraw()) over = std::min(over, work_->began_ns + exchange_patience_ns);
    return std::min(patience_ns, exchange_ ? std::min(over, room_at_ns()) : over);
  }
  if (!with_.storage || over_) return INT64_MAX;
  const std::int64_t next = std::min(due_ns_, patience_ns);
  return with_.memory_is_limited ? std::min(next, env_.monotonic_ns() + look_at_memory_ns) : next;
}

std::int64_t cut_coordinator::disappoint(std::unique_lock<std::mutex>& lock) {
  const std::int64_t now = env_.monotonic_ns();
  std::int64_t next = INT64_MAX;
  std::vector<wish> late;
  for (auto it = wishes_.begin(); it != wishes_.end();) {
    if (it->until_ns > now) {
      next = std::min(next, it->until_ns);
      ++it;
    } else {
      late.push_back(std::move(*it));
      it = wishes_.erase(it);
    }
  }
  if (late.empty()) return next;
  const std::string why = work_ ? "another cut takes long"
                          : now < hold_until_ns_
                              ? "a change of the pipeline is on probation, and until it is over there are no cuts"
                              : "the sources have not begun to read";
  lock.unlock();
  for (wish& w : late) w.done(base::external_error(base::cat("no cut could be made in time: ", why)));
  lock.lock();
  return next;
}

// State that changed cannot leave memory before it is in a cut.
bool cut_coordinator::memory_asks(std::int64_t now) {
  if (!with_.memory_is_limited || now < memory_may_ask_ns_) return false;
  if (std::none_of(tasks_.begin(), tasks_.end(), [](task::task* t) { return t->nodes().wants_cut(); })) return false;
  memory_may_ask_ns_ = now + between_asked_ns;
  return true;
}

void cut_coordinator::tell_all(task::order o) {
  for (task::task* t : tasks_) t->tell(o);
}

std::int64_t cut_coordinator::room_at_ns() const {
  if (!work_->dear) return exchange_since_ns_ + exchange_waits_ns;
  return std::min(exchange_since_ns_ + exchange_waits_for_dear_ns,
                  std::max(exchange_since_ns_, work_->moved_ns) + dear_may_rest_ns);
}

bool cut_coordinator::must_make_room(std::int64_t now) const {
  return exchange_ && !work_->last && !work_->asked && !work_->exchange && now >= room_at_ns();
}

bool cut_coordinator::may_withdraw() const {
  return work_->exchange && work_->told &&
         std::all_of(work_->exchange->work.begin(), work_->exchange->work.end(),
                     [](const auto& w) { return w.first->still_expects(); });
}

bool cut_coordinator::must_withdraw(std::int64_t now) const {
  return work_->exchange && now - work_->began_ns >= exchange_patience_ns && may_withdraw();
}

void cut_coordinator::withdraw(std::unique_lock<std::mutex>& lock) {
  exchange_order& e = *work_->exchange;
  bool all = true;
  for (auto& [task, what] : e.work) all = (what = task->withdraw()) != nullptr && all;
  // One has begun in this very moment: then the job is of no use any more.
  work_->told = !all;
  if (all && e.plan) {
    with_.facts = std::move(work_->facts_before);
    hold_until_ns_ = work_->hold_before_ns;
  }
  give_up(lock, base::external_error(base::cat(
                    "no subtask could begin with the new version within ", exchange_patience_ns / 1'000'000'000,
                    " s: a call into a plugin that does not return keeps them (weir why-no-output)")));
}

void cut_coordinator::exchange(exchange_order what) {
  std::unique_lock lock(mutex_);
  if (stop_ || over_ || exchange_) {
    lock.unlock();
    return what.begun(base::host_error("the pipeline has ended"));
  }
  exchange_ = std::move(what);
  exchange_since_ns_ = env_.monotonic_ns();
  look_again_ = true;
  lock.unlock();
  changed_.notify_all();
}

void cut_coordinator::begin_cut(std::unique_lock<std::mutex>& lock, model::cut_kind kind, bool last,
                                std::optional<wish> asked, std::optional<exchange_order> exchange) {
  work made;
  made.cut = next_cut_++;
  made.kind = kind;
  made.last = last;
  made.began_ns = env_.monotonic_ns();
  made.left = tasks_.size();
  made.asked = std::move(asked);
  made.exchange = std::move(exchange);
  const std::uint64_t cut = made.cut;
  figures_.in_work_since_us = env_.now_us();
  if (with_.storage) {
    lock.unlock();
    auto writer =
        with_.storage->begin({.number = cut, .kind = kind, .full = !rules_.incremental, .facts = with_.facts});
    lock.lock();
    if (writer)
      made.writer = std::move(*writer);
    else
      made.broken = std::move(writer).why();
  }
  base::fault_point("cut.begun");
  const bool broken = made.broken.has_value();
  made.told = !broken;
  work_ = std::move(made);
  if (!broken && work_->exchange) {
    exchange_order& e = *work_->exchange;
    e.begun(cut);
    for (auto& [task, what] : e.work) {
      what->cut = cut;
      task->expect(std::move(what));
    }
    // The cut itself is still the old version's; what follows is not.
    if (e.plan) {
      work_->facts_before = with_.facts;
      work_->hold_before_ns = hold_until_ns_;
      with_.facts = e.facts;
      hold_until_ns_ = env_.monotonic_ns() + e.hold_us * 1000;
      base::fault_point("exchange.announced");
    }
  }
  if (!broken) tell_all({task::order_kind::begin, cut, kind, with_.storage != nullptr});
  base::fault_point("cut.announced");
}

void cut_coordinator::write(std::unique_lock<std::mutex>& lock) {
  while (!blocks_.empty() || !taken_.empty()) {
    if (!blocks_.empty()) {
      block next = std::move(blocks_.front());
      blocks_.pop_front();
      waiting_bytes_ -= next.bytes.size();
      if (!work_ || next.cut != work_->cut || work_->broken || !work_->writer) continue;
      if (base::seeded_bug("lose_block") && next.cut % 3 == 0) continue;
      const place at = places_.at(next.from);
      const std::uint32_t n = node_of(at, next.at);
      const auto groups = model::key_groups_of(at.subtask, plan_->nodes[n].parallelism, plan_->key_groups);
      lock.unlock();
      work_->writer->state_block(plan_->nodes[n].id, at.subtask, groups, next.bytes);
      lock.lock();
      continue;
    }
    auto [from, cut] = std::move(taken_.back());
    taken_.pop_back();
    if (!work_ || cut.cut != work_->cut) continue;
    --work_->left;
    work_->pause_us = std::max(work_->pause_us, cut.pause_us);
    if (work_->broken || !work_->writer) continue;
    const place at = places_.at(from);
    std::vector<checkpoint::node_snapshot> nodes;
    for (std::uint32_t i = 0; i < cut.nodes.size(); ++i) nodes.push_back(snapshot_of(at, i, cut.nodes[i]));
    nodes[0].in_flight = std::move(cut.in_flight);
    for (task::split_cut& s : cut.splits)
      nodes[0].splits.push_back({std::move(s.id), std::move(s.position), s.watermark_us});
    lock.unlock();
    for (const auto& n : nodes) work_->writer->node(n);
    lock.lock();
  }
}

checkpoint::node_snapshot cut_coordinator::snapshot_of(const place& p, std::uint32_t at, task::node_cut& node) const {
  const plan::node& n = plan_->nodes[node_of(p, at)];
  checkpoint::node_snapshot s;
  s.operator_id = n.id;
  s.subtask = p.subtask;
  s.parallelism = n.parallelism;
  s.component = n.uses;
  if (n.component && n.component->image()) s.plugin_sha256 = n.component->image()->sha256();
  if (node.saved) s.saved.push_back(std::move(*node.saved));
  if (node.saved_by_new) s.saved.push_back(std::move(*node.saved_by_new));
  if (node.prepared) s.prepared.push_back(std::move(*node.prepared));
  s.watermark_us = node.watermark_us;
  s.counts = named(node.counts);
  return s;
}

void cut_coordinator::conclude(std::unique_lock<std::mutex>& lock) {
  if (work_->broken) {
    base::error why = std::move(*work_->broken);
    give_up(lock, std::move(why));
    return;
  }
  std::optional<checkpoint::cut_info> info;
  if (work_->writer) {
    lock.unlock();
    base::result<checkpoint::cut_info> made = work_->writer->finish(with_.still_mine);
    lock.lock();
    if (!made) {
      give_up(lock, std::move(made).why());
      return;
    }
    info = std::move(*made);
  }
  work done = std::move(*work_);
  work_.reset();
  failures_ = 0;
  if (done.exchange && done.exchange->plan) plan_ = done.exchange->plan;
  const std::int64_t now = env_.monotonic_ns();
  ++figures_.completed;
  figures_.last_cut = done.cut;
  figures_.last_duration_us = (now - done.began_ns) / 1000;
  figures_.last_pause_us = done.pause_us;
  figures_.last_bytes = info ? info->new_bytes : 0;
  figures_.last_complete_at_us = env_.now_us();
  figures_.in_work_since_us = -1;
  due_ns_ = std::max({done.began_ns + rules_.interval_us * 1000, now + rules_.min_pause_us * 1000, hold_until_ns_});
  // A savepoint belongs to a person: what sinks prepared becomes visible all the same, the cut is durable.
  base::fault_point("cut.complete");
  tell_all({task::order_kind::complete, done.cut, done.kind, true});
  base::fault_point("cut.commits_ordered");
  if (done.last) {
    over_ = true;
    tell_all({task::order_kind::finish, done.cut, done.kind, true});
  }
  lock.unlock();
  if (info && with_.completed) with_.completed(*info);
  if (done.asked) make_savepoint(done);
  if (info)
    log_.info("cut is complete", {{"cut", done.cut},
                                  {"milliseconds", (now - done.began_ns) / 1'000'000},
                                  {"pause_us", done.pause_us},
                                  {"new_bytes", info->new_bytes},
                                  {"last", done.last}});
  done.writer.reset();
  fold();
  // Blocks of all sizes have come and gone; where memory is short, they must not take up more than they hold.
  if (std::any_of(tasks_.begin(), tasks_.end(), [](task::task* t) { return t->nodes().has_state_on_disk(); }))
    base::give_freed_memory_back();
  lock.lock();
}

void cut_coordinator::make_savepoint(work& done) {
  auto made = with_.storage->make_savepoint(done.cut, done.asked->directory, !done.asked->view);
  if (!made) log_.error("savepoint failed", {{"directory", done.asked->directory}, {"why", made.why().text()}});
  done.asked->done(std::move(made));
}

void cut_coordinator::fold() {
  if (!with_.storage || !with_.storage->wants_fold() || folding_.exchange(true)) return;
  auto fold_all = [this] {
    auto folded =
        with_.storage->fold(checkpoint::state_mergers(plan_->key_groups), checkpoint::state_divider(plan_->key_groups));
    // The chains stay longer than they should be: worth a line, no reason to stop.
    if (!folded)
      log_.warn("deltas could not be folded; it is tried again behind the next cut", {{"why", folded.why().text()}});
    folding_ = false;
  };
  if (!thread_.joinable()) return fold_all();  // a simulation has no threads
  if (fold_thread_.joinable()) fold_thread_.join();
  fold_thread_ = std::thread(fold_all);
}

void cut_coordinator::give_up(std::unique_lock<std::mutex>& lock, base::error why) {
  work gone = std::move(*work_);
  work_.reset();
  ++figures_.failed;
  // A savepoint that a person asked for and did not get is told to the person; the pipeline goes on.
  if (!gone.asked && !gone.exchange && failures_pardoned_ == 0) ++failures_;
  failures_pardoned_ = 0;
  figures_.in_work_since_us = -1;
  due_ns_ = env_.monotonic_ns() + std::max(rules_.interval_us, rules_.min_pause_us) * 1000;
  // Some subtasks may be the new version's, others not: no cut may be made of that. Somebody goes back to the newest one.
  if (gone.exchange && gone.told && gone.exchange->plan) hold_until_ns_ = INT64_MAX;
  tell_all({task::order_kind::abort, gone.cut, gone.kind, true});
  // Tolerated is only what may go well the next time. Not: nobody knows what the disk holds, or somebody else has taken over.
  const bool fatal = gone.last || why.how != base::retry::backoff || failures_ > rules_.tolerable_failures;
  if (fatal) stop_ = true;
  lock.unlock();
  log_.error("cut was given up", {{"cut", gone.cut}, {"why", why.text()}, {"failures", failures_}});
  if (gone.asked) gone.asked->done(why);
  if (gone.exchange) gone.told ? gone.exchange->broken(why) : gone.exchange->begun(why);
  gone.writer.reset();
  if (fatal) with_.failed(std::move(why).in(base::cat("cut ", gone.cut)));
  lock.lock();
}

void cut_coordinator::savepoint(savepoint_wish what) {
  {
    std::lock_guard lock(mutex_);
    if (!stop_ && !over_ && with_.storage) {
      const std::int64_t until = what.patience_us > 0 ? env_.monotonic_ns() + what.patience_us * 1000 : INT64_MAX;
      wishes_.push_back({std::move(what), until});
      look_again_ = true;
      what.done = nullptr;
    }
  }
  if (what.done)
    what.done(with_.storage
                  ? base::host_error("the pipeline has ended")
                  : base::config_error("the pipeline has no [checkpoint] table: give it one to take savepoints"));
  changed_.notify_all();
}

cut_figures cut_coordinator::figures() const {
  std::lock_guard lock(mutex_);
  return figures_;
}

bool cut_coordinator::has_room() {
  std::lock_guard lock(mutex_);
  return waiting_bytes_ < most_waiting_bytes;
}

void cut_coordinator::state_block(const task::task& from, std::uint32_t at, std::uint64_t cut, std::string bytes) {
  {
    std::lock_guard lock(mutex_);
    waiting_bytes_ += bytes.size();
    if (work_ && cut == work_->cut) {
      work_->dear = work_->dear || from.nodes().state_entries() > dear_entries;
      work_->moved_ns = env_.monotonic_ns();
    }
    blocks_.push_back({&from, at, cut, std::move(bytes)});
  }
  changed_.notify_one();
}

void cut_coordinator::taken(const task::task& from, task::task_cut all) {
  {
    std::lock_guard lock(mutex_);
    if (work_ && all.cut == work_->cut) work_->moved_ns = env_.monotonic_ns();
    taken_.emplace_back(&from, std::move(all));
  }
  changed_.notify_one();
}

void cut_coordinator::ended(const task::task&) {
  {
    std::lock_guard lock(mutex_);
    --running_;
  }
  changed_.notify_one();
}

}  // namespace weir::job
