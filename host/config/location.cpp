#include "config/location.hpp"

#include <algorithm>
#include <cctype>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace weir::config {
namespace {

constexpr std::size_t most_excerpt_chars = 160;
constexpr std::size_t most_line_bytes = 64 << 10;  // no person wrote a longer line

/// Characters (code points; a malformed byte counts as one) of a line, each as its bytes.
std::vector<std::string_view> characters(std::string_view line) {
  std::vector<std::string_view> out;
  while (!line.empty()) {
    char32_t c = 0;
    const std::size_t n = std::max<std::size_t>(base::decode_utf8(line, c), 1);
    out.push_back(line.substr(0, n));
    line.remove_prefix(n);
  }
  return out;
}

bool sounds_secret(std::string_view key) {
  std::string lower(key);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* word : {"passw", "secret", "token", "credential", "api_key", "apikey", "private_key", "jaas"})
    if (lower.find(word) != std::string::npos) return true;
  return false;
}

/// Marks the values behind `key =` where the key sounds secret. Rough on purpose: it also serves lines that are no
/// TOML. `one_value`: the line is one key=value, whatever else the value holds.
void hide_secret_sounding(const std::vector<std::string_view>& line, bool one_value, std::vector<bool>& hidden) {
  std::string key;      // what stands before the next =
  bool secret = false;  // inside a value to hide
  int brackets = 0;     // open [ of that value
  std::string_view quote;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const std::string_view c = line[i];
    if (!quote.empty()) {
      if (c == quote)
        quote = {};
      else
        hidden[i] = secret, key += c;
      if (c == "\\" && quote == "\"" && i + 1 < line.size()) hidden[++i] = secret;
    } else if (secret && one_value) {
      hidden[i] = true;
    } else if (c == "\"" || c == "'") {
      quote = c;
    } else if (c == "=" && !secret) {
      secret = sounds_secret(key);
      brackets = 0;
      key.clear();
    } else if ((c == "," && brackets == 0) || c == "}") {
      secret = false;
      key.clear();
    } else {
      if (c == "[") ++brackets;
      if (c == "]" && brackets > 0) --brackets;
      key += c;
      hidden[i] = secret && c != " " && c != "[" && c != "]" && c != ",";
    }
  }
}

}  // namespace

source_text::source_text(std::string name, std::string bytes) : name_(std::move(name)), bytes_(std::move(bytes)) {
  starts_.push_back(0);
  for (std::size_t i = 0; i < bytes_.size(); ++i)
    if (bytes_[i] == '\n') starts_.push_back(i + 1);
}

std::string_view source_text::line(std::uint32_t number) const {
  if (number == 0 || number > starts_.size()) return {};
  const std::size_t begin = starts_[number - 1];
  std::size_t end = number < starts_.size() ? starts_[number] - 1 : bytes_.size();
  if (end > begin && bytes_[end - 1] == '\r') --end;
  return std::string_view(bytes_).substr(begin, end - begin);
}

void source_text::mask(std::uint32_t number, std::uint32_t column, std::uint32_t end_column) const {
  masked_.push_back({number, column, end_column});
}

std::string source_text::excerpt(std::uint32_t number) const {
  const auto chars = characters(line(number));
  std::vector<bool> hidden(chars.size());
  hide_secret_sounding(chars, name_ == "--set", hidden);
  for (const region& r : masked_) {
    if (r.line != number) continue;
    for (std::size_t i = r.column; i < r.end_column && i <= chars.size(); ++i)
      if (i > 0 && chars[i - 1] != "\"" && chars[i - 1] != "'") hidden[i - 1] = true;
  }
  std::string out;
  for (std::size_t i = 0; i < chars.size(); ++i) {
    if (hidden[i])
      out += '*';
    else
      out += chars[i];
  }
  return out;
}

std::string location::text() const {
  if (!source) return {};
  return line == 0 ? source->name() : base::cat(source->name(), ':', line, ':', column);
}

std::string location::excerpt() const {
  if (!source || line == 0 || line > source->line_count()) return {};
  if (source->line(line).size() > most_line_bytes) return {};
  const std::string whole = source->excerpt(line);
  const auto chars = characters(whole);
  // A window around the caret; each character takes one column, so that the caret stands right below its place.
  const std::size_t at = column > 0 ? column - 1 : 0;
  std::size_t begin = 0;
  if (chars.size() > most_excerpt_chars && at > most_excerpt_chars / 2)
    begin = std::min(at - most_excerpt_chars / 2, chars.size() - most_excerpt_chars);
  std::string shown;
  for (std::size_t i = begin; i < chars.size() && i < begin + most_excerpt_chars; ++i) {
    char32_t c = 0;
    const bool fine = base::decode_utf8(chars[i], c) != 0 && (c == '\t' || !base::moves_the_eye(c));
    shown += c == '\t' ? " " : fine ? chars[i] : "?";
  }
  const std::string number = base::cat(line);
  std::string out = base::cat("  ", number, " | ", shown, '\n');
  if (column > 0) {
    const std::size_t length =
        end_line == line && end_column > column ? std::min<std::size_t>(end_column - column, 60) : 1;
    out += base::cat("  ", std::string(number.size(), ' '), " | ", std::string(at - begin, ' '), '^',
                     std::string(length - 1, '~'), '\n');
  }
  return out;
}

bool before(const location& a, const location& b) {
  if (a.source != b.source) {
    if (!a.source || !b.source) return !a.source && b.source;
    if (a.source->name() != b.source->name()) return a.source->name() < b.source->name();
  }
  return a.line != b.line ? a.line < b.line : a.column < b.column;
}

}  // namespace weir::config
