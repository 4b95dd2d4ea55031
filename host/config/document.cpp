#include "config/document.hpp"

#include <algorithm>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 64
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"
#include "config/toml_bounds.hpp"

namespace weir::config {
namespace {

/// Nodes of the TOML library -> our values.
class converter {
 public:
  explicit converter(std::shared_ptr<const source_text> source) : source_(std::move(source)) {}

  location at(const toml::source_region& r) const {
    return {source_, r.begin.line, r.begin.column, r.end.line, r.end.column};
  }

  /// False when the tree is deeper or larger than allowed; `stopped` says where.
  bool convert(const toml::node& node, value& out, std::uint32_t depth = 0) {
    out.at = at(node.source());
    if (depth > max_depth || ++values_ > max_values) return stopped = out.at, false;
    switch (node.type()) {
      case toml::node_type::boolean:
        out.type = kind::boolean;
        out.boolean = node.as_boolean()->get();
        return true;
      case toml::node_type::integer:
        out.type = kind::integer;
        out.integer = node.as_integer()->get();
        return true;
      case toml::node_type::floating_point:
        out.type = kind::floating;
        out.real = node.as_floating_point()->get();
        return true;
      case toml::node_type::string:
        out.type = kind::string;
        out.text = node.as_string()->get();
        return true;
      case toml::node_type::date:
        return moment(out, date(node.as_date()->get()));
      case toml::node_type::time:
        return moment(out, time(node.as_time()->get()));
      case toml::node_type::date_time: {
        const toml::date_time& t = node.as_date_time()->get();
        return moment(out, base::cat(date(t.date), 'T', time(t.time), t.offset ? offset(*t.offset) : ""));
      }
      case toml::node_type::array: {
        out.type = kind::list;
        const toml::array& list = *node.as_array();
        out.items.resize(list.size());
        for (std::size_t i = 0; i < list.size(); ++i)
          if (!convert(list[i], out.items[i], depth + 1)) return false;
        return true;
      }
      case toml::node_type::table: {
        out.type = kind::table;
        for (auto&& [key, item] : *node.as_table()) {
          member& m = out.members.emplace_back();
          m.key = key.str();
          m.key_at = at(key.source());
          if (!convert(item, m.item, depth + 1)) return false;
        }
        // The library sorts by name; people read from top to bottom.
        std::stable_sort(out.members.begin(), out.members.end(),
                         [](const member& a, const member& b) { return before(a.key_at, b.key_at); });
        return true;
      }
      default:
        return true;
    }
  }

  location stopped;

 private:
  static bool moment(value& out, std::string text) {
    out.type = kind::datetime;
    out.text = std::move(text);
    return true;
  }
  static std::string padded(unsigned n, std::size_t width) {
    const std::string digits = base::cat(n);
    return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
  }
  static std::string date(const toml::date& d) {
    return base::cat(padded(d.year, 4), '-', padded(d.month, 2), '-', padded(d.day, 2));
  }
  static std::string time(const toml::time& t) {
    std::string out = base::cat(padded(t.hour, 2), ':', padded(t.minute, 2), ':', padded(t.second, 2));
    if (t.nanosecond != 0) {
      std::string fraction = padded(t.nanosecond, 9);
      while (fraction.back() == '0') fraction.pop_back();
      out += base::cat('.', fraction);
    }
    return out;
  }
  static std::string offset(const toml::time_offset& o) {
    if (o.minutes == 0) return "Z";
    const auto minutes = static_cast<unsigned>(std::abs(o.minutes));
    return base::cat(o.minutes < 0 ? '-' : '+', padded(minutes / 60, 2), ':', padded(minutes % 60, 2));
  }

  std::shared_ptr<const source_text> source_;
  std::uint32_t values_ = 0;
};

/// What to do about a message of the TOML library.
std::string_view next_step(std::string_view message, bool at_line_end) {
  auto has = [&](std::string_view part) { return message.find(part) != std::string_view::npos; };
  if (has("cannot redefine") || has("cannot insert"))
    return "a name can be given only once: remove or rename one of the two";
  if (has("control characters") && at_line_end)
    return "close the quote on the same line, or write \"\"\" for a text of several lines";
  if (has("inline table")) return "an inline table { ... } ends on the line where it begins; write a [table] for more";
  if (has("end-of-file")) return "close the quote, bracket or brace that is open here";
  if (has("UTF-8") || has("utf-8")) return "save the file as UTF-8";
  if (has("escape")) return "write \\\\ for a backslash, or 'single quotes' for a text without escapes";
  if (has("key-value pair")) return "write key = value, strings in quotes";
  return "see toml.io for the syntax";
}

std::size_t characters_of(std::string_view line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

bool report_too_large(converter& c, diagnostics& problems) {
  problems.error(c.stopped, base::cat("the file is nested deeper than ", max_depth, " or has more than ", max_values,
                                      " values: simplify it"));
  return false;
}

}  // namespace

std::optional<value> parse_document(std::shared_ptr<const source_text> source, diagnostics& problems) {
  const std::string_view bytes = source->bytes();
  if (const auto passed = check_bounds(bytes)) {
    problems.error({source, passed->line, passed->column, 0, 0}, base::cat(passed->what, ": simplify the file"));
    return std::nullopt;
  }
  const toml::parse_result parsed = toml::parse(bytes, std::string_view(source->name()));
  converter convert(source);
  if (!parsed) {
    std::string_view message = parsed.error().description();
    location at = convert.at(parsed.error().source());
    if (at.line > source->line_count()) at.line = source->line_count(), at.column = 1;
    const std::string_view hint = next_step(message, at.column > characters_of(source->line(at.line)));
    constexpr std::string_view prefix = "Error while parsing ";
    if (message.starts_with(prefix)) message.remove_prefix(prefix.size());
    problems.error(at, base::cat("this is not valid TOML: ", base::printable(message, 300), "; ", hint));
    return std::nullopt;
  }
  value root;
  if (!convert.convert(parsed.table(), root)) {
    report_too_large(convert, problems);
    return std::nullopt;
  }
  root.at = {source, 1, 1, 0, 0};
  return root;
}

namespace {

/// Every place inside becomes the place of the argument: its parts have no lines of their own.
void move_to(value& v, const location& at) {
  v.at = at;
  for (value& item : v.items) move_to(item, at);
  for (member& m : v.members) m.key_at = at, move_to(m.item, at);
}

}  // namespace

std::optional<value> parse_value(std::string_view text, const location& at) {
  if (text.find_first_of("\n\r") != std::string_view::npos || !base::is_utf8(text)) return std::nullopt;
  const std::string line = base::cat("v = ", text);
  if (check_bounds(line)) return std::nullopt;
  const toml::parse_result parsed = toml::parse(std::string_view(line));
  if (!parsed || parsed.table().size() != 1) return std::nullopt;
  value out;
  converter convert(at.source);
  if (!convert.convert(*parsed.table().get("v"), out)) return std::nullopt;
  move_to(out, at);
  return out;
}

}  // namespace weir::config
