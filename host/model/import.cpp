#include "model/import.hpp"

#include <algorithm>
#include <cstring>

#include "base/cat.hpp"
#include "model/bits.hpp"
#include "model/column_check.hpp"
#include "model/derive.hpp"

namespace weir::model {

using base::cat;
using base::result;

namespace {

constexpr std::uintptr_t page = 4096;

/// Whether the 64 bytes behind the end may be read: they are in the page of the last byte.
bool has_room_behind(const void* data, std::int64_t size) {
  const auto end = reinterpret_cast<std::uintptr_t>(data) + static_cast<std::uintptr_t>(size);
  return size > 0 && (end - 1) / page == (end + buffer_padding - 1) / page;
}

bool aligned(const void* data, std::int64_t width) {
  const std::int64_t to = width >= 8 && width % 8 == 0 ? 8 : width == 4 || width == 2 ? width : 1;
  return reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(to) == 0;
}

/// Rows begin .. begin + count - 1 of one array, whose own offset is not yet added.
struct range {
  std::int64_t begin = 0;
  std::int64_t count = 0;
};

class importer {
 public:
  importer(ref<const foreign_array> from, import_options options) : from_(std::move(from)), options_(options) {}

  result<column_ref> column_of(const ArrowArray* a, const field& what, range r, const std::string& path) {
    WEIR_TRY(check_shape(a, what.type, r, path));
    const std::int64_t first = a->offset + r.begin;
    column::part parts[3];
    std::int64_t foreign_bytes = 0;
    const std::int64_t nulls = WEIR_TRY(take_validity(a, what, first, r, path, parts[0], foreign_bytes));
    std::vector<column_ref> children;
    switch (what.type.id) {
      case type_id::boolean:
        WEIR_TRY(take_bits(a, first, r.count, path, parts[1], foreign_bytes));
        break;
      case type_id::utf8:
      case type_id::binary:
      case type_id::list: {
        const range inner = WEIR_TRY(take_offsets(a, first, r.count, path, parts[1], foreign_bytes));
        if (what.type.id == type_id::list) {
          children.push_back(WEIR_TRY(column_of(a->children[0], what.type.children[0], inner, path + "[]")));
          break;
        }
        const auto* data = static_cast<const char*>(a->buffers[2]);
        if (inner.count > 0 && !data) return fault(path, "it has text but no data buffer");
        take_bytes(data ? data + inner.begin : nullptr, inner.count, inner.begin == 0, parts[2], foreign_bytes);
        if (what.type.id == type_id::utf8 && options_.check_utf8) {
          std::string wrong =
              utf8_fault(static_cast<const std::int32_t*>(parts[1].data), static_cast<const char*>(parts[2].data),
                         nulls > 0 ? static_cast<const std::uint8_t*>(parts[0].data) : nullptr, r.count);
          if (!wrong.empty()) return fault(path, std::move(wrong));
        }
        break;
      }
      case type_id::structure:
        for (std::size_t i = 0; i < what.type.children.size(); ++i) {
          const field& child = what.type.children[i];
          children.push_back(WEIR_TRY(column_of(a->children[i], child, {first, r.count}, path + "." + child.name)));
        }
        break;
      default: {
        const std::int64_t width = what.type.value_bytes();
        const auto* values = static_cast<const char*>(a->buffers[1]);
        if (r.count > 0 && !values) return fault(path, "it has no values buffer");
        const bool whole = first == 0 && aligned(values, width);
        take_bytes(values ? values + first * width : nullptr, r.count * width, whole, parts[1], foreign_bytes);
      }
    }
    const auto buffers = static_cast<std::size_t>(what.type.buffer_count());
    return column::make(r.count, nulls, std::span(parts, buffers), children,
                        foreign_bytes > 0 ? from_ : ref<const foreign_array>{}, foreign_bytes);
  }

  static base::error fault(const std::string& path, std::string what) {
    return base::plugin_error(cat("column ", path, " of an array that a plugin emitted: ", std::move(what)));
  }

