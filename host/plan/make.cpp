#include "plan/make.hpp"

#include "base/cat.hpp"
#include "base/text.hpp"
#include "plan/draft.hpp"

namespace weir::plan {

std::string instead_of(std::string_view name, const std::vector<std::string>& there, std::string_view who) {
  auto out = base::did_you_mean(name, there);
  std::string owner(who);
  if (!out.empty() && owner == "it") owner = "It";
  return base::cat(out, out.empty() ? "; " : " ", owner, " has ", base::one_of(there));
}

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
