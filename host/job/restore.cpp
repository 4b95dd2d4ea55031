#include "job/restore.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/cat.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "operator/migrator.hpp"
#include "plugin/component.hpp"
#include "weir/ext/draft/snapshot.h"

namespace weir::job {
namespace {

using base::cat;
using base::quoted;

/// What the node was called in the snapshot; empty: it is new.
std::string old_id(const plan::plan& what, const plan::node& n, const std::set<std::string>& known) {
  if (known.contains(n.id)) return n.id;
  const std::string& visible = n.visible == plan::no_index ? n.id : what.nodes[n.visible].id;
  const config::node* told = what.told->find(visible);
  if (!told || told->was.empty()) return {};
  const std::string was = told->was + n.id.substr(std::min(visible.size(), n.id.size()));  // "#decode" stays behind it
  return known.contains(was) ? was : std::string();
}

std::set<std::string> ids_of(const checkpoint::snapshot& from) {
  std::set<std::string> ids;
  for (const auto& n : from.nodes()) ids.insert(n.operator_id);
  for (const std::string& id : from.operators_with_state()) ids.insert(id);
  return ids;
}

/// Whether losing it loses something: a stateless operator may just go.
bool holds_something(const checkpoint::snapshot& from, const std::string& id, bool committed) {
  const auto with_state = from.operators_with_state();
  if (std::find(with_state.begin(), with_state.end(), id) != with_state.end()) return true;
  for (const auto* n : from.nodes_of(id)) {
    // What a sink saves are its figures; what it prepared is visible.
    if (committed && !n->prepared.empty()) continue;
    if (!n->saved.empty() || !n->prepared.empty() || !n->splits.empty() || !n->in_flight.empty()) return true;
  }
  return false;
}

/// Whether each new subtask takes over what all old ones saved.
bool saved_for_all(const plan::node& n) {
  const weir_operator* op = n.component ? n.component->operation() : nullptr;
  const void* table = op && op->extension ? op->extension(WEIR_EXT_SNAPSHOT) : nullptr;
  return table && (static_cast<const weir_snapshot*>(table)->flags & WEIR_SNAPSHOT_TO_ALL) != 0;
}

void add(task::node_counts& to, const std::map<std::string, std::uint64_t>& counts) {
  auto get = [&](const char* name) {
    const auto found = counts.find(name);
    return found == counts.end() ? std::uint64_t{0} : found->second;
  };
  to.records_in += get("records_in"), to.batches_in += get("batches_in"), to.bytes_in += get("bytes_in");
  to.records_out += get("records_out"), to.batches_out += get("batches_out"), to.bytes_out += get("bytes_out");
  to.late += get("late"), to.dead_letters += get("dead_letters"), to.skipped += get("skipped");
}

/// Says once what each subtask of an operator finds out about the form of what it loads. [any]
class conversion_notes {
 public:
  conversion_notes(const std::string& pipeline, std::string id, std::uint64_t cut)
      : log_({.room = "job", .pipeline = pipeline}), id_(std::move(id)), cut_(cut) {}
  void say(const std::string& what) {
    {
      const std::lock_guard lock(mutex_);
      if (!said_.insert(what).second) return;
    }
    log_.info("state is converted as it is restored", {{"operator", id_}, {"cut", cut_}, {"state", what}});
  }

