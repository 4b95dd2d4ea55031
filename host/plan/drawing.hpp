#pragma once
// A graph to be drawn for people: plain texts and indexes, made from a plan by describe() (explain.hpp), drawn as text,
// DOT or SVG. Nothing here knows plugins or schemas, so a drawing is easy to test and to make by hand.
#include <cstdint>
#include <string>
#include <vector>

namespace weir::plan {

enum class box_kind : std::uint8_t { source, transform, sink };

struct box {
  std::string id;  ///< the node's id, the first line
  box_kind kind = box_kind::transform;
  std::vector<std::string> lines;   ///< below the id: component, parallelism, decoder ...
  std::vector<std::string> schema;  ///< "desk utf8 not null" for each column; empty: not asked for
  std::uint32_t chain = 0;          ///< boxes of one chain share a thread
};

struct link {
  std::uint32_t from = 0, to = 0;  ///< indexes into drawing::boxes
  std::string label;               ///< exchange, key, side port: "hash(desk)", "late: rebalance"
  bool dead_letter = false;        ///< drawn dashed
  bool chained = false;            ///< drawn thin: a call, not a queue
};

/// Boxes are in topological order: a link goes from a smaller to a greater index.
struct drawing {
  std::string title;
  std::vector<box> boxes;
  std::vector<link> links;
};

/// One block a box, in order, with its links below; for terminals. No trailing spaces.
std::string draw_text(const drawing& of);
/// Graphviz DOT, for those who have it.
std::string draw_dot(const drawing& of);
/// A complete SVG file, laid out from left to right (layout.hpp); readable on light and dark backgrounds.
std::string draw_svg(const drawing& of);

}  // namespace weir::plan
