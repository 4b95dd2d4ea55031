#include "model/column.hpp"

#include <new>

#include "base/check.hpp"

namespace weir::model {
namespace {

// Where buffers without memory point: readable like all others.
alignas(64) constexpr std::byte nothing[2 * buffer_padding]{};

/// The arrays in a batch view are borrowed. Releasing a copy of one marks the copy; the original cannot be released.
void release_borrowed(ArrowArray* array) {
  if (array->private_data != array) array->release = nullptr;
}

struct exported {
  column_ref owner;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

void release_exported(ArrowArray* array) {
  auto* held = static_cast<exported*>(array->private_data);
  for (ArrowArray& child : held->children)
    if (child.release) child.release(&child);
  delete held;
  array->release = nullptr;
}

}  // namespace

ref<const foreign_array> foreign_array::take(ArrowArray* from, std::shared_ptr<void> image) {
  auto made = ref<const foreign_array>::adopt(new foreign_array(*from, std::move(image)));
  from->release = nullptr;
  return made;
}

void foreign_array::release() const noexcept {
  if (!refs_.drop()) return;
  auto* self = const_cast<foreign_array*>(this);
  if (self->array_.release) self->array_.release(&self->array_);
  delete self;  // lets go of the image, after its code ran for the last time
}

column_ref column::make(std::int64_t length, std::int64_t null_count, std::span<part> parts,
                        std::span<column_ref> children, ref<const foreign_array> foreign, std::int64_t bytes) {
  WEIR_CHECK(parts.size() >= 1 && parts.size() <= 3, "a column has 1 to 3 buffers, not ", parts.size());
  auto* c = new (buffer_pool::allocate_object(sizeof(column))) column;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == 0 && null_count == 0) continue;
    c->buffers_[i] = parts[i].data ? parts[i].data : nothing;
    if (parts[i].owner) bytes += static_cast<std::int64_t>(parts[i].owner->footprint());
    c->owners_[i] = std::move(parts[i].owner);
  }
  if (!children.empty()) {
    c->nested_ = std::make_unique<nested>();
    c->nested_->children.reserve(children.size());
    c->nested_->arrays.reserve(children.size());
    for (column_ref& child : children) {
      bytes += child->bytes();
      c->nested_->arrays.push_back(const_cast<ArrowArray*>(child->array()));
      c->nested_->children.push_back(std::move(child));
    }
  }
  c->foreign_ = std::move(foreign);
  c->bytes_ = bytes;
  ArrowArray& a = c->head_.array;
  a = {.length = length,
       .null_count = null_count,
       .offset = 0,
       .n_buffers = static_cast<std::int64_t>(parts.size()),
       .n_children = static_cast<std::int64_t>(children.size()),
       .buffers = c->buffers_,
       .children = children.empty() ? nullptr : c->nested_->arrays.data(),
       .dictionary = nullptr,
       .release = release_borrowed,
       .private_data = &a};
  return column_ref::adopt(c);
}

column_ref column::make_values(std::int64_t length, buffer_ref&& values) {
  auto* c = new (buffer_pool::allocate_object(sizeof(column))) column;
  c->bytes_ = static_cast<std::int64_t>(values->footprint());
  c->buffers_[1] = values->data();
  c->owners_[1] = std::move(values);
  ArrowArray& a = c->head_.array;
  a = {.length = length,
       .null_count = 0,
       .offset = 0,
       .n_buffers = 2,
       .n_children = 0,
       .buffers = c->buffers_,
       .children = nullptr,
       .dictionary = nullptr,
       .release = release_borrowed,
       .private_data = &a};
  return column_ref::adopt(c);
}

void column::destroy(column* c) noexcept {
  c->~column();
  buffer_pool::free_object(c, sizeof(column));
}

void export_column(const column_ref& from, ArrowArray* out) {
  auto* held = new exported{.owner = from, .children = {}, .pointers = {}};
  held->children.resize(from->children().size());
  for (std::size_t i = 0; i < held->children.size(); ++i) {
    export_column(from->children()[i], &held->children[i]);
    held->pointers.push_back(&held->children[i]);
  }
  *out = *from->array();
  out->children = held->pointers.empty() ? nullptr : held->pointers.data();
  out->release = release_exported;
  out->private_data = held;
}

}  // namespace weir::model
