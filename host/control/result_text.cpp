#include "control/result_text.hpp"

#include <charconv>
#include <cmath>

#include "base/cat.hpp"
#include "base/log_line.hpp"
#include "base/text.hpp"

namespace weir::control {
namespace {

using base::cat;

const char* name_of(run_end how) {
  switch (how) {
    case run_end::finished:
      return "finished";
    case run_end::drained:
      return "drained";
    case run_end::stopped:
      return "stopped";
    case run_end::failed:
      return "failed";
  }
  return "";
}

// Microseconds are all that was measured.
std::string seconds(double s) {
  char buffer[64];
  return {buffer,
          std::to_chars(buffer, buffer + sizeof buffer, std::round(s * 1e6) / 1e6, std::chars_format::fixed, 6).ptr};
}

std::uint64_t rows_of(const sink_result& s) {
  const auto own = s.figures.find("rows");
  return own == s.figures.end() ? s.rows : own->second;
}

// 1234567 -> "1,234,567".
std::string grouped(std::uint64_t n) {
  auto out = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(out.size()) - 3; at > 0; at -= 3)
    out.insert(static_cast<std::size_t>(at), ",");
  return out;
}

std::string right(const std::string& text, std::size_t width) {
  return std::string(text.size() < width ? width - text.size() : 0, ' ') + text;
}

}  // namespace

std::string result_json(const std::string& pipeline, const run_result& of) {
  auto out = cat("{\"pipeline\":", base::json_string(pipeline), ",\"state\":\"", name_of(of.how),
                 "\",\"records_in\":", of.records_in, ",\"records_out\":", of.records_out, ",\"late\":", of.late,
                 ",\"dead_letters\":", of.dead_letters, ",\"skipped\":", of.skipped,
                 ",\"wall_seconds\":", seconds(of.wall_seconds), ",\"cpu_seconds\":", seconds(of.cpu_seconds),
                 ",\"rss_bytes\":", of.rss_bytes, ",\"restarts\":", of.restarts, ",\"sinks\":{");
  bool first = true;
  for (const auto& [id, sink] : of.sinks) {
    out += cat(first ? "" : ",", base::json_string(id), ":{\"rows\":", rows_of(sink));
    // Figures use all 64 bits; a JSON number does not hold them everywhere.
    for (const auto& [name, value] : sink.figures) {
      if (name != "rows") out += cat(",", base::json_string(name), ":\"", value, "\"");
    }
    out += '}';
    first = false;
  }
  out += '}';
  if (of.why) out += cat(",\"error\":", base::json_string(of.why->text()));
  return out + "}\n";
}

std::string result_for_people(const std::string& pipeline, const run_result& of) {
  auto out = cat(pipeline, ": ", name_of(of.how), " after ", seconds(of.wall_seconds), " s (CPU ",
                 seconds(of.cpu_seconds), " s, memory ", grouped(of.rss_bytes >> 20), " MiB)\n");
  auto line = [&](const char* what, std::uint64_t n) { out += cat("  ", what, right(grouped(n), 18), "\n"); };
  line("records in  ", of.records_in);
  line("records out ", of.records_out);
  line("dead letters", of.dead_letters);
  if (of.skipped > 0) line("  skipped   ", of.skipped);
  line("late        ", of.late);
  for (const auto& [id, sink] : of.sinks) {
    out += cat("  sink ", id, ": ", grouped(rows_of(sink)), " rows");
    for (const auto& [name, value] : sink.figures) {
      if (name != "rows") out += cat(", ", name, " ", value);
    }
    out += '\n';
  }
  return out;
}

}  // namespace weir::control
