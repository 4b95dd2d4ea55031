#include "route.hpp"

#include <algorithm>

namespace weir::standard {

route::route(const config& c) {
  for (const auto& r : c.elements("routes"))
    routes_.push_back({r.get<std::string>("when"), r.get<std::string>("to"), r.path() + ".when", 0, 0});
  if (routes_.empty()) throw c.error("routes", "names no route");
}

void route::bind(binder& b) {
  compiled_.emplace(b.input());
  b.output_like_input("");
  std::vector<std::string> ports{""};
  for (one& r : routes_) {
    r.condition = compiled_->condition(r.when, r.option);
    auto known = std::find(ports.begin() + 1, ports.end(), r.to);
    if (known == ports.end()) {
      b.output_like_input(r.to);
      ports.push_back(r.to);
      known = ports.end() - 1;
    }
    r.port = static_cast<std::uint32_t>(known - ports.begin());
  }
  compiled_->seal();
  by_port_.resize(ports.size());
}

void route::process(const batch_view& batch, batch_output& out) {
  auto& e = compiled_->begin(batch);
  const auto rows = static_cast<std::size_t>(batch.row_count());
  for (auto& port : by_port_) port.clear();
  left_.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) left_[i] = batch.row(static_cast<std::int64_t>(i));

  for (const one& r : routes_) {
    if (left_.empty()) break;
    taken_.resize(left_.size());
    const auto count = e.select(r.condition, {left_.data(), static_cast<std::int64_t>(left_.size())}, taken_.data());
    taken_.resize(static_cast<std::size_t>(count));
    auto& port = by_port_[r.port];
    const bool first = port.empty();
    port.insert(port.end(), taken_.begin(), taken_.end());
    if (!first) std::inplace_merge(port.begin(), port.end() - count, port.end());
    // What is left: neither taken nor failed. A row whose condition cannot be computed belongs nowhere.
    rest_.clear();
    std::size_t t = 0;
    for (const auto row : left_) {
      if (t < taken_.size() && taken_[t] == row)
        ++t;
      else if (!e.has_failed(row))
        rest_.push_back(row);
    }
    left_.swap(rest_);
  }
  for (const auto& bad : e.errors()) out.dead_letter(batch, bad.row, bad.why);
  by_port_[0].assign(left_.begin(), left_.end());
  for (std::uint32_t port = 0; port < by_port_.size(); ++port) {
    const auto& chosen = by_port_[port];
    if (chosen.empty()) continue;
    if (chosen.size() == rows)
      out.emit_all(port, batch);
    else
      out.emit_rows(port, batch, chosen.data(), static_cast<std::int64_t>(chosen.size()));
  }
}

}  // namespace weir::standard
