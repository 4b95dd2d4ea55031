#include "plan/difference.hpp"

#include <algorithm>
#include <set>

#include "base/cat.hpp"
#include "model/live_change.hpp"
#include "plugin/bind.hpp"
#include "plugin/component.hpp"
#include "weir/ext/draft/handover.h"
#include "weir/ext/draft/two_phase.h"

namespace weir::plan {
namespace {

using base::cat;

const std::string& visible_id(const plan& p, const node& n) {
  return n.visible == no_index ? n.id : p.nodes[n.visible].id;
}

bool has_state(const node& n) { return n.binding && (!n.binding->states().empty() || !n.binding->timers().empty()); }

bool same_code(const node& a, const node& b) {
  return a.component->image()->sha256() == b.component->image()->sha256() && a.component->type() == b.component->type();
}

bool same_columns(const std::vector<model::field>& a, const std::vector<model::field>& b) { return a == b; }

/// The stores of one serve the other as they are.
bool same_state(const node& a, const node& b) {
  const auto &x = a.binding->states(), &y = b.binding->states();
  const auto &s = a.binding->timers(), &t = b.binding->timers();
  return same_columns(a.binding->key_fields(), b.binding->key_fields()) &&
         std::equal(x.begin(), x.end(), y.begin(), y.end(), model::same_state) &&
         std::equal(s.begin(), s.end(), t.begin(), t.end(),
                    [](const auto& l, const auto& r) { return l.name == r.name && l.time_kind == r.time_kind; });
}

/// They are what the stores of the other become while rows flow, if the values can be converted at all.
bool live_state(const node& a, const node& b) {
  const auto shape = [](const node& n) {
    return model::state_shape{
        .key = n.binding->key_fields(), .states = n.binding->states(), .timers = n.binding->timers()};
  };
  return model::against_live_change(shape(a), shape(b)).empty();
}

bool same_inputs(const plan& p, const node& a, const plan& q, const node& b) {
  return std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(),
                    [&](const input& l, const input& r) {
                      return p.nodes[l.from_node].id == q.nodes[r.from_node].id && l.from_output == r.from_output &&
                             l.port == r.port && l.exchange == r.exchange && l.key == r.key && l.chained == r.chained;
                    }) &&
         std::equal(a.input_ports.begin(), a.input_ports.end(), b.input_ports.begin(), b.input_ports.end(),
                    [](const input_port& l, const input_port& r) {
                      return l.key == r.key && model::same_schema(l.schema, r.schema);
                    });
}

bool same_outputs(const node& a, const node& b) {
  return std::equal(
      a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end(),
      [](const output& l, const output& r) { return l.name == r.name && model::same_schema(l.schema, r.schema); });
}

bool same_watermark(const std::optional<watermark_strategy>& a, const std::optional<watermark_strategy>& b) {
  if (!a || !b) return !a && !b;
  return a->column == b->column && a->out_of_orderness_us == b->out_of_orderness_us &&
         a->idle_after_us == b->idle_after_us && a->emit_interval_us == b->emit_interval_us &&
         a->max_drift_us == b->max_drift_us && a->align_group == b->align_group;
}

bool same_trace(const std::optional<trace_mapping>& a, const std::optional<trace_mapping>& b) {
  if (!a || !b) return !a && !b;
  return a->trace_id_column == b->trace_id_column && a->source_id_column == b->source_id_column;
}

const void* offered(const node& n, const char* id) {
  const weir_operator* op = n.component->operation();
  return op && WEIR_HAS(op, weir_operator, extension) ? op->extension(id) : nullptr;
}

/// Another instance may follow this one while rows flow.
bool hands_over(const node& n) {
  const auto* table = static_cast<const weir_handover*>(offered(n, WEIR_EXT_HANDOVER));
  return table && WEIR_HAS(table, weir_handover, offers) && table->offers(n.binding->plan()) == 1;
}
bool commits(const node& n) { return n.kind == node_kind::sink || offered(n, WEIR_EXT_TWO_PHASE); }

/// Names of the options that differ; not their values, which may be secrets.
std::string changed_options(const config::value& a, const config::value& b) {
  std::set<std::string> names;
  const auto note = [&](const config::value& from, const config::value& other) {
    for (const auto& m : from.members) {
      const config::value* there = other.find(m.key);
      if (!there || config::print_json(*there) != config::print_json(m.item)) names.insert(m.key);
    }
  };
  note(a, b);
  note(b, a);
  std::string out;
  for (const auto& n : names) out += (out.empty() ? "" : ", ") + n;
  return out;
}

class comparer {
 public:
  comparer(const plan& before, const plan& after) : a_(before), b_(after) {}

