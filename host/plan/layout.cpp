#include "plan/layout.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace weir::plan {
namespace {

struct neighbour {
  std::uint32_t item = 0;
  double pull = 1;
};

// A box, or a place where a long link passes a column (a lane).
struct item {
  std::uint32_t layer = 0;
  double width = 0, height = 0, y = 0;  // y: the middle
  std::vector<neighbour> before, after;
  bool lane = false;
};

struct work {
  std::vector<item> items;                         // the boxes first, then the lanes
  std::vector<std::vector<std::uint32_t>> layers;  // items of each column, top to bottom
  std::vector<std::vector<std::uint32_t>> routes;  // for each link: its items from end to end
};

void assign_layers(work& w, std::size_t boxes) {
  for (std::size_t i = 0; i < boxes; ++i) {
    for (auto p : w.items[i].before) w.items[i].layer = std::max(w.items[i].layer, w.items[p.item].layer + 1);
  }
  // A box that could stand further right stands just left of its first consumer, so that short links stay short.
  for (std::size_t i = boxes; i-- > 0;) {
    if (w.items[i].after.empty()) continue;
    std::uint32_t right = UINT32_MAX;
    for (auto n : w.items[i].after) right = std::min(right, w.items[n.item].layer - 1);
    if (w.items[i].before.empty()) w.items[i].layer = std::max(w.items[i].layer, right);
  }
}

void add_lanes(work& w, const std::vector<layout_link>& links, double lane_gap) {
  for (const auto& l : links) {
    std::vector<std::uint32_t> route{l.from};
    for (auto layer = w.items[l.from].layer + 1; layer < w.items[l.to].layer; ++layer) {
      item lane;
      lane.layer = layer;
      lane.height = lane_gap;
      lane.lane = true;
      route.push_back(static_cast<std::uint32_t>(w.items.size()));
      w.items.push_back(lane);
    }
    route.push_back(l.to);
    w.routes.push_back(std::move(route));
  }
  for (auto& i : w.items) i.before.clear(), i.after.clear();
  for (std::size_t l = 0; l < links.size(); ++l) {
    const auto& r = w.routes[l];
    for (std::size_t k = 0; k + 1 < r.size(); ++k) {
      w.items[r[k]].after.push_back({r[k + 1], links[l].pull});
      w.items[r[k + 1]].before.push_back({r[k], links[l].pull});
    }
  }
  for (std::uint32_t i = 0; i < w.items.size(); ++i) {
    if (w.layers.size() <= w.items[i].layer) w.layers.resize(w.items[i].layer + 1);
    w.layers[w.items[i].layer].push_back(i);
  }
}

std::vector<std::uint32_t> ranks(const work& w) {
  std::vector<std::uint32_t> at(w.items.size());
  for (const auto& layer : w.layers) {
    for (std::uint32_t k = 0; k < layer.size(); ++k) at[layer[k]] = k;
  }
  return at;
}

std::size_t crossings(const work& w) {
  const auto at = ranks(w);
  std::size_t n = 0;
  for (const auto& layer : w.layers) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ends;
    for (auto i : layer) {
      for (auto next : w.items[i].after) ends.emplace_back(at[i], at[next.item]);
    }
    for (std::size_t a = 0; a < ends.size(); ++a) {
      for (std::size_t b = a + 1; b < ends.size(); ++b) {
        n += (ends[a].first < ends[b].first && ends[a].second > ends[b].second) ||
             (ends[a].first > ends[b].first && ends[a].second < ends[b].second);
      }
    }
  }
  return n;
}

void order_layer(work& w, std::uint32_t layer, bool by_before) {
  const auto at = ranks(w);
  std::vector<std::pair<double, std::uint32_t>> keyed;
  for (auto i : w.layers[layer]) {
    const auto& next = by_before ? w.items[i].before : w.items[i].after;
    double middle = at[i];
    if (!next.empty()) {
      middle = 0;
      for (auto n : next) middle += at[n.item];
      middle /= static_cast<double>(next.size());
    }
    keyed.emplace_back(middle, i);
  }
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t k = 0; k < keyed.size(); ++k) w.layers[layer][k] = keyed[k].second;
}

void order(work& w) {
  auto best = w.layers;
  auto fewest = crossings(w);
  const auto count = static_cast<std::uint32_t>(w.layers.size());
  for (int sweep = 0; sweep < 12 && fewest > 0; ++sweep) {
    if (sweep % 2 == 0) {
      for (std::uint32_t l = 1; l < count; ++l) order_layer(w, l, true);
    } else {
      for (std::uint32_t l = count - 1; l-- > 0;) order_layer(w, l, false);
    }
    const auto n = crossings(w);
    if (n < fewest) best = w.layers, fewest = n;
  }
  w.layers = best;
}

// Moves every item of a layer towards `wish` (its middle), keeping the order and the gaps: the least squares answer,
// found by merging neighbours that would overlap into blocks that share one shift.
void place_layer(work& w, const std::vector<std::uint32_t>& layer, const std::vector<double>& wish,
                 const std::vector<double>& weight, double gap) {
  struct block {
    double sum = 0, weight = 0;  // of wish - offset
    std::size_t first = 0;
    double start() const { return sum / weight; }
  };
  std::vector<double> offset(layer.size());
  for (std::size_t k = 1; k < layer.size(); ++k) {
    const auto& a = w.items[layer[k - 1]];
    const auto& b = w.items[layer[k]];
    offset[k] = offset[k - 1] + a.height / 2 + b.height / 2 + (a.lane || b.lane ? gap / 2 : gap);
  }
  std::vector<block> blocks;
  for (std::size_t k = 0; k < layer.size(); ++k) {
    blocks.push_back({(wish[k] - offset[k]) * weight[k], weight[k], k});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].start() > blocks.back().start()) {
      auto last = blocks.back();
      blocks.pop_back();
      blocks.back().sum += last.sum;
      blocks.back().weight += last.weight;
    }
  }
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    const auto end = b + 1 < blocks.size() ? blocks[b + 1].first : layer.size();
    for (auto k = blocks[b].first; k < end; ++k) w.items[layer[k]].y = blocks[b].start() + offset[k];
  }
}

