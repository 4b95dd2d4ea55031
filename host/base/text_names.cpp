// Hex, near names and text made safe to print.
#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "base/utf8.hpp"

namespace weir::base {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string escape(std::string_view text, std::size_t most, bool in_quotes) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= most) return out += "...";
    char32_t c = 0;
    const std::size_t n = decode_utf8(text, c);
    if (n == 0 || (n == 1 && moves_the_eye(c))) {
      const auto b = static_cast<unsigned char>(text[0]);
      if (b == '\n')
        out += "\\n";
      else if (b == '\t')
        out += "\\t";
      else if (b == '\r')
        out += "\\r";
      else
        out += {'\\', 'x', hex_digits[b >> 4], hex_digits[b & 15]};
    } else if (moves_the_eye(c)) {
      out += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) out += hex_digits[(c >> shift) & 15];
    } else {
      if (in_quotes && (c == '"' || c == '\\')) out += '\\';
      out += text.substr(0, n);
    }
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return out;
}

}  // namespace

std::string to_hex(std::span<const unsigned char> bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const unsigned char b : bytes) out += {hex_digits[b >> 4], hex_digits[b & 15]};
  return out;
}

std::string to_hex(std::string_view bytes) {
  return to_hex(std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

result<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return config_error(cat("hexadecimal needs two digits a byte, this has ", hex.size()));
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_value(hex[i]), low = hex_value(hex[i + 1]);
    if (high < 0 || low < 0) return config_error(cat(quoted(hex.substr(i, 2)), " is not hexadecimal: use 0-9 and a-f"));
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

std::optional<unsigned> edit_distance(std::string_view a, std::string_view b, unsigned most) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > most) return std::nullopt;
  // Three rows of the table of optimal string alignment: two back for swaps of neighbours.
  std::vector<unsigned> two_back(a.size() + 1), one_back(a.size() + 1), row(a.size() + 1);
  for (unsigned i = 0; i <= a.size(); ++i) one_back[i] = i;
  for (std::size_t j = 1; j <= b.size(); ++j) {
    row[0] = static_cast<unsigned>(j);
    unsigned least = row[0];
    for (std::size_t i = 1; i <= a.size(); ++i) {
      const unsigned differ = a[i - 1] != b[j - 1];
      row[i] = std::min({one_back[i] + 1, row[i - 1] + 1, one_back[i - 1] + differ});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[i] = std::min(row[i], two_back[i - 2] + 1);
      least = std::min(least, row[i]);
    }
    // A swap reaches two rows back, so only two hopeless rows in a row settle it; one more comparison is cheap enough.
    if (least > most + 1) return std::nullopt;
    std::swap(two_back, one_back);
    std::swap(one_back, row);
  }
  if (one_back[a.size()] > most) return std::nullopt;
  return one_back[a.size()];
}

std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> candidates) {
  if (name.size() > 128) return std::nullopt;
  const std::string wanted = lower(name);
  unsigned best = static_cast<unsigned>(std::clamp<std::size_t>(name.size() / 3, 1, 3)) + 1;
  const std::string* found = nullptr;
  for (const std::string& candidate : candidates) {
    const auto distance = edit_distance(wanted, lower(candidate), best - 1);
    if (!distance || *distance >= best) continue;
    best = *distance;
    found = &candidate;
    if (best == 0) break;
  }
  if (!found) return std::nullopt;
  return *found;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  const auto near = nearest_name(name, candidates);
  return near ? cat("; did you mean ", quoted(*near), '?') : std::string();
}

std::string one_of(std::span<const std::string> names, std::size_t most) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == most && names.size() > most + 1) return cat(out, " and ", names.size() - most, " more");
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += quoted(names[i]);
  }
  return out;
}

std::string printable(std::string_view text, std::size_t most) { return escape(text, most, false); }

std::string quoted(std::string_view text, std::size_t most) { return cat('"', escape(text, most, true), '"'); }

}  // namespace weir::base
