#include "base/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <mutex>

#include "base/log_line.hpp"
#include "base/text.hpp"

namespace weir::base {
namespace {

struct logging {
  std::mutex mutex;  // guards sink calls and the exchange of the options
  std::shared_ptr<spdlog::logger> out;
  std::function<void(std::string_view)> sink;
  env* clock = nullptr;
  bool as_json = true;
  std::atomic<log_level> level{log_level::info};
};

logging& state() {
  static logging* l = [] {  // never destroyed: a thread may log while the process ends
    auto* fresh = new logging;
    fresh->as_json = ::isatty(STDERR_FILENO) == 0;
    return fresh;
  }();
  return *l;
}

spdlog::level::level_enum to_spdlog(log_level level) { return static_cast<spdlog::level::level_enum>(level); }

}  // namespace

std::string_view name_of(log_level level) {
  constexpr std::string_view names[] = {"trace", "debug", "info", "warn", "error", "off"};
  return names[static_cast<int>(level)];
}

result<log_level> parse_log_level(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(log_level::off); ++i)
    if (name_of(static_cast<log_level>(i)) == text) return static_cast<log_level>(i);
  return config_error(cat(quoted(text, 40), " is not a log level: use trace, debug, info, warn, error or off"));
}

result<log_format> parse_log_format(std::string_view text) {
  if (text == "auto") return log_format::automatic;
  if (text == "json") return log_format::json;
  if (text == "text") return log_format::text;
  return config_error(cat(quoted(text, 40), " is not a log format: use auto, json or text"));
}

void configure_logging(log_options options) {
  logging& l = state();
  const std::lock_guard lock(l.mutex);
  l.level = options.level;
  l.clock = options.clock;
  l.sink = std::move(options.sink);
  l.as_json = options.format == log_format::json ||
              (options.format == log_format::automatic && (l.sink || ::isatty(STDERR_FILENO) == 0));
}

void set_log_level(log_level level) { state().level = level; }

bool log_enabled(log_level level) noexcept { return level >= state().level.load(std::memory_order_relaxed); }

void logger::log(log_level level, std::string_view message, std::span<const log_field> fields) const {
  if (!log_enabled(level) || level == log_level::off) return;
  logging& l = state();
  const std::lock_guard lock(l.mutex);
  const std::int64_t now_us = (l.clock ? *l.clock : real_env()).now_us();
  const std::string line = l.as_json ? json_log_line(now_us, level, tags_, message, fields)
                                     : text_log_line(now_us, level, tags_, message, fields);
  if (l.sink) return l.sink(line);
  if (!l.out) {
    l.out = std::make_shared<spdlog::logger>("weir", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    l.out->set_pattern("%v");
    l.out->set_level(spdlog::level::trace);
    l.out->flush_on(spdlog::level::trace);
  }
  l.out->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

void logger::error(const base::error& why, std::initializer_list<log_field> f) const {
  std::vector<log_field> fields(f);
  if (!why.where.empty()) fields.emplace_back("where", why.where);
  fields.emplace_back("blame", name_of(why.by));
  fields.emplace_back("retry", name_of(why.how));
  log(log_level::error, why.what, std::span<const log_field>(fields));
}

}  // namespace weir::base
