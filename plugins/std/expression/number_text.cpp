#include "number_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "character.hpp"

namespace weir::expression {

namespace {

constexpr auto powers = [] {
  std::array<int128, 39> p{};
  p[0] = 1;
  for (std::size_t i = 1; i < p.size(); ++i) p[i] = p[i - 1] * 10;
  return p;
}();

template <class T>
void append_shortest(std::string& out, T v) {
  if (std::isnan(v)) {
    out += "nan";
    return;
  }
  if (std::isinf(v)) {
    out += v < 0 ? "-inf" : "inf";
    return;
  }
  char text[64];
  const char* end = std::to_chars(text, text + sizeof text, v, std::chars_format::scientific).ptr;
  const char* e = static_cast<const char*>(std::memchr(text, 'e', static_cast<std::size_t>(end - text)));
  int exponent = 0;
  std::from_chars(e + (e[1] == '+' ? 2 : 1), end, exponent);
  if (exponent < -4 || exponent >= 16) {
    out.append(static_cast<const char*>(text), end);
    return;
  }
  const char* p = text;
  if (*p == '-') out += *p++;
  std::string digits(1, *p);
  if (p[1] == '.') digits.append(p + 2, e);
  const int count = static_cast<int>(digits.size());
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
  } else if (exponent >= count - 1) {
    out += digits;
    out.append(static_cast<std::size_t>(exponent - count + 1), '0');
    out += ".0";
  } else {
    out.append(digits, 0, static_cast<std::size_t>(exponent + 1));
    out += '.';
    out.append(digits, static_cast<std::size_t>(exponent + 1));
  }
}

// The text without underscores between digits; nothing when one stands elsewhere.
std::optional<std::string> without_underscores(std::string_view t) {
  std::string out;
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (t[i] != '_') {
      out += t[i];
      continue;
    }
    if (i == 0 || i + 1 == t.size() || !is_digit(t[i - 1]) || !is_digit(t[i + 1])) return std::nullopt;
  }
  return out;
}

template <class T>
std::optional<T> real_of(std::string_view text) {
  std::string_view t = stripped(text);
  std::string clean;
  if (t.find('_') != std::string_view::npos) {
    auto c = without_underscores(t);
    if (!c) return std::nullopt;
    clean = std::move(*c);
    t = clean;
  }
  if (!t.empty() && t[0] == '+') t.remove_prefix(1);
  if (t.empty() || t[0] == '+' || t.find('(') != std::string_view::npos) return std::nullopt;
  T v{};
  const auto r = std::from_chars(t.data(), t.data() + t.size(), v);
  if (r.ptr != t.data() + t.size()) return std::nullopt;
  if (r.ec == std::errc::result_out_of_range) {
    // Too large is infinite, too small is zero: from_chars leaves v alone.
    const std::string copy{t};
    return static_cast<T>(std::strtod(copy.c_str(), nullptr));
  }
  if (r.ec != std::errc{}) return std::nullopt;
  return v;
}

}  // namespace

int128 power_of_ten(int n) { return powers[static_cast<std::size_t>(n)]; }

void append_integer(std::string& out, int128 v) {
  char text[48];
  char* p = text + sizeof text;
  const bool negative = v < 0;
  uint128 u = negative ? -static_cast<uint128>(v) : static_cast<uint128>(v);
  do {
    *--p = static_cast<char>('0' + static_cast<int>(u % 10));
    u /= 10;
  } while (u);
  if (negative) *--p = '-';
  out.append(p, text + sizeof text);
}

void append_decimal(std::string& out, int128 v, int scale) {
  if (scale == 0) {
    append_integer(out, v);
    return;
  }
  if (v < 0) out += '-';
  const uint128 u = v < 0 ? -static_cast<uint128>(v) : static_cast<uint128>(v);
  const auto p = static_cast<uint128>(power_of_ten(scale));
  append_integer(out, static_cast<int128>(u / p));
  out += '.';
  std::string rest;
  append_integer(rest, static_cast<int128>(u % p));
  out.append(static_cast<std::size_t>(scale) - rest.size(), '0');
  out += rest;
}

void append_real(std::string& out, double v) { append_shortest(out, v); }
void append_real(std::string& out, float v) { append_shortest(out, v); }

std::string_view stripped(std::string_view t) {
  while (!t.empty() && is_space(t.front())) t.remove_prefix(1);
  while (!t.empty() && is_space(t.back())) t.remove_suffix(1);
  return t;
}

std::optional<int128> parse_scaled(std::string_view text, int scale) {
  std::string_view t = stripped(text);
  bool negative = false;
  if (!t.empty() && (t[0] == '-' || t[0] == '+')) {
    negative = t[0] == '-';
    t.remove_prefix(1);
  }
  // The digits without the point, and where the point is.
  std::string digits;
  int point = -1;
  std::size_t i = 0;
  bool any = false;
  for (; i < t.size(); ++i) {
    if (is_digit(t[i])) {
      digits += t[i];
      any = true;
    } else if (t[i] == '.' && point < 0) {
      point = static_cast<int>(digits.size());
    } else if (t[i] == '_' && i > 0 && is_digit(t[i - 1]) && i + 1 < t.size() && is_digit(t[i + 1])) {
      continue;
    } else {
      break;
    }
  }
  if (!any) return std::nullopt;
  if (point < 0) point = static_cast<int>(digits.size());
  if (i < t.size()) {
    if (t[i] != 'e' && t[i] != 'E') return std::nullopt;
    int exponent = 0;
    const char* begin = t.data() + i + 1;
    if (begin < t.data() + t.size() && *begin == '+') ++begin;
    const auto r = std::from_chars(begin, t.data() + t.size(), exponent);
    if (r.ec != std::errc{} || r.ptr != t.data() + t.size() || exponent > 1000 || exponent < -1000) return std::nullopt;
    point += exponent;
  }
  const int wanted = point + scale;  // digits before the point after scaling
  int128 v = 0;
  for (int k = 0; k < wanted; ++k) {
    const int d = k < static_cast<int>(digits.size()) ? digits[static_cast<std::size_t>(k)] - '0' : 0;
    if (v > (power_of_ten(38) - 1 - d) / 10) return std::nullopt;
    v = v * 10 + d;
  }
  if (wanted >= 0 && wanted < static_cast<int>(digits.size()) && digits[static_cast<std::size_t>(wanted)] >= '5') ++v;
  return negative ? -v : v;
}

std::optional<int128> parse_integer(std::string_view text) {
  const std::string_view t = stripped(text);
  if (t.size() > 2 && t[0] == '0' && (t[1] == 'x' || t[1] == 'X' || t[1] == 'b' || t[1] == 'B')) {
    std::uint64_t v = 0;
    const auto r = std::from_chars(t.data() + 2, t.data() + t.size(), v, t[1] == 'x' || t[1] == 'X' ? 16 : 2);
    if (r.ec != std::errc{} || r.ptr != t.data() + t.size()) return std::nullopt;
    return static_cast<int128>(v);
  }
  return parse_scaled(t, 0);
}

std::optional<double> parse_real(std::string_view text) { return real_of<double>(text); }
std::optional<float> parse_real32(std::string_view text) { return real_of<float>(text); }

std::optional<bool> parse_truth(std::string_view t) {
  std::string lower;
  if (t.size() > 5) return std::nullopt;
  for (char c : t) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  if (lower == "true" || lower == "t" || lower == "1" || lower == "yes" || lower == "y") return true;
  if (lower == "false" || lower == "f" || lower == "0" || lower == "no" || lower == "n") return false;
  return std::nullopt;
}

}  // namespace weir::expression
