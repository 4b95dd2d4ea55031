// The engine of host/job behind the interface of `weir run`: starts it, measures the process, turns its figures into a
// result and into metrics.
#include "control/engine.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>

#include "base/fault_point.hpp"
#include "base/log.hpp"
#include "base/memory_limit.hpp"
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

// Resident pages now; the second number of /proc/self/statm.
std::uint64_t resident_bytes(base::env& env) {
  auto text = env.fs().read_whole("/proc/self/statm", 4096);
  if (!text) return 0;
  const auto space = text->find(' ');
  return space == std::string::npos ? 0 : std::strtoull(text->c_str() + space, nullptr, 10) * 4096;
}

// Between the two looks at a pipeline that is asked why it gives nothing out: a slow one must have time to do something.
constexpr std::int64_t look_us = 1'000'000;

class job_engine final : public engine {
 public:
  job_engine(plan::plan_ptr what, base::env& env, engine_options told)
      : plan_(std::move(what)), env_(env), told_(std::move(told)), started_at_us_(env.now_us()) {}

  ~job_engine() override {
    running_.store(nullptr);
    job_.reset();  // its state deletes its own files first
    if (!working_.empty()) base::permit_unchecked(env_.fs().remove_tree(working_), "scratch: the next run empties it");
  }

  base::result<void> start() override {
    job::options how;
    how.queue_bytes = plan_->told->limits.queue_bytes;
    how.batch_rows = plan_->told->limits.batch_rows;
    if (told_.place) WEIR_TRY(open_checkpoints(how));
    how.suspected = told_.suspected;
    WEIR_TRY(limit_memory(how));
    began_ns_ = env_.monotonic_ns();
    job_ = WEIR_TRY(job::job::make(plan_, how, env_));
    if (how.restore) base::fault_point("restore.handed_out");
    job_->start();
    running_.store(job_.get());
    // A signal may have come between the making and the start.
    if (stopped_.load()) {
      job_->cancel();
    } else if (drained_.load()) {
      job_->drain();
    }
    return {};
  }

  void savepoint(std::string directory, std::function<void(base::result<checkpoint::cut_info>)> done) override {
    if (auto* j = running_.load())
      j->savepoint(std::move(directory), std::move(done));
    else
      done(base::host_error("the pipeline is not running yet", {}, base::retry::backoff));
  }

  base::result<void> savepoint_of_end(const std::string& directory) override {
    if (!storage_)
      return base::config_error("the pipeline has no [checkpoint] table: give it one to take savepoints");
    const auto cuts = WEIR_TRY(storage_->list());
    if (cuts.empty()) return base::host_error("the run ended before its first cut: there is nothing to keep");
    WEIR_TRY(storage_->make_savepoint(cuts.front().cut, directory));
    return {};
  }

  void drain() override {
    drained_ = true;
    if (auto* j = running_.load()) j->drain();
  }
  void stop() override {
    stopped_ = true;
    if (auto* j = running_.load()) j->cancel();
  }

