#include "plugin/version.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/cat.hpp"

namespace weir::plugin {
namespace {

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    text.remove_prefix(dot + 1);
  }
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Decimal without leading zeros.
std::optional<std::uint64_t> number(std::string_view text) {
  if (!is_digits(text) || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_identifiers(std::string_view text) {
  for (const std::string_view part : split(text)) {
    const bool ok = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    if (!ok) return false;
  }
  return true;
}

/// Numbers before texts, numbers by value, a prefix before what is longer.
std::strong_ordering compare_prerelease(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();  // a release is after its pre-releases
  const auto left = split(a), right = split(b);
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    const bool ln = is_digits(left[i]), rn = is_digits(right[i]);
    std::strong_ordering order = std::strong_ordering::equal;
    if (ln != rn)
      order = rn <=> ln;
    else if (ln && left[i].size() != right[i].size())
      order = left[i].size() <=> right[i].size();
    else
      order = left[i].compare(right[i]) <=> 0;
    if (order != 0) return order;
  }
  return left.size() <=> right.size();
}

}  // namespace

std::optional<version> version::parse(std::string_view text) {
  if (text.size() > 128) return std::nullopt;
  if (const std::size_t plus = text.find('+'); plus != std::string_view::npos) {
    if (!is_identifiers(text.substr(plus + 1))) return std::nullopt;
    text = text.substr(0, plus);
  }
  version parsed;
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    parsed.prerelease = text.substr(dash + 1);
    if (!is_identifiers(parsed.prerelease)) return std::nullopt;
    text = text.substr(0, dash);
  }
  const auto parts = split(text);
  if (parts.size() != 3) return std::nullopt;
  const auto major = number(parts[0]), minor = number(parts[1]), patch = number(parts[2]);
  if (!major || !minor || !patch) return std::nullopt;
  parsed.major = *major;
  parsed.minor = *minor;
  parsed.patch = *patch;
  return parsed;
}

std::string version::text() const {
  return base::cat(major, ".", minor, ".", patch, prerelease.empty() ? "" : "-", prerelease);
}

std::strong_ordering operator<=>(const version& a, const version& b) {
  if (const auto order = a.major <=> b.major; order != 0) return order;
  if (const auto order = a.minor <=> b.minor; order != 0) return order;
  if (const auto order = a.patch <=> b.patch; order != 0) return order;
  return compare_prerelease(a.prerelease, b.prerelease);
}

bool is_constraint(std::string_view text) {
  if (version::parse(text)) return true;
  const auto parts = split(text);
  return parts.size() <= 3 &&
         std::all_of(parts.begin(), parts.end(), [](auto part) { return number(part).has_value(); });
}

bool matches(std::string_view constraint, const version& candidate) {
  if (constraint.empty()) return true;
  if (const auto exact = version::parse(constraint)) return *exact == candidate;
  if (!candidate.prerelease.empty()) return false;
  const auto parts = split(constraint);
  if (parts.size() > 2) return false;
  const auto major = number(parts[0]);
  if (!major || *major != candidate.major) return false;
  if (parts.size() == 1) return true;
  const auto minor = number(parts[1]);
  return minor && *minor == candidate.minor;
}

}  // namespace weir::plugin
