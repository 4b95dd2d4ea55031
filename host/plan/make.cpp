#include "plan/make.hpp"

#include "plan/draft.hpp"

namespace weir::plan {

std::uint32_t plan::find(std::string_view id) const {
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].id == id) return i;
  }
  return no_index;
}

plan_ptr make(std::shared_ptr<const config::pipeline> from, workshop& parts, config::diagnostics& problems) {
  draft d{*from, parts, problems, {}, {}, {}};
  expand(d);
  connect(d);
  if (!sort(d)) return nullptr;
  bind_all(d);
  auto out = std::make_shared<plan>();
  out->told = std::move(from);
  finish(d, *out);
  if (problems.failed()) return nullptr;
  review(d);
  chain_up(d, *out);
  return out;
}

}  // namespace weir::plan
