#include "supervisor/history.hpp"

#include <nlohmann/json.hpp>

#include "base/cat.hpp"

namespace weir::supervisor {
namespace {

using json = nlohmann::ordered_json;

constexpr std::uint64_t most_history_bytes = 256 << 20;
constexpr change_state states[] = {change_state::refused,   change_state::began,       change_state::serving,
                                   change_state::committed, change_state::rolled_back, change_state::given_up};

std::string history_path_in(const std::string& state_directory) {
  return base::join_path(state_directory, "history.jsonl");
}

std::optional<change_record> read(std::string_view line) {
  const auto j = json::parse(line, nullptr, false);
  if (!j.is_object()) return std::nullopt;
  change_record r;
  try {
    j.at("change").get_to(r.number);
    const auto state = j.at("state").get<std::string>();
    bool known = false;
    for (const change_state s : states)
      if (name_of(s) == state) r.state = s, known = true;
    if (!known || r.number == 0) return std::nullopt;
    j.at("what").get_to(r.what);
    j.at("by").get_to(r.by);
    j.at("began_at_us").get_to(r.began_at_us);
    j.at("at_us").get_to(r.at_us);
    j.at("from").get_to(r.from);
    j.at("to").get_to(r.to);
    j.at("cut").get_to(r.cut);
    j.at("pause_us").get_to(r.pause_us);
    r.back_us = j.value("back_us", std::int64_t{-1});
    j.at("hot").get_to(r.hot);
    j.at("why").get_to(r.why);
    r.back_cut = j.value("back_cut", std::uint64_t{0});
    r.shares = j.value("shares", std::vector<std::string>());
    r.step = j.value("step", std::uint64_t{0});
    for (const auto& n : j.at("nodes"))
      r.nodes.push_back(
          {n.at("id").get<std::string>(), n.at("from").get<std::string>(), n.at("to").get<std::string>()});
  } catch (const json::exception&) {
    return std::nullopt;
  }
  return r;
}

}  // namespace

std::string_view name_of(change_state state) {
  switch (state) {
    case change_state::refused:
      return "refused";
    case change_state::began:
      return "began";
    case change_state::serving:
      return "on probation";
    case change_state::committed:
      return "committed";
    case change_state::rolled_back:
      return "rolled back";
    case change_state::given_up:
      return "given up";
  }
  return "";
}

std::string to_json(const change_record& of) {
  json nodes = json::array();
  for (const auto& n : of.nodes) nodes.push_back({{"id", n.id}, {"from", n.from}, {"to", n.to}});
  json j{{"change", of.number},
         {"state", name_of(of.state)},
         {"what", of.what},
         {"by", of.by},
         {"began_at_us", of.began_at_us},
         {"at_us", of.at_us},
         {"from", of.from},
         {"to", of.to},
         {"cut", of.cut},
         {"pause_us", of.pause_us},
         {"back_us", of.back_us},
         {"hot", of.hot},
         {"why", of.why},
         {"nodes", nodes}};
  if (of.back_cut > 0) j["back_cut"] = of.back_cut;
  if (!of.shares.empty()) j["shares"] = of.shares, j["step"] = of.step;
  return j.dump(-1, ' ', false, json::error_handler_t::replace);
}

base::result<std::vector<change_record>> read_history(base::env& env, const std::string& state_directory) {
  std::vector<change_record> all;
  const std::string path = history_path_in(state_directory);
  if (!WEIR_TRY(env.fs().exists(path))) return all;
  const std::string text = WEIR_TRY(env.fs().read_whole(path, most_history_bytes));
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string::npos) break;
    if (auto r = read(std::string_view(text).substr(from, end - from))) {
      if (!all.empty() && all.back().number == r->number)
        all.back() = std::move(*r);
      else
        all.push_back(std::move(*r));
    }
    from = end + 1;
  }
  return all;
}

base::result<std::optional<change_record>> pending_change(base::env& env, const std::string& state_directory) {
  auto all = WEIR_TRY(read_history(env, state_directory));
  if (all.empty() || all.back().over()) return std::optional<change_record>();
  return std::optional(std::move(all.back()));
}

base::result<void> note_change(base::env& env, const std::string& state_directory, change_record& what) {
  const std::string path = history_path_in(state_directory);
  const bool is_new = !WEIR_TRY(env.fs().exists(path));
  std::string line;
  if (what.number == 0) {
    const auto all = WEIR_TRY(read_history(env, state_directory));
    what.number = all.empty() ? 1 : all.back().number + 1;
    what.began_at_us = env.now_us();
    // Behind a torn line: it ends here, and is no line of JSON.
    if (!is_new) line = "\n";
  }
  what.at_us = env.now_us();
  line += to_json(what) + "\n";
  auto file = WEIR_TRY(env.fs().open_write(path, base::open_write_how::keep, 0600));
  WEIR_TRY(file->append(line));
  WEIR_TRY(file->sync());
  WEIR_TRY(file->close());
  if (is_new) WEIR_TRY(env.fs().sync_directory(state_directory));
  return {};
}

}  // namespace weir::supervisor