  difference compare() {
    settings();
    same_shape_ = a_.nodes.size() == b_.nodes.size() && same_chains();
    for (std::uint32_t i = 0; same_shape_ && i < a_.nodes.size(); ++i) same_shape_ = a_.nodes[i].id == b_.nodes[i].id;
    for (const node& n : a_.nodes)
      if (b_.find(n.id) == no_index && !renamed_to(n)) removed(n);
    for (std::uint32_t i = 0; i < b_.nodes.size(); ++i) node_of(i);
    for (const auto& n : out_.nodes) out_.how = std::max(out_.how, n.how);
    for (const auto& s : out_.settings) out_.how = std::max(out_.how, s.how);
    if (!same_shape_ && out_.how < reach::rebuilt) out_.how = reach::rebuilt;
    if (out_.how != reach::hot) out_.exchanged.clear();
    return std::move(out_);
  }

 private:
  bool same_chains() const {
    return std::equal(
        a_.chains.begin(), a_.chains.end(), b_.chains.begin(), b_.chains.end(),
        [](const chain& x, const chain& y) { return x.nodes == y.nodes && x.parallelism == y.parallelism; });
  }

  /// Whether a node of the new plan takes over what this one had under another id.
  bool renamed_to(const node& n) const {
    return std::any_of(b_.told->nodes.begin(), b_.told->nodes.end(),
                       [&](const config::node& m) { return m.was == visible_id(a_, n) && a_.find(m.id) == no_index; });
  }

  void settings() {
    const config::pipeline &x = *a_.told, &y = *b_.told;
    const auto differ = [&](const char* key, bool same, reach how) {
      if (!same) out_.settings.push_back({key, how});
    };
    differ("name", x.name == y.name, reach::restart);
    differ("max_parallelism", a_.key_groups == b_.key_groups, reach::restart);
    differ("deterministic", a_.step_us == b_.step_us, reach::rebuilt);
    differ("trace", a_.trace == b_.trace, reach::rebuilt);
    const config::checkpoint &c = x.checkpoint, &d = y.checkpoint;
    differ("checkpoint", c.enabled == d.enabled, reach::restart);
    differ("checkpoint.storage", c.storage == d.storage, reach::restart);
    differ("checkpoint.interval", c.interval_us == d.interval_us, reach::rebuilt);
    differ("checkpoint.mode", c.mode == d.mode, reach::rebuilt);
    differ("checkpoint.timeout", c.timeout_us == d.timeout_us, reach::rebuilt);
    differ("checkpoint.min_pause", c.min_pause_us == d.min_pause_us, reach::rebuilt);
    differ("checkpoint.retained", c.retained == d.retained, reach::restart);
    differ("checkpoint.incremental", c.incremental == d.incremental, reach::rebuilt);
    differ("checkpoint.aligned_timeout", c.aligned_timeout_us == d.aligned_timeout_us, reach::rebuilt);
    differ("checkpoint.tolerable_failures", c.tolerable_failures == d.tolerable_failures, reach::rebuilt);
    differ("state.directory", x.state.directory == y.state.directory, reach::restart);
    differ("state.backend", x.state.backend == y.state.backend, reach::rebuilt);
    differ("state.memory", x.state.memory_bytes == y.state.memory_bytes, reach::rebuilt);
    differ("limits.batch_rows", x.limits.batch_rows == y.limits.batch_rows, reach::rebuilt);
    differ("limits.queue_bytes", x.limits.queue_bytes == y.limits.queue_bytes, reach::rebuilt);
    differ("limits.hang_timeout", x.limits.hang_timeout_us == y.limits.hang_timeout_us, reach::restart);
    const config::restart &r = x.restart, &s = y.restart;
    differ("restart",
           r.strategy == s.strategy && r.initial_backoff_us == s.initial_backoff_us &&
               r.max_backoff_us == s.max_backoff_us && r.multiplier == s.multiplier &&
               r.reset_after_us == s.reset_after_us && r.jitter == s.jitter && r.attempts == s.attempts &&
               r.max_failures == s.max_failures && r.interval_us == s.interval_us && r.delay_us == s.delay_us &&
               r.isolate_after == s.isolate_after,
           reach::restart);
  }

