#include "config/read_pipeline.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "config/pipeline_options.hpp"

namespace weir::config {
namespace {

template <class Enum>
Enum choice(const value& table, std::string_view key, std::initializer_list<std::pair<std::string_view, Enum>> all) {
  const std::string text = table.text_of(key);
  for (const auto& [name, e] : all)
    if (name == text) return e;
  return all.begin()->second;
}

double real_of(const value& table, std::string_view key, double otherwise) {
  const value* v = table.find(key);
  return v && v->is(kind::floating) ? v->real : otherwise;
}

/// The table of the validated root; a stand-in when it is missing.
const value& table_of(const value& root, std::string_view key) {
  static const value nothing = make_table();
  const value* v = root.find(key);
  return v && v->is(kind::table) ? *v : nothing;
}

std::uint32_t count_of(const value& table, std::string_view key) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(table.integer_of(key), 0, UINT32_MAX));
}

checkpoint read_checkpoint(const value& t, const value* given, diagnostics& problems) {
  checkpoint c;
  c.enabled = given != nullptr;
  c.at = t.at;
  c.interval_us = t.integer_of("interval");
  c.mode = choice<checkpoint_mode>(
      t, "mode", {{"exactly-once", checkpoint_mode::exactly_once}, {"at-least-once", checkpoint_mode::at_least_once}});
  c.timeout_us = t.integer_of("timeout");
  c.min_pause_us = t.integer_of("min_pause");
  c.retained = count_of(t, "retained");
  c.retain_on_cancel = t.text_of("on_cancel") != "delete";
  c.incremental = t.boolean_of("incremental", true);
  c.aligned_timeout_us = t.integer_of("aligned_timeout");
  c.tolerable_failures = count_of(t, "tolerable_failures");
  for (auto [key, into] : {std::pair{"storage", &c.storage}, std::pair{"savepoint_storage", &c.savepoint_storage}}) {
    const value* url = t.find(key);
    if (!url || url->unresolved || !url->is(kind::string)) continue;
    *into = url->text;
    const std::size_t scheme = url->text.find("://");
    if (scheme == std::string::npos || scheme == 0 || scheme + 3 == url->text.size())
      problems.error(url->at, base::cat(base::quoted(key), " must be a URL, not ", describe(*url),
                                        ": write for example \"file:///var/lib/weir/checkpoints\""));
  }
  return c;
}

restart read_restart(const value& t, const value* given, diagnostics& problems) {
  restart r;
  r.at = t.at;
  r.strategy = choice<restart_strategy>(t, "strategy",
                                        {{"exponential-delay", restart_strategy::exponential_delay},
                                         {"fixed-delay", restart_strategy::fixed_delay},
                                         {"failure-rate", restart_strategy::failure_rate},
                                         {"none", restart_strategy::none}});
  r.initial_backoff_us = t.integer_of("initial_backoff");
  r.max_backoff_us = t.integer_of("max_backoff");
  r.multiplier = real_of(t, "multiplier", r.multiplier);
  r.reset_after_us = t.integer_of("reset_after");
  r.jitter = real_of(t, "jitter", r.jitter);
  r.attempts = count_of(t, "attempts");
  r.delay_us = t.integer_of("delay");
  r.max_failures = count_of(t, "max_failures");
  r.isolate_after = count_of(t, "isolate_after");
  r.interval_us = t.integer_of("interval");
  if (r.initial_backoff_us > r.max_backoff_us) {
    const value* at = t.find("initial_backoff");
    problems.error(
        at->fallback ? t.find("max_backoff")->at : at->at,
        base::cat("\"initial_backoff\" (", base::print_duration_us(r.initial_backoff_us),
                  ") must not be longer than \"max_backoff\" (", base::print_duration_us(r.max_backoff_us), ")"));
  }
  if (!given) return r;
  static constexpr std::pair<std::string_view, std::string_view> belongs[] = {{"initial_backoff", "exponential-delay"},
                                                                              {"max_backoff", "exponential-delay"},
                                                                              {"multiplier", "exponential-delay"},
                                                                              {"reset_after", "exponential-delay"},
                                                                              {"jitter", "exponential-delay"},
                                                                              {"attempts", "fixed-delay"},
                                                                              {"delay", "fixed-delay failure-rate"},
                                                                              {"max_failures", "failure-rate"},
                                                                              {"interval", "failure-rate"}};
  const std::string_view strategy = name_of(r.strategy);
  for (const auto& [key, of] : belongs) {
    const member* m = given->find_member(key);
    if (m && of.find(strategy) == std::string_view::npos)
      problems.warning(m->key_at,
                       base::cat(base::quoted(key), " has no effect with strategy ", base::quoted(strategy)));
  }
  return r;
}

