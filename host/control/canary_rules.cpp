#include "control/canary_rules.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "plugin/bind.hpp"
#include "plugin/component.hpp"
#include "weir/ext/draft/snapshot.h"

namespace weir::control {
namespace {

using base::cat;

constexpr std::int64_t call_ns = 1000;

bool has_state(const plan::node& n) { return !n.binding->states().empty() || !n.binding->timers().empty(); }

/// Its calls that are not about a row: what they give out comes in an order of one instance.
bool works_between_rows(const weir_operator* op) {
  return WEIR_HAS(op, weir_operator, on_watermark) || WEIR_HAS(op, weir_operator, end_of_port) ||
         WEIR_HAS(op, weir_operator, flush);
}

/// Of a plugin that is loaded already. An operator with keys is as if it had one subtask more; one without keys may keep nothing.
std::optional<std::string> why_not(const plan::node& n, const plan::plan& of) {
  const weir_operator* op = n.component->operation();
  if (of.step_us > 0 && works_between_rows(op))
    return "the pipeline is deterministic, and what it gives out on a watermark or at an end has one order only "
           "when one instance gives it out";
  if (std::none_of(n.input_ports.begin(), n.input_ports.end(), [](const auto& p) { return p.key.empty(); }))
    return std::nullopt;
  if (has_state(n)) return "it has state, and an input without a key: both versions would need its rows";
  if (WEIR_HAS(op, weir_operator, extension) && op->extension(WEIR_EXT_SNAPSHOT))
    return "it keeps state of its own (weir.snapshot/1), and has no key by which that could be divided";
  if (n.input_ports.size() > 1)
    return "it has several inputs, and not each has a key: both versions would need the rows";
  return std::nullopt;
}

std::string kept_otherwise(const plan::difference& between, const plan::plan& before, const plan::plan& after) {
  std::string out;
  for (const auto& [was, is] : between.converted)
    for (const auto& s : before.nodes[was].binding->states()) {
      const auto& now = after.nodes[is].binding->states();
      const bool kept = std::any_of(now.begin(), now.end(), [&](const auto& o) { return model::same_state(o, s); });
      if (!kept) out += cat(out.empty() ? "" : ", ", s.name);
    }
  return out;
}

}  // namespace

std::optional<base::error> canary_refused(const plan::difference& between, const plan::plan& before,
                                          const plan::plan& after) {
  constexpr auto instead = "; swap it at once (--canary none), or compare it first (weir shadow)";
  if (between.nodes.size() != 1)
    return base::config_error(cat("a canary is of one operator, and this changes ", between.nodes.size(),
                                  ": swap them at once (--canary none), or one after the other"));
  const auto& one = between.nodes.front();
  if (const auto states = kept_otherwise(between, before, after); !states.empty())
    return base::config_error(cat("both versions of ", one.id, " would share their state, and the new one keeps ",
                                  states, " in another form: swap it at once (--canary none), which converts it"));
  if (!between.converted.empty())
    return base::config_error(cat("both versions of ", one.id,
                                  " would share their state, and the new one declares other "
                                  "states: swap it at once (--canary none)"));
  if (between.how != plan::reach::hot || between.exchanged.size() != 1 ||
      after.nodes[between.exchanged.front()].kind != plan::node_kind::transform ||
      after.nodes[between.exchanged.front()].hidden())
    return base::config_error(
        cat("only an operator whose columns, inputs and state stay as they are can serve a share of its keys, "
            "not ",
            one.id, " (", one.what, ", state ", one.state, "): swap it at once (--canary none)"));
  const std::uint32_t at = between.exchanged.front();
  for (const plan::plan* p : {&before, &after})
    if (const auto why = why_not(p->nodes[at], *p))
      return base::config_error(cat(one.id, " cannot serve a share of its keys: ", *why, instead));
  return std::nullopt;
}

node_sums sums_of(const task::canary_side& of) {
  return {of.records_in, of.records_out, of.errors,
          std::max<std::int64_t>(0, of.busy_ns - static_cast<std::int64_t>(of.calls) * call_ns)};
}

}  // namespace weir::control
