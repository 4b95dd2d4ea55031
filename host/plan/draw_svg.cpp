#include <algorithm>
#include <charconv>
#include <cmath>

#include "plan/drawing.hpp"
#include "plan/layout.hpp"

namespace weir::plan {
namespace {

// Widths are guesses by character count: a file must look right without the fonts of the machine that draws it.
// textLength is not set, so a wider font only fills the padding.
constexpr double title_width = 8.2, line_width = 6.7, schema_width = 6.7, label_width = 5.8;
constexpr double pad_x = 12, pad_y = 9, id_height = 18, line_height = 15;
constexpr double margin = 24;

std::string number(double v) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::round(v * 10) / 10).ptr;
  return {buffer, end};
}

std::string escaped(const std::string& of) {
  std::string out;
  for (char c : of) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20) out += c;
    }
  }
  return out;
}

// Characters, not bytes.
double letters(const std::string& of) {
  double n = 0;
  for (char c : of) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return n;
}

layout_box size_of(const box& b) {
  double w = letters(b.id) * title_width;
  for (const auto& l : b.lines) w = std::max(w, letters(l) * line_width);
  for (const auto& l : b.schema) w = std::max(w, letters(l) * schema_width);
  const auto lines = static_cast<double>(b.lines.size() + b.schema.size());
  return {w + 2 * pad_x, 2 * pad_y + id_height + lines * line_height + (b.schema.empty() ? 0 : 8)};
}

