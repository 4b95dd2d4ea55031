// Numbers, durations and byte sizes.
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace weir::base {
namespace {

/// Text without the underscores that may stand between two digits; nullopt when one stands elsewhere.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string out;
  auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_')
      out.push_back(text[i]);
    else if (i == 0 || !digit(i - 1) || !digit(i + 1))
      return std::nullopt;
  }
  return out;
}

template <class T>
result<T> parse_number(std::string_view text, std::string_view kind, std::string_view example) {
  auto wrong = [&] { return config_error(cat(quoted(text, 60), " is not ", kind, ": write for example ", example)); };
  const auto plain = without_underscores(text);
  if (!plain || plain->empty()) return wrong();
  const char* first = plain->data();
  const char* const last = first + plain->size();
  if (*first == '+' && last - first > 1 && first[1] != '-') ++first;
  T number{};
  const auto [end, code] = std::from_chars(first, last, number);
  if (code == std::errc::result_out_of_range && end == last) {
    return config_error(cat(quoted(text, 60), " is out of range for ", kind));
  }
  if (code != std::errc{} || end != last) return wrong();
  return number;
}

struct unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array<unit, 6> time_units = {
    {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", 1'000}, {"us", 1}}};

constexpr std::array<unit, 9> byte_units = {{{"TiB", 1ULL << 40},
                                             {"GiB", 1ULL << 30},
                                             {"MiB", 1ULL << 20},
                                             {"KiB", 1ULL << 10},
                                             {"TB", 1'000'000'000'000},
                                             {"GB", 1'000'000'000},
                                             {"MB", 1'000'000},
                                             {"kB", 1'000},
                                             {"B", 1}}};

/// "123" or "1.5" at the front of `text`, times `scale(unit)`; exact integer arithmetic. Nullopt: no number there,
/// overflow, or a fraction that is no whole number of base units.
struct amount {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;        ///< digits behind the point as a number
  std::uint64_t fraction_scale = 1;  ///< 10^digits
};

std::optional<amount> take_amount(std::string_view& text) {
  amount a;
  std::size_t i = 0;
  auto digit = [&] { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  if (!digit()) return std::nullopt;
  for (; digit(); ++i) {
    if (__builtin_mul_overflow(a.whole, 10u, &a.whole)) return std::nullopt;
    if (__builtin_add_overflow(a.whole, static_cast<unsigned>(text[i] - '0'), &a.whole)) return std::nullopt;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digit()) return std::nullopt;
    for (; digit(); ++i) {
      if (a.fraction_scale >= 1'000'000'000) return std::nullopt;
      a.fraction = a.fraction * 10 + static_cast<unsigned>(text[i] - '0');
      a.fraction_scale *= 10;
    }
  }
  text.remove_prefix(i);
  return a;
}

std::optional<std::uint64_t> times(const amount& a, std::uint64_t size) {
  __extension__ using wide = unsigned __int128;
  const wide part = wide{a.fraction} * size;
  if (part % a.fraction_scale != 0) return std::nullopt;
  const wide total = wide{a.whole} * size + part / a.fraction_scale;
  if (total > UINT64_MAX) return std::nullopt;
  return static_cast<std::uint64_t>(total);
}

}  // namespace

result<std::int64_t> parse_int64(std::string_view text) {
  return parse_number<std::int64_t>(text, "a whole number", "42 or 1_000_000");
}
result<std::uint64_t> parse_uint64(std::string_view text) {
  return parse_number<std::uint64_t>(text, "a whole number without sign", "42 or 1_000_000");
}
result<double> parse_double(std::string_view text) { return parse_number<double>(text, "a number", "1.5 or 1e6"); }

result<std::int64_t> parse_duration_us(std::string_view text) {
  auto wrong = [&](std::string_view why) {
    return config_error(cat(quoted(text, 60), " is not a duration", why.empty() ? "" : ": ", why,
                            "; write for example \"10s\", \"200ms\" or \"1h30m\""));
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative) rest.remove_prefix(1);
  if (rest == "0") return std::int64_t{0};
  if (rest.empty()) return wrong("");
  std::uint64_t total = 0;
  std::size_t next_unit = 0;
  while (!rest.empty()) {
    const auto a = take_amount(rest);
    if (!a) return wrong("");
    std::size_t letters = 0;
    while (letters < rest.size() && rest[letters] >= 'a' && rest[letters] <= 'z') ++letters;
    const std::string_view name = rest.substr(0, letters);
    if (name.empty()) return wrong("the unit is missing (d, h, m, s, ms or us)");
    std::size_t u = 0;
    while (u < time_units.size() && time_units[u].name != name) ++u;
    if (u == time_units.size()) return wrong(cat("the units are d, h, m, s, ms and us, not ", quoted(name, 20)));
    if (u < next_unit) return wrong("units go from large to small, each once");
    next_unit = u + 1;
    rest.remove_prefix(letters);
    const auto us = times(*a, time_units[u].size);
    if (!us) return wrong("it is too long, or finer than a microsecond");
    if (__builtin_add_overflow(total, *us, &total)) return wrong("it is too long");
  }
  if (total > static_cast<std::uint64_t>(INT64_MAX)) return wrong("it is too long");
  const auto us = static_cast<std::int64_t>(total);
  return negative ? -us : us;
}

std::string print_duration_us(std::int64_t us) {
  if (us == 0) return "0s";
  std::string out;
  std::uint64_t rest = us < 0 ? 0 - static_cast<std::uint64_t>(us) : static_cast<std::uint64_t>(us);
  if (us < 0) out += '-';
  for (const unit& u : time_units) {
    if (rest < u.size) continue;
    out += cat(rest / u.size, u.name);
    rest %= u.size;
  }
  return out;
}

result<std::uint64_t> parse_byte_size(std::string_view text) {
  auto wrong = [&](std::string_view why) {
    return config_error(cat(quoted(text, 60), " is not a size in bytes", why.empty() ? "" : ": ", why,
                            "; write for example \"64MiB\", \"1GiB\" or \"4096\""));
  };
  std::string_view rest = text;
  const auto a = take_amount(rest);
  if (!a) return wrong("");
  std::uint64_t size = rest.empty() ? 1 : 0;
  for (const unit& u : byte_units)
    if (u.name == rest) size = u.size;
  if (size == 0) return wrong("the units are B, KiB, MiB, GiB, TiB (1024s) and kB, MB, GB, TB (1000s)");
  const auto bytes = times(*a, size);
  if (!bytes) return wrong("it is too large, or no whole number of bytes");
  return *bytes;
}

std::string print_byte_size(std::uint64_t bytes) {
  if (bytes != 0) {
    for (const unit& u : std::span(byte_units).first(4))
      if (bytes % u.size == 0) return cat(bytes / u.size, u.name);
  }
  return cat(bytes, 'B');
}

}  // namespace weir::base
