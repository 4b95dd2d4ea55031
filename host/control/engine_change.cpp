// Changes of a running pipeline: what is asked for, what is carried out, what is taken back. engine.cpp has the rest.
//
// What decides is the newest complete cut: it names the definition that made it. The cut of the change is still the old
// version's; the first cut of the new version, complete, is the end of its probation, and until then no two-phase sink has
// committed a row of it. So going back is a restore of the newest cut with the definition that it names, in this process
// or, after a crash, in the next.
#include <algorithm>

#include "base/cat.hpp"
#include "base/fault_point.hpp"
#include "base/text.hpp"
#include "control/canary_rules.hpp"
#include "control/job_engine.hpp"
#include "supervisor/crash_log.hpp"

namespace weir::control {
namespace {

using base::cat;
using supervisor::change_record;
using supervisor::change_state;

/// More than cuts are kept: the definition of each must be there. Also how many changes can be undone one after the other.
constexpr std::uint64_t definitions_kept = 100;

std::uint64_t definition_of(const checkpoint::snapshot& of) {
  const auto at = of.facts().facts.find(supervisor::definition_fact);
  if (at == of.facts().facts.end()) return 0;
  const auto n = base::parse_uint64(at->second);
  return n ? *n : 0;
}

std::vector<supervisor::changed_node> nodes_of(const plan::difference& between) {
  std::vector<supervisor::changed_node> out;
  for (const auto& n : between.nodes) {
    const bool version = n.what == "plugin" || n.what == "parallelism";
    out.push_back({n.id, version ? n.from : "", version ? n.to : n.what});
  }
  for (const auto& s : between.settings) out.push_back({"", "", s.key});
  return out;
}

}  // namespace

void job_engine::note(change_in_work& of, change_state state) {
  of.record.state = state;
  auto noted = supervisor::note_change(env_, told_.state_directory, of.record);
  if (!noted) log_.error("the change cannot be noted in the history", {{"why", noted.why().text()}});
  log_.log(state == change_state::rolled_back || state == change_state::given_up ? base::log_level::warn
                                                                                 : base::log_level::info,
           "change of the pipeline",
           {{"change", of.record.number},
            {"what", of.record.what},
            {"state", supervisor::name_of(state)},
            {"cut", of.record.cut},
            {"pause_us", of.record.pause_us},
            {"back_us", of.record.back_us},
            {"hot", of.record.hot},
            {"by", of.record.by},
            {"why", of.record.why}});
}

void job_engine::decided(std::unique_lock<std::mutex>& lock, change_state state, const std::string& why) {
  if (!lock.owns_lock()) lock.lock();
  change_->record.why = why;
  note(*change_, state);
  last_change_ = change_->record;
  change_.reset();
  lock.unlock();
  changed_.notify_all();
}

base::result<change_record> job_engine::change(change_request what, bool wait) {
  if (!told_.place)
    return base::config_error(
        "a pipeline without checkpoints cannot be changed while it runs, for nothing could be taken back: "
        "give it a [checkpoint] table");
  std::unique_lock lock(mutex_);
  if (over_ || drained_ || stopped_ || !now_.job)
    return base::external_error("the pipeline is ending, or has not begun yet");
  if (shadow_begins_) return base::external_error("a shadow is just beginning: try again", {}, base::retry::backoff);
  if (change_)
    return base::external_error(cat("change ", change_->record.number, " (", change_->record.what,
                                    ") is still on probation: wait for it "
                                    "(weir history), or take it back (weir rollback)"));
  if (what.looked_at != 0 && what.looked_at != now_.definition.number)
    return base::external_error("the pipeline was changed by somebody else just now: try again");
  change_in_work work;
  work.between = plan::compare(*now_.plan, *what.plan);
  work.record.what = what.what;
  work.record.by = what.by;
  work.record.from = now_.definition.number;
  work.record.nodes = nodes_of(work.between);
  work.before = {now_.plan, now_.definition, nullptr};
  if (work.between.how == plan::reach::restart) {
    std::string keys;
    for (const auto& s : work.between.settings)
      if (s.how == plan::reach::restart) keys += (keys.empty() ? "" : ", ") + s.key;
    return base::config_error(cat("a running pipeline cannot change ", keys,
                                  ": stop it with a savepoint and start the new file from it "
                                  "(weir stop PIPELINE --savepoint DIR; weir run FILE --from DIR)"));
  }
  if (!what.canary.percents.empty() && work.between.how != plan::reach::nothing) {
    if (what.rebuild)
      return base::config_error("a pipeline that is built anew has no canary: leave --rebuild or --canary away");
    if (auto why = canary_refused(work.between, *now_.plan, *what.plan)) return std::move(*why);
    if (what.canary.percents.size() > 1)
      for (const double p : what.canary.percents) work.record.shares.push_back(config::percent_text(p));
    work.record.step = work.record.shares.empty() ? 0 : 1;
  }
  if (what.next.number == 0) {
    what.next.from = now_.definition.number;
    WEIR_TRY(supervisor::add_definition(env_, told_.state_directory, what.next));
    // Behind it: what it names is kept. The plugin of a shadow is in no definition before it is promoted.
    if (!shadow_ || !shadow_->comparing()) {
      if (auto trimmed =
              supervisor::trim_definitions(env_, told_.state_directory, definitions_kept, now_.definition.number);
          !trimmed)
        log_.warn("old definitions cannot be removed", {{"why", trimmed.why().text()}});
    }
  }
  work.record.to = what.next.number;
  work.asked = std::move(what);
  work.since_ns = env_.monotonic_ns();
  change_ = std::move(work);
  note(*change_, change_state::began);
  const std::uint64_t number = change_->record.number;
  base::fault_point("change.noted");
  if (change_->between.how == plan::reach::nothing) {
    // Comments, order, names of things that do not run: the definition is the new one with the next cut.
    now_.definition = change_->asked.next;
    decided(lock, change_state::committed, "nothing that runs is different");
    return *last_change_;
  }
  remember_old(*change_);
  if (!change_->record.shares.empty()) {
    begin_step(lock);
  } else if (change_->between.how == plan::reach::hot && !change_->asked.rebuild) {
    change_hot(lock);
  } else {
    drain_for_change(lock);
  }
  changed_.wait(lock, [&] {
    if (!change_ || change_->record.number != number) return true;
    return change_->record.state == change_state::serving && !wait;
  });
  if (change_ && change_->record.number == number) return change_->record;
  return *last_change_;
}

void job_engine::drain_for_change(std::unique_lock<std::mutex>& lock) {
  change_->rebuild = true;
  const auto job = now_.job;
  lock.unlock();
  job->drain(true);
  lock.lock();
}

void job_engine::change_hot(std::unique_lock<std::mutex>& lock) {
  change_in_work& of = *change_;
  const std::uint64_t number = of.record.number;
  const auto job = now_.job;
  job::exchange_request what{of.asked.plan,
                             of.between.exchanged,
                             {{supervisor::definition_fact, std::to_string(of.asked.next.number)}},
                             of.asked.probation_us.value_or(of.asked.plan->told->swap.probation_us)};
  change_->hot_began = true;
  lock.unlock();
  auto prepared =
      job->exchange(std::move(what), [this, number](std::optional<job::exchange_failure> failed, job::exchanged how) {
        {
          const std::lock_guard mine(mutex_);
          if (!change_ || change_->record.number != number) return;
          change_->hot_result.emplace(std::move(failed), how);
        }
        changed_.notify_all();
      });
  lock.lock();
  const auto mine = [&] { return change_ && change_->record.number == number; };
  if (!prepared) {
    if (mine()) decided(lock, change_state::given_up, prepared.why().text());
    if (!lock.owns_lock()) lock.lock();
    return;
  }
  if (prepared->at_a_cut) {
    log_.info("the pipeline is built anew at a cut: its instances cannot be exchanged while it flows",
              {{"change", number}, {"why", prepared->at_a_cut->text()}});
    if (!mine()) return;
    change_->hot_began = false;
    drain_for_change(lock);
    return;
  }
  changed_.wait(lock, [&] { return !mine() || change_->hot_result; });
  if (!mine()) return;
  const auto& [failed, how] = *change_->hot_result;
  if (failed && failed->untouched) {
    decided(lock, change_state::given_up, failed->why.text());
    lock.lock();
    return;
  }
  if (failed) {
    change_->take_back = failed->why.text();
    lock.unlock();
    job->cancel();
    lock.lock();
    return;
  }
  change_->record.cut = how.cut;
  change_->record.pause_us = how.pause_us;
  change_->record.hot = true;
  if (std::find(change_->between.exchanged.begin(), change_->between.exchanged.end(), shadow_node_) !=
      change_->between.exchanged.end())
    change_->record.what == "promote" ? shadow_ends("promoted", "it serves")
                                      : shadow_ends("replaced", "the operator was given another version");
  now_.plan = change_->asked.plan;
  now_.definition = change_->asked.next;
  change_->from = take_sample(now_);
  note(*change_, change_state::serving);
  base::fault_point("change.serving_hot");
}

base::result<change_record> job_engine::take_back(const std::string& by) {
  std::unique_lock lock(mutex_);
  if (!change_ || change_->record.state != change_state::serving)
    return base::external_error("no change is on probation", {}, base::retry::never);
  const std::uint64_t number = change_->record.number;
  change_->take_back = cat("taken back by hand, by ", by);
  const auto job = now_.job;
  lock.unlock();
  job->cancel();
  lock.lock();
  changed_.wait(lock, [&] { return !change_ || change_->record.number != number; });
  return *last_change_;
}

// On a thread of the job.
void job_engine::cut_completed(const checkpoint::cut_info& cut) {
  std::unique_lock lock(mutex_);
  if (!change_ || change_->record.state != change_state::serving || cut.cut <= change_->record.cut) return;
  // The job is cancelled already: who goes back finds this cut.
  if (!change_->take_back.empty()) return;
  if (change_->by_share) {
    ++change_->by_share->cuts;
    change_->by_share->newest_cut = cut.cut;
    return;
  }
  base::fault_point("change.before_commit_noted");
  decided(lock, change_state::committed, "");
  base::fault_point("change.committed");
}

sample job_engine::take_sample(const generation& of) const {
  sample out;
  out.rss_bytes = resident_bytes_now(env_);
  const auto figures = of.job->figures();
  // Only the first node of a chain has the thread's time; it is what each node in the chain has.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> busy;
  for (const auto& f : figures) {
    // A source waits in its poll: what it computed. Others wait in a call only for what they do themselves.
    const plan::node& n = of.plan->nodes[f.node];
    const bool reads = of.plan->nodes[of.plan->chains[n.chain].nodes.front()].kind == plan::node_kind::source;
    busy[{n.chain, f.subtask}] += reads ? f.busy_ns : f.working_ns;
  }
  for (const auto& f : figures) {
    const plan::node& n = of.plan->nodes[f.node];
    node_sums& to = out.nodes[n.id];
    to.records_in += f.records_in;
    to.records_out += f.records_out;
    to.errors += f.dead_letters + f.skipped;
    to.busy_ns += busy[{n.chain, f.subtask}];
  }
  return out;
}

void job_engine::remember_old(change_in_work& of) const {
  const sample last = take_sample(now_);
  for (const auto& n : of.between.nodes) {
    const auto at = last.nodes.find(n.id);
    if (at == last.nodes.end()) continue;
    const auto began = now_.at_begin.find(n.id);
    of.old[n.id] = began == now_.at_begin.end() ? at->second : at->second - began->second;
  }
}

void job_engine::look_at_bounds() {
  std::unique_lock lock(mutex_);
  if (!change_ || change_->record.state != change_state::serving || !change_->take_back.empty()) return;
  const auto why = change_->by_share
                       ? broken_bound_of_share()
                       : broken_bound(change_->asked.plan->told->swap, change_->old, change_->from, take_sample(now_));
  if (!why) return;
  change_->take_back = *why;
  const auto job = now_.job;
  lock.unlock();
  job->cancel();
}

bool job_engine::next_job(const base::result<job::totals>& ended) {
  std::unique_lock lock(mutex_);
  if (ended && change_ && change_->by_share && change_->hot_result) step_began(lock);
  if (change_ && !stopped_) {
    // Of a hot change not all subtasks may have told when the new version fails in the first of them.
    const bool is_new = change_->record.state == change_state::serving || change_->hot_began;
    if (is_new && (!ended || !change_->take_back.empty()))
      return go_back(lock, change_->take_back.empty() ? ended.why().text() : change_->take_back);
    if (change_->rebuild && ended && !drained_) return rebuild(lock);
  }
  over_ = true;
  if (!change_) return false;
  // On probation the run ended in order: its last cut has decided. Otherwise a restart will find what there is.
  if (change_->record.state == change_state::began)
    decided(lock, change_state::given_up,
            ended ? "the pipeline was stopped before" : cat("the pipeline failed before: ", ended.why().text()));
  else
    decided(lock, change_state::rolled_back,
            !ended              ? ended.why().text()
            : change_->by_share ? "the pipeline ended before the new version served everything"
                                : "the pipeline was stopped before its probation was over");
  return false;
}

base::result<checkpoint::snapshot> job_engine::newest_cut() const {
  const auto cuts = WEIR_TRY(storage_->list());
  if (cuts.empty()) return base::host_error("there is no cut to go on from");
  // It was written by this process a moment ago: it is not read twice.
  return checkpoint::open_snapshot(env_, cuts.front().path, false);
}

// The job has been drained: its last cut is what both versions can begin with.
bool job_engine::rebuild(std::unique_lock<std::mutex>& lock) {
  change_->rebuild = false;
  generation next{change_->asked.plan, change_->asked.next, nullptr};
  const std::int64_t probation_us = change_->asked.probation_us.value_or(next.plan->told->swap.probation_us);
  lock.unlock();
  base::fault_point("change.drained");
  auto from = newest_cut();
  std::uint64_t cut = 0;
  auto made = [&]() -> base::result<void> {
    auto at = WEIR_TRY(std::move(from));
    cut = at.facts().cut;
    next.job = WEIR_TRY(make_job(next.plan, next.definition.number, std::move(at), probation_us, true));
    return {};
  }();
  base::fault_point("change.built");
  lock.lock();
  change_->record.cut = cut;
  if (!made) return go_back(lock, made.why().text());
  change_->record.pause_us = (env_.monotonic_ns() - change_->since_ns) / 1000;
  next.at_begin = take_sample(next).nodes;
  change_->from = take_sample(next);
  note(*change_, change_state::serving);
  lock.unlock();
  base::fault_point("change.serving_anew");
  begin(std::move(next));
  base::fault_point("change.begun_anew");
  changed_.notify_all();
  return true;
}

bool job_engine::go_back(std::unique_lock<std::mutex>& lock, const std::string& why) {
  generation old = change_->before;
  std::int64_t failed_ns = now_.job->failed_at_ns();
  if (failed_ns < 0) failed_ns = env_.monotonic_ns();  // it was taken back by a bound or by hand
  // Whatever cut is complete from here on is the old version's.
  change_->record.state = change_state::rolled_back;
  lock.unlock();
  base::fault_point("change.going_back");
  bool stays = false;
  std::uint64_t back_cut = 0;
  auto made = [&]() -> base::result<void> {
    auto from = WEIR_TRY(newest_cut());
    const auto told = definition_of(from);
    // Its first cut was complete before it could be taken back: nothing is left to take back.
    stays = told == change_->record.to;
    if (stays)
      old.plan = change_->asked.plan, old.definition = change_->asked.next;
    else if (told != old.definition.number)
      return base::host_error(cat("the newest cut is of definition ", told, ", not of ", old.definition.number));
    if (!stays) back_cut = from.facts().cut;
    old.job = WEIR_TRY(make_job(old.plan, old.definition.number, std::move(from), 0));
    return {};
  }();
  base::fault_point("change.old_made");
  if (made) begin(std::move(old));
  base::fault_point("change.old_serves");
  lock.lock();
  if (made && !stays) {
    change_->record.back_us = (env_.monotonic_ns() - failed_ns) / 1000;
    change_->record.back_cut = back_cut;
  }
  if (stays)
    decided(lock, change_state::committed, cat("its first cut was complete before it was taken back: ", why));
  else
    decided(lock, change_state::rolled_back, why);
  base::fault_point("change.rolled_back");
  if (!made) {
    // A restart may cure it: it begins with the same cut.
    log_.error("the old version cannot be brought back in this process", {{"why", made.why().text()}});
    lock.lock();
    over_ = true;
    return false;
  }
  return true;
}

void job_engine::settle_history(const std::optional<checkpoint::snapshot>& from) {
  auto left = supervisor::pending_change(env_, told_.state_directory);
  if (!left) return log_.error("the history of changes cannot be read", {{"why", left.why().text()}});
  if (!*left) return;
  change_in_work work;
  work.record = std::move(**left);
  const bool is_new = from && definition_of(*from) == work.record.to && from->facts().cut > work.record.cut;
  work.record.why = "the worker process died";
  // The supervisor has noted what it died of before it started this one.
  if (auto crashes = supervisor::read_crashes(env_, told_.state_directory); crashes && !crashes->empty())
    if (const auto& last = crashes->back(); last.at_us >= work.record.at_us) work.record.why = last.what.text();
  if (!is_new && from) work.record.back_cut = from->facts().cut;
  note(work, is_new ? change_state::committed : change_state::rolled_back);
  base::fault_point("change.settled");
}

}  // namespace weir::control
