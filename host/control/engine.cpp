// The engine of host/job behind the interface of `weir run`: starts it, measures the process, turns its figures into a
// result and into metrics.
#include <sys/resource.h>

#include <algorithm>

#include "base/cat.hpp"
#include "base/fault_point.hpp"
#include "base/log.hpp"
#include "base/memory_limit.hpp"
#include "control/job_engine.hpp"
#include "control/version.hpp"
#include "job/host_table.hpp"
#include "job/job.hpp"
#include "plugin/bind.hpp"
#include "plugin/component.hpp"

namespace weir::control {
namespace {

struct process_use {
  std::uint64_t cpu_ns = 0, rss_most_bytes = 0;
};

process_use measure() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  auto ns = [](const timeval& t) {
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(t.tv_usec) * 1000;
  };
  return {ns(use.ru_utime) + ns(use.ru_stime), static_cast<std::uint64_t>(use.ru_maxrss) * 1024};
}

// Between the two looks at a pipeline that is asked why it gives nothing out: a slow one must have time to do something.
constexpr std::int64_t look_us = 1'000'000;
// How often the bounds of a version on probation are looked at.
constexpr std::int64_t look_at_bounds_us = 50'000;

subtask_metrics metrics_of(const plan::plan& of, const job::subtask_figures& f, std::int64_t now_us) {
  const auto& n = of.nodes[f.node];
  subtask_metrics m;
  m.operator_id = n.id;
  m.plugin = n.plugin;
  m.subtask = f.subtask;
  m.records_in = f.records_in;
  m.records_out = f.records_out;
  m.bytes_in = f.bytes_in;
  m.bytes_out = f.bytes_out;
  m.batches_in = f.batches_in;
  m.batches_out = f.batches_out;
  m.head = of.chains[n.chain].nodes.front() == f.node;
  m.busy_ns = static_cast<std::uint64_t>(f.busy_ns);
  m.idle_ns = static_cast<std::uint64_t>(f.idle_ns);
  m.backpressured_ns = static_cast<std::uint64_t>(f.backpressured_ns);
  m.pushed_batches = f.pushed_batches;
  m.popped_batches = f.popped_batches;
  m.pushed_bytes = f.pushed_bytes;
  m.popped_bytes = f.popped_bytes;
  m.late = f.late;
  m.dead_letters = f.dead_letters;
  m.skipped = f.skipped;
  if (f.watermark_us != WEIR_TIME_MIN && f.watermark_us != WEIR_TIME_MAX) m.watermark_us = f.watermark_us;
  if (f.newest_event_us != WEIR_TIME_MIN) m.event_time_lag_us = now_us - f.newest_event_us;
  if (f.pending_records >= 0) m.pending_records = static_cast<std::uint64_t>(f.pending_records);
  if (!n.binding->states().empty() || !n.binding->timers().empty()) {
    m.state_bytes = f.state_bytes;
    m.state_entries = f.state_entries;
    m.state_entries_on_disk = f.state_entries_on_disk;
    m.state_entries_converting = f.state_entries_converting;
  }
  return m;
}

cut_metrics metrics_of(const job::cut_figures& c, std::int64_t now_us) {
  const auto since = [&](std::int64_t at_us) { return std::max<std::int64_t>(0, now_us - at_us); };
  cut_metrics m;
  m.completed = c.completed;
  m.failed = c.failed;
  if (c.completed > 0) {
    m.last_duration_us = c.last_duration_us;
    m.last_pause_us = c.last_pause_us;
    m.last_bytes = c.last_bytes;
  }
  if (c.last_complete_at_us >= 0) m.age_us = since(c.last_complete_at_us);
  if (c.in_work_since_us >= 0) m.in_work_us = since(c.in_work_since_us);
  return m;
}

// Operators that do something when the event-time clock moves.
bool waits_for_time(const plan::node& n) {
  if (const weir_operator* op = n.component->operation(); op && WEIR_HAS(op, weir_operator, on_watermark)) return true;
  const auto& timers = n.binding->timers();
  return std::any_of(timers.begin(), timers.end(), [](const auto& t) { return t.time_kind == WEIR_TIMER_EVENT_TIME; });
}

bool has_state(const plan::plan& of) {
  return std::any_of(of.nodes.begin(), of.nodes.end(), [](const plan::node& n) {
    return n.binding && (!n.binding->states().empty() || !n.binding->timers().empty());
  });
}

std::uint64_t queued_most(const plan::plan& of, std::uint64_t one) {
  std::uint64_t channels = 0;
  for (const plan::node& n : of.nodes)
    for (const plan::input& in : n.inputs)
      if (!in.chained)
        channels += in.exchange == plan::exchange_kind::forward
                        ? n.parallelism
                        : std::uint64_t{n.parallelism} * of.nodes[in.from_node].parallelism;
  return channels * one;
}

/// Of state that a fold of the cuts holds in memory at once.
std::uint64_t fold_bytes(std::uint64_t of_memory) {
  return std::clamp<std::uint64_t>(of_memory / 16, std::uint64_t{8} << 20, std::uint64_t{256} << 20);
}

/// The program with its plugins, and state blocks that wait to be written.
constexpr std::uint64_t program_bytes = 96 << 20;

}  // namespace

