#include "model/batch.hpp"

#include <new>

#include "base/check.hpp"

namespace weir::model {

/// Puts batches together; the one place that knows how a batch lies in memory: the object, then its own column
/// pointers.
struct batch_maker {
  static const ArrowArray** slots(batch* b) { return reinterpret_cast<const ArrowArray**>(b + 1); }
  static std::size_t slot_count(const batch* b) { return (b->size_ - sizeof(batch)) / sizeof(ArrowArray*); }

  static batch* raw(std::size_t own_columns, std::int64_t length) {
    const std::size_t size = sizeof(batch) + own_columns * sizeof(ArrowArray*);
    auto* b = new (buffer_pool::allocate_object(size)) batch;
    b->size_ = static_cast<std::uint32_t>(size);
    b->view_.struct_size = sizeof(weir_batch);
    b->view_.column_count = static_cast<std::uint32_t>(own_columns);
    b->view_.length = length;
    b->view_.columns = slots(b);
    b->view_.owner = b;
    return b;
  }

  /// The batch that holds the column pointers of `b`.
  static const batch& home(const batch& b) {
    const batch* h = &b;
    while (h->base_ && h->view_.columns != slots(const_cast<batch*>(h))) h = h->base_.get();
    return *h;
  }

  static void own_facts(batch* b, facts&& f) {
    b->own_facts_ = std::move(f);
    b->facts_ = &b->own_facts_;
  }

  /// Columns of `from`, without facts and selection; `base` keeps them.
  static batch* over(const batch& from, const batch& base) {
    batch* b = raw(0, from.view_.length);
    b->view_.column_count = from.view_.column_count;
    b->view_.columns = from.view_.columns;
    b->base_ = batch_ref::share(&base);
    if (base.schema() != from.schema()) b->schema_ = from.schema();
    b->columns_bytes_ = from.columns_bytes_;
    return b;
  }

  static batch_ref done(batch* b, selection&& s) {
    const facts& f = *b->facts_;
    weir_batch& v = b->view_;
    v.event_time = f.event_time ? f.event_time->as<std::int64_t>() : nullptr;
    v.key_hash = f.key_hash ? f.key_hash->as<std::uint64_t>() : nullptr;
    v.change = f.change ? f.change->as<std::uint8_t>() : nullptr;
    v.trace_id = f.trace_id ? f.trace_id->as<std::uint8_t>() : nullptr;
    v.source_id = f.source_id ? f.source_id->as<std::uint32_t>() : nullptr;
    v.offset = f.offset ? f.offset->as<std::int64_t>() : nullptr;
    v.first_offset = f.offset ? -1 : f.first_offset;
    v.split = f.split;
    v.row_count = v.length;
    std::int64_t bytes = b->columns_bytes_ + f.bytes();
    b->held_bytes_ = bytes;
    if (s.rows && s.count != v.length) {  // ascending rows, as many as there are: all of them
      v.rows = s.rows->as<std::uint32_t>();
      v.row_count = s.count;
      bytes = v.length > 0 ? static_cast<std::int64_t>(static_cast<double>(bytes) * static_cast<double>(s.count) /
                                                       static_cast<double>(v.length))
                           : 0;
      const auto rows_bytes = static_cast<std::int64_t>(s.rows->footprint());
      bytes += rows_bytes;
      b->held_bytes_ += rows_bytes;
      b->selection_ = std::move(s.rows);
    }
    b->bytes_ = bytes;
    return batch_ref::adopt(b);
  }

  static batch_ref make(schema_ref&& schema, std::span<column_ref> columns, std::int64_t length, facts&& f,
                        selection&& s) {
    batch* b = raw(columns.size(), length);
    const ArrowArray** to = slots(b);
    for (column_ref& c : columns) {
      b->columns_bytes_ += c->bytes();
      *to++ = c.detach()->array();
    }
    b->schema_ = std::move(schema);
    own_facts(b, std::move(f));
    return done(b, std::move(s));
  }

  static batch_ref select(const batch& from, selection&& s) {
    // The base is whoever holds the facts: from, or the one it has them from.
    const batch& base = from.facts_ == &from.own_facts_ ? from : *from.base_;
    batch* b = over(from, base);
    b->facts_ = from.facts_;
    return done(b, std::move(s));
  }

  static batch_ref replace_facts(const batch& from, facts&& f, selection&& s) {
    batch* b = over(from, home(from));
    own_facts(b, std::move(f));
    return done(b, std::move(s));
  }

