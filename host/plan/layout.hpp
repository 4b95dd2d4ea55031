#pragma once
// Layered layout of a directed acyclic graph, from left to right: each box gets a column right of all its producers,
// long links bend around boxes, few links cross. Small graphs (hundreds of boxes); deterministic: equal graphs give
// equal places.
//
//   layers:   longest path from a source, then boxes move right towards their consumers
//   order:    sweeps by the median of the neighbours, the sweep with the fewest crossings wins
//   places:   each box moves to the middle of its neighbours as far as those above and below let it
#include <cstdint>
#include <vector>

namespace weir::plan {

struct point {
  double x = 0, y = 0;
};

struct layout_box {
  double width = 0, height = 0;
};
struct layout_link {
  std::uint32_t from = 0, to = 0;  ///< from < to
  double label_width = 0;          ///< room between the columns for the label; 0: none
  double pull = 1;                 ///< how strongly it wants to be straight: less for what is not the main flow
};

struct layout_options {
  double column_gap = 46;  ///< least space between two columns, without labels
  double row_gap = 22;     ///< least space between two boxes of a column
  double lane_gap = 18;    ///< least space around a link that passes a column
};

struct layout {
  std::vector<point> boxes;               ///< upper left corners
  std::vector<std::vector<point>> links;  ///< from the right side of `from` through bends to the left side of `to`
  std::vector<point> labels;              ///< where the middle of each link's label goes
  double width = 0, height = 0;
};

layout lay_out(const std::vector<layout_box>& boxes, const std::vector<layout_link>& links,
               const layout_options& how = {});

}  // namespace weir::plan
