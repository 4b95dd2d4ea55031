#include "control/why_no_output.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "base/timestamp.hpp"

namespace weir::control {
namespace {

using base::cat;
using job::subtask_figures;
using kind = silence_kind;
using place = std::pair<std::uint32_t, std::uint32_t>;  // node, subtask

constexpr std::int64_t none = INT64_MIN, end = INT64_MAX;

std::string time(std::int64_t us) { return base::print_timestamp_us(us); }

// For people: "3h20m", not "3h20m7.123456s".
std::string span(std::int64_t us) {
  constexpr std::int64_t second = 1'000'000;
  if (us >= 600 * second) return base::print_duration_us(us / (60 * second) * (60 * second));
  if (us >= 10 * second) return base::print_duration_us(us / second * second);
  return us >= 1000 ? base::print_duration_us(us / 1000 * 1000) : base::print_duration_us(us);
}

silence_reason reason(kind k, std::string at, std::string what = {}) {
  silence_reason r;
  r.kind = k;
  r.at = std::move(at);
  r.what = std::move(what);
  return r;
}

std::string records(std::uint64_t n) { return cat(n, n == 1 ? " record" : " records"); }

/// The figures of both looks by place, and what can be read off them.
class looks {
 public:
  explicit looks(const silence_facts& facts) : of(facts), plan(facts.plan) {
    for (const auto& f : facts.before) before_[{f.node, f.subtask}] = &f;
    for (const auto& f : facts.now) now_[{f.node, f.subtask}] = &f;
  }

  const subtask_figures& now(place p) const { return at(now_, p); }
  const subtask_figures& before(place p) const { return at(before_, p); }
  std::uint32_t head(std::uint32_t node) const { return plan.chains[plan.nodes[node].chain].nodes.front(); }
  std::uint32_t subtasks(std::uint32_t node) const { return plan.chains[plan.nodes[node].chain].parallelism; }
  const std::string& id(std::uint32_t node) const { return visible(node).id; }
  const plan::node& visible(std::uint32_t node) const {
    const plan::node& n = plan.nodes[node];
    return n.visible == plan::no_index ? n : plan.nodes[n.visible];
  }

  template <class T>
  std::uint64_t sum(std::uint32_t node, T subtask_figures::*field) const {
    std::uint64_t all = 0;
    for (std::uint32_t s = 0; s < subtasks(node); ++s) all += static_cast<std::uint64_t>(now({node, s}).*field);
    return all;
  }
  /// What has been added between the looks.
  template <class T>
  std::uint64_t more(std::uint32_t node, T subtask_figures::*field) const {
    std::uint64_t all = 0;
    for (std::uint32_t s = 0; s < subtasks(node); ++s)
      all += static_cast<std::uint64_t>(now({node, s}).*field) - static_cast<std::uint64_t>(before({node, s}).*field);
    return all;
  }

  /// Everything in front of a node, the nearest first, itself included.
  std::vector<std::uint32_t> in_front_of(std::uint32_t node) const {
    std::vector<std::uint32_t> all{node};
    std::set<std::uint32_t> seen{node};
    for (std::size_t i = 0; i < all.size(); ++i)
      for (const plan::input& in : plan.nodes[all[i]].inputs)
        if (seen.insert(in.from_node).second) all.push_back(in.from_node);
    return all;
  }

  /// "a, b and c": what runs in one thread with the node.
  std::string thread_of(std::uint32_t node) const {
    std::vector<std::string> ids;
    for (const auto n : plan.chains[plan.nodes[node].chain].nodes)
      if (ids.empty() || ids.back() != id(n)) ids.push_back(id(n));
    std::string out;
    for (std::size_t i = 0; i < ids.size(); ++i) out += cat(i == 0 ? "" : i + 1 == ids.size() ? " and " : ", ", ids[i]);
    return out;
  }

  const config::node* told(std::uint32_t node) const {
    if (!plan.told) return nullptr;
    for (const auto& n : plan.told->nodes)
      if (n.id == id(node)) return &n;
    return nullptr;
  }
  std::string at_in_file(const config::location* l) const { return l && l->line > 0 ? cat(" (", l->text(), ")") : ""; }

  const silence_facts& of;
  const plan::plan& plan;

