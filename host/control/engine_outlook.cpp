// What a change would mean, before anything is touched.
#include <algorithm>

#include "base/cat.hpp"
#include "base/text.hpp"
#include "control/job_engine.hpp"
#include "job/restore.hpp"

namespace weir::control {
namespace {

using base::cat;

constexpr std::size_t sample_values = 100;                       // of a state
constexpr std::uint64_t sample_bytes = std::uint64_t{16} << 20;  // of blocks that are read for one operator

base::error lost(const std::string& ids) {
  return base::config_error(cat("the pipeline keeps state of ", ids,
                                ", which the new file does not have: give its successor was = \"old-id\"; or stop the "
                                "pipeline with a savepoint and start the new file from it with --allow-dropped-state"));
}

}  // namespace

void job_engine::add_samples(std::vector<kept_state>& to, const std::vector<std::string>& ids,
                             const checkpoint::snapshot& from) const {
  const base::error enough = base::host_error("enough");
  for (std::size_t i = 0; i < to.size(); ++i) {
    state::sampler sampler(to[i].was, sample_values);
    std::uint64_t read = 0;
    auto all = from.read_state(ids[i], {0, from.facts().key_groups},
                               [&](std::string_view block, const checkpoint::block_source&) -> base::result<void> {
                                 WEIR_TRY(sampler.look(block));
                                 read += block.size();
                                 if (sampler.enough() || read >= sample_bytes) return enough;
                                 return {};
                               });
    if (!all && all.why().what != enough.what)
      log_.warn("the newest cut cannot be read to try conversions of state on it", {{"why", all.why().text()}});
    to[i].samples = sampler.take();
  }
}

base::result<change_outlook> job_engine::look_ahead(const plan::plan& next) {
  const generation at = now();
  change_outlook out;
  out.between = plan::compare(*at.plan, next);
  out.state.allow_dropped = told_.allow_dropped_state;
  if (!told_.place || out.between.how == plan::reach::restart) return out;
  std::vector<std::string> ids;  // as they are called in cuts
  for (const auto& [was, now] : out.between.converted) {
    out.state.operators.push_back({next.nodes[now].id, shape_of(at.plan->nodes[was], at.plan->key_groups), {}});
    ids.push_back(at.plan->nodes[was].id);
  }
  if (out.between.how < plan::reach::rebuilt && out.between.converted.empty()) return out;
  const auto cuts = WEIR_TRY(storage_->list());
  std::optional<checkpoint::snapshot> newest;
  // It is young: a cut that goes meanwhile only takes the sample with it.
  if (!cuts.empty())
    if (auto opened = checkpoint::open_snapshot(env_, cuts.front().path, false)) newest = std::move(opened).take();
  if (newest) add_samples(out.state.operators, ids, *newest);
  if (told_.allow_dropped_state) return out;
  std::string gone;
  if (newest) {
    for (const std::string& id : job::dropped(next, *newest, true))
      gone += cat(gone.empty() ? "" : ", ", base::quoted(id));
  } else {
    for (const auto& n : out.between.nodes)
      if (n.what == "removed" && n.state == "dropped") gone += cat(gone.empty() ? "" : ", ", base::quoted(n.id));
  }
  if (!gone.empty()) out.why = lost(gone);
  return out;
}

}  // namespace weir::control
