#include "base/log_line.hpp"

#include <cmath>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "base/timestamp.hpp"
#include "base/utf8.hpp"

namespace weir::base {
namespace {

std::string number(double d) { return cat(d); }

void append_value(std::string& out, const log_field& field, bool as_json) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    if (as_json) return append_json_string(out, *text);
    const bool plain = !text->empty() && text->find_first_of(" =\"") == std::string_view::npos;
    out += plain ? printable(*text) : quoted(*text, SIZE_MAX);
  } else if (const auto* d = std::get_if<double>(&field.value)) {
    // JSON has no NaN and no infinity.
    out += as_json && !std::isfinite(*d) ? cat('"', number(*d), '"') : number(*d);
  } else if (const auto* i = std::get_if<std::int64_t>(&field.value)) {
    out += cat(*i);
  } else if (const auto* u = std::get_if<std::uint64_t>(&field.value)) {
    out += cat(*u);
  } else {
    out += cat(std::get<bool>(field.value));
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  auto escape = [&](char32_t c) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += digits[(c >> shift) & 15];
  };
  out += '"';
  while (!text.empty()) {
    char32_t c = 0;
    const std::size_t n = decode_utf8(text, c);
    if (n == 0)
      out += "\\ufffd";
    else if (c == '"' || c == '\\')
      out += {'\\', static_cast<char>(c)};
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else if (moves_the_eye(c))
      escape(c);
    else
      out += text.substr(0, n);
    text.remove_prefix(n == 0 ? 1 : n);
  }
  out += '"';
}

std::string json_log_line(std::int64_t now_us, log_level level, const log_tags& tags, std::string_view message,
                          std::span<const log_field> fields) {
  std::string out = cat("{\"ts\":\"", print_timestamp_us(now_us), "\",\"level\":\"", name_of(level), '"');
  auto add = [&](std::string_view key, std::string_view text) {
    if (text.empty()) return;
    out += cat(",\"", key, "\":");
    append_json_string(out, text);
  };
  add("room", tags.room);
  out += ",\"msg\":";
  append_json_string(out, message);
  add("pipeline", tags.pipeline);
  add("operator", tags.operator_id);
  if (tags.subtask >= 0) out += cat(",\"subtask\":", tags.subtask);
  add("plugin", tags.plugin);
  add("version", tags.version);
  for (const log_field& field : fields) {
    out += ',';
    append_json_string(out, field.key);
    out += ':';
    append_value(out, field, true);
  }
  return out += '}';
}

std::string text_log_line(std::int64_t now_us, log_level level, const log_tags& tags, std::string_view message,
                          std::span<const log_field> fields) {
  constexpr std::string_view names[] = {"TRACE", "DEBUG", "INFO ", "WARN ", "ERROR", "OFF  "};
  std::string out = cat(print_timestamp_us(now_us), ' ', names[static_cast<int>(level)], ' ');
  if (!tags.room.empty()) out += cat(printable(tags.room), ": ");
  out += printable(message);
  if (!tags.pipeline.empty() || !tags.operator_id.empty()) {
    std::string who = tags.pipeline;
    if (!tags.operator_id.empty()) who += cat(who.empty() ? "" : " ", tags.operator_id);
    if (tags.subtask >= 0) who += cat('/', tags.subtask);
    out += cat(" [", printable(who), ']');
  }
  if (!tags.plugin.empty())
    out += cat(" plugin=", printable(tags.plugin), tags.version.empty() ? "" : " version=", printable(tags.version));
  for (const log_field& field : fields) {
    out += cat(' ', printable(field.key), '=');
    append_value(out, field, false);
  }
  return out;
}

}  // namespace weir::base
