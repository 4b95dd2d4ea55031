#include "supervisor/crash_log.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace weir::supervisor {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t most_kept = 1000;
constexpr std::uint64_t most_log_bytes = 4 << 20;
constexpr std::int64_t hour_us = 3'600'000'000;

std::string log_path_in(const std::string& state_directory) {
  return base::join_path(state_directory, "crashes.jsonl");
}

std::string line_of(const noted_crash& c) {
  json j{{"at_us", c.at_us},          {"run", c.run},
         {"crash", c.what.what},      {"plugin", c.what.plugin},
         {"version", c.what.version}, {"operator", c.what.operator_id},
         {"subtask", c.what.subtask}, {"record", c.what.record}};
  return j.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

bool read(std::string_view line, noted_crash& to) {
  const auto j = json::parse(line, nullptr, false);
  if (!j.is_object()) return false;
  const auto text = [&](const char* key, std::string& into) {
    const auto at = j.find(key);
    if (at == j.end() || !at->is_string()) return false;
    into = at->get<std::string>();
    return true;
  };
  const auto number = [&](const char* key, auto& into) {
    const auto at = j.find(key);
    if (at == j.end() || !at->is_number_unsigned()) return false;
    into = at->get<std::remove_reference_t<decltype(into)>>();
    return true;
  };
  return number("at_us", to.at_us) && number("run", to.run) && text("crash", to.what.what) &&
         text("plugin", to.what.plugin) && text("version", to.what.version) && text("operator", to.what.operator_id) &&
         number("subtask", to.what.subtask) && number("record", to.what.record);
}

}  // namespace

base::result<std::vector<noted_crash>> read_crashes(base::env& env, const std::string& state_directory) {
  std::vector<noted_crash> all;
  const std::string path = log_path_in(state_directory);
  if (!WEIR_TRY(env.fs().exists(path))) return all;
  const std::string text = WEIR_TRY(env.fs().read_whole(path, most_log_bytes));
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    noted_crash c;
    if (read(std::string_view(text).substr(from, end - from), c)) all.push_back(std::move(c));
    from = end + 1;
  }
  return all;
}

base::result<void> note_crash(base::env& env, const std::string& state_directory, std::uint64_t run,
                              const crash_report& what) {
  auto all = WEIR_TRY(read_crashes(env, state_directory));
  all.push_back({env.now_us(), run, what});
  std::string text;
  for (std::size_t at = all.size() > most_kept ? all.size() - most_kept : 0; at < all.size(); ++at)
    text += line_of(all[at]);
  return env.fs().write_atomically(log_path_in(state_directory), text, 0600);
}

std::map<std::string, std::set<std::uint64_t>> suspected_operators(const std::vector<noted_crash>& all,
                                                                   std::uint64_t run, std::int64_t now_us,
                                                                   std::uint32_t after) {
  std::map<std::string, std::uint32_t> counts;
  std::map<std::string, std::set<std::uint64_t>> suspects;
  if (after == 0) return suspects;
  for (const noted_crash& c : all) {
    const std::string& id = c.what.operator_id;
    if (id.empty() || c.run != run || now_us - c.at_us > hour_us) continue;
    if (++counts[id] >= after) suspects[id];
  }
  for (const noted_crash& c : all) {
    const auto at = suspects.find(c.what.operator_id);
    if (at != suspects.end() && c.run == run && c.what.record != 0) at->second.insert(c.what.record);
  }
  return suspects;
}

}  // namespace weir::supervisor
