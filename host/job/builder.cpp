#include "job/builder.hpp"

#include <algorithm>
#include <utility>

#include "base/cat.hpp"
#include "base/check.hpp"
#include "job/state_memory.hpp"
#include "plugin/bind.hpp"
#include "plugin/component.hpp"

namespace weir::job {
namespace {

op::on_error policy_of(plan::error_policy p) {
  switch (p) {
    case plan::error_policy::skip:
      return op::on_error::skip;
    case plan::error_policy::dead_letter:
      return op::on_error::dead_letter;
    case plan::error_policy::fail:
      break;
  }
  return op::on_error::fail;
}

exchange::kind kind_of(plan::exchange_kind k) {
  switch (k) {
    case plan::exchange_kind::hash:
      return exchange::kind::hash;
    case plan::exchange_kind::rebalance:
      return exchange::kind::rebalance;
    case plan::exchange_kind::broadcast:
      return exchange::kind::broadcast;
    case plan::exchange_kind::forward:
      break;
  }
  return exchange::kind::forward;
}

/// How far sources of a deterministic pipeline may run ahead of each other: what they are ahead waits in memory.
constexpr std::int64_t least_drift_us = 10'000'000;

/// The node that people see: a hidden decoder speaks as its source.
const plan::node& visible(const plan::plan& what, const plan::node& n) {
  return n.visible == plan::no_index ? n : what.nodes[n.visible];
}

/// Whether facts of a source's records are taken at this node: at its decoder when it has one, else at itself.
bool stamps(const plan::plan& what, const plan::node& n) {
  if (n.kind == plan::node_kind::source) {
    for (const plan::node& other : what.nodes)
      if (&other != &n && other.hidden() && &visible(what, other) == &n) return false;
    return true;
  }
  return n.hidden() && visible(what, n).kind == plan::node_kind::source;
}

void stamp(const plan::plan& what, const plan::node& n, std::uint32_t at, task::source_task& source) {
  if (!stamps(what, n) || (!n.watermark && !n.trace && !what.trace)) return;
  source::stamp_rule rule;
  rule.trace = what.trace;
  rule.source_id = visible(what, n).id;
  if (n.watermark) rule.time_column = n.watermark->column;
  if (n.trace) {
    rule.trace_id_column = n.trace->trace_id_column;
    rule.source_id_column = n.trace->source_id_column;
  }
  source.nodes().stamp(at, std::move(rule), n.watermark ? &source.watermarks() : nullptr);
}

/// The watermark strategy of a source, wherever in its chain it is stamped.
const plan::watermark_strategy* strategy_of(const plan::plan& what, const plan::chain& c) {
  for (const std::uint32_t n : c.nodes)
    if (what.nodes[n].watermark) return &*what.nodes[n].watermark;
  return nullptr;
}

std::unique_ptr<task::task> make_task(const plan::plan& what, const plan::chain& c, std::uint32_t subtask,
                                      const weir_host& table, exchange::waker& waker, base::env& env, built& all) {
  const plan::node& head = what.nodes[c.nodes[0]];
  std::string name = base::cat(head.id, "/", subtask);
  if (head.kind == plan::node_kind::source) {
    source::watermark_rule rule;
    std::int64_t emit_interval_us = 200'000;
    if (const auto* strategy = strategy_of(what, c)) {
      rule = {strategy->out_of_orderness_us, strategy->idle_after_us};
      emit_interval_us = strategy->emit_interval_us;
    }
    auto made =
        std::make_unique<task::source_task>(std::move(name), subtask, table, env, waker, rule, emit_interval_us);
    all.sources[head.chain].push_back(made.get());
    for (std::uint32_t at = 0; at < c.nodes.size(); ++at) {
      made->nodes().add(all.specs[c.nodes[at]]);
      stamp(what, what.nodes[c.nodes[at]], at, *made);
    }
    made->prepare();
    if (const auto* strategy = strategy_of(what, c);
        strategy && !strategy->align_group.empty() && strategy->max_drift_us >= 0) {
      auto& group = all.groups[strategy->align_group];
      if (!group) group = std::make_unique<source::alignment_group>(strategy->max_drift_us);
      made->align(*group);
    } else if (what.step_us > 0) {
      // What is read ahead of the slowest source waits in memory.
      auto& group = all.groups[""];
      if (!group) group = std::make_unique<source::alignment_group>(std::max(what.step_us, least_drift_us));
      made->align(*group);
    }
    made->nodes().take_turns(what.step_us);
    return made;
  }
  std::vector<std::uint32_t> ports;
  for (const plan::input& in : head.inputs) ports.push_back(in.port);
  auto made = std::make_unique<task::operator_task>(std::move(name), subtask, table, env, waker, std::move(ports),
                                                    static_cast<std::uint32_t>(head.input_ports.size()));
  all.operators[head.chain].push_back(made.get());
  for (const std::uint32_t n : c.nodes) made->nodes().add(all.specs[n]);
  return made;
}

}  // namespace

std::shared_ptr<const op::spec> spec_of(const plan::plan& what, const plan::node& n, const options& how) {
  auto made = std::make_shared<op::spec>();
  made->pipeline = what.pipeline;
  made->id = visible(what, n).id;
  made->plugin = n.component->image()->about().name;
  made->version = n.component->image()->about().version;
  made->type = n.component->type();
  made->parallelism = n.parallelism;
  made->key_groups = what.key_groups;
  made->batch_rows = how.batch_rows;
  made->op = n.component->operation();
  made->source = n.component->source();
  made->plan = n.binding->plan();
  made->state_is_cut = how.storage != nullptr;
  made->key_fields = n.binding->key_fields();
  made->states = n.binding->states();
  made->timers = n.binding->timers();
  for (const plan::input_port& port : n.input_ports) made->keys.push_back(port.key);
  for (std::uint32_t i = 0; i < n.dead_letter_output(); ++i) {
    const plan::output& out = n.outputs[i];
    made->outputs.push_back({out.name, out.schema, out.passes, !out.consumers.empty()});
  }
  made->policy = policy_of(n.on_error);
  made->dead_letters_connected = !n.outputs[n.dead_letter_output()].consumers.empty();
  made->trace = what.trace;
  made->keep = n.binding;
  if (const auto at = how.suspected.find(made->id); at != how.suspected.end())
    made->suspected = op::suspicion{at->second};
  return made;
}

std::vector<place> places_of(const plan::plan& what) {
  std::vector<place> places(what.nodes.size());
  for (std::uint32_t c = 0; c < what.chains.size(); ++c)
    for (std::uint32_t at = 0; at < what.chains[c].nodes.size(); ++at) places[what.chains[c].nodes[at]] = {c, at};
  return places;
}

built build(const plan::plan& what, const options& how, const weir_host& table, task::runner& runner, base::env& env) {
  built all;
  for (const plan::node& n : what.nodes) all.specs.push_back(spec_of(what, n, how));
  const std::vector<place> places = places_of(what);
  all.tasks.resize(what.chains.size());
  all.sources.resize(what.chains.size());
  all.operators.resize(what.chains.size());
  all.writers.resize(what.chains.size());

  std::vector<std::vector<exchange::waker*>> wakers(what.chains.size());
  for (std::uint32_t c = 0; c < what.chains.size(); ++c) {
    for (std::uint32_t subtask = 0; subtask < what.chains[c].parallelism; ++subtask) {
      exchange::waker& waker = runner.next_waker();
      wakers[c].push_back(&waker);
      all.tasks[c].push_back(make_task(what, what.chains[c], subtask, table, waker, env, all));
      runner.add(*all.tasks[c].back());
    }
    all.writers[c].resize(what.chains[c].parallelism);
  }

  for (std::uint32_t n = 0; n < what.nodes.size(); ++n) {
    const place from = places[n];
    for (std::uint32_t output = 0; output < what.nodes[n].outputs.size(); ++output) {
      for (const plan::consumer& to : what.nodes[n].outputs[output].consumers) {
        const plan::input& edge = what.nodes[to.node].inputs[to.input];
        const place at = places[to.node];
        for (std::uint32_t subtask = 0; subtask < all.tasks[from.chain].size(); ++subtask) {
          task::chain& producer = all.tasks[from.chain][subtask]->nodes();
          if (edge.chained) {
            producer.connect(from.at, output, at.at, edge.port);
            continue;
          }
          WEIR_CHECK(at.at == 0, "a queue into the middle of a chain: ", what.nodes[to.node].id);
          std::vector<exchange::channel*> channels;
          auto& consumers = all.operators[at.chain];
          for (std::uint32_t s = 0; s < consumers.size(); ++s) {
            if (edge.exchange == plan::exchange_kind::forward && s != subtask) continue;
            all.writers[at.chain][s].push_back(base::cat(what.nodes[n].id, "/", subtask));
            channels.push_back(&consumers[s]->gate().open(to.input, how.queue_bytes, wakers[from.chain][subtask]));
          }
          producer.connect(from.at, output,
                           std::make_unique<exchange::writer>(
                               exchange::partitioning{kind_of(edge.exchange), edge.key, what.key_groups},
                               std::move(channels), subtask));
        }
      }
    }
  }
  if (how.memory.bytes > 0) limit_memory(how.memory, all);
  if (!how.cuts.incremental)
    for (auto& subtasks : all.tasks)
      for (auto& t : subtasks) t->nodes().capture_all();
  for (auto& chain : all.operators)
    for (task::operator_task* t : chain) {
      t->seal();
      t->set_alignment(how.cuts.exactly_once, how.cuts.aligned_timeout_us);
      if (what.step_us > 0) t->put_in_order(what.step_us, how.storage != nullptr);
    }
  return all;
}

}  // namespace weir::job