swap read_swap(const value& t, diagnostics& problems) {
  swap s;
  s.at = t.at;
  if (const value* v = t.find("probation"); v && v->is(kind::string) && v->text != "next-checkpoint") {
    const auto us = base::parse_duration_us(v->text);
    if (us && *us > 0) {
      s.probation_us = *us;
    } else {
      problems.error(
          v->at, base::cat("\"probation\" must be \"next-checkpoint\" or a time such as \"2m\", not ", describe(*v)));
    }
  }
  if (const value* v = t.find("canary"); v && v->is(kind::string)) {
    auto percents = parse_percents(v->text);
    if (percents)
      s.canary.percents = std::move(*percents);
    else
      problems.error(v->at, base::cat("\"canary\": ", percents.why().what));
  }
  if (const value* v = t.find("canary_step"); v && v->is(kind::string))
    if (const auto step = parse_step(v->text, s.canary); !step)
      problems.error(v->at, base::cat("\"canary_step\": ", step.why().what));
  for (auto [key, into] : {std::pair{"max_error_ratio", &s.max_error_ratio}, std::pair{"max_slowdown", &s.max_slowdown},
                           std::pair{"min_output_ratio", &s.min_output_ratio}})
    if (t.find(key)) *into = real_of(t, key, 0);
  if (t.find("max_memory_growth")) s.max_memory_growth = static_cast<std::uint64_t>(t.integer_of("max_memory_growth"));
  if (const value* all = t.find("invariant"); all && all->is(kind::list)) {
    for (const value& id : all->items) {
      s.invariants.push_back(id.text);
      s.invariants_at.push_back(id.at);
    }
  }
  return s;
}

}  // namespace

std::string_view name_of(exchange_kind kind) {
  constexpr std::string_view names[] = {"forward", "hash", "rebalance", "broadcast"};
  return names[static_cast<int>(kind)];
}
std::string_view name_of(error_policy policy) {
  constexpr std::string_view names[] = {"fail", "skip", "dead_letter"};
  return names[static_cast<int>(policy)];
}
std::string_view name_of(node_kind kind) {
  constexpr std::string_view names[] = {"source", "operator", "sink"};
  return names[static_cast<int>(kind)];
}
std::string_view name_of(restart_strategy strategy) {
  constexpr std::string_view names[] = {"exponential-delay", "fixed-delay", "failure-rate", "none"};
  return names[static_cast<int>(strategy)];
}

const node* pipeline::find(std::string_view id) const {
  for (const node& n : nodes)
    if (n.id == id) return &n;
  return nullptr;
}

const plugin_ref* pipeline::find_plugin(std::string_view plugin_name) const {
  for (const plugin_ref& p : plugins)
    if (p.name == plugin_name) return &p;
  return nullptr;
}

pipeline read_pipeline(const value& given, diagnostics& problems) {
  const value root = validate(given, root_options(), {.owner = "the pipeline", .noun = "key"}, problems);
  pipeline p;
  if (const value* name = root.find("name"); name && name->is(kind::string) && !name->unresolved) {
    p.name = name->text;
    if (const auto ok = base::check_id(p.name, "pipeline"); !ok) problems.error(name->at, ok.why().what);
  }
  p.parallelism = count_of(root, "parallelism");
  p.max_parallelism = count_of(root, "max_parallelism");
  p.deterministic = root.find("deterministic") && root.find("deterministic")->boolean;
  p.deterministic_step_us = root.integer_of("deterministic_step");
  p.checkpoint = read_checkpoint(table_of(root, "checkpoint"), given.find("checkpoint"), problems);
  p.restart = read_restart(table_of(root, "restart"), given.find("restart"), problems);
  p.swap = read_swap(table_of(root, "swap"), problems);

  const value& s = table_of(root, "state");
  p.state.at = s.at;
  p.state.backend =
      choice<state_backend>(s, "backend", {{"rocksdb", state_backend::rocksdb}, {"memory", state_backend::memory}});
  if (s.find("memory")) p.state.memory_bytes = static_cast<std::uint64_t>(s.integer_of("memory"));
  p.state.directory = s.text_of("directory");

  const value& l = table_of(root, "limits");
  p.limits.at = l.at;
  p.limits.batch_rows = count_of(l, "batch_rows");
  p.limits.queue_bytes = static_cast<std::uint64_t>(l.integer_of("queue_bytes"));
  p.limits.hang_timeout_us = l.integer_of("hang_timeout");

  if (const value* d = root.find("dead_letters"); d && d->find("sink")) {
    p.dead_letters_sink = d->text_of("sink");
    p.dead_letters_at = d->find("sink")->at;
  }

  p.plugins = read_plugins(root.find("plugin"), problems);
  p.nodes = read_nodes(root, p.parallelism, p.max_parallelism, problems);
  for (std::size_t i = 0; i < p.swap.invariants.size(); ++i) {
    if (p.find(p.swap.invariants[i])) continue;
    std::vector<std::string> ids;
    for (const node& n : p.nodes) ids.push_back(n.id);
    problems.error(p.swap.invariants_at[i], base::cat("there is no operator ", base::quoted(p.swap.invariants[i]),
                                                      base::did_you_mean(p.swap.invariants[i], ids)));
  }

  graph_facts facts;
  facts.sources_given = root.find("source") != nullptr;
  facts.sinks_given = root.find("sink") != nullptr;
  for (const char* list : {"source", "operator", "sink"}) {
    const value* nodes = root.find(list);
    if (!nodes) continue;
    for (const value& n : nodes->items) {
      facts.on_error_given.push_back(n.find("on_error") != nullptr);
      const value* from = n.find("from");
      facts.from_given.push_back(from && !(from->is(kind::list) && from->items.empty()));
    }
  }
  check_graph(p, facts, problems);

  for (const node& n : p.nodes) p.trace |= n.trace.has_value();
  if (const value* trace = root.find("trace"); trace && !trace->unresolved) {
    if (!trace->boolean && p.trace)
      problems.warning(trace->at, "trace is off, so the `trace` tables of sources have no effect");
    p.trace = trace->boolean;
  }
  return p;
}

}  // namespace weir::config