 private:
  static result<void> check_shape(const ArrowArray* a, const data_type& type, range r, const std::string& path) {
    if (!a) return fault(path, "the array is null");
    if (!a->release) return fault(path, "the array was already released");
    if (a->dictionary) return fault(path, "it is dictionary encoded; emit the plain values");
    if (a->length < 0 || a->length > batch_rows_max) return fault(path, cat("its length is ", a->length));
    if (a->offset < 0 || a->offset > batch_rows_max) return fault(path, cat("its offset is ", a->offset));
    if (a->null_count < -1 || a->null_count > a->length) return fault(path, cat("its null count is ", a->null_count));
    if (r.begin < 0 || r.count < 0 || r.begin + r.count > a->length)
      return fault(path, cat("it has ", a->length, " rows and ", r.begin + r.count, " are needed"));
    if (a->n_buffers != type.buffer_count())
      return fault(path, cat("it has ", a->n_buffers, " buffers; ", type.text(), " has ", type.buffer_count()));
    if (!a->buffers) return fault(path, "its list of buffers is null");
    const auto children = static_cast<std::int64_t>(type.children.size());
    if (a->n_children != children)
      return fault(path, cat("it has ", a->n_children, " children; ", type.text(), " has ", children));
    if (children > 0 && !a->children) return fault(path, "its list of children is null");
    return {};
  }

  /// Shares the bytes when they may be, else copies them.
  static void take_bytes(const char* data, std::int64_t size, bool sharable, column::part& out,
                         std::int64_t& foreign_bytes) {
    if (size == 0) return;
    if (sharable && has_room_behind(data, size)) {
      out.data = data;
      foreign_bytes += size;
      return;
    }
    out.owner = buffer_pool::must_allocate(static_cast<std::size_t>(size));
    std::memcpy(out.owner->data(), data, static_cast<std::size_t>(size));
    out.data = out.owner->data();
  }

  /// `count` bits from bit `first` on.
  static void take_bit_range(const std::uint8_t* bits, std::int64_t first, std::int64_t count, column::part& out,
                             std::int64_t& foreign_bytes) {
    if (first % 8 == 0)
      return take_bytes(reinterpret_cast<const char*>(bits) + first / 8, bit_bytes(count), first == 0, out,
                        foreign_bytes);
    out.owner = buffer_pool::must_allocate(static_cast<std::size_t>(bit_bytes(count)));
    bit_writer to(out.owner->as<std::uint8_t>());
    to.copy(bits, first, count);
    to.finish();
    out.data = out.owner->data();
  }

  static result<void> take_bits(const ArrowArray* a, std::int64_t first, std::int64_t count, const std::string& path,
                                column::part& out, std::int64_t& foreign_bytes) {
    if (count == 0) return {};
    if (!a->buffers[1]) return fault(path, "it has no values buffer");
    take_bit_range(static_cast<const std::uint8_t*>(a->buffers[1]), first, count, out, foreign_bytes);
    return {};
  }

  static result<std::int64_t> take_validity(const ArrowArray* a, const field& what, std::int64_t first, range r,
                                            const std::string& path, column::part& out, std::int64_t& foreign_bytes) {
    const auto* bits = static_cast<const std::uint8_t*>(a->buffers[0]);
    if (!bits) {
      if (a->null_count > 0) return fault(path, cat("its null count is ", a->null_count, " but it has no bitmap"));
      return std::int64_t{0};
    }
    column::part part;
    std::int64_t bytes = 0;
    if (r.count > 0) take_bit_range(bits, first, r.count, part, bytes);
    const std::int64_t nulls =
        r.count > 0 ? r.count - count_ones(static_cast<const std::uint8_t*>(part.data), r.count) : 0;
    if (a->null_count >= 0 && r.count == a->length && nulls != a->null_count)
      return fault(path, cat("its null count is ", a->null_count, " but its bitmap has ", nulls, " nulls"));
    if (nulls > 0 && !what.nullable) return fault(path, cat("it has ", nulls, " nulls but is declared without null"));
    if (nulls > 0) {
      out = std::move(part);
      foreign_bytes += bytes;
    }
    return nulls;
  }

