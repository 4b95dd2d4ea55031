#include "model/name_registry.hpp"

#include <mutex>

namespace weir::model {

std::uint32_t name_registry::number(std::string_view name) {
  {
    std::shared_lock lock(mutex_);
    if (auto found = numbers_.find(name); found != numbers_.end()) return found->second;
  }
  std::unique_lock lock(mutex_);
  const auto [at, added] = numbers_.try_emplace(std::string(name), static_cast<std::uint32_t>(names_.size()));
  if (added) names_.emplace_back(name);
  return at->second;
}

std::string_view name_registry::name(std::uint32_t number) const {
  std::shared_lock lock(mutex_);
  return number < names_.size() ? std::string_view(names_[number]) : std::string_view();
}

name_registry& source_names() {
  static name_registry* const registry = [] {
    auto* made = new name_registry;
    made->number("");
    return made;
  }();
  return *registry;
}

name_registry& split_names() {
  static name_registry* const registry = new name_registry;
  return *registry;
}

}  // namespace weir::model
