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
    c->children_.reserve(children.size());
    c->child_arrays_.reserve(children.size());
    for (column_ref& child : children) {
      bytes += child->bytes();
      c->child_arrays_.push_back(const_cast<ArrowArray*>(child->array()));
      c->children_.push_back(std::move(child));
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
       .children = children.empty() ? nullptr : c->child_arrays_.data(),
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
