#include "task/shadow_compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "model/bits.hpp"
#include "model/dead_letter.hpp"
#include "model/key_hash.hpp"
#include "model/name_registry.hpp"

namespace weir::task {
namespace {

/// How far a row looks for its equal among those of the other version.
constexpr std::size_t look_ahead = 16;

bool is_null(const model::column& c, std::int64_t i) { return c.null_count() > 0 && !model::bit_at(c.validity(), i); }

template <class T>
bool same_number(const model::column& a, std::int64_t i, const model::column& b, std::int64_t j,
                 const shadow_rules::tolerance* tolerance) {
  const T x = a.values<T>()[i], y = b.values<T>()[j];
  if (x == y) return true;
  if constexpr (std::is_floating_point_v<T>)
    if (std::isnan(x) && std::isnan(y)) return true;
  if (!tolerance) return false;
  const auto p = static_cast<double>(x), q = static_cast<double>(y);
  return std::abs(p - q) <= (tolerance->relative ? tolerance->by * std::max(std::abs(p), std::abs(q)) : tolerance->by);
}

bool same_bytes(const model::column& a, std::int64_t i, const model::column& b, std::int64_t j) {
  const std::int32_t *x = a.values<std::int32_t>() + i, *y = b.values<std::int32_t>() + j;
  const auto size = static_cast<std::size_t>(x[1] - x[0]);
  return x[1] - x[0] == y[1] - y[0] && (size == 0 || std::memcmp(a.data() + x[0], b.data() + y[0], size) == 0);
}

}  // namespace

bool same_value(const model::data_type& type, const model::column& a, std::int64_t i, const model::column& b,
                std::int64_t j, const shadow_rules::tolerance* tolerance) {
  using model::type_id;
  if (is_null(a, i) || is_null(b, j)) return is_null(a, i) && is_null(b, j);
  switch (type.id) {
    case type_id::boolean:
      return model::bit_at(a.values<std::uint8_t>(), i) == model::bit_at(b.values<std::uint8_t>(), j);
    case type_id::int8:
      return same_number<std::int8_t>(a, i, b, j, tolerance);
    case type_id::int16:
      return same_number<std::int16_t>(a, i, b, j, tolerance);
    case type_id::int32:
    case type_id::date:
      return same_number<std::int32_t>(a, i, b, j, tolerance);
    case type_id::int64:
    case type_id::timestamp:
      return same_number<std::int64_t>(a, i, b, j, tolerance);
    case type_id::uint8:
      return same_number<std::uint8_t>(a, i, b, j, tolerance);
    case type_id::uint16:
      return same_number<std::uint16_t>(a, i, b, j, tolerance);
    case type_id::uint32:
      return same_number<std::uint32_t>(a, i, b, j, tolerance);
    case type_id::uint64:
      return same_number<std::uint64_t>(a, i, b, j, tolerance);
    case type_id::float32:
      return same_number<float>(a, i, b, j, tolerance);
    case type_id::float64:
      return same_number<double>(a, i, b, j, tolerance);
    case type_id::utf8:
    case type_id::binary:
      return same_bytes(a, i, b, j);
    case type_id::fixed_binary:
    case type_id::decimal128: {
      const std::int64_t width = type.value_bytes();
      return std::memcmp(a.values<char>() + i * width, b.values<char>() + j * width, static_cast<std::size_t>(width)) ==
             0;
    }
    case type_id::list: {
      const std::int32_t *x = a.values<std::int32_t>() + i, *y = b.values<std::int32_t>() + j;
      if (x[1] - x[0] != y[1] - y[0]) return false;
      for (std::int32_t k = 0; k < x[1] - x[0]; ++k)
        if (!same_value(type.children[0].type, a.child(0), x[0] + k, b.child(0), y[0] + k, tolerance)) return false;
      return true;
    }
    case type_id::structure:
      for (std::size_t c = 0; c < type.children.size(); ++c)
        if (!same_value(type.children[c].type, a.child(c), i, b.child(c), j, tolerance)) return false;
      return true;
  }
  return false;
}

namespace {

std::int64_t time_of(const model::batch& b, std::uint32_t row) {
  const std::int64_t* times = b.view().event_time;
  return times ? times[row] : WEIR_TIME_MIN;
}

std::uint8_t change_of(const model::batch& b, std::uint32_t row) {
  const auto& change = b.facts().change;
  return change ? change->as<std::uint8_t>()[row] : static_cast<std::uint8_t>(WEIR_INSERT);
}

}  // namespace

shadow_compare::shadow_compare(const op::spec& what, std::uint32_t subtask, shadow_rules rules, shadow_report& report)
    : what_(what), subtask_(subtask), rules_(std::move(rules)), report_(report) {
  ports_.resize(what.outputs.size() + 1);
}

shadow_compare::port& shadow_compare::port_at(std::uint32_t number) {
  auto& held = ports_[number];
  if (held) return *held;
  held = std::make_unique<port>();
  const bool letters = number == what_.outputs.size();
  held->name = letters ? "dead-letter" : what_.outputs[number].name;
  held->schema = letters ? model::dead_letter_schema() : what_.outputs[number].schema;
  held->times = !letters && !rules_.ignored.contains("event_time");
  held->text = std::make_unique<model::row_json>(held->schema);
  const model::schema& s = *held->schema;
  for (std::size_t i = 0; i < s.size(); ++i) {
    column_rule rule;
    // When, and which version said so, is different by nature.
    rule.ignored = rules_.ignored.contains(s[i].name) ||
                   (letters && (s[i].name == "at" || s[i].name == "version" || s[i].name == "plugin"));
    if (const auto at = rules_.tolerances.find(s[i].name); at != rules_.tolerances.end()) rule.tolerance = &at->second;
    held->columns.push_back(rule);
  }
  // The output has the key when it has columns of its names and types; else the port is one sequence.
  for (const model::field& f : what_.key_fields) {
    for (std::uint32_t i = 0; i < s.size(); ++i)
      if (s[i].name == f.name && s[i].type == f.type) held->key.push_back(i);
  }
  if (held->key.size() != what_.key_fields.size()) held->key.clear();
  return *held;
}

bool shadow_compare::same_row(const port& p, const model::batch& a, std::uint32_t i, const model::batch& b,
                              std::uint32_t j) {
  for (std::size_t c = 0; c < p.columns.size(); ++c) {
    const model::column &x = a.column_at(c), &y = b.column_at(c);
    if (p.columns[c].ignored || (&x == &y && i == j)) continue;
    if (!same_value((*p.schema)[c].type, x, i, y, j, p.columns[c].tolerance)) return false;
  }
  return (!p.times || time_of(a, i) == time_of(b, j)) && change_of(a, i) == change_of(b, j);
}

// The usual case: both gave the same rows in the same order, of whatever keys.
bool shadow_compare::same_rows(const port& p, const std::vector<const model::batch*>& a,
                               const std::vector<const model::batch*>& b) {
  std::size_t at = 0;
  std::int64_t row = 0;
  for (const model::batch* x : a) {
    for (std::int64_t i = 0; i < x->row_count(); ++i) {
      while (at < b.size() && row == b[at]->row_count()) ++at, row = 0;
      if (at == b.size() || !same_row(p, *x, x->row(i), *b[at], b[at]->row(row++))) return false;
    }
  }
  while (at < b.size() && row == b[at]->row_count()) ++at, row = 0;
  return at == b.size();
}

void shadow_compare::line_up(port& p, const std::vector<const model::batch*>& rows, bool is_now, const origin& from,
                             std::vector<std::uint64_t>& touched) {
  for (const model::batch* b : rows) {
    const auto of = model::batch_ref::share(b);
    const model::buffer_ref hashes = p.key.empty() ? model::buffer_ref() : model::hash_keys(*b, p.key);
    for (std::int64_t i = 0; i < b->row_count(); ++i) {
      const std::uint32_t row = b->row(i);
      const std::uint64_t key = hashes ? hashes->as<std::uint64_t>()[row] : 0;
      lane& l = p.lanes[key];
      (is_now ? l.now : l.before).push_back({of, row, from});
      touched.push_back(key);
    }
  }
}

void shadow_compare::compare(const std::vector<given>& before, const std::vector<given>& now,
                             const model::batch* input) {
  if (before.empty() && now.empty()) return;
  origin from;
  if (input && input->row_count() > 0) {
    const std::uint32_t first = input->row(0), last = input->row(input->row_count() - 1);
    from.split = input->facts().split_of(first);
    // Rows of several splits have no range.
    if (from.split == input->facts().split_of(last))
      from.first = input->facts().offset_of(first), from.last = input->facts().offset_of(last);
    else
      from.split = model::no_split;
  }
  std::vector<const model::batch*> mine, theirs;
  std::vector<std::uint64_t> touched;
  for (std::uint32_t number = 0; number < ports_.size(); ++number) {
    mine.clear(), theirs.clear();
    std::int64_t rows = 0;
    for (const given& g : before)
      if (g.port == number) mine.push_back(g.rows.get()), rows += g.rows->row_count();
    for (const given& g : now)
      if (g.port == number) theirs.push_back(g.rows.get());
    if (mine.empty() && theirs.empty()) continue;
    port& p = port_at(number);
    if (p.lanes.empty() && same_rows(p, mine, theirs)) {
      counts_.equal += static_cast<std::uint64_t>(rows);
      continue;
    }
    touched.clear();
    line_up(p, mine, false, from, touched);
    line_up(p, theirs, true, from, touched);
    for (const std::uint64_t key : touched) {
      const auto at = p.lanes.find(key);
      if (at == p.lanes.end()) continue;
      match(p, at->second);
      if (at->second.before.empty() && at->second.now.empty()) p.lanes.erase(at);
    }
  }
  waiting_ = 0;
  for (const auto& p : ports_)
    if (p)
      for (const auto& [key, l] : p->lanes) waiting_ += l.before.size() + l.now.size();
  report_.add(subtask_, std::exchange(counts_, {}));
  if (waiting_ > most_waiting) settle();
}

void shadow_compare::match(port& p, lane& l) {
  const auto same = [&](std::size_t i, std::size_t j) {
    return same_row(p, *l.before[i].of, l.before[i].row, *l.now[j].of, l.now[j].row);
  };
  const auto drop_before = [&](std::size_t n) {
    for (; n > 0; --n, l.before.pop_front()) ++counts_.missing, tell(p, "missing", &l.before.front(), nullptr);
  };
  const auto drop_now = [&](std::size_t n) {
    for (; n > 0; --n, l.now.pop_front()) ++counts_.extra, tell(p, "extra", nullptr, &l.now.front());
  };
  while (!l.before.empty() && !l.now.empty()) {
    std::size_t skip_before = 0, skip_now = 0;
    bool found = same(0, 0);
    for (std::size_t d = 1; !found && d <= look_ahead; ++d) {
      if (d < l.before.size() && same(d, 0)) {
        skip_before = d;
        found = true;
      } else if (d < l.now.size() && same(0, d)) {
        skip_now = d;
        found = true;
      }
    }
    if (found) {
      drop_before(skip_before);
      drop_now(skip_now);
      ++counts_.equal;
    } else {
      ++counts_.different;
      tell(p, "different", &l.before.front(), &l.now.front());
    }
    l.before.pop_front();
    l.now.pop_front();
  }
}

void shadow_compare::settle() {
  for (const auto& p : ports_) {
    if (!p) continue;
    for (auto& [key, l] : p->lanes) {
      for (const row_at& r : l.before) ++counts_.missing, tell(*p, "missing", &r, nullptr);
      for (const row_at& r : l.now) ++counts_.extra, tell(*p, "extra", nullptr, &r);
    }
    p->lanes.clear();
  }
  waiting_ = 0;
  report_.add(subtask_, std::exchange(counts_, {}));
}

void shadow_compare::tell(port& p, const char* what, const row_at* before, const row_at* now) {
  if (!report_.wants_examples()) return;
  shadow_example e;
  e.what = what;
  e.port = p.name;
  e.subtask = subtask_;
  const row_at& known = before ? *before : *now;
  if (!p.key.empty()) {
    e.key = "{";
    for (const std::uint32_t c : p.key) {
      if (e.key.size() > 1) e.key += ',';
      model::append_json_string(e.key, (*p.schema)[c].name);
      e.key += ':';
      model::append_json_value(e.key, (*p.schema)[c].type, known.of->column_at(c), known.row);
    }
    e.key += '}';
  }
  if (before) p.text->append(e.before, *before->of, before->row);
  if (now) p.text->append(e.now, *now->of, now->row);
  if (before && now) {
    for (std::size_t c = 0; c < p.columns.size(); ++c)
      if (!p.columns[c].ignored && !same_value((*p.schema)[c].type, before->of->column_at(c), before->row,
                                               now->of->column_at(c), now->row, p.columns[c].tolerance))
        e.fields.push_back((*p.schema)[c].name);
    if (p.times && time_of(*before->of, before->row) != time_of(*now->of, now->row)) e.fields.push_back("event_time");
    if (change_of(*before->of, before->row) != change_of(*now->of, now->row)) e.fields.push_back("change kind");
  }
  // A row of one input row knows where that was; else it is one of the call's.
  const model::facts& f = known.of->facts();
  origin from{f.split_of(known.row), f.offset_of(known.row), f.offset_of(known.row)};
  if (from.split == model::no_split || from.first < 0) from = known.from;
  if (from.split != model::no_split) e.split = model::split_names().name(from.split);
  e.first_offset = from.first;
  e.last_offset = from.last;
  if (const std::int64_t at = time_of(*known.of, known.row); at != WEIR_TIME_MIN) e.event_time_us = at;
  report_.add(std::move(e));
}

}  // namespace weir::task