// Resident pages now; the second number of /proc/self/statm.
std::uint64_t resident_bytes_now(base::env& env) {
  auto text = env.fs().read_whole("/proc/self/statm", 4096);
  if (!text) return 0;
  const auto space = text->find(' ');
  return space == std::string::npos ? 0 : std::strtoull(text->c_str() + space, nullptr, 10) * 4096;
}

job_engine::~job_engine() {
  {
    const std::lock_guard lock(mutex_);
    now_.job.reset();  // its state deletes its own files first
  }
  if (!told_.working_directory.empty())
    base::permit_unchecked(env_.fs().remove_tree(told_.working_directory), "scratch: the next run empties it");
}

base::result<void> job_engine::start() {
  generation first = now();
  std::optional<checkpoint::snapshot> from;
  if (told_.place) {
    from = WEIR_TRY(open_checkpoints());
    settle_history(from);
    settle_shadow();
  }
  if (!told_.working_directory.empty()) WEIR_TRY(env_.fs().remove_tree(told_.working_directory));
  began_ns_ = env_.monotonic_ns();
  const bool restores = from.has_value();
  first.job = WEIR_TRY(make_job(first.plan, first.definition.number, std::move(from), 0));
  if (restores) base::fault_point("restore.handed_out");
  begin(std::move(first));
  return {};
}

base::result<std::shared_ptr<job::job>> job_engine::make_job(const plan::plan_ptr& what, std::uint64_t definition,
                                                             std::optional<checkpoint::snapshot> from,
                                                             std::int64_t hold_cuts_us, bool committed) {
  job::options how;
  how.queue_bytes = what->told->limits.queue_bytes;
  how.batch_rows = what->told->limits.batch_rows;
  how.suspected = told_.suspected;
  if (told_.place) {
    const config::checkpoint& told = what->told->checkpoint;
    how.storage = storage_.get();
    how.restore = std::move(from);
    how.restored_is_committed = committed;
    how.cuts = {told.interval_us,        told.timeout_us,         told.min_pause_us,
                told.tolerable_failures, told.aligned_timeout_us, told.mode == config::checkpoint_mode::exactly_once,
                told.incremental};
    how.allow_dropped_state = told_.allow_dropped_state;
    how.still_mine = [right = told_.place->right] { return right.still_mine(); };
    if (definition > 0) how.facts.emplace(supervisor::definition_fact, std::to_string(definition));
    how.hold_cuts_us = hold_cuts_us;
    how.completed = [this](const checkpoint::cut_info& cut) { cut_completed(cut); };
  }
  WEIR_TRY(limit_memory(*what, how));
  return std::shared_ptr<job::job>(WEIR_TRY(job::job::make(what, std::move(how), env_)));
}

