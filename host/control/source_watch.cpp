#include "control/source_watch.hpp"

namespace weir::control {
namespace {

constexpr int most_depth = 32;
constexpr std::size_t most_files = 100'000;

}  // namespace

source_watch::source_watch(base::env& env, std::string folder)
    : env_(env), folder_(std::move(folder)), known_(now()), seen_(known_) {}

bool source_watch::changed() {
  state at = now();
  const bool settled = at == seen_;
  seen_ = std::move(at);
  if (!settled || seen_ == known_) return false;
  known_ = seen_;
  return true;
}

source_watch::state source_watch::now() const {
  state out;
  collect(folder_, 0, out);
  return out;
}

void source_watch::collect(const std::string& folder, int depth, state& into) const {
  auto entries = env_.fs().list(folder);
  if (!entries || depth > most_depth) return;
  for (const base::directory_entry& e : *entries) {
    if (e.name.starts_with('.') || e.name.starts_with("build") || into.size() >= most_files) continue;
    const std::string path = base::join_path(folder, e.name);
    if (e.kind == base::file_kind::directory) {
      collect(path, depth + 1, into);
    } else if (auto info = env_.fs().stat(path); info && *info && (*info)->kind == base::file_kind::regular) {
      into[path] = {(*info)->modified_us, (*info)->size};
    }
  }
}

}  // namespace weir::control
