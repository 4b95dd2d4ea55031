#include "supervisor/report.hpp"

#include <nlohmann/json.hpp>

#include "base/cat.hpp"
#include "supervisor/json_member.hpp"

namespace weir::supervisor {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t longest_line = 16 << 20;
constexpr std::string_view state_names[] = {"finished", "drained", "stopped", "failed", "refused", "cancelled"};

template <class Enum>
Enum named(const std::string& name, std::initializer_list<Enum> all) {
  for (const Enum e : all)
    if (name == base::name_of(e)) return e;
  return *all.begin();
}

std::optional<ended_report> read_ended(const json& j) {
  ended_report r;
  const std::string name = text_of(j, "state");
  std::size_t at = 0;
  while (at < std::size(state_names) && name != state_names[at]) ++at;
  if (at == std::size(state_names)) return std::nullopt;
  r.how = static_cast<ended_report::state>(at);
  r.code = static_cast<int>(number_of(j, "code"));
  r.output = text_of(j, "output");
  if (const auto why = j.find("why"); why != j.end() && why->is_object()) {
    using base::blame;
    using base::retry;
    r.why = base::error{
        named(text_of(*why, "by"), {blame::host, blame::config, blame::data, blame::external, blame::plugin}),
        named(text_of(*why, "how"), {retry::never, retry::backoff, retry::from_checkpoint}), text_of(*why, "what"),
        text_of(*why, "where")};
  }
  return r;
}

}  // namespace

std::string to_line(const ended_report& of) {
  json j{{"state", state_names[static_cast<int>(of.how)]}, {"code", of.code}, {"output", of.output}};
  if (of.why)
    j["why"] = {{"by", base::name_of(of.why->by)},
                {"how", base::name_of(of.why->how)},
                {"what", of.why->what},
                {"where", of.why->where}};
  return json{{"ended", std::move(j)}}.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string crash_report::text() const {
  if (plugin.empty()) return base::cat(what, ", while no operator was running");
  if (!doing.empty()) return base::cat(what, " while plugin ", plugin, version.empty() ? "" : " ", version, " ", doing);
  return base::cat(what, " in plugin ", plugin, " ", version, ", operator ", operator_id, "/", subtask);
}

void report_reader::add(std::string_view bytes) {
  rest_ += bytes;
  std::size_t from = 0;
  for (std::size_t end; (end = rest_.find('\n', from)) != std::string::npos; from = end + 1)
    line(std::string_view(rest_).substr(from, end - from));
  rest_.erase(0, from);
  if (rest_.size() > longest_line) rest_.clear();
}

void report_reader::line(std::string_view text) {
  const auto j = json::parse(text, nullptr, false);
  if (!j.is_object()) return;
  ++beats;
  if (j.contains("running")) running = true;
  if (j.contains("stopping")) stopping = true;
  if (const auto at = j.find("ended"); at != j.end() && at->is_object()) ended = read_ended(*at);
  if (j.contains("crash")) {
    crash = crash_report{text_of(j, "crash"),
                         text_of(j, "plugin"),
                         text_of(j, "version"),
                         text_of(j, "operator"),
                         static_cast<std::uint32_t>(number_of(j, "subtask")),
                         text_of(j, "while"),
                         number_of(j, "record")};
  }
}

}  // namespace weir::supervisor