  /// Checks and takes offsets, beginning with 0; gives the range of bytes or elements that they point into.
  static result<range> take_offsets(const ArrowArray* a, std::int64_t first, std::int64_t count,
                                    const std::string& path, column::part& out, std::int64_t& foreign_bytes) {
    const auto* offsets = static_cast<const std::int32_t*>(a->buffers[1]);
    if (count == 0) {  // the buffer may be missing
      out.owner = buffer_pool::must_allocate(sizeof(std::int32_t));
      *out.owner->as<std::int32_t>() = 0;
      out.data = out.owner->data();
      return range{};
    }
    if (!offsets) return fault(path, "it has no offsets buffer");
    if (!aligned(offsets, 4)) return fault(path, "its offsets are not aligned to 4 bytes");
    offsets += first;
    if (offsets[0] < 0) return fault(path, cat("offset ", first, " is ", offsets[0]));
    bool back = false;
    for (std::int64_t i = 0; i < count; ++i) back |= offsets[i + 1] < offsets[i];
    if (back) {
      for (std::int64_t i = 0; i < count; ++i)
        if (offsets[i + 1] < offsets[i])
          return fault(path, cat("offset ", first + i + 1, " is ", offsets[i + 1], ", less than the ", offsets[i],
                                 " before it"));
    }
    const range inner{offsets[0], offsets[count] - offsets[0]};
    if (offsets[0] == 0) {
      take_bytes(reinterpret_cast<const char*>(offsets), (count + 1) * 4, first == 0, out, foreign_bytes);
      return inner;
    }
    out.owner = buffer_pool::must_allocate(static_cast<std::size_t>(count + 1) * sizeof(std::int32_t));
    auto* to = out.owner->as<std::int32_t>();
    for (std::int64_t i = 0; i <= count; ++i) to[i] = offsets[i] - offsets[0];
    out.data = to;
    return inner;
  }

  ref<const foreign_array> from_;
  import_options options_;
};

}  // namespace

result<std::vector<column_ref>> import_columns(ArrowArray* from, const schema& declared, std::shared_ptr<void> image,
                                               std::int64_t* length, import_options options) {
  if (!from || !from->release) return base::plugin_error("emitted an array that is null or was already released");
  const auto foreign = foreign_array::take(from, std::move(image));
  const ArrowArray& a = foreign->array();
  auto fault = [](std::string what) { return base::plugin_error(cat("emitted an array: ", std::move(what))); };
  if (a.length < 0 || a.length > batch_rows_max || a.offset < 0 || a.offset > batch_rows_max)
    return fault(cat("its length is ", a.length, " and its offset ", a.offset));
  if (a.n_children != static_cast<std::int64_t>(declared.size()))
    return fault(cat("it has ", a.n_children, " columns and ", declared.size(), " are declared"));
  if (a.n_buffers != 1 || !a.buffers) return fault("it is not a struct: it must have 1 buffer");
  if (a.n_children > 0 && !a.children) return fault("its list of children is null");
  if (a.buffers[0] && a.null_count != 0 && a.length > 0) {
    column::part bits;
    bits.owner = buffer_pool::must_allocate(static_cast<std::size_t>(bit_bytes(a.length)));
    bit_writer to(bits.owner->as<std::uint8_t>());
    to.copy(static_cast<const std::uint8_t*>(a.buffers[0]), a.offset, a.length);
    to.finish();
    const std::int64_t ones = count_ones(bits.owner->as<std::uint8_t>(), a.length);
    if (ones != a.length) return fault(cat(a.length - ones, " of its rows are null; a batch has no null rows"));
  }
  importer each(foreign, options);
  std::vector<column_ref> columns;
  for (std::size_t i = 0; i < declared.size(); ++i)
    columns.push_back(WEIR_TRY(each.column_of(a.children[i], declared[i], {a.offset, a.length}, declared[i].name)));
  *length = a.length;
  return columns;
}

result<batch_ref> import_batch(ArrowArray* from, const schema_ref& declared, std::shared_ptr<void> image,
                               const batch* parent, const std::uint32_t* parents, std::int64_t fallback_time,
                               import_options options) {
  std::int64_t length = 0;
  auto columns = WEIR_TRY(import_columns(from, *declared, std::move(image), &length, options));
  facts f = WEIR_TRY(derive_facts({.flags = parents ? WEIR_EMIT_PARENTS : 0,
                                   .length = length,
                                   .parents = parents,
                                   .parent = parent,
                                   .fallback_time = fallback_time}));
  return make_batch(declared, columns, length, std::move(f));
}

}  // namespace weir::model