 private:
  using by_place = std::map<place, const subtask_figures*>;
  static const subtask_figures& at(const by_place& all, place p) {
    static const subtask_figures nothing;
    const auto found = all.find(p);
    return found == all.end() ? nothing : *found->second;
  }
  by_place before_, now_;
};

/// "trades#decode/3" -> node and subtask.
std::optional<place> place_of(const plan::plan& what, const std::string& name) {
  const auto slash = name.rfind('/');
  if (slash == std::string::npos) return std::nullopt;
  place p;
  if (std::from_chars(name.data() + slash + 1, name.data() + name.size(), p.second).ec != std::errc())
    return std::nullopt;
  for (p.first = 0; p.first < what.nodes.size(); ++p.first)
    if (what.nodes[p.first].id == name.substr(0, slash)) return p;
  return std::nullopt;
}

/// The subtask of a node whose clock is furthest behind.
place slowest(const looks& l, std::uint32_t node) {
  place found{node, 0};
  for (std::uint32_t s = 1; s < l.subtasks(node); ++s)
    if (l.now({node, s}).watermark_us < l.now(found).watermark_us) found = {node, s};
  return found;
}

/// From an operator's subtask to the source's subtask that holds its clock; nullopt: nobody holds it.
std::optional<place> holder(const looks& l, place from) {
  // A plan has no circles; the figures of a job at work may be of different moments.
  for (std::size_t steps = 0; steps <= l.plan.nodes.size(); ++steps) {
    const place head{l.head(from.first), from.second};
    if (l.plan.nodes[head.first].kind == plan::node_kind::source) return head;
    const auto next = place_of(l.plan, l.now(head).held_by);
    if (!next) return std::nullopt;
    from = *next;
  }
  return std::nullopt;
}

const plan::watermark_strategy* strategy(const looks& l, std::uint32_t source) {
  for (const auto n : l.plan.chains[l.plan.nodes[source].chain].nodes)
    if (l.plan.nodes[n].watermark) return &*l.plan.nodes[n].watermark;
  return nullptr;
}

/// How far the furthest split is that is in front of a node, other than this one.
std::int64_t furthest(const looks& l, std::uint32_t node, const std::string& but, std::string& split) {
  std::int64_t most = none;
  for (const auto n : l.in_front_of(node)) {
    if (l.plan.nodes[n].kind != plan::node_kind::source) continue;
    for (std::uint32_t s = 0; s < l.subtasks(n); ++s) {
      const auto& f = l.now({n, s});
      if (f.newest_split == but || f.newest_split_us <= most) continue;
      most = f.newest_split_us;
      split = f.newest_split;
    }
  }
  return most;
}

std::string waiting(const looks& l, place p) {
  const auto at = l.now(p).watermark_us;
  return cat(l.id(p.first), " waits for event time: its clock ",
             at == none ? std::string("has not begun") : cat("stands at ", time(at)));
}

silence_reason held_by_split(const looks& l, place waits, place source) {
  const auto& f = l.now(source);
  const auto& rule = *strategy(l, source.first);
  silence_reason r = reason(kind::split, f.held_by);
  if (f.held_watermark_us != none) r.watermark_us = f.held_watermark_us;
  if (f.held_pending >= 0) r.pending = f.held_pending;
  std::string other;
  const auto furthest_us = furthest(l, waits.first, f.held_by, other);
  const bool behind = furthest_us != none && furthest_us > f.held_watermark_us;
  if (behind && r.watermark_us) r.behind_us = furthest_us - f.held_watermark_us;

  r.what = cat(waiting(l, waits), ", because split ", f.held_by);
  if (!r.watermark_us)
    r.what += " has not given a record with an event time yet";
  else if (behind)
    r.what += cat(" stands there, ", span(*r.behind_us), " behind ", other);
  else
    r.what += " has given nothing newer";
  if (!r.watermark_us && behind) r.what += cat(", while ", other, " is at ", time(furthest_us));
  if (r.pending) r.what += cat("; ", records(static_cast<std::uint64_t>(*r.pending)), " of it are not read yet");

  if (f.held_quiet_us >= 0 && rule.idle_after_us < 0 && behind) {
    r.kind = kind::idle_source;
    r.what += cat("; it has had nothing to read for ", span(f.held_quiet_us));
    const auto* told = l.told(source.first);
    r.advice = cat("add idle_after = \"30s\" to the watermark of [[source]] ", l.id(source.first),
                   l.at_in_file(told && told->watermark ? &told->watermark->at : nullptr),
                   ": then a split with nothing to read holds nobody back");
  } else if (f.held_quiet_us >= 0 && behind) {
    r.kind = kind::idle_source;
    r.what += cat("; it has had nothing to read for ", span(f.held_quiet_us), ", and counts as idle after ",
                  base::print_duration_us(rule.idle_after_us));
  } else if (f.held_quiet_us >= 0) {
    r.kind = kind::window_open;
    r.what += cat("; it has had nothing to read for ", span(f.held_quiet_us));
    r.advice = cat("what waits ends when a record more than ", base::print_duration_us(rule.out_of_orderness_us),
                   " (out_of_orderness) newer than its end comes, or when the input ends");
  } else if (l.now(waits).watermark_us != l.before(waits).watermark_us) {
    r.kind = kind::window_open;
    r.what = cat(waiting(l, waits), " and moves on; what waits has not ended yet");
    if (l.before(waits).watermark_us != none)
      r.what += cat(" (", span(l.now(waits).watermark_us - l.before(waits).watermark_us), " further in ",
                    span(l.of.between_us), ")");
    if (r.behind_us) r.what += cat("; the slowest split is ", f.held_by, ", ", span(*r.behind_us), " behind ", other);
  } else if (l.more(source.first, &subtask_figures::records_out) == 0) {
    r.advice = cat("source ", l.id(source.first), "/", source.second,
                   " gives no records and has not said that there are none: "
                   "look at what feeds it, and at its log lines");
  } else {
    r.advice =
        cat("source ", l.id(source.first), " is reading; if records of ", f.held_by,
            " are rare and not late by intent, give its watermark idle_after, or look at what writes that split");
  }
  return r;
}

/// The slowest source subtask of the align_group of one that is paused.
silence_reason paused(const looks& l, place source) {
  const auto& group = strategy(l, source.first)->align_group;
  std::optional<place> least;
  for (std::uint32_t n = 0; n < l.plan.nodes.size(); ++n) {
    if (l.plan.nodes[n].kind != plan::node_kind::source) continue;
    const auto* rule = strategy(l, n);
    if (!rule || rule->align_group != group) continue;
    for (std::uint32_t s = 0; s < l.subtasks(n); ++s) {
      const auto& f = l.now({n, s});
      if (f.held_by.empty() || f.paused || f.watermark_us == none) continue;  // holds nobody back
      if (!least || f.watermark_us < l.now(*least).watermark_us) least = place{n, s};
    }
  }
  silence_reason r = reason(kind::paused, cat(l.id(source.first), "/", source.second));
  r.what = cat("source ", r.at, " is paused: it is more than max_drift ",
               base::print_duration_us(strategy(l, source.first)->max_drift_us), " ahead of its align_group ",
               base::quoted(group));
  if (least) {
    const auto& f = l.now(*least);
    r.what +=
        cat(", whose slowest source is ", l.id(least->first), " at ", time(f.watermark_us), " (split ", f.held_by, ")");
    const bool quiet = f.held_quiet_us >= 0 && strategy(l, least->first)->idle_after_us < 0;
    if (f.held_pending >= 0)
      r.what += cat("; ", records(static_cast<std::uint64_t>(f.held_pending)), " of it are not read yet");
    if (quiet) {
      const auto* told = l.told(least->first);
      r.advice = cat("it has nothing to read: add idle_after = \"30s\" to the watermark of [[source]] ",
                     l.id(least->first), l.at_in_file(told && told->watermark ? &told->watermark->at : nullptr));
    } else {
      r.advice = cat("look at what feeds ", l.id(least->first), ", or give the group a larger max_drift");
    }
  }
  return r;
}

/// Whose clock a node of event time waits for.
silence_reason held(const looks& l, std::uint32_t node) {
  const place waits = slowest(l, node);
  silence_reason r = reason(kind::window_open, l.id(node));
  const auto source = holder(l, waits);
  // A source that says nothing of time never will; whatever the figures say of who holds whom.
  for (const auto n : l.in_front_of(node)) {
    if (l.plan.nodes[n].kind != plan::node_kind::source || strategy(l, n)) continue;
    const auto* told = l.told(n);
    r.kind = kind::no_strategy;
    r.at = l.id(n);
    r.what = cat(waiting(l, waits), ", and source ", l.id(n), " has no watermark: it never says how far event time is");
    r.advice = cat("add watermark = { field = \"COLUMN\", out_of_orderness = \"5s\" } to [[source]] ", l.id(n),
                   l.at_in_file(told ? &told->at : nullptr),
                   "; without field when its records have an event time of their own");
    return r;
  }
  if (!source || l.now(*source).held_by.empty()) {
    r.what = cat(waiting(l, waits), "; all inputs that lead there are idle or have ended");
    r.advice = "the clock goes on when newer records come";
    return r;
  }
  if (l.now(*source).paused) return paused(l, *source);
  return held_by_split(l, waits, *source);
}

/// The place nearest to the sink whose queues are full, or are not touched.
std::optional<silence_reason> back_pressure(const looks& l, const std::vector<std::uint32_t>& nodes) {
  for (const auto n : nodes) {
    if (l.head(n) != n || l.plan.nodes[n].kind == plan::node_kind::source) continue;
    for (std::uint32_t s = 0; s < l.subtasks(n); ++s) {
      const auto &now = l.now({n, s}), &before = l.before({n, s});
      const auto depth = now.pushed_batches - now.popped_batches;
      const auto taken = now.popped_batches - before.popped_batches;
      const bool stuck = taken == 0 && depth > 0 && before.pushed_batches > before.popped_batches;
      if (!now.full && !stuck) continue;
      silence_reason r = reason(kind::back_pressure, cat(l.id(n), "/", s));
      r.what =
          cat(now.full ? "a queue in front of " : "batches wait in front of ", r.at, now.full ? " is full" : "", ": ",
              depth, depth == 1 ? " batch (" : " batches (", base::print_byte_size(now.pushed_bytes - now.popped_bytes),
              ") wait there and ", taken == 0 ? std::string("none was taken") : cat("only ", taken, " were taken"),
              " in ", span(l.of.between_us));
      const auto thread = l.thread_of(n);
      const bool many = thread != l.id(n);
      r.advice = taken == 0 ? cat("a call of ", thread, " hangs, or waits for something outside: see the log")
                            : cat(thread, many ? " are" : " is", " slow: look at the work of ",
                                  many ? "these nodes" : "it", ", or raise parallelism");
      return r;
    }
  }
  return std::nullopt;
}

silence_reason of_sources(const looks& l, const std::vector<std::uint32_t>& nodes) {
  silence_reason r = reason(kind::under_way, {});
  std::uint64_t given = 0;
  std::string silent, quiet;
  for (const auto n : nodes) {
    if (l.plan.nodes[n].kind != plan::node_kind::source) continue;
    const auto more = l.more(n, &subtask_figures::records_out);
    given += more;
    if (more > 0) continue;
    bool has_nothing = true;
    std::int64_t left = 0;
    for (std::uint32_t s = 0; s < l.subtasks(n); ++s) {
      const auto& f = l.now({n, s});
      if (f.paused) return paused(l, {n, s});
      if (f.pending_records > 0) left += f.pending_records;
      // Without a holder nobody is active: all its splits are idle or have ended.
      has_nothing = has_nothing && (f.held_by.empty() || f.held_quiet_us >= 0) && f.pending_records <= 0;
    }
    if (has_nothing) {
      quiet += cat(quiet.empty() ? "" : ", ", l.id(n));
      continue;
    }
    if (!silent.empty()) continue;
    silent = l.id(n);
    r.kind = kind::not_reading;
    r.at = l.id(n);
    r.what = cat("source ", l.id(n), " has given nothing in ", span(l.of.between_us));
    if (left > 0) {
      r.pending = left;
      r.what += cat(", and ", records(static_cast<std::uint64_t>(left)), " wait to be read");
    } else {
      r.what += " and has not said that there is nothing to read";
    }
    const auto thread = l.thread_of(n);
    r.advice = thread == l.id(n)
                   ? "it is slow by its options (a rate), waits for what it reads from, or hangs: see the log"
                   : cat("it is slow by its options (a rate), or a call of what runs in its thread takes long (",
                         thread, "): see the log");
  }
  if (given == 0 && silent.empty()) {
    r.kind = kind::nothing_to_read;
    r.at = quiet;
    r.what =
        cat("there is nothing to read: ", quiet.empty() ? "no source" : quiet, " gave nothing in ",
            span(l.of.between_us), " and ", quiet.find(',') == std::string::npos ? "has" : "have", " nothing left");
  } else if (silent.empty()) {
    r.what = cat("nothing holds it: the sources gave ", records(given), " in ", span(l.of.between_us),
                 ", none has reached it yet");
  }
  return r;
}

silence_reason why(const looks& l, std::uint32_t sink) {
  const auto nodes = l.in_front_of(sink);
  if (auto r = back_pressure(l, nodes)) return *r;
  for (const auto n : nodes) {
    const plan::node& node = l.plan.nodes[n];
    if (n == sink || node.kind == plan::node_kind::source) continue;
    const auto in = l.sum(n, &subtask_figures::records_in), in_now = l.more(n, &subtask_figures::records_in);
    if (in == 0) continue;  // what holds is in front of it
    if (l.more(n, &subtask_figures::records_out) > 0) break;
    silence_reason r = reason(kind::late, l.id(n));
    const auto late = l.more(n, &subtask_figures::late);
    if (in_now > 0 && late >= in_now) {
      r.what =
          cat("all of the ", records(in_now), " that ", r.at, " got in ", span(l.of.between_us),
              " came too late: behind the event-time clock, which stands at ", time(l.now(slowest(l, n)).watermark_us));
      r.advice =
          "raise out_of_orderness of the source, or allowed_lateness of the operator; one record with a time far in "
          "the "
          "future moves the clock for all";
      return r;
    }
    if (l.of.waits_for_time[n] && l.now(slowest(l, n)).watermark_us != end) return held(l, n);
    if (in_now == 0) continue;
    const auto dead = l.more(n, &subtask_figures::dead_letters) + l.more(n, &subtask_figures::skipped);
    r.kind = kind::swallowed;
    r.what = cat(r.at, " took ", records(in_now), " in ", span(l.of.between_us), " and passed none on");
    if (dead > 0) {
      r.what += cat("; ", dead, " could not be processed");
      r.advice = "read its dead letters, or the log";
    } else {
      r.advice = "look at its options: a filter that fits nothing looks like this";
    }
    return r;
  }
  return of_sources(l, nodes);
}

/// A sink that only takes what others could not process is silent when all is well.
bool takes_output(const plan::plan& what, std::uint32_t sink) {
  const plan::node& n = what.nodes[sink];
  return std::any_of(n.inputs.begin(), n.inputs.end(), [&](const plan::input& in) {
    const plan::node& from = what.nodes[in.from_node];
    if (in.from_output == from.dead_letter_output()) return false;
    return !(from.hidden() && from.visible == n.visible) || takes_output(what, in.from_node);  // its own encoder
  });
}

}  // namespace

std::string_view name_of(silence_kind k) {
  switch (k) {
    case kind::not_ready:
      return "not_ready";
    case kind::back_pressure:
      return "back_pressure";
    case kind::split:
      return "split";
    case kind::idle_source:
      return "idle_source";
    case kind::window_open:
      return "window_open";
    case kind::no_strategy:
      return "no_strategy";
    case kind::paused:
      return "paused";
    case kind::late:
      return "late";
    case kind::swallowed:
      return "swallowed";
    case kind::nothing_to_read:
      return "nothing_to_read";
    case kind::not_reading:
      return "not_reading";
    case kind::under_way:
      return "under_way";
  }
  return "";
}

silence explain(const silence_facts& of) {
  const looks l(of);
  silence out;
  out.pipeline = of.plan.pipeline;
  if (of.not_ready) {
    // No cut is made before that either: this comes first.
    silence_reason r = reason(kind::not_ready, {}, *of.not_ready);
    out.reasons.push_back(std::move(r));
  }
  for (std::uint32_t n = 0; n < of.plan.nodes.size(); ++n) {
    if (of.plan.nodes[n].kind != plan::node_kind::sink || !takes_output(of.plan, n)) continue;
    if (l.more(n, &subtask_figures::records_in) > 0) {
      out.flows.push_back(l.id(n));
      continue;
    }
    if (of.not_ready) continue;
    auto r = why(l, n);
    r.sink = l.id(n);
    out.reasons.push_back(std::move(r));
  }
  return out;
}

}  // namespace weir::control
