#include <algorithm>

#include "plan/drawing.hpp"

namespace weir::plan {
namespace {

// Spaces up to a column, at least one; ids are ASCII.
void pad(std::string& out, std::size_t from, std::size_t width) {
  const auto used = out.size() - from;
  out.append(used < width ? width - used : 1, ' ');
}

}  // namespace

std::string draw_text(const drawing& of) {
  std::size_t width = 0;
  for (const auto& b : of.boxes) width = std::max(width, b.id.size());
  width += 2;

  std::string out = of.title + "\n";
  for (std::uint32_t i = 0; i < of.boxes.size(); ++i) {
    const auto& b = of.boxes[i];
    out += '\n';
    const auto line = out.size();
    out += b.id;
    pad(out, line, width);
    out += b.kind == box_kind::source ? "source" : b.kind == box_kind::sink ? "sink" : "operator";
    for (const auto& l : b.lines) out += "  " + l;
    out += '\n';
    for (const auto& column : b.schema) out += "    " + column + '\n';
    for (const auto& l : of.links) {
      if (l.from != i) continue;
      const auto start = out.size();
      out += l.chained ? "  -> " : "  => ";
      out += of.boxes[l.to].id;
      if (!l.label.empty()) {
        pad(out, start, width + 5);
        out += l.label;
      }
      out += '\n';
    }
  }
  out += "\n->  a call in the same thread    =>  through a queue\n";
  return out;
}

}  // namespace weir::plan