  run_result wait() override {
    auto ended = job_->wait();
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

  metric_snapshot snapshot() override {
    metric_snapshot out;
    out.pipeline = plan_->pipeline;
    out.started_at_us = started_at_us_;
    out.cpu_ns = measure().cpu_ns;
    out.rss_bytes = resident_bytes(env_);
    auto* j = running_.load();
    if (!j) return out;
    const auto now = env_.now_us();
    for (const auto& f : j->figures()) out.subtasks.push_back(metrics_of(f, now));
    if (told_.place) out.cuts = metrics_of(j->cuts(), now);
    return out;
  }

  std::optional<std::string> not_ready_because() override {
    auto* j = running_.load();
    return j ? j->not_ready_because() : "the pipeline is starting";
  }

  silence why_no_output() override {
    silence_facts facts{*plan_, {}, {}, {}, 0, not_ready_because()};
    for (const plan::node& n : plan_->nodes) facts.waits_for_time.push_back(waits_for_time(n));
    if (auto* j = running_.load()) {
      const auto began_ns = env_.monotonic_ns();
      facts.before = j->figures();
      j->wait_for(look_us);
      facts.now = j->figures();
      facts.between_us = (env_.monotonic_ns() - began_ns) / 1000;
    }
    return explain(facts);
  }

 private:
  // Keyed state has what [state] memory says, or three fifths of what the process may use, without what may wait in queues.
  base::result<void> limit_memory(job::options& how) {
    if (!has_state()) return {};
    const config::state& told = plan_->told->state;
    std::string from = "state.memory";
    std::uint64_t bytes = 0;
    if (told.memory_bytes) {
      bytes = *told.memory_bytes;
    } else {
      auto most = base::memory_limit_of_process(env_.fs());
      bytes = most.bytes / 5 * 3;
      from = std::move(most.from);
    }
    const std::uint64_t queues = std::min(bytes / 2, queued_most(how.queue_bytes));
    how.memory.bytes = bytes - queues;
    if (told.backend == config::state_backend::rocksdb) {
      WEIR_TRY(env_.fs().remove_tree(told_.working_directory));
      how.memory.directory = told_.working_directory;
      working_ = told_.working_directory;
    }
    base::logger({.room = "control", .pipeline = plan_->pipeline})
        .info("memory for keyed state", {{"bytes", how.memory.bytes}, {"of", bytes}, {"limit_from", from}, {"beyond", how.memory.directory}});
    return {};
  }
  bool has_state() const {
    return std::any_of(plan_->nodes.begin(), plan_->nodes.end(), [](const plan::node& n) {
      return n.binding && (!n.binding->states().empty() || !n.binding->timers().empty());
    });
  }
  std::uint64_t queued_most(std::uint64_t one) const {
    std::uint64_t channels = 0;
    for (const plan::node& n : plan_->nodes)
      for (const plan::input& in : n.inputs)
        if (!in.chained)
          channels += in.exchange == plan::exchange_kind::forward
                          ? n.parallelism
                          : std::uint64_t{n.parallelism} * plan_->nodes[in.from_node].parallelism;
    return channels * one;
  }

  base::result<void> open_checkpoints(job::options& how) {
    const config::checkpoint& told = plan_->told->checkpoint;
    storage_ = WEIR_TRY(checkpoint::storage::open(env_, {.directory = told_.place->checkpoints,
                                                         .pipeline = plan_->pipeline,
                                                         .key_groups = plan_->key_groups,
                                                         .retained = told.retained,
                                                         .weir_version = version_text}));
    how.storage = storage_.get();
    how.restore = WEIR_TRY(storage_->newest());
    if (how.restore) base::fault_point("restore.snapshot_read");
    if (!how.restore && !told_.place->base.empty()) {
      how.restore = WEIR_TRY(checkpoint::open_snapshot(env_, told_.place->base));
      WEIR_TRY(how.restore->verify());
    }
    how.cuts = {told.interval_us, told.timeout_us, told.min_pause_us, told.tolerable_failures,
                told.aligned_timeout_us, told.mode == config::checkpoint_mode::exactly_once, told.incremental};
    how.allow_dropped_state = told_.allow_dropped_state;
    how.still_mine = [right = told_.place->right] { return right.still_mine(); };
    const base::logger log({.room = "control", .pipeline = plan_->pipeline});
    if (how.restore)
      log.info("state is restored", {{"cut", how.restore->facts().cut}, {"path", how.restore->path()}});
    return {};
  }

  // What holds for a failed run too.
  void count(run_result& out) const {
    for (const auto& told : plan_->told->nodes) {
      if (told.kind == config::node_kind::sink) out.sinks.emplace_back(told.id, sink_result{});
    }
    for (const auto& f : job_->figures()) {
      const auto& n = plan_->nodes[f.node];
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

  subtask_metrics metrics_of(const job::subtask_figures& f, std::int64_t now_us) const {
    const auto& n = plan_->nodes[f.node];
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
    m.head = plan_->chains[n.chain].nodes.front() == f.node;
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
    }
    return m;
  }

  static cut_metrics metrics_of(const job::cut_figures& c, std::int64_t now_us) {
    const auto since = [&](std::int64_t at_us) { return std::max<std::int64_t>(0, now_us - at_us); };
    cut_metrics m;
    m.completed = c.completed;
    m.failed = c.failed;
    if (c.completed > 0) {
      m.last_duration_us = c.last_duration_us;
      m.last_bytes = c.last_bytes;
    }
    if (c.last_complete_at_us >= 0) m.age_us = since(c.last_complete_at_us);
    if (c.in_work_since_us >= 0) m.in_work_us = since(c.in_work_since_us);
    return m;
  }

  // Operators that do something when the event-time clock moves.
  static bool waits_for_time(const plan::node& n) {
    if (const weir_operator* op = n.component->operation(); op && WEIR_HAS(op, weir_operator, on_watermark)) return true;
    const auto& timers = n.binding->timers();
    return std::any_of(timers.begin(), timers.end(),
                       [](const auto& t) { return t.time_kind == WEIR_TIMER_EVENT_TIME; });
  }

  const plan::plan_ptr plan_;
  base::env& env_;
  const engine_options told_;
  const std::int64_t started_at_us_;
  std::int64_t began_ns_ = 0;
  std::atomic<bool> drained_{false}, stopped_{false};
  std::unique_ptr<checkpoint::storage> storage_;  // outlives the job
  std::string working_;  // empty: none
  std::unique_ptr<job::job> job_;
  std::atomic<job::job*> running_{nullptr};  // job_, for other threads, once it runs
};

}  // namespace

const weir_host& engine_host_table() { return job::host_table(); }
std::unique_ptr<engine> make_engine(plan::plan_ptr what, base::env& env, engine_options how) {
  return std::make_unique<job_engine>(std::move(what), env, std::move(how));
}

}  // namespace weir::control
