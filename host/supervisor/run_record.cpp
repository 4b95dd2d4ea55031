#include "supervisor/run_record.hpp"

#include <nlohmann/json.hpp>

#include "base/cat.hpp"

namespace weir::supervisor {
namespace {

constexpr std::uint64_t record_format = 1;
constexpr std::uint64_t most_record_bytes = 1 << 20;

base::error damaged(std::string_view how) {
  return base::host_error(base::cat("it is damaged (", how, "): start with --fresh, or name a cut with --from"));
}

}  // namespace

std::string_view name_of(run_status status) {
  switch (status) {
    case run_status::running:
      return "running";
    case run_status::finished:
      return "finished";
    case run_status::stopped:
      return "stopped";
    case run_status::failed:
      return "failed";
    case run_status::cancelled:
      return "cancelled";
  }
  return "";
}

std::string to_json(const run_record& of) {
  nlohmann::ordered_json j;
  j["format"] = record_format;
  j["pipeline"] = of.pipeline;
  j["file"] = of.file;
  j["status"] = name_of(of.status);
  j["run"] = of.run;
  j["generation"] = of.generation;
  j["pid"] = of.pid;
  j["started_at_us"] = of.started_at_us;
  j["fingerprint"] = of.fingerprint;
  j["base"] = of.base;
  return j.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

base::result<run_record> parse_run_record(std::string_view json) {
  const auto j = nlohmann::json::parse(json, nullptr, false);
  if (j.is_discarded() || !j.is_object()) return damaged("no JSON object");
  bool whole = true;
  const auto find = [&](const char* key, auto type) -> const nlohmann::json* {
    const auto at = j.find(key);
    if (at != j.end() && type(*at)) return &*at;
    whole = false;
    return nullptr;
  };
  const auto text = [&](const char* key) {
    const auto* v = find(key, [](const nlohmann::json& is) { return is.is_string(); });
    return v ? v->get<std::string>() : std::string();
  };
  const auto number = [&](const char* key) {
    const auto* v = find(key, [](const nlohmann::json& is) { return is.is_number_unsigned(); });
    return v ? v->get<std::uint64_t>() : 0;
  };
  const std::uint64_t version = number("format");
  if (whole && version > record_format)
    return base::config_error(base::cat("a later weir wrote it (format ", version, "): use that one"));
  run_record r;
  r.pipeline = text("pipeline");
  r.file = text("file");
  r.run = number("run");
  r.generation = number("generation");
  r.pid = static_cast<std::int64_t>(number("pid"));
  r.started_at_us = static_cast<std::int64_t>(number("started_at_us"));
  r.fingerprint = text("fingerprint");
  r.base = text("base");
  const std::string status = text("status");
  if (!whole) return damaged("a key is missing or of another type");
  for (const auto s :
       {run_status::running, run_status::finished, run_status::stopped, run_status::failed, run_status::cancelled}) {
    if (name_of(s) != status) continue;
    r.status = s;
    return r;
  }
  return damaged(base::cat("status ", status));
}

std::string run_record_path(const std::string& state_directory) { return base::join_path(state_directory, "run.json"); }

base::result<std::optional<run_record>> read_run_record(base::env& env, const std::string& state_directory) {
  const std::string path = run_record_path(state_directory);
  if (!WEIR_TRY(env.fs().exists(path))) return std::optional<run_record>();
  const std::string text = WEIR_TRY(env.fs().read_whole(path, most_record_bytes));
  auto parsed = parse_run_record(text);
  if (!parsed) return std::move(parsed).why().in(path);
  return std::optional(std::move(parsed).take());
}

base::result<void> write_run_record(base::env& env, const std::string& state_directory, const run_record& what) {
  return env.fs().write_atomically(run_record_path(state_directory), to_json(what), 0600);
}

}  // namespace weir::supervisor
