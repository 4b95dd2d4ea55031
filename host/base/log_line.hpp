#pragma once
// One log line as text; what log.cpp writes and the tests read.
#include <span>
#include <string>

#include "base/log.hpp"

namespace weir::base {

/// {"ts":"...","level":"warn","room":"exchange","msg":"...","pipeline":...} without a newline. Always valid JSON and
/// UTF-8.
std::string json_log_line(std::int64_t now_us, log_level level, const log_tags& tags, std::string_view message,
                          std::span<const log_field> fields);
/// 2024-02-29T12:34:56.789000Z WARN  exchange: channel is full [desk-risk exposure/3] queued_bytes=1024
std::string text_log_line(std::int64_t now_us, log_level level, const log_tags& tags, std::string_view message,
                          std::span<const log_field> fields);

/// `text` as a JSON string with its quotes; malformed UTF-8 becomes U+FFFD, everything not printable an escape.
void append_json_string(std::string& out, std::string_view text);
/// The same as a text of its own.
inline std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

}  // namespace weir::base
