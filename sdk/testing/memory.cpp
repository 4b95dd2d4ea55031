// Columns, batches and builders in memory that is exactly as long as promised.
#include "weir/test/memory.hpp"

#include <cstdlib>
#include <cstring>

#include "layout.hpp"
#include "weir/batch.hpp"
#include "weir/test/fake_host.hpp"

namespace weir::test {

std::uint32_t width_of(const field& f) {
  switch (f.kind) {
    case type::int8:
    case type::uint8:
      return 1;
    case type::int16:
    case type::uint16:
      return 2;
    case type::int32:
    case type::uint32:
    case type::float32:
    case type::date32:
      return 4;
    case type::int64:
    case type::uint64:
    case type::float64:
    case type::timestamp:
      return 8;
    case type::decimal128:
      return 16;
    case type::fixed_binary:
      return static_cast<std::uint32_t>(f.width);
    default:
      return 0;
  }
}

block::block(std::size_t size, int fill) : data_{static_cast<char*>(std::malloc(size ? size : 1))}, size_{size} {
  std::memset(data_, fill, size ? size : 1);
}
block::~block() {
  if (!data_) return;
  std::memset(data_, 0xDD, size_);
  asm volatile("" : : "r"(data_) : "memory");  // the compiler would drop a write just before free
  std::free(data_);
}
void block::resize(std::size_t size) {
  block bigger{size};
  std::memcpy(bigger.data_, data_, size < size_ ? size : size_);
  *this = std::move(bigger);
}

// ------------------------------------------------------------------------------------------------------------ columns

std::unique_ptr<owned_column> owned_column::copy(const field& f, const ArrowArray& from, std::int64_t rows,
                                                 std::size_t padding, void (*release)(ArrowArray*), void* about) {
  auto out = std::make_unique<owned_column>();
  auto take = [&](const void* data, std::size_t size) {
    block b{size + padding};
    if (size && data) std::memcpy(b.data(), data, size);
    out->blocks_.push_back(std::move(b));
    out->buffers_.push_back(out->blocks_.back().data());
  };
  const bool nulls = from.null_count != 0 && from.buffers[0];
  if (nulls)
    take(from.buffers[0], bit_bytes(rows));
  else
    out->buffers_.push_back(nullptr);
  if (f.kind != type::record) take(from.buffers[1], value_bytes(f, rows));
  const auto* offsets = has_offsets(f) ? static_cast<const std::int32_t*>(from.buffers[1]) : nullptr;
  const std::int64_t inner = offsets ? offsets[rows] : rows;
  if (f.kind == type::utf8 || f.kind == type::binary) take(from.buffers[2], static_cast<std::size_t>(inner));
  for (std::size_t i = 0; i < f.children.size(); ++i) {
    out->children_.push_back(copy(f.children[i], *from.children[i], inner, padding, release, about));
    out->pointers_.push_back(&out->children_.back()->array_);
  }
  auto& a = out->array_;
  a.length = rows;
  for (std::int64_t i = 0; nulls && i < rows; ++i) a.null_count += !weir::detail::bit(out->buffers_[0], i);
  if (nulls && a.null_count == 0) out->buffers_[0] = nullptr;
  a.n_buffers = static_cast<std::int64_t>(out->buffers_.size());
  a.buffers = out->buffers_.data();
  a.n_children = static_cast<std::int64_t>(out->pointers_.size());
  a.children = out->pointers_.empty() ? nullptr : out->pointers_.data();
  a.release = release;
  a.private_data = about;
  return out;
}

std::unique_ptr<owned_column> owned_column::freeze(const field& f, const weir_column& c, std::int64_t rows) {
  const void* buffers[3] = {c.validity, c.values, c.data};
  std::vector<std::unique_ptr<owned_column>> children;
  std::vector<ArrowArray*> pointers;
  const std::int64_t inner = has_offsets(f) ? static_cast<const std::int32_t*>(c.values)[rows] : rows;
  for (std::size_t i = 0; i < f.children.size(); ++i) {
    children.push_back(freeze(f.children[i], c.children[i], inner));
    pointers.push_back(&children.back()->array_);
  }
  ArrowArray view{};
  view.null_count = c.validity ? -1 : 0;
  view.buffers = buffers;
  view.children = pointers.data();
  return copy(f, view, rows, 64);
}

namespace {
// Appends one row of a column to another of the same type.
void copy_row(const column_view& from, std::int64_t row, column_writer& to) {
  if (from.null(row)) return to.append_null();
  switch (from.of().kind) {
    case type::boolean:
      return to.append_bool(from.boolean(row));
    case type::utf8:
    case type::binary:
      return to.append(from.text(row));
    case type::fixed_binary:
      return to.append_fixed(from.fixed(row).data());
    case type::list: {
      const auto [begin, end] = from.elements(row);
      for (auto i = begin; i < end; ++i) copy_row(from.child(), i, to.item());
      return to.end_list();
    }
    case type::record:
      for (std::size_t i = 0; i < from.of().children.size(); ++i) copy_row(from.child(i), row, to[i]);
      return to.end_record();
    default:
      break;
  }
  switch (width_of(from.of())) {
    case 1:
      return to.append(from.value<std::int8_t>(row));
    case 2:
      return to.append(from.value<std::int16_t>(row));
    case 4:
      return to.append(from.value<std::int32_t>(row));
    case 8:
      return to.append(from.value<std::int64_t>(row));
    default:
      return to.append(from.decimal(row));
  }
}
}  // namespace

std::unique_ptr<owned_column> owned_column::gather(const field& f, const ArrowArray& from,
                                                   const std::vector<std::uint32_t>& rows) {
  owned_builder b{{f}, static_cast<std::int64_t>(rows.size()), false};
  column_writer to{{&fake_host(), nullptr}, &b.raw(), b.raw().columns, f};
  const column_view view{f, from};
  for (const auto row : rows) copy_row(view, row, to);
  return freeze(f, b.raw().columns[0], static_cast<std::int64_t>(rows.size()));
}

weir_batch owned_batch::raw() {
  pointers.clear();
  for (const auto& c : columns) pointers.push_back(&c->array());
  weir_batch b{};
  b.struct_size = sizeof b;
  b.column_count = static_cast<std::uint32_t>(columns.size());
  b.length = length;
  b.row_count = row_count();
  b.rows = all ? nullptr : rows.data();
  b.columns = pointers.data();
  b.event_time = event_time.empty() ? nullptr : event_time.data();
  b.key_hash = key_hash.empty() ? nullptr : key_hash.data();
  b.change = change.empty() ? nullptr : change.data();
  b.trace_id = trace_id.empty() ? nullptr : trace_id.data();
  b.source_id = source_id.empty() ? nullptr : source_id.data();
  b.offset = offset.empty() ? nullptr : offset.data();
  b.first_offset = offset.empty() ? -1 : offset[0];
  b.split = split;
  b.port = port;
  b.owner = this;
  return b;
}

// ----------------------------------------------------------------------------------------------------------- builders

namespace {
// What stands behind a weir_column.
struct column_memory {
  const field& of;
  block values, validity, data;
  std::vector<weir_column> children;
};
column_memory& memory_of(weir_column& c) { return *static_cast<column_memory*>(c.owner); }

void make(const field& f, weir_column& c, std::int64_t room) {
  auto* m = new column_memory{f, {}, {}, {}, {}};
  c.owner = m;
  c.capacity = room;
  c.width = width_of(f);
  if (f.kind != type::record) {
    m->values = block{value_bytes(f, room)};
    c.values = m->values.data();
  }
  if (has_offsets(f)) *static_cast<std::int32_t*>(c.values) = 0;
  if (f.kind == type::utf8 || f.kind == type::binary) {
    m->data = block{8};
    c.data = m->data.data();
    c.data_capacity = 8;
  }
  m->children.resize(f.children.size());
  for (std::size_t i = 0; i < f.children.size(); ++i)
    make(f.children[i], m->children[i], f.kind == type::list ? 1 : room);
  c.children = m->children.empty() ? nullptr : m->children.data();
  c.child_count = static_cast<std::uint32_t>(m->children.size());
}
void grow_rows(const field& f, weir_column& c, std::int64_t rows) {
  if (rows <= c.capacity) return;
  auto& m = memory_of(c);
  if (f.kind != type::record) {
    m.values.resize(value_bytes(f, rows));
    c.values = m.values.data();
  }
  if (c.validity) {
    m.validity.resize(bit_bytes(rows));
    c.validity = reinterpret_cast<std::uint8_t*>(m.validity.data());
  }
  c.capacity = rows;
  if (f.kind == type::record)
    for (std::uint32_t i = 0; i < c.child_count; ++i) grow_rows(f.children[i], c.children[i], rows);
}
void release(weir_column& c) {
  for (std::uint32_t i = 0; i < c.child_count; ++i) release(c.children[i]);
  delete static_cast<column_memory*>(c.owner);
}
template <class T>
T* fact(block& b, std::int64_t rows, int each = 1) {
  const auto size = static_cast<std::size_t>(rows * each) * sizeof(T);
  if (b.data())
    b.resize(size);
  else
    b = block{size};
  return reinterpret_cast<T*>(b.data());
}
}  // namespace

owned_builder::owned_builder(std::vector<field> written, std::int64_t rows, bool tracing)
    : fields_{std::move(written)}, tracing_{tracing}, columns_(fields_.size()) {
  const std::int64_t room = rows > 0 ? rows : 1;
  for (std::size_t i = 0; i < fields_.size(); ++i) make(fields_[i], columns_[i], room);
  raw_.struct_size = sizeof raw_;
  raw_.column_count = static_cast<std::uint32_t>(columns_.size());
  raw_.columns = columns_.data();
  raw_.first_offset = -1;
  raw_.split = UINT32_MAX;
  facts(room);
}
owned_builder::~owned_builder() {
  for (auto& c : columns_) release(c);
}
void owned_builder::grow(std::int64_t rows) {
  if (rows <= raw_.capacity) return;
  for (std::size_t i = 0; i < columns_.size(); ++i) grow_rows(fields_[i], columns_[i], rows);
  facts(rows);
}
void owned_builder::grow_column(weir_column& c, std::int64_t elements) { grow_rows(memory_of(c).of, c, elements); }
void owned_builder::grow_data(weir_column& c, std::int64_t bytes) {
  if (bytes <= c.data_capacity) return;
  memory_of(c).data.resize(static_cast<std::size_t>(bytes));
  c.data = memory_of(c).data.data();
  c.data_capacity = bytes;
}
void owned_builder::validity(weir_column& c) {
  if (c.validity) return;
  memory_of(c).validity = block{bit_bytes(c.capacity), 0xff};
  c.validity = reinterpret_cast<std::uint8_t*>(memory_of(c).validity.data());
}
void owned_builder::facts(std::int64_t rows) {
  raw_.capacity = rows;
  raw_.event_time = fact<std::int64_t>(time_, rows);
  raw_.parent = fact<std::uint32_t>(parent_, rows);
  raw_.change = fact<std::uint8_t>(change_, rows);
  raw_.offset = fact<std::int64_t>(offset_, rows);
  if (!tracing_) return;
  raw_.trace_id = fact<std::uint8_t>(trace_, rows, 16);
  raw_.source_id = fact<std::uint32_t>(source_, rows);
}
}  // namespace weir::test