  static batch_ref rename(const batch& from, schema_ref&& schema) {
    batch* b = over(from, home(from));
    b->schema_ = std::move(schema);
    own_facts(b, facts(*from.facts_));
    return done(b, from.selection());
  }

  static batch_ref pass(const batch& parent, schema_ref&& schema, std::span<const std::int32_t> passes,
                        std::span<column_ref> beside, facts&& f, selection&& s) {
    batch* b = raw(passes.size(), parent.view_.length);
    const ArrowArray** to = slots(b);
    std::size_t next = 0;
    for (const std::int32_t i : passes) {
      const column* c = nullptr;
      if (i >= 0) {
        c = column::of(parent.view_.columns[i]);
        c->add_ref();
      } else {
        c = beside[next++].detach();
      }
      b->columns_bytes_ += c->bytes();
      *to++ = c->array();
    }
    b->schema_ = std::move(schema);
    own_facts(b, std::move(f));
    return done(b, std::move(s));
  }

  static void destroy(batch* b) noexcept {
    const std::size_t size = b->size_;
    const std::size_t own = slot_count(b);
    for (std::size_t i = 0; i < own; ++i) column::of(slots(b)[i])->release();
    b->~batch();
    buffer_pool::free_object(b, size);
  }
};

void batch::destroy(batch* b) noexcept { batch_maker::destroy(b); }

batch_ref make_batch(schema_ref schema, std::span<column_ref> columns, std::int64_t length, facts f, selection s) {
  WEIR_CHECK(schema && schema->size() == columns.size(), "a batch of ", columns.size(),
             " columns under another schema");
  return batch_maker::make(std::move(schema), columns, length, std::move(f), std::move(s));
}

batch_ref select_rows(const batch& from, std::span<const std::uint32_t> rows) {
  auto kept = buffer_pool::must_allocate(rows.size_bytes() + sizeof(std::uint32_t));
  std::copy(rows.begin(), rows.end(), kept->as<std::uint32_t>());
  return select_rows(from, selection{std::move(kept), static_cast<std::int64_t>(rows.size())});
}

batch_ref select_rows(const batch& from, selection s) { return batch_maker::select(from, std::move(s)); }

batch_ref select_rows(const batch& from, selection s, facts f) {
  return batch_maker::replace_facts(from, std::move(f), std::move(s));
}

batch_ref with_facts(const batch& from, facts f) {
  return batch_maker::replace_facts(from, std::move(f), from.selection());
}

batch_ref with_key_hash(const batch& from, buffer_ref key_hash) {
  facts f = from.facts();
  f.key_hash = std::move(key_hash);
  return batch_maker::replace_facts(from, std::move(f), from.selection());
}

batch_ref with_schema(const batch& from, schema_ref schema) {
  WEIR_CHECK(schema && schema->size() == from.column_count(), "a schema of another number of columns");
  return batch_maker::rename(from, std::move(schema));
}

batch_ref pass_through(const batch& parent, schema_ref schema, std::span<const std::int32_t> passes,
                       std::span<column_ref> beside, facts f, selection s) {
  WEIR_CHECK(schema && schema->size() == passes.size(), "passes of another number of columns");
  return batch_maker::pass(parent, std::move(schema), passes, beside, std::move(f), std::move(s));
}

namespace {

struct exported_batch {
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  const void* validity = nullptr;
};

void release_batch(ArrowArray* array) {
  auto* held = static_cast<exported_batch*>(array->private_data);
  for (ArrowArray& child : held->children)
    if (child.release) child.release(&child);
  delete held;
  array->release = nullptr;
}

}  // namespace

void export_batch(const batch_ref& from, ArrowArray* out) {
  WEIR_CHECK(from->dense(), "export of a batch with a selection; compact it first");
  auto* held = new exported_batch;
  held->children.resize(from->column_count());
  for (std::size_t i = 0; i < held->children.size(); ++i) {
    export_column(from->share_column(i), &held->children[i]);
    held->pointers.push_back(&held->children[i]);
  }
  *out = {.length = from->length(),
          .null_count = 0,
          .offset = 0,
          .n_buffers = 1,
          .n_children = static_cast<std::int64_t>(held->pointers.size()),
          .buffers = &held->validity,
          .children = held->pointers.data(),
          .dictionary = nullptr,
          .release = release_batch,
          .private_data = held};
}

}  // namespace weir::model
