#include "state/folder.hpp"

#include "base/env.hpp"
#include "state/impl.hpp"

namespace weir::state {

struct folder::impl {
  explicit impl(model::state_shape of) : rows(std::move(of)) { rows.adopts = true; }
  store::impl rows;
  bool taking = false;
};

folder::folder(std::uint32_t key_groups, model::key_group_range keep) {
  model::state_shape of;
  of.key_groups = key_groups;
  of.own = keep;
  impl_ = std::make_unique<impl>(std::move(of));
}
folder::~folder() = default;

base::result<void> folder::add(std::string_view block) { return impl_->rows.load(block, {}); }

bool folder::take(std::size_t about_bytes, std::string& block) {
  if (!impl_->taking) {
    impl_->taking = true;
    impl_->rows.join_forms();
    impl_->rows.whole_next = true;
    impl_->rows.cut();
  }
  return impl_->rows.capture(about_bytes, block);
}

}  // namespace weir::state