void job_engine::begin(generation what) {
  const auto job = what.job;
  if (what.at_begin.empty()) what.at_begin = take_sample(what).nodes;
  {
    const std::lock_guard lock(mutex_);
    now_ = std::move(what);
    shadow_ends("gone", "the pipeline was built anew");
  }
  job->start();
  // A signal may have come between the making and the start.
  if (stopped_.load()) {
    job->cancel();
  } else if (drained_.load()) {
    job->drain();
  }
}

base::result<std::optional<checkpoint::snapshot>> job_engine::open_checkpoints() {
  const plan::plan_ptr plan = now().plan;
  storage_ = WEIR_TRY(checkpoint::storage::open(env_, {.directory = told_.place->checkpoints,
                                                       .pipeline = plan->pipeline,
                                                       .key_groups = plan->key_groups,
                                                       .retained = plan->told->checkpoint.retained,
                                                       .fold_bytes = fold_bytes(memory_told(*plan).bytes),
                                                       .weir_version = version_text}));
  auto opened = cut_to_begin_with();
  if (!opened) {
    base::error why = std::move(opened).why();
    // It would be read again, and be as damaged as it is.
    if (why.how == base::retry::from_checkpoint) why.how = base::retry::never;
    return why;
  }
  std::optional<checkpoint::snapshot> from = std::move(opened).take();
  if (from) log_.info("state is restored", {{"cut", from->facts().cut}, {"path", from->path()}});
  return from;
}

base::result<std::optional<checkpoint::snapshot>> job_engine::cut_to_begin_with() {
  auto from = WEIR_TRY(storage_->newest());
  if (from) base::fault_point("restore.snapshot_read");
  if (from || told_.place->base.empty()) return from;
  from = WEIR_TRY(checkpoint::open_snapshot(env_, told_.place->base));
  WEIR_TRY(from->verify());
  return from;
}

job_engine::memory_share job_engine::memory_told(const plan::plan& of) const {
  if (const auto& told = of.told->state.memory_bytes) return {*told, "state.memory"};
  auto most = base::memory_limit_of_process(env_.fs());
  return {most.bytes / 5 * 3, std::move(most.from)};
}

// Keyed state has what [state] memory says, or three fifths of what the process may use, without what may wait in queues.
base::result<void> job_engine::limit_memory(const plan::plan& of, job::options& how) {
  if (!has_state(of)) return {};
  const auto [bytes, from] = memory_told(of);
  // What waits in queues; what a fold of the cuts holds for a while; and what is there in any case.
  const std::uint64_t folds = told_.place ? fold_bytes(bytes) + fold_bytes(bytes) / 4 : 0;
  const std::uint64_t program = std::min(program_bytes, bytes / 4);
  how.memory.bytes = bytes - std::min(bytes / 2, queued_most(of, how.queue_bytes) + folds + program);
  if (of.told->state.backend == config::state_backend::rocksdb)
    how.memory.directory = base::join_path(told_.working_directory, std::to_string(++jobs_));
  log_.info("memory for keyed state",
            {{"bytes", how.memory.bytes}, {"of", bytes}, {"limit_from", from}, {"beyond", how.memory.directory}});
  return {};
}

void job_engine::drain() {
  drained_ = true;
  if (const auto job = now().job) job->drain();
}

void job_engine::stop() {
  stopped_ = true;
  if (const auto job = now().job) job->cancel();
}

void job_engine::savepoint(job::savepoint_wish what) {
  if (const auto job = now().job)
    job->savepoint(std::move(what));
  else
    what.done(base::host_error("the pipeline is not running yet", {}, base::retry::backoff));
}

base::result<void> job_engine::savepoint_of_end(const std::string& directory) {
  if (!storage_) return base::config_error("the pipeline has no [checkpoint] table: give it one to take savepoints");
  const auto cuts = WEIR_TRY(storage_->list());
  if (cuts.empty()) return base::host_error("the run ended before its first cut: there is nothing to keep");
  WEIR_TRY(storage_->make_savepoint(cuts.front().cut, directory));
  return {};
}

