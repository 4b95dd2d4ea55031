#pragma once
// A pipeline as its file says it: typed, checked in itself (names, references, types of all keys that are weir's own),
// but not yet against its plugins: a component's `config` is still a raw table, ports other than "dead_letter" are
// unknown. `plan` goes on from here. Immutable; every part knows its place in the file.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "config/canary.hpp"
#include "config/location.hpp"
#include "config/value.hpp"

namespace weir::config {

/// An entry of the `plugin` table, or a plugin that a `uses` names without one (then it is searched by its name).
struct plugin_ref {
  std::string name;     ///< as `uses` says it
  std::string path;     ///< as written; empty: search the plugin directories for `search` and `version`
  std::string search;   ///< name to search for
  std::string version;  ///< "1.2": any 1.2.x; empty: the newest
  std::string abi;      ///< "0.1": the least it must speak; empty: not asked for
  std::string sha256;   ///< pin, 64 lower-case hexadecimal digits; empty: none
  bool implicit = false;
  location at;
};

/// "kafka.source": a component of a plugin.
struct component_ref {
  std::string plugin, component;
  location at;
  std::string text() const { return component.empty() ? plugin : plugin + "." + component; }
};

/// How bytes become columns (source) or columns bytes (sink). `format = "json"` is `format = { type = "json" }`; the
/// other keys are options of the decoder or encoder.
struct format_ref {
  component_ref uses;  ///< component empty: the plugin's only decoder (encoder)
  value config;        ///< the table without `type`
  location at;
};

enum class exchange_kind : std::uint8_t { forward, hash, rebalance, broadcast };
std::string_view name_of(exchange_kind kind);

struct exchange {
  exchange_kind kind = exchange_kind::forward;
  std::vector<std::string> key;  ///< column names; not empty exactly for hash
  std::vector<location> key_at;  ///< of each name
  location at;
};

/// One entry of `from`.
struct input {
  base::port_ref from;
  std::optional<config::exchange> exchange;  ///< nullopt: forward when parallelism allows, else rebalance
  location at;
};

enum class error_policy : std::uint8_t { fail, skip, dead_letter };
std::string_view name_of(error_policy policy);

struct watermark {
  std::string field;  ///< column; empty: the source's own event times
  location field_at;
  std::int64_t out_of_orderness_us = 0;
  std::optional<std::int64_t> idle_after_us;
  std::int64_t emit_interval_us = 200'000;
  std::string align_group;
  std::optional<std::int64_t> max_drift_us;
  location at;
};

struct trace_mapping {
  std::string trace_id, source_id;  ///< columns; empty: made by the host
  location trace_id_at, source_id_at, at;
};

enum class node_kind : std::uint8_t { source, transform, sink };
std::string_view name_of(node_kind kind);  ///< "source", "operator", "sink": as in the file

struct node {
  node_kind kind = node_kind::transform;
  std::string id;
  std::string was;  ///< its id in older snapshots; empty: the same
  component_ref uses;
  std::vector<input> inputs;  ///< none of a source
  std::uint32_t parallelism = 1;
  bool chain = true;  ///< false: a queue on both sides of it, a thread of its own
  /// Explicit, or dead_letter when somebody reads the port, else fail.
  error_policy on_error = error_policy::fail;
  value config;  ///< a table, perhaps empty, to be validated against the component's options
  std::optional<format_ref> format;
  std::optional<config::watermark> watermark;
  std::optional<trace_mapping> trace;
  location at;     ///< of the [[...]] table
  location id_at;  ///< of the id
};

enum class checkpoint_mode : std::uint8_t { exactly_once, at_least_once };

struct checkpoint {
  bool enabled = false;  ///< there is a [checkpoint] table
  std::int64_t interval_us = 10'000'000;
  checkpoint_mode mode = checkpoint_mode::exactly_once;
  std::int64_t timeout_us = 600'000'000;
  std::int64_t min_pause_us = 0;
  std::uint32_t retained = 3;
  bool retain_on_cancel = true;
  bool incremental = true;
  std::int64_t aligned_timeout_us = 0;
  std::uint32_t tolerable_failures = 0;
  std::string storage;            ///< URL; empty: below the pipeline's state directory
  std::string savepoint_storage;  ///< URL; empty: as storage
  location at;
};

enum class restart_strategy : std::uint8_t { exponential_delay, fixed_delay, failure_rate, none };
std::string_view name_of(restart_strategy strategy);

struct restart {
  restart_strategy strategy = restart_strategy::exponential_delay;
  // exponential-delay
  std::int64_t initial_backoff_us = 1'000'000, max_backoff_us = 60'000'000;
  double multiplier = 1.5;
  std::int64_t reset_after_us = 3'600'000'000;
  double jitter = 0.1;
  // fixed-delay
  std::uint32_t attempts = 1;
  // failure-rate
  std::uint32_t max_failures = 1;
  std::int64_t interval_us = 60'000'000;
  // fixed-delay, failure-rate
  std::int64_t delay_us = 1'000'000;
  /// Crashes of one operator within an hour, after which its records are tried one by one; 0: never.
  std::uint32_t isolate_after = 2;
  location at;
};

/// Changes of the running pipeline, and when they are taken back.
struct swap {
  std::int64_t probation_us = 0;  ///< 0: until the next checkpoint
  config::canary canary;          ///< of `weir swap`, where nothing else is said
  std::optional<double> max_error_ratio, max_slowdown, min_output_ratio;
  std::optional<std::uint64_t> max_memory_growth;  ///< bytes
  std::vector<std::string> invariants;             ///< node ids
  std::vector<location> invariants_at;
  location at;
};

enum class state_backend : std::uint8_t { rocksdb, memory };

struct state {
  state_backend backend = state_backend::rocksdb;
  std::optional<std::uint64_t> memory_bytes;  ///< nullopt: from the cgroup
  std::string directory;                      ///< empty: chosen by the host
  location at;
};

struct limits {
  std::uint32_t batch_rows = 1024;            ///< the most rows of one batch
  std::uint64_t queue_bytes = 4 << 20;        ///< of one channel between two subtasks
  std::int64_t hang_timeout_us = 60'000'000;  ///< of one call into a plugin; 0: for ever
  location at;
};

struct pipeline {
  std::string name;
  std::string file;  ///< as given by the person; relative paths in it are relative to its directory
  std::uint32_t parallelism = 1;
  std::uint32_t max_parallelism = 128;  ///< = key groups
  bool deterministic = false;           ///< rows wait for the watermark and come in an order that depends on them alone
  std::int64_t deterministic_step_us = 1'000'000;
  bool trace = false;               ///< batches carry trace columns: asked for, or a source maps them
  std::vector<plugin_ref> plugins;  ///< every plugin that a node uses, once
  config::checkpoint checkpoint;
  config::restart restart;
  config::swap swap;
  config::state state;
  config::limits limits;
  std::vector<node> nodes;                       ///< in the order of the file, sources, operators, sinks
  std::optional<std::string> dead_letters_sink;  ///< reads every dead_letter port that nobody else reads
  location dead_letters_at;

  const node* find(std::string_view id) const;
  const plugin_ref* find_plugin(std::string_view plugin_name) const;
};

}  // namespace weir::config