constexpr const char* style = R"(<style>
  svg { font-family: ui-sans-serif, "DejaVu Sans", Verdana, sans-serif; background: #ffffff; }
  .box { stroke: #55606b; stroke-width: 1.2; } .source { fill: #dff3e4; } .sink { fill: #dfe9f7; } .transform { fill: #f6f4ec; }
  .id { font-size: 13px; font-weight: 600; fill: #1d242b; } .line { font-size: 11px; fill: #47525d; }
  .schema { font-size: 11px; fill: #1d242b; font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
  .rule { stroke: #55606b; stroke-width: 0.6; }
  .link { fill: none; stroke: #55606b; stroke-width: 2.4; } .chained { stroke-width: 1.1; } .dead { stroke: #a8442f; stroke-dasharray: 5 4; }
  .label { font-size: 10px; fill: #47525d; text-anchor: middle; } .deadlabel { fill: #a8442f; }
  .title { font-size: 15px; font-weight: 600; fill: #1d242b; } .legend { font-size: 10px; fill: #6b7680; }
  .tip { fill: #55606b; } .deadtip { fill: #a8442f; }
  @media (prefers-color-scheme: dark) {
    svg { background: #15191d; } .source { fill: #1f3a29; } .sink { fill: #1e2f47; } .transform { fill: #2c2b25; }
    .id, .title, .schema { fill: #e8ecf0; } .line, .label { fill: #b4bec8; } .legend { fill: #8b96a1; }
    .box, .link, .rule { stroke: #93a0ac; } .tip { fill: #93a0ac; } .dead { stroke: #e08a72; } .deadlabel, .deadtip { fill: #e08a72; }
  }
</style>
)";

std::string path_of(const std::vector<point>& path) {
  auto at = [](double x, double y) { return number(x + margin) + " " + number(y + margin + 30); };
  // The arrow's tip covers the last 7 units.
  std::string d = "M" + at(path[0].x, path[0].y);
  for (std::size_t k = 1; k < path.size(); ++k) {
    auto a = path[k - 1], b = path[k];
    if (k + 1 == path.size()) b.x -= 7;
    if (std::abs(a.y - b.y) < 0.5) {
      d += "L" + at(b.x, b.y);
    } else {
      const double middle = (a.x + b.x) / 2;
      d += "C" + at(middle, a.y) + " " + at(middle, b.y) + " " + at(b.x, b.y);
    }
  }
  return d;
}

void draw_box(std::string& out, const box& b, point at, layout_box size) {
  const double x = at.x + margin;
  double y = at.y + margin + 30;
  const char* kind = b.kind == box_kind::source ? "source" : b.kind == box_kind::sink ? "sink" : "transform";
  out += "<rect class=\"box " + std::string(kind) + "\" x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" +
         number(size.width) + "\" height=\"" + number(size.height) + "\" rx=\"7\"/>\n";
  auto line = [&](const char* style_class, const std::string& text) {
    out += std::string("<text class=\"") + style_class + "\" x=\"" + number(x + pad_x) + "\" y=\"" + number(y) + "\">" +
           escaped(text) + "</text>\n";
  };
  y += pad_y + 13;
  line("id", b.id);
  y += 3;
  for (const auto& l : b.lines) {
    y += line_height;
    line("line", l);
  }
  if (b.schema.empty()) return;
  y += 7;
  out += "<line class=\"rule\" x1=\"" + number(x) + "\" x2=\"" + number(x + size.width) + "\" y1=\"" + number(y) +
         "\" y2=\"" + number(y) + "\"/>\n";
  for (const auto& l : b.schema) {
    y += line_height;
    line("schema", l);
  }
}

}  // namespace

std::string draw_svg(const drawing& of) {
  std::vector<layout_box> boxes;
  for (const auto& b : of.boxes) boxes.push_back(size_of(b));
  std::vector<layout_link> links;
  for (const auto& l : of.links) {
    links.push_back({l.from, l.to, l.label.empty() ? 0 : letters(l.label) * label_width + 8, l.dead_letter ? 0.05 : 1});
  }
  // A box is high enough for the labels of the links that enter it to stand one above the other.
  for (std::size_t k = 0; k < boxes.size(); ++k) {
    double in = 0, out = 0;
    for (const auto& l : of.links) in += l.to == k, out += l.from == k;
    boxes[k].height = std::max(boxes[k].height, 12 + 15 * std::max(in, out));
  }
  const auto placed = lay_out(boxes, links);
  const double legend = 360;
  const double width = std::max({placed.width, letters(of.title) * 9, legend}) + 2 * margin;
  const double height = placed.height + 2 * margin + 30 + 26;

  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" +
                    number(height) + "\" viewBox=\"0 0 " + number(width) + " " + number(height) +
                    "\" role=\"img\">\n<title>" + escaped(of.title) + "</title>\n";
  out += style;
  out += "<text class=\"title\" x=\"" + number(margin) + "\" y=\"" + number(margin + 6) + "\">" + escaped(of.title) +
         "</text>\n";
  for (std::size_t k = 0; k < of.links.size(); ++k) {
    const auto& l = of.links[k];
    out += std::string("<path class=\"link") + (l.chained ? " chained" : "") + (l.dead_letter ? " dead" : "") +
           "\" d=\"" + path_of(placed.links[k]) + "\"/>\n";
    const auto tip = placed.links[k].back();
    const double x = tip.x + margin, y = tip.y + margin + 30;
    out += std::string("<path class=\"") + (l.dead_letter ? "deadtip" : "tip") + "\" d=\"M" + number(x) + " " +
           number(y) + "l-9 -4.5v9z\"/>\n";
    if (l.label.empty()) continue;
    out += std::string("<text class=\"label") + (l.dead_letter ? " deadlabel" : "") + "\" x=\"" +
           number(placed.labels[k].x + margin) + "\" y=\"" + number(placed.labels[k].y + margin + 30 - 4) + "\">" +
           escaped(l.label) + "</text>\n";
  }
  for (std::size_t k = 0; k < of.boxes.size(); ++k) draw_box(out, of.boxes[k], placed.boxes[k], boxes[k]);
  out += "<text class=\"legend\" x=\"" + number(margin) + "\" y=\"" + number(height - 14) +
         "\">thin: a call in the same thread; thick: through a queue; dashed: dead letters</text>\n</svg>\n";
  return out;
}

}  // namespace weir::plan