 private:
  const base::logger log_;
  const std::string id_;
  const std::uint64_t cut_;
  std::mutex mutex_;
  std::set<std::string> said_;  // guarded by mutex_
};

/// Rows that waited for their turn go to whoever has their key now.
base::result<void> restore_waiting(const plan::plan& what, std::uint32_t c, const plan::node& n,
                                   const checkpoint::node_snapshot& was, bool same, built& into,
                                   const std::string& path) {
  const auto& tasks = into.operators[c];
  if (tasks.empty() || !tasks.front()->ordered())
    return base::config_error(
        cat("this cut was taken with deterministic = true and holds rows that waited for their turn in front of ",
            quoted(n.id), ": restore it with deterministic = true"),
        path);
  task::ordered_input::heir to;
  for (const plan::input& in : n.inputs) {
    to.schemas.push_back(n.input_ports[in.port].schema);
    to.keys.push_back(n.input_ports[in.port].key);
    to.broadcast.push_back(in.exchange == plan::exchange_kind::broadcast);
  }
  to.same = same;
  to.groups = what.key_groups;
  const auto parallelism = static_cast<std::uint32_t>(tasks.size());
  for (std::uint32_t s = 0; s < parallelism; ++s) {
    if (same && was.subtask != s) continue;
    to.takes_dealt = was.subtask % parallelism == s;
    to.own = model::key_groups_of(s, parallelism, what.key_groups);
    if (auto done = tasks[s]->ordered()->decode(was.in_flight, to); !done)
      return std::move(done).why().in(cat("rows in front of ", quoted(n.id), " in ", path));
  }
  return {};
}

}  // namespace

std::map<std::string, std::string> renamed(const plan::plan& what, const checkpoint::snapshot& from) {
  std::map<std::string, std::string> names;
  const auto known = ids_of(from);
  for (const plan::node& n : what.nodes)
    if (const std::string was = old_id(what, n, known); !was.empty() && was != n.id) names.emplace(was, n.id);
  return names;
}

std::vector<std::string> dropped(const plan::plan& what, const checkpoint::snapshot& from, bool committed) {
  const auto known = ids_of(from);
  std::set<std::string> taken;
  for (const plan::node& n : what.nodes) taken.insert(old_id(what, n, known));
  std::vector<std::string> lost;
  for (const std::string& id : known)
    if (!taken.contains(id) && holds_something(from, id, committed)) lost.push_back(id);
  return lost;
}

base::result<void> restore(const plan::plan& what, const checkpoint::snapshot& from, bool allow_dropped, bool committed,
                           built& into, split_finder& finder) {
  if (from.facts().key_groups != 0 && from.facts().key_groups != what.key_groups)
    return base::config_error(
        cat("the snapshot has ", from.facts().key_groups, " key groups, the pipeline ", what.key_groups,
            ": set max_parallelism = ", from.facts().key_groups, " (it can not change while state is kept)"),
        from.path());
  if (const auto lost = dropped(what, from, committed); !lost.empty() && !allow_dropped) {
    std::string ids;
    for (const std::string& id : lost) ids += (ids.empty() ? "" : ", ") + quoted(id);
    return base::config_error(cat("the snapshot holds state of ", ids,
                                  ", which the pipeline does not have: give its successor was = \"old-id\", or "
                                  "give the state up with --allow-dropped-state"),
                              from.path());
  }
  const auto known = ids_of(from);
  for (std::uint32_t c = 0; c < what.chains.size(); ++c) {
    const std::uint32_t parallelism = what.chains[c].parallelism;
    for (std::uint32_t at = 0; at < what.chains[c].nodes.size(); ++at) {
      const plan::node& n = what.nodes[what.chains[c].nodes[at]];
      const std::string id = old_id(what, n, known);
      const auto old = id.empty() ? std::vector<const checkpoint::node_snapshot*>() : from.nodes_of(id);
      const auto notes = std::make_shared<conversion_notes>(what.pipeline, n.id, from.facts().cut);
      const bool same = old.size() == parallelism, to_all = !old.empty() && saved_for_all(n);
      for (std::uint32_t s = 0; s < parallelism; ++s) {
        task::chain& chain = into.tasks[c][s]->nodes();
        task::node_restore r;
        r.cut = from.facts().cut;
        r.watermark_us = old.empty() ? WEIR_TIME_MIN : WEIR_TIME_MAX;
        for (const auto* was : old) {
          if (same && was->subtask != s) continue;
          // The smallest clock of all: a row that one of them still waited for is not late now.
          r.watermark_us = std::min(r.watermark_us, was->watermark_us);
          if (was->subtask % parallelism == s || to_all)
            r.saved.insert(r.saved.end(), was->saved.begin(), was->saved.end());
          if (was->subtask % parallelism != s) continue;
          r.prepared.insert(r.prepared.end(), was->prepared.begin(), was->prepared.end());
          add(r.counts, was->counts);
        }
        if (chain.state_at(at) && !id.empty()) {
          const auto groups = model::key_groups_of(s, parallelism, what.key_groups);
          const state::load_options how{.allow_dropped = allow_dropped, .migrate = op::migrations_of(chain.what(at))};
          r.load = [from, id, groups, how, notes](task::keyed_state& state) -> base::result<void> {
            WEIR_TRY(from.read_state(id, groups, [&](std::string_view block, const checkpoint::block_source&) {
              return state.load(block, how);
            }));
            WEIR_TRY(state.loaded());
            for (const std::string& one : state.conversions()) notes->say(one);
            return {};
          };
        }
        chain.restore(at, std::move(r));
      }
      const bool head = at == 0 && !into.operators[c].empty();
      std::vector<model::schema_ref> schemas;
      for (const plan::input& in : n.inputs) schemas.push_back(n.input_ports[in.port].schema);
      for (const auto* was : old) {
        if (was->in_flight.empty()) continue;
        if (task::ordered_input::is_encoded(was->in_flight)) {
          WEIR_TRY(restore_waiting(what, c, n, *was, same, into, from.path()));
          continue;
        }
        // Its channels must be what they were: at another parallelism they are others, or it has none.
        if (!same || !head)
          return base::config_error(
              cat("this cut was taken while queues were full and holds batches that waited in front of ", quoted(n.id),
                  "; it can only be restored at parallelism ", old.size(),
                  ". Take a savepoint (weir savepoint) to change parallelism"),
              from.path());
        WEIR_TRY(into.operators[c][was->subtask]->restore_in_flight(was->in_flight, schemas));
      }
      if (at == 0 && !into.sources[c].empty()) {
        std::vector<checkpoint::split_position> splits;
        for (const auto* was : old) splits.insert(splits.end(), was->splits.begin(), was->splits.end());
        finder.restore(n.id, std::move(splits));
      }
    }
  }
  return {};
}

}  // namespace weir::job
