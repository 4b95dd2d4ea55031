#include "checkpoint/storage_inner.hpp"

namespace weir::checkpoint {

std::shared_ptr<const void> pins::hold(const std::shared_ptr<pins>& in, std::vector<std::string> names) {
  {
    const std::lock_guard guard(in->mutex_);
    for (const std::string& name : names) ++in->held_[name];
  }
  auto release = [in](std::vector<std::string>* held) {
    {
      const std::lock_guard guard(in->mutex_);
      for (const std::string& name : *held)
        if (auto it = in->held_.find(name); --it->second == 0) in->held_.erase(it);
    }
    delete held;
  };
  return std::shared_ptr<std::vector<std::string>>(new std::vector<std::string>(std::move(names)), release);
}

void pins::add_to(std::set<std::string>& names) const {
  const std::lock_guard guard(mutex_);
  for (const auto& [name, count] : held_) names.insert(name);
}

}  // namespace weir::checkpoint