void place(work& w, double gap) {
  for (const auto& layer : w.layers) {
    place_layer(w, layer, std::vector<double>(layer.size(), 0), std::vector<double>(layer.size(), 1), gap);
  }
  const auto count = static_cast<std::uint32_t>(w.layers.size());
  auto sweep = [&](std::uint32_t l, bool before, bool after) {
    const auto& layer = w.layers[l];
    std::vector<double> wish(layer.size()), weight(layer.size());
    for (std::size_t k = 0; k < layer.size(); ++k) {
      const auto& me = w.items[layer[k]];
      double sum = 0, n = 0;
      auto add = [&](const std::vector<neighbour>& next) {
        for (const auto& [i, weight_of] : next) {
          // A lane that goes on into a lane is a straight line wherever possible.
          const double pull = weight_of * (me.lane && w.items[i].lane ? 8 : 1);
          sum += w.items[i].y * pull;
          n += pull;
        }
      };
      if (before) add(me.before);
      if (after) add(me.after);
      wish[k] = n > 0 ? sum / n : me.y;
      weight[k] = n > 0 ? n : 0.1;
    }
    place_layer(w, layer, wish, weight, gap);
  };
  for (int round = 0; round < 8; ++round) {
    for (std::uint32_t l = 1; l < count; ++l) sweep(l, true, false);
    for (std::uint32_t l = count; l-- > 0;) sweep(l, false, true);
  }
  for (int round = 0; round < 4; ++round) {
    for (std::uint32_t l = 0; l < count; ++l) sweep(l, true, true);
  }
}

}  // namespace

layout lay_out(const std::vector<layout_box>& boxes, const std::vector<layout_link>& links, const layout_options& how) {
  layout out;
  work w;
  for (const auto& b : boxes) {
    item i;
    i.width = b.width;
    i.height = b.height;
    w.items.push_back(i);
  }
  for (const auto& l : links) {
    w.items[l.from].after.push_back({l.to, l.pull});
    w.items[l.to].before.push_back({l.from, l.pull});
  }
  if (boxes.empty()) return out;
  assign_layers(w, boxes.size());
  add_lanes(w, links, how.lane_gap);
  order(w);
  place(w, how.row_gap);

  double top = 0, bottom = 0;
  for (const auto& i : w.items) {
    top = std::min(top, i.y - i.height / 2);
    bottom = std::max(bottom, i.y + i.height / 2);
  }
  out.height = bottom - top;

  // Columns: as wide as the widest box; the gap behind one holds the widest label that starts there.
  std::vector<double> left(w.layers.size()), width(w.layers.size());
  for (const auto& i : w.items) width[i.layer] = std::max(width[i.layer], i.width);
  double x = 0;
  for (std::size_t l = 0; l < w.layers.size(); ++l) {
    left[l] = x;
    double label = 0;
    for (const auto& k : links) {
      if (w.items[k.to].layer == l + 1) label = std::max(label, k.label_width);
    }
    x += width[l] + how.column_gap + label;
    out.width = left[l] + width[l];
  }

  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const auto& me = w.items[i];
    out.boxes.push_back({left[me.layer] + (width[me.layer] - me.width) / 2, me.y - me.height / 2 - top});
  }

  // Links leave and enter a box at different heights, in the order of where they go, so that they do not cover each
  // other.
  auto port = [&](std::uint32_t box, std::uint32_t link, bool leaving) {
    std::vector<std::pair<double, std::uint32_t>> here;
    for (std::uint32_t k = 0; k < links.size(); ++k) {
      if ((leaving ? links[k].from : links[k].to) != box) continue;
      const auto& r = w.routes[k];
      here.emplace_back(w.items[leaving ? r[1] : r[r.size() - 2]].y, k);
    }
    std::stable_sort(here.begin(), here.end());
    const auto n = static_cast<double>(here.size());
    const auto k = static_cast<double>(
        std::find_if(here.begin(), here.end(), [&](const auto& h) { return h.second == link; }) - here.begin());
    const double step = std::min(16.0, (w.items[box].height - 12) / n);
    return w.items[box].y - top + (k - (n - 1) / 2) * step;
  };
  for (std::uint32_t k = 0; k < links.size(); ++k) {
    const auto& r = w.routes[k];
    std::vector<point> path;
    const auto& from = w.items[r.front()];
    path.push_back({out.boxes[links[k].from].x + from.width, port(links[k].from, k, true)});
    for (std::size_t j = 1; j + 1 < r.size(); ++j) {
      const auto& lane = w.items[r[j]];
      path.push_back({left[lane.layer], lane.y - top});
      path.push_back({left[lane.layer] + width[lane.layer], lane.y - top});
    }
    // The label stands on a straight piece just in front of the column that the link goes to.
    const auto column = left[w.items[links[k].to].layer];
    const auto y = port(links[k].to, k, false);
    out.labels.push_back({column - links[k].label_width / 2 - 14, y});
    if (links[k].label_width > 0) path.push_back({column - links[k].label_width - 14, y});
    path.push_back({out.boxes[links[k].to].x, y});
    out.links.push_back(std::move(path));
  }
  return out;
}

}  // namespace weir::plan
