#include "plugin/finding.hpp"

#include <algorithm>

#include "base/cat.hpp"
#include "base/check.hpp"

namespace weir::plugin {

std::string_view name_of(severity level) {
  switch (level) {
    case severity::note:
      return "note";
    case severity::warning:
      return "warning";
    case severity::refusal:
      return "refusal";
  }
  return "refusal";
}

void findings::note(std::string code, std::string what) {
  all_.push_back({severity::note, std::move(code), std::move(what), base::blame::plugin});
}

void findings::warn(std::string code, std::string what) {
  all_.push_back({severity::warning, std::move(code), std::move(what), base::blame::plugin});
}

void findings::refuse(std::string code, std::string what, base::blame by) {
  all_.push_back({severity::refusal, std::move(code), std::move(what), by});
}

bool findings::refused() const {
  return std::any_of(all_.begin(), all_.end(), [](const finding& f) { return f.level == severity::refusal; });
}

bool findings::has(std::string_view code) const {
  return std::any_of(all_.begin(), all_.end(), [&](const finding& f) { return f.code == code; });
}

base::error findings::why(std::string where) const {
  const finding* first = nullptr;
  std::size_t more = 0;
  for (const finding& f : all_) {
    if (f.level != severity::refusal) continue;
    if (first)
      ++more;
    else
      first = &f;
  }
  WEIR_CHECK(first, "no refusal among the findings of ", where);
  std::string what = first->what;
  if (more != 0)
    what += base::cat(" (and ", more, more == 1 ? " more reason" : " more reasons", ": weir plugin verify)");
  return {.by = first->by, .how = base::retry::never, .what = std::move(what), .where = std::move(where)};
}

void findings::append(const findings& more) { all_.insert(all_.end(), more.all_.begin(), more.all_.end()); }

}  // namespace weir::plugin
