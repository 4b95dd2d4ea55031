#include "plan/drawing.hpp"

namespace weir::plan {
namespace {

std::string text(const std::string& of) {
  std::string out = "\"";
  for (char c : of) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

std::string draw_dot(const drawing& of) {
  std::string out = "digraph " + text(of.title) +
                    " {\n  rankdir=LR;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", "
                    "fontsize=11];\n  edge [fontname=\"sans-serif\", fontsize=9];\n";
  for (const auto& b : of.boxes) {
    std::string label = b.id;
    for (const auto& l : b.lines) label += "\n" + l;
    for (const auto& l : b.schema) label += "\n" + l;
    out += "  " + text(b.id) + " [label=" + text(label) + ", fillcolor=\"" +
           (b.kind == box_kind::source ? "#dff3e4"
            : b.kind == box_kind::sink ? "#dfe9f7"
                                       : "#f6f4ec") +
           "\"];\n";
  }
  for (const auto& l : of.links) {
    out += "  " + text(of.boxes[l.from].id) + " -> " + text(of.boxes[l.to].id) + " [label=" + text(l.label) +
           (l.dead_letter ? ", style=dashed" : "") + (l.chained ? "" : ", penwidth=2") + "];\n";
  }
  return out + "}\n";
}

}  // namespace weir::plan
