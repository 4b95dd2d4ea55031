#include "route.hpp"

#include <algorithm>

namespace weir::standard {

namespace {

constexpr std::size_t ports_max = 1000;
constexpr std::uint16_t nowhere = UINT16_MAX;  // the row failed

bool is_port_name(std::string_view n) {
  return !n.empty() && n.size() <= 64 && std::all_of(n.begin(), n.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

}  // namespace

route::route(const weir::config& c) {
  const auto given = c.elements("routes");
  if (given.empty()) throw c.error("routes", "needs at least one { when = \"...\", to = \"...\" }");
  for (const auto& r : given) {
    rule one{r.get<std::string>("when"), r.get<std::string>("to"), 0};
    if (!is_port_name(one.to))
      throw r.error("to", "a port's name has letters, digits, `_` and `-`, at most 64 of them");
    rules_.push_back(std::move(one));
  }
  ports_.emplace_back();
  for (const auto& r : rules_)
    if (std::find(ports_.begin(), ports_.end(), r.to) == ports_.end()) ports_.push_back(r.to);
  if (ports_.size() > ports_max) throw c.error("routes", "has more than " + std::to_string(ports_max) + " ports");
  for (auto& r : rules_)
    r.port = static_cast<std::uint32_t>(std::find(ports_.begin(), ports_.end(), r.to) - ports_.begin());
}

void route::bind(weir::binder& b) {
  program_.emplace(b.input());
  bool good = true;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    try {
      program_->add_condition(rules_[i].when);
    } catch (const weir::expression::mistake& m) {
      b.error(WEIR_E_CONFIG, "routes[" + std::to_string(i) + "].when", m.why, m.at);
      good = false;
    }
  }
  if (!good) return;
  program_->seal();
  evaluator_.emplace(*program_);
  for (const auto& name : ports_) b.output_like_input(name);
}

void route::process(const weir::batch_view& batch, weir::batch_output& out) {
  const auto room = static_cast<std::size_t>(batch.length());
  if (port_of_.size() < room) {
    port_of_.resize(room);
    open_.resize(room);
    taken_.resize(room);
  }
  counts_.assign(ports_.size(), 0);
  evaluator_->begin(input_of(batch));
  weir::expression::row_set left = rows_of(batch);
  for (const std::uint32_t row : batch.rows()) port_of_[row] = 0;
  std::size_t failed = 0;
  for (std::size_t r = 0; r < rules_.size() && left.count > 0; ++r) {
    const std::int64_t taken = evaluator_->select(r, left, taken_.data());
    for (std::int64_t k = 0; k < taken; ++k)
      port_of_[taken_[static_cast<std::size_t>(k)]] = static_cast<std::uint16_t>(rules_[r].port);
    counts_[rules_[r].port] += taken;
    const auto& errors = evaluator_->errors();
    const std::size_t before = failed;
    for (; failed < errors.size(); ++failed) {
      port_of_[errors[failed].row] = nowhere;
      out.dead_letter(batch, errors[failed].row, "when " + rules_[r].when + ": " + errors[failed].why);
    }
    if (taken == 0 && failed == before) continue;
    // What no condition has taken yet.
    std::int64_t open = 0, t = 0;
    for (std::int64_t k = 0; k < left.count; ++k) {
      const std::uint32_t row = left.index ? left.index[k] : static_cast<std::uint32_t>(k);
      if (t < taken && taken_[static_cast<std::size_t>(t)] == row) {
        ++t;
        continue;
      }
      open_[static_cast<std::size_t>(open)] = row;
      open += port_of_[row] != nowhere;
    }
    left = {open_.data(), open};
  }
  counts_[0] = left.count;
  for (std::uint32_t p = 0; p < ports_.size(); ++p) {
    if (!counts_[p] || !out.connected(p)) continue;
    if (counts_[p] == batch.row_count()) {
      out.emit_all(p, batch);
      continue;
    }
    std::uint32_t* rows = out.row_buffer(batch.row_count());
    std::int64_t n = 0;
    for (const std::uint32_t row : batch.rows()) {
      rows[n] = row;
      n += port_of_[row] == p;
    }
    out.emit_rows(p, batch, rows, n);
  }
}

}  // namespace weir::standard
