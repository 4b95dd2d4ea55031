#include "config/pipeline_options.hpp"

#include "config/pipeline.hpp"

namespace weir::config {
namespace {

using enum option_type;
constexpr std::int64_t second = 1'000'000, day = 86'400 * second;

std::vector<option> checkpoint_options() {
  return {
      {.name = "interval",
       .type = duration,
       .fallback = "10s",
       .doc = "Time between two checkpoints.",
       .least = 10'000},
      {.name = "mode",
       .type = enumeration,
       .fallback = "exactly-once",
       .doc = "What a restart guarantees: every record counts once, or at least once.",
       .values = {"exactly-once", "at-least-once"}},
      {.name = "timeout",
       .type = duration,
       .fallback = "10m",
       .doc = "A checkpoint that takes longer is given up.",
       .least = 1000},
      {.name = "min_pause",
       .type = duration,
       .fallback = "0s",
       .doc = "The least time between the end of one checkpoint and the start of the next.",
       .least = 0},
      {.name = "retained",
       .type = integer,
       .fallback = "3",
       .doc = "Complete checkpoints that are kept.",
       .least = 1,
       .most = 1000},
      {.name = "on_cancel",
       .type = enumeration,
       .fallback = "retain",
       .doc = "What happens to the checkpoints when the pipeline is stopped in order (a signal, weir stop) without a "
              "savepoint. retain: "
              "the next run goes on from them; delete: it starts afresh.",
       .values = {"retain", "delete"}},
      {.name = "incremental",
       .type = boolean,
       .fallback = "true",
       .doc = "Write only what changed since the last checkpoint."},
      {.name = "aligned_timeout",
       .type = duration,
       .fallback = "0s",
       .doc = "How long a barrier waits behind queued batches before it overtakes them.",
       .least = 0},
      {.name = "tolerable_failures",
       .type = integer,
       .fallback = "0",
       .doc = "Failed checkpoints in a row that do not restart the pipeline.",
       .least = 0,
       .most = 1'000'000},
      {.name = "storage",
       .type = string,
       .doc = "Where checkpoints are kept, as a URL: file:///var/lib/weir/desk-risk."},
      {.name = "savepoint_storage",
       .type = string,
       .doc = "Where savepoints are written, as a URL; the checkpoint storage when not given."},
  };
}

std::vector<option> restart_options() {
  return {
      {.name = "strategy",
       .type = enumeration,
       .fallback = "exponential-delay",
       .doc = "How the pipeline is restarted after a failure.",
       .values = {"exponential-delay", "fixed-delay", "failure-rate", "none"}},
      {.name = "initial_backoff",
       .type = duration,
       .fallback = "1s",
       .doc = "exponential-delay: wait before the first restart.",
       .least = 1000},
      {.name = "max_backoff",
       .type = duration,
       .fallback = "1m",
       .doc = "exponential-delay: the longest wait.",
       .least = 1000},
      {.name = "multiplier",
       .type = floating,
       .fallback = "1.5",
       .doc = "exponential-delay: how much longer each wait is.",
       .least = 1,
       .most = 100},
      {.name = "reset_after",
       .type = duration,
       .fallback = "1h",
       .doc = "exponential-delay: a run of this length makes the next wait short again.",
       .least = 0},
      {.name = "jitter",
       .type = floating,
       .fallback = "0.1",
       .doc = "exponential-delay: the random part of a wait, 0 to 1.",
       .least = 0,
       .most = 1},
      {.name = "attempts",
       .type = integer,
       .fallback = "1",
       .doc = "fixed-delay: restarts before giving up.",
       .least = 0,
       .most = 1'000'000'000},
      {.name = "delay",
       .type = duration,
       .fallback = "1s",
       .doc = "fixed-delay, failure-rate: wait before a restart.",
       .least = 0},
      {.name = "max_failures",
       .type = integer,
       .fallback = "1",
       .doc = "failure-rate: failures within the interval before giving up.",
       .least = 1,
       .most = 1'000'000'000},
      {.name = "interval", .type = duration, .fallback = "1m", .doc = "failure-rate: the interval.", .least = 1000},
      {.name = "isolate_after",
       .type = integer,
       .fallback = "2",
       .doc =
           "Crashes of one operator within an hour after which its records are tried one by one, to send the one that "
           "crashes it to dead letters; 0: never.",
       .least = 0,
       .most = 1'000'000},
  };
}

std::vector<option> swap_options() {
  return {
      {.name = "probation",
       .type = string,
       .fallback = "next-checkpoint",
       .doc = "How long a new version can be taken back without a trace: \"next-checkpoint\", or a time such as "
              "\"2m\", in "
              "which no checkpoint is made and exactly-once sinks show nothing."},
      {.name = "canary",
       .type = string,
       .fallback = "none",
       .doc =
           "Shares of the key groups that a new version serves one after the other, such as \"5%,25%,100%\"; each is a "
           "probation of its own. \"none\": all at once."},
      {.name = "canary_step",
       .type = string,
       .fallback = "1",
       .doc = "How long each share is served: a number of checkpoints, or a time such as \"10m\"."},
      {.name = "max_error_ratio",
       .type = floating,
       .doc = "Dead letters of the new version, as a part of its records, above which the old one comes back; off when "
              "not "
              "given.",
       .least = 0,
       .most = 1},
      {.name = "max_slowdown",
       .type = floating,
       .doc = "How many times the old version's time for a record the new one may take; off when not given.",
       .least = 1},
      {.name = "min_output_ratio",
       .type = floating,
       .doc = "The least that the new version must give out for a record, as a part of what the old one gave; off when "
              "not "
              "given.",
       .least = 0,
       .most = 1},
      {.name = "max_memory_growth",
       .type = bytes,
       .doc = "How much more memory the process may use since the new version came; off when not given.",
       .least = 1},
      {.name = "invariant",
       .type = list,
       .element = string,
       .doc = "Operators that give out a row only when something is wrong: one row on probation brings the old version "
              "back."},
  };
}

std::vector<option> state_options() {
  return {
      {.name = "backend",
       .type = enumeration,
       .fallback = "rocksdb",
       .doc = "Where state goes that does not fit into memory; memory: nowhere, the pipeline stops instead.",
       .values = {"rocksdb", "memory"}},
      {.name = "memory",
       .type = bytes,
       .doc = "Memory for all keyed state and for what waits in queues; by default three fifths of what the control "
              "group or the "
              "machine has.",
       .least = 16 << 20},
      {.name = "directory",
       .type = string,
       .doc = "Directory for working files; one below the host's state directory when not given."},
  };
}

std::vector<option> limits_options() {
  return {
      {.name = "batch_rows",
       .type = integer,
       .fallback = "1024",
       .doc = "The most rows of one batch; 1 for the least latency.",
       .least = 1,
       .most = 65536},
      {.name = "queue_bytes",
       .type = bytes,
       .fallback = "4MiB",
       .doc = "Bytes that may wait between two subtasks before the sender is held back.",
       .least = 4096,
       .most = std::int64_t{1} << 40},
      {.name = "hang_timeout",
       .type = duration,
       .fallback = "1m",
       .doc =
           "A call into a plugin that takes longer is taken for hung: the worker ends and names it; 0 waits for ever.",
       .least = 0,
       .most = 30 * day},
  };
}

std::vector<option> dead_letters_options() {
  return {{.name = "sink",
           .type = string,
           .doc = "Id of the sink that gets every dead letter whose port nobody else reads.",
           .required = true}};
}

std::vector<option> watermark_options() {
  return {
      {.name = "field",
       .type = string,
       .doc = "Column that holds the event time; the source's own time when not given."},
      {.name = "out_of_orderness",
       .type = duration,
       .doc = "How much later than a newer record a record may come.",
       .required = true,
       .least = 0,
       .most = 3650 * day},
      {.name = "idle_after",
       .type = duration,
       .doc = "A split without records for this long no longer holds the watermark back.",
       .least = 1},
      {.name = "emit_interval",
       .type = duration,
       .fallback = "200ms",
       .doc = "Time between two watermarks.",
       .least = 0,
       .most = day},
      {.name = "align_group",
       .type = string,
       .doc = "Sources of one group do not run ahead of each other by more than max_drift."},
      {.name = "max_drift",
       .type = duration,
       .doc = "How far a split may run ahead of its align_group, in event time.",
       .least = 0},
  };
}

std::vector<option> trace_options() {
  return {
      {.name = "trace_id",
       .type = string,
       .doc = "Column that holds the trace id: 16 bytes, or 32 hexadecimal digits. A record without one gets an id "
              "made of its split and offset."},
      {.name = "source_id",
       .type = string,
       .doc = "Column that names the system a record comes from; the source's id when not given."},
  };
}

option id_option() {
  return {.name = "id",
          .type = string,
          .doc = "Its name in metrics, logs and state; other nodes refer to it.",
          .required = true};
}
option was_option() {
  return {.name = "was", .type = string, .doc = "Its id in older snapshots, after it was renamed."};
}
option uses_option() {
  return {.name = "uses",
          .type = string,
          .doc = "The component that does the work: \"plugin.component\".",
          .required = true};
}
option from_option() {
  return {.name = "from", .type = any, .doc = "What it reads: ids of nodes, or \"id:port\" for a side output."};
}
option exchange_option() {
  return {.name = "exchange", .type = any, .doc = "How records find a subtask: { kind = \"hash\", key = \"desk\" }."};
}
option parallelism_option() {
  return {.name = "parallelism",
          .type = integer,
          .doc = "Number of subtasks; the pipeline's when not given.",
          .least = 1,
          .most = 32768};
}
option chain_option() {
  return {.name = "chain",
          .type = boolean,
          .fallback = "true",
          .doc = "Whether it may share a thread with its neighbours; false puts a queue on both sides."};
}
option config_option() { return {.name = "config", .type = table, .doc = "Options of the component.", .open = true}; }
option format_option(const char* doc) { return {.name = "format", .type = any, .doc = doc}; }
option on_error_option() {
  return {.name = "on_error",
          .type = enumeration,
          .doc =
              "What happens with a record that cannot be processed; dead_letter when its dead_letter port is read, "
              "else fail.",
          .values = {"fail", "skip", "dead_letter"}};
}

std::vector<option> source_options() {
  return {id_option(),
          was_option(),
          uses_option(),
          format_option("How bytes become columns: \"json\", or { type = \"json\", ... } with options."),
          {.name = "watermark", .type = table, .doc = "Event time of the records.", .nested = watermark_options()},
          {.name = "trace",
           .type = table,
           .doc = "Columns that follow a record through logs and dead letters.",
           .nested = trace_options()},
          parallelism_option(),
          chain_option(),
          on_error_option(),
          config_option()};
}

std::vector<option> operator_options() {
  return {id_option(),          was_option(),   uses_option(),     from_option(),  exchange_option(),
          parallelism_option(), chain_option(), on_error_option(), config_option()};
}

std::vector<option> sink_options() {
  return {id_option(),
          was_option(),
          uses_option(),
          from_option(),
          exchange_option(),
          format_option("How columns become bytes: \"json\", or { type = \"json\", ... } with options."),
          parallelism_option(),
          chain_option(),
          on_error_option(),
          config_option()};
}

std::vector<option> make_root_options() {
  return {
      {.name = "format",
       .type = integer,
       .doc = "Version of this file format: 1.",
       .required = true,
       .least = 1,
       .most = 1},
      {.name = "name", .type = string, .doc = "Name of the pipeline, unique on its host.", .required = true},
      {.name = "plugin", .type = any, .doc = "Plugins by the name that `uses` has for them."},
      {.name = "parallelism",
       .type = integer,
       .fallback = "1",
       .doc = "Subtasks of a node that does not say its own number.",
       .least = 1,
       .most = 32768},
      {.name = "max_parallelism",
       .type = integer,
       .fallback = "128",
       .doc = "Number of key groups, the most subtasks a keyed node can ever have; fixed with the first checkpoint.",
       .least = 1,
       .most = 32768},
      {.name = "trace",
       .type = boolean,
       .doc = "Whether trace_id and source_id follow each record; true when a source maps them."},
      {.name = "deterministic",
       .type = boolean,
       .fallback = "false",
       .doc = "Rows wait in front of each operator until the watermark has passed them, and come in the order of "
              "(event time, "
              "port, split, offset): the same input gives the same output at any parallelism and batch size, with "
              "failures or "
              "without. It costs latency up to the watermark, and memory for what waits."},
      {.name = "deterministic_step",
       .type = duration,
       .fallback = "1s",
       .doc = "Event time that is worked off at once in a deterministic pipeline: the rows of a step come before its "
              "timers. "
              "Part of the result: another step may give another order.",
       .least = 1'000},
      {.name = "checkpoint",
       .type = table,
       .doc = "Checkpoints; without this table there are none.",
       .nested = checkpoint_options()},
      {.name = "restart", .type = table, .doc = "What happens after a failure.", .nested = restart_options()},
      {.name = "swap",
       .type = table,
       .doc = "When a new version that came while the pipeline ran is taken back.",
       .nested = swap_options()},
      {.name = "state", .type = table, .doc = "Where keyed state lives.", .nested = state_options()},
      {.name = "limits", .type = table, .doc = "Bounds of batches and queues.", .nested = limits_options()},
      {.name = "dead_letters",
       .type = table,
       .doc = "Where records go that could not be processed.",
       .nested = dead_letters_options()},
      {.name = "source", .type = list, .element = table, .doc = "Where records come from.", .nested = source_options()},
      {.name = "operator",
       .type = list,
       .element = table,
       .doc = "What happens to records.",
       .nested = operator_options()},
      {.name = "sink", .type = list, .element = table, .doc = "Where records go.", .nested = sink_options()},
  };
}

}  // namespace

std::span<const option> root_options() {
  static const std::vector<option> options = make_root_options();
  return options;
}

std::span<const option> node_options(std::string_view name) {
  for (const option& o : root_options())
    if (o.name == name && o.type == option_type::list) return o.nested;
  return {};
}

std::span<const option> exchange_options() {
  static const std::vector<option> options = {
      {.name = "kind",
       .type = enumeration,
       .doc = "forward: one to one; hash: by key; rebalance: in turn; broadcast: all to all.",
       .values = {"forward", "hash", "rebalance", "broadcast"},
       .required = true},
      {.name = "key",
       .type = any,
       .doc = "hash: the column, or the list of columns, whose equal values meet in one subtask."},
  };
  return options;
}

std::span<const option> input_options() {
  static const std::vector<option> options = {
      {.name = "port", .type = string, .doc = "Id of a node, or \"id:port\".", .required = true},
      {.name = "exchange",
       .type = any,
       .doc = "How records of this input find a subtask; the node's `exchange` when not given."},
  };
  return options;
}

std::span<const option> plugin_options() {
  static const std::vector<option> options = {
      {.name = "path", .type = string, .doc = "Its file: a name below the plugin directories, or a path."},
      {.name = "name",
       .type = string,
       .doc = "Its own name, when it is searched by name and the pipeline calls it differently."},
      {.name = "version",
       .type = string,
       .doc = "The version to search for: \"1.2\" is any 1.2.x; the newest when not given."},
      {.name = "abi", .type = string, .doc = "The ABI that it must speak, \"major.minor\"."},
      {.name = "sha256", .type = string, .doc = "Pin: the file's SHA-256, 64 hexadecimal digits."},
  };
  return options;
}

}  // namespace weir::config
