#include <algorithm>

#include "control/command_tree.hpp"

namespace weir::control {
namespace {

constexpr std::size_t line_length = 100, flag_column = 30;

// `text` in lines of at most line_length characters, each but the first behind `indent` spaces; the first begins at
// `at`.
void wrap(std::string& out, const std::string& text, std::size_t at, std::size_t indent) {
  std::size_t used = at;
  bool first = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(' ', begin), text.size());
    const auto word = end - begin;
    if (!first && used + 1 + word > line_length) {
      out += '\n' + std::string(indent, ' ');
      used = indent;
    } else if (!first) {
      out += ' ';
      ++used;
    }
    out.append(text, begin, word);
    used += word;
    first = false;
    begin = end + 1;
  }
  out += '\n';
}

void row(std::string& out, const std::string& left, const std::string& right) {
  out += "  " + left;
  auto at = left.size() + 2;
  if (at + 2 > flag_column) {
    out += '\n';
    at = 0;
  }
  out.append(flag_column - at, ' ');
  wrap(out, right, flag_column, flag_column);
}

std::string with_choices(const flag_info& f) {
  if (f.choices.empty()) return f.help;
  std::string out = f.help + " [";
  for (const auto& c : f.choices) out += (out.back() == '[' ? "" : ", ") + c;
  return out + "]";
}

}  // namespace

std::string help_text(const command_info& of, const std::string& path) {
  std::string out;
  for (std::size_t at = 0; at < of.help.size();) {
    const auto end = std::min(of.help.find('\n', at), of.help.size());
    wrap(out, of.help.substr(at, end - at), 0, 0);
    at = end + 1;
  }
  out += "\nUsage: " + path;
  if (!of.commands.empty()) out += " COMMAND";
  for (const auto& a : of.arguments) out += " " + a.names.front() + (a.repeatable ? "..." : "");
  if (!of.flags.empty()) out += " [FLAGS]";
  out += '\n';
  if (!of.commands.empty()) out += "\nCommands:\n";
  for (const auto& c : of.commands) row(out, c.name, c.help);
  if (!of.arguments.empty()) out += "\nArguments:\n";
  for (const auto& a : of.arguments) row(out, a.names.front(), with_choices(a));
  if (!of.flags.empty()) out += "\nFlags:\n";
  for (const auto& f : of.flags) {
    std::string left;
    for (const auto& n : f.names) left += (left.empty() ? "" : ", ") + n;
    if (f.value != value_kind::none) left += " " + f.shown;
    row(out, left, with_choices(f));
  }
  if (!of.more.empty()) out += "\n" + of.more;
  return out;
}

}  // namespace weir::control
