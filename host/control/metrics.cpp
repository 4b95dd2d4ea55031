#include "control/metrics.hpp"

#include <charconv>
#include <functional>

#include "control/version.hpp"

namespace weir::control {
namespace {

std::string label_value(const std::string& of) {
  std::string out;
  for (char c : of) {
    if (c == '\\' || c == '"') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

std::string number(double v) {
  char buffer[64];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, v).ptr};
}

// Nanoseconds as seconds, with all digits: a double of a large counter would lose the small steps.
std::string seconds_of_ns(std::uint64_t ns) {
  auto text = std::to_string(ns / 1'000'000'000);
  auto part = std::to_string(ns % 1'000'000'000);
  return text + "." + std::string(9 - part.size(), '0') + part;
}

std::string seconds_of_us(std::int64_t us) { return number(static_cast<double>(us) / 1e6); }

using sample_text = std::function<std::optional<std::string>(const subtask_metrics&)>;

void family(std::string& out, const metric_snapshot& of, const char* name, const char* type, const char* help,
            const sample_text& value) {
  bool any = false;
  for (const auto& s : of.subtasks) {
    const auto v = value(s);
    if (!v) continue;
    if (!any) {
      out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
      any = true;
    }
    out += std::string(name) + "{pipeline=\"" + label_value(of.pipeline) + "\",operator=\"" +
           label_value(s.operator_id) + "\",subtask=\"" + std::to_string(s.subtask) + "\",plugin=\"" +
           label_value(s.plugin) + "\"} " + *v + "\n";
  }
}

void single(std::string& out, const char* name, const char* type, const char* help, const std::string& labels,
            const std::string& value) {
  out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n" + name + labels + " " +
         value + "\n";
}

void cuts(std::string& out, const cut_metrics& c, const std::string& labels) {
  single(out, "weir_checkpoint_completed_total", "counter", "Checkpoints and savepoints that became durable.", labels,
         std::to_string(c.completed));
  single(out, "weir_checkpoint_failed_total", "counter", "Checkpoints and savepoints that were given up.", labels,
         std::to_string(c.failed));
  if (c.last_duration_us)
    single(out, "weir_checkpoint_last_duration_seconds", "gauge",
           "How long the last complete one took, from its begin until it was durable.", labels,
           seconds_of_us(*c.last_duration_us));
  if (c.last_pause_us)
    single(out, "weir_checkpoint_last_pause_seconds", "gauge",
           "The longest that a subtask stood still for the last complete one.", labels,
           seconds_of_us(*c.last_pause_us));
  if (c.last_bytes)
    single(out, "weir_checkpoint_last_bytes", "gauge", "Bytes that the last complete one wrote.", labels,
           std::to_string(*c.last_bytes));
  if (c.age_us)
    single(out, "weir_checkpoint_age_seconds", "gauge",
           "Time since the last complete one, or since the one that was restored.", labels, seconds_of_us(*c.age_us));
  if (c.in_work_us)
    single(out, "weir_checkpoint_in_work_seconds", "gauge", "How long the one in work has taken so far.", labels,
           seconds_of_us(*c.in_work_us));
}

void shadow(std::string& out, const shadow_metrics& s, const std::string& pipeline) {
  const auto labels = "{pipeline=\"" + label_value(pipeline) + "\",operator=\"" + label_value(s.operator_id) +
                      "\",plugin=\"" + label_value(s.plugin) + "\"}";
  const auto count = [&](const char* name, const char* help, std::uint64_t value) {
    single(out, name, "counter", help, labels, std::to_string(value));
  };
  single(out, "weir_shadow_running", "gauge", "1 while a version runs beside the one that serves.", labels,
         s.state == "copying" || s.state == "comparing" ? "1" : "0");
  count("weir_shadow_rows_equal_total", "Rows that both versions gave out alike.", s.equal);
  count("weir_shadow_rows_different_total", "Rows that the versions gave out with other values.", s.different);
  count("weir_shadow_rows_missing_total", "Rows that the shadow did not give out.", s.missing);
  count("weir_shadow_rows_extra_total", "Rows that the shadow alone gave out.", s.extra);
}

void canary(std::string& out, const canary_metrics& c, const std::string& pipeline) {
  const auto labels = "pipeline=\"" + label_value(pipeline) + "\",operator=\"" + label_value(c.operator_id) +
                      "\",plugin=\"" + label_value(c.plugin) + "\"";
  single(out, "weir_canary_share", "gauge", "Share of the keys that the new version of the operator serves.",
         "{" + labels + "}", number(c.percent / 100));
  const auto count = [&](const char* name, const char* help, std::uint64_t canary_metrics::version::*field) {
    out += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " counter\n";
    for (const auto& [of, version] : {std::pair{&c.old, "old"}, std::pair{&c.now, "new"}})
      out += std::string(name) + "{" + labels + ",version=\"" + version + "\"} " + std::to_string(of->*field) + "\n";
  };
  count("weir_canary_records_in_total", "Rows that each version was given since the canary began.",
        &canary_metrics::version::records_in);
  count("weir_canary_records_out_total", "Rows that each version gave out since the canary began.",
        &canary_metrics::version::records_out);
  count("weir_canary_errors_total", "Rows that each version could not process since the canary began.",
        &canary_metrics::version::errors);
}

}  // namespace

std::string prometheus_text(const metric_snapshot& of) {
  std::string out;
  auto count = [&](const char* name, const char* help, std::uint64_t subtask_metrics::*field) {
    family(out, of, name, "counter", help, [=](const auto& s) { return std::optional(std::to_string(s.*field)); });
  };
  auto head_count = [&](const char* name, const char* help, std::uint64_t subtask_metrics::*field) {
    family(out, of, name, "counter", help,
           [=](const auto& s) { return s.head ? std::optional(std::to_string(s.*field)) : std::nullopt; });
  };
  auto time = [&](const char* name, const char* help, std::uint64_t subtask_metrics::*field) {
    family(out, of, name, "counter", help,
           [=](const auto& s) { return s.head ? std::optional(seconds_of_ns(s.*field)) : std::nullopt; });
  };
  auto gauge = [&](const char* name, const char* help, const sample_text& value) {
    family(out, of, name, "gauge", help, value);
  };

  using m = subtask_metrics;
  count("weir_task_records_in_total", "Records that came into the subtask.", &m::records_in);
  count("weir_task_records_out_total", "Records that went out of the subtask, all ports together.", &m::records_out);
  count("weir_task_bytes_in_total", "Bytes of column data that came into the subtask.", &m::bytes_in);
  count("weir_task_bytes_out_total", "Bytes of column data that went out of the subtask.", &m::bytes_out);
  count("weir_task_batches_in_total", "Batches that came into the subtask.", &m::batches_in);
  count("weir_task_batches_out_total", "Batches that went out of the subtask.", &m::batches_out);
  time("weir_task_busy_seconds_total", "Time the chain's thread spent working.", &m::busy_ns);
  time("weir_task_idle_seconds_total", "Time the chain's thread waited for input.", &m::idle_ns);
  time("weir_task_backpressured_seconds_total", "Time the chain's thread waited for room in a queue behind it.",
       &m::backpressured_ns);
  count("weir_task_late_records_total", "Records that came behind the watermark.", &m::late);
  count("weir_task_dead_letters_total", "Records that could not be processed, kept or not.", &m::dead_letters);
  count("weir_task_skipped_records_total",
        "Records that could not be processed and that nothing kept (on_error = skip).", &m::skipped);
  head_count("weir_exchange_pushed_batches_total",
             "Batches put into the queues in front of the subtask; minus popped: the depth.", &m::pushed_batches);
  head_count("weir_exchange_popped_batches_total", "Batches taken out of the queues in front of the subtask.",
             &m::popped_batches);
  head_count("weir_exchange_pushed_bytes_total",
             "Bytes put into the queues in front of the subtask; minus popped: the depth.", &m::pushed_bytes);
  head_count("weir_exchange_popped_bytes_total", "Bytes taken out of the queues in front of the subtask.",
             &m::popped_bytes);
  gauge("weir_task_watermark_timestamp_seconds", "The subtask's event-time clock, seconds since 1970.",
        [](const auto& s) { return s.watermark_us ? std::optional(seconds_of_us(*s.watermark_us)) : std::nullopt; });
  gauge("weir_task_event_time_lag_seconds", "Wall clock minus the newest event time that went out.", [](const auto& s) {
    return s.event_time_lag_us ? std::optional(seconds_of_us(*s.event_time_lag_us)) : std::nullopt;
  });
  gauge("weir_source_pending_records", "Records in the source's splits that are not read yet.", [](const auto& s) {
    return s.pending_records ? std::optional(std::to_string(*s.pending_records)) : std::nullopt;
  });

  gauge("weir_state_memory_bytes", "Keyed state and timers in memory.",
        [](const auto& s) { return s.state_bytes ? std::optional(std::to_string(*s.state_bytes)) : std::nullopt; });
  gauge("weir_state_entries", "Entries of keyed state and timers.",
        [](const auto& s) { return s.state_entries ? std::optional(std::to_string(*s.state_entries)) : std::nullopt; });
  gauge("weir_state_disk_entries", "Of these, those on disk because memory has no room.", [](const auto& s) {
    return s.state_entries_on_disk ? std::optional(std::to_string(*s.state_entries_on_disk)) : std::nullopt;
  });
  gauge("weir_state_converting_entries",
        "Of these, those still in the form of an older version, converted while rows flow.", [](const auto& s) {
          return s.state_entries_converting ? std::optional(std::to_string(*s.state_entries_converting)) : std::nullopt;
        });

  if (of.cuts) cuts(out, *of.cuts, "{pipeline=\"" + label_value(of.pipeline) + "\"}");
  if (of.shadow) shadow(out, *of.shadow, of.pipeline);
  if (of.canary) canary(out, *of.canary, of.pipeline);
  single(out, "weir_build_info", "gauge", "Always 1; the version is the label.",
         "{pipeline=\"" + label_value(of.pipeline) + "\",version=\"" + label_value(version_text) + "\"}", "1");
  single(out, "process_resident_memory_bytes", "gauge", "Resident memory of the process.", "",
         std::to_string(of.rss_bytes));
  single(out, "process_cpu_seconds_total", "counter", "CPU time of the process, user and system.", "",
         seconds_of_ns(of.cpu_ns));
  single(out, "process_start_time_seconds", "gauge", "When the process started, seconds since 1970.", "",
         seconds_of_us(of.started_at_us));
  return out;
}

}  // namespace weir::control
