#include "config/diagnostics.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/cat.hpp"
#include "base/text.hpp"

namespace weir::config {
namespace {

constexpr std::size_t most_kept = 1000;

std::string_view name_of(severity level) { return level == severity::error ? "error" : "warning"; }

}  // namespace

void diagnostics::add(diagnostic d) {
  if (d.level == severity::error) ++errors_;
  if (all_.size() < most_kept || (d.level == severity::error && errors_ == 1)) all_.push_back(std::move(d));
}

std::vector<diagnostic> diagnostics::sorted() const {
  std::vector<diagnostic> out = all_;
  std::stable_sort(out.begin(), out.end(), [](const diagnostic& a, const diagnostic& b) { return before(a.at, b.at); });
  const auto same = [](const diagnostic& a, const diagnostic& b) {
    return a.what == b.what && !before(a.at, b.at) && !before(b.at, a.at);
  };
  out.erase(std::unique(out.begin(), out.end(), same), out.end());
  return out;
}

std::string diagnostics::text(std::size_t most) const {
  std::string out;
  std::size_t shown = 0;
  const auto list = sorted();
  for (const diagnostic& d : list) {
    if (shown++ == most) {
      out += base::cat("... and ", list.size() - most, " more\n");
      break;
    }
    const std::string place = d.at.text();
    if (!place.empty()) out += base::cat(base::printable(place), ": ");
    out += base::cat(name_of(d.level), ": ", d.what, '\n', d.at.excerpt());
  }
  return out;
}

std::string diagnostics::json_lines() const {
  std::string out;
  for (const diagnostic& d : sorted()) {
    nlohmann::ordered_json line;
    line["level"] = name_of(d.level);
    if (d.at.source) line["file"] = d.at.source->name();
    if (d.at.line > 0) line["line"] = d.at.line, line["column"] = d.at.column;
    line["what"] = d.what;
    out += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
  }
  return out;
}

base::error diagnostics::to_error() const {
  std::string all = text();
  while (!all.empty() && all.back() == '\n') all.pop_back();
  return base::config_error(std::move(all));
}

}  // namespace weir::config