  void note(const plan& p, const node& n, reach how, std::string what, std::string from, std::string to,
            std::string state) {
    out_.nodes.push_back({visible_id(p, n), how, std::move(what), std::move(from), std::move(to), std::move(state)});
  }

  void removed(const node& n) {
    if (n.hidden()) return;
    note(a_, n, reach::rebuilt, "removed", version_of(n), "", has_state(n) ? "dropped" : "none");
  }

  std::string state_of(std::uint32_t was, std::uint32_t at) {
    const node &o = a_.nodes[was], &n = b_.nodes[at];
    if (n.kind == node_kind::source && o.kind == n.kind) return "positions kept";
    if (commits(n) && o.kind == n.kind && !has_state(o) && !has_state(n))
      return hands_over(o) && hands_over(n) ? "handed over" : "complete at the cut";
    if (!has_state(o)) return has_state(n) ? "new, empty" : "none";
    if (same_state(o, n)) return "kept";
    out_.converted.emplace_back(was, at);
    return std::string(state_converted);
  }

  void node_of(std::uint32_t at) {
    const node& n = b_.nodes[at];
    const std::uint32_t was = a_.find(n.id);
    if (was == no_index) {
      const config::node* told = b_.told->find(visible_id(b_, n));
      const bool renamed = told && !told->was.empty() && a_.find(told->was) != no_index;
      if (n.hidden()) {
        if (a_.find(visible_id(b_, n)) != no_index) note(b_, n, reach::rebuilt, "format", "", version_of(n), "none");
        return;
      }
      note(b_, n, reach::rebuilt, renamed ? "renamed" : "added", renamed ? told->was : "",
           renamed ? n.id : version_of(n),
           renamed        ? state_of(a_.find(told->was), at)
           : has_state(n) ? "new, empty"
                          : "none");
      return;
    }
    const node& o = a_.nodes[was];
    const std::string state = state_of(was, at);
    // What it does with rows.
    const bool followed = o.kind == n.kind && (!(commits(o) || commits(n)) || (hands_over(o) && hands_over(n)));
    const bool hot = same_shape_ && followed && live_state(o, n) && same_outputs(o, n) && same_inputs(a_, o, b_, n);
    const reach inside = hot ? reach::hot : reach::rebuilt;
    bool exchanged = false;
    if (!same_code(o, n)) {
      note(b_, n, inside, n.hidden() ? "plugin of its format" : "plugin", version_of(o), version_of(n), state);
      exchanged = true;
    }
    if (const std::string options = changed_options(o.binding->config(), n.binding->config()); !options.empty()) {
      note(b_, n, inside, cat(n.hidden() ? "options of its format: " : "options: ", options), "", "", state);
      exchanged = true;
    }
    // A changed schema in front of it is a change of its own: it is bound to other columns.
    if (!exchanged && (!same_outputs(o, n) || !same_state(o, n))) note(b_, n, reach::rebuilt, "columns", "", "", state);
    if (exchanged) out_.exchanged.push_back(at);
    // What is around it.
    if (o.parallelism != n.parallelism && !n.hidden())
      note(b_, n, reach::rebuilt, "parallelism", cat(o.parallelism), cat(n.parallelism),
           has_state(n) ? "redistributed" : "none");
    if (!same_inputs(a_, o, b_, n) && !n.hidden()) note(b_, n, reach::rebuilt, "inputs", "", "", state);
    if (o.on_error != n.on_error && !n.hidden()) note(b_, n, reach::rebuilt, "on_error", "", "", state);
    if (!same_watermark(o.watermark, n.watermark)) note(b_, n, reach::rebuilt, "watermark", "", "", state);
    if (!same_trace(o.trace, n.trace)) note(b_, n, reach::rebuilt, "trace", "", "", state);
  }

  const plan &a_, &b_;
  difference out_;
  bool same_shape_ = false;
};

}  // namespace

std::string_view name_of(reach how) {
  switch (how) {
    case reach::nothing:
      return "nothing";
    case reach::hot:
      return "hot";
    case reach::rebuilt:
      return "at a cut";
    case reach::restart:
      return "restart";
  }
  return "";
}

std::string version_of(const node& n) {
  const auto& image = *n.component->image();
  return cat(image.about().name, ' ', image.about().version, " (", image.sha256().substr(0, 8), ')');
}

difference compare(const plan& before, const plan& after) { return comparer(before, after).compare(); }

}  // namespace weir::plan