base::result<job::totals> job_engine::wait_for_job() {
  const auto job = now().job;
  while (!job->wait_for(look_at_bounds_us)) {
    look_at_ramp();
    look_at_bounds();
    tell_shadow(false);
  }
  return job->wait();
}

run_result job_engine::wait() {
  auto ended = wait_for_job();
  while (next_job(ended)) ended = wait_for_job();
  {
    const std::lock_guard lock(mutex_);
    shadow_ends("ended", ended ? "the pipeline has ended" : ended.why().text());
  }
  tell_shadow(true);
  run_result out;
  out.how = !ended ? run_end::failed : stopped_ ? run_end::stopped : drained_ ? run_end::drained : run_end::finished;
  if (!ended) out.why = std::move(ended).why();
  out.wall_seconds = static_cast<double>(env_.monotonic_ns() - began_ns_) / 1e9;
  const auto use = measure();
  out.cpu_seconds = static_cast<double>(use.cpu_ns) / 1e9;
  out.rss_bytes = use.rss_most_bytes;
  count(out);
  if (!ended) return out;
  out.records_in = ended->records_in;
  out.records_out = ended->records_out;
  out.late = ended->late;
  out.dead_letters = ended->dead_letters;
  for (auto& [id, sink] : out.sinks) {
    if (const auto found = ended->sinks.find(id); found != ended->sinks.end()) sink.figures = found->second;
  }
  return out;
}

// What holds for a failed run too.
void job_engine::count(run_result& out) const {
  const generation at = now();
  for (const auto& told : at.plan->told->nodes) {
    if (told.kind == config::node_kind::sink) out.sinks.emplace_back(told.id, sink_result{});
  }
  for (const auto& f : at.job->figures()) {
    const auto& n = at.plan->nodes[f.node];
    if (n.kind == plan::node_kind::source) out.records_in += f.records_out;
    out.late += f.late;
    out.dead_letters += f.dead_letters;
    out.skipped += f.skipped;
    if (n.kind != plan::node_kind::sink) continue;
    out.records_out += f.records_in;
    for (auto& [id, sink] : out.sinks) {
      if (id == n.id) sink.rows += f.records_in;
    }
  }
}

metric_snapshot job_engine::snapshot() {
  const generation at = now();
  metric_snapshot out;
  out.pipeline = at.plan->pipeline;
  out.started_at_us = started_at_us_;
  out.cpu_ns = measure().cpu_ns;
  out.rss_bytes = resident_bytes_now(env_);
  if (!at.job) return out;
  const auto now_us = env_.now_us();
  for (const auto& f : at.job->figures()) out.subtasks.push_back(metrics_of(*at.plan, f, now_us));
  if (told_.place) out.cuts = metrics_of(at.job->cuts(), now_us);
  const std::lock_guard lock(mutex_);
  if (shadow_) out.shadow = metrics_of(*shadow_);
  if (change_) out.canary = metrics_of_canary();
  return out;
}

std::optional<std::string> job_engine::not_ready_because() {
  const auto job = now().job;
  return job ? job->not_ready_because() : "the pipeline is starting";
}

silence job_engine::why_no_output() {
  const generation at = now();
  silence_facts facts{*at.plan, {}, {}, {}, 0, not_ready_because()};
  for (const plan::node& n : at.plan->nodes) facts.waits_for_time.push_back(waits_for_time(n));
  if (at.job) {
    const auto began_ns = env_.monotonic_ns();
    facts.before = at.job->figures();
    at.job->wait_for(look_us);
    facts.now = at.job->figures();
    facts.between_us = (env_.monotonic_ns() - began_ns) / 1000;
  }
  return explain(facts);
}

const weir_host& engine_host_table() { return job::host_table(); }
std::unique_ptr<engine> make_engine(plan::plan_ptr what, base::env& env, engine_options how) {
  return std::make_unique<job_engine>(std::move(what), env, std::move(how));
}

}  // namespace weir::control
