#pragma once
// Log lines: one JSON object a line on stderr, or a form for people when stderr is a terminal. Values can never end or
// forge a line: control characters, ANSI escapes and line separators are escaped. Lines are for events; a per-record
// event goes through a log_limiter.
//
//   logger log({.room = "exchange", .pipeline = "desk-risk", .operator_id = "exposure", .subtask = 3});
//   log.warn("channel is full", {{"queued_bytes", bytes}, {"trace_id", id}});
//
// warn = recovered, nothing lost; error = somebody must act.
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/env.hpp"

namespace weir::base {

enum class log_level : std::uint8_t { trace, debug, info, warn, error, off };
std::string_view name_of(log_level level);
result<log_level> parse_log_level(std::string_view text);

enum class log_format : std::uint8_t {
  automatic,  ///< text when stderr is a terminal, else json
  json,
  text,
};
result<log_format> parse_log_format(std::string_view text);

/// A free field of a line: a key in snake_case and a value. Views live until the call returns.
struct log_field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;

  log_field(std::string_view k, std::string_view v) : key(k), value(v) {}
  log_field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  log_field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  log_field(std::string_view k, bool v) : key(k), value(v) {}
  log_field(std::string_view k, double v) : key(k), value(v) {}
  template <std::signed_integral T>
  log_field(std::string_view k, T v) : key(k), value(std::int64_t{v}) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) log_field(std::string_view k, T v) : key(k), value(std::uint64_t{v}) {}
};

/// Who speaks; empty parts are left out of the line.
struct log_tags {
  std::string room;
  std::string pipeline;
  std::string operator_id;
  int subtask = -1;
  std::string plugin;
  std::string version;  ///< of the plugin
};

/// What all loggers of the process share.
struct log_options {
  log_level level = log_level::info;
  log_format format = log_format::automatic;
  env* clock = nullptr;  ///< for `ts`; null: the real one. Must outlive logging.
  /// Instead of stderr, for tests: gets each line without its newline, one call at a time.
  std::function<void(std::string_view)> sink;
};
/// Replaces the options. Once at the start of the process (or a test), before other threads log.
void configure_logging(log_options options);
/// Changes the level of the running process. [any] thread.
void set_log_level(log_level level);
bool log_enabled(log_level level) noexcept;

/// Cheap to copy around a task; immutable. [any] thread, concurrently. A line that cannot be written is dropped, never
/// an error.
class logger {
 public:
  logger() = default;
  explicit logger(log_tags tags) : tags_(std::move(tags)) {}
  const log_tags& tags() const { return tags_; }

  void log(log_level level, std::string_view message, std::span<const log_field> fields) const;
  void log(log_level level, std::string_view message, std::initializer_list<log_field> fields = {}) const {
    log(level, message, std::span<const log_field>(fields.begin(), fields.size()));
  }
  void trace(std::string_view m, std::initializer_list<log_field> f = {}) const { log(log_level::trace, m, f); }
  void debug(std::string_view m, std::initializer_list<log_field> f = {}) const { log(log_level::debug, m, f); }
  void info(std::string_view m, std::initializer_list<log_field> f = {}) const { log(log_level::info, m, f); }
  void warn(std::string_view m, std::initializer_list<log_field> f = {}) const { log(log_level::warn, m, f); }
  void error(std::string_view m, std::initializer_list<log_field> f = {}) const { log(log_level::error, m, f); }
  /// An error with its what, where, blame and retry as fields.
  void error(const base::error& why, std::initializer_list<log_field> f = {}) const;

 private:
  log_tags tags_;
};

/// Lets the first `burst` events of each interval through and counts the rest. One thread at a time.
class log_limiter {
 public:
  explicit log_limiter(std::uint32_t burst = 10, std::int64_t interval_ns = 60'000'000'000)
      : burst_(burst), interval_ns_(interval_ns) {}

  struct verdict {
    bool emit = false;
    std::uint64_t suppressed =
        0;  ///< how many were held back since the last one that was let through; add it as a field
  };
  /// `now_ns` is env::monotonic_ns().
  verdict ask(std::int64_t now_ns) noexcept {
    if (!started_ || now_ns - since_ns_ >= interval_ns_) {
      started_ = true;
      since_ns_ = now_ns;
      used_ = 0;
    }
    if (used_ < burst_) {
      ++used_;
      return {true, std::exchange(suppressed_, 0)};
    }
    ++suppressed_;
    return {false, 0};
  }
  /// Held back and not yet reported; for a last line at the end.
  std::uint64_t pending() const noexcept { return suppressed_; }

 private:
  std::uint32_t burst_;
  std::int64_t interval_ns_;
  std::int64_t since_ns_ = 0;
  std::uint32_t used_ = 0;
  std::uint64_t suppressed_ = 0;
  bool started_ = false;
};

}  // namespace weir::base
