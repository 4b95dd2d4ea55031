// weir/test/memory.hpp: batches and builders in plain malloc memory, each buffer just as long as promised, so that an
// address sanitizer sees a write behind its end and a use after its time. Fresh memory holds rubbish, freed memory is
// overwritten.
#ifndef WEIR_TEST_MEMORY_HPP
#define WEIR_TEST_MEMORY_HPP

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "weir/batch.hpp"
#include "weir/schema.hpp"

namespace weir::test {

// Memory that is poisoned before it is freed.
class block {
 public:
  block() = default;
  explicit block(std::size_t size, int fill = 0xA5)
      : data_{static_cast<char*>(std::malloc(size ? size : 1))}, size_{size} {
    std::memset(data_, fill, size ? size : 1);
  }
  block(block&& o) noexcept : data_{std::exchange(o.data_, nullptr)}, size_{std::exchange(o.size_, 0)} {}
  block& operator=(block&& o) noexcept {
    std::swap(data_, o.data_);
    std::swap(size_, o.size_);
    return *this;
  }
  ~block() {
    if (data_) std::memset(data_, 0xDD, size_);
    std::free(data_);
  }
  // Keeps the first bytes, at another address.
  void resize(std::size_t size) {
    block bigger{size};
    std::memcpy(bigger.data_, data_, size < size_ ? size : size_);
    *this = std::move(bigger);
  }
  [[nodiscard]] char* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

// Bytes of one value of a fixed-width type; 0: bool, offsets, record.
inline std::uint32_t width_of(const field& f) {
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
inline bool has_offsets(const field& f) {
  return f.kind == type::utf8 || f.kind == type::binary || f.kind == type::list;
}
inline std::size_t bit_bytes(std::int64_t rows) { return static_cast<std::size_t>((rows + 7) / 8); }
inline std::size_t value_bytes(const field& f, std::int64_t rows) {
  if (f.kind == type::record) return 0;
  if (f.kind == type::boolean) return bit_bytes(rows);
  if (has_offsets(f)) return static_cast<std::size_t>(rows + 1) * 4;
  return static_cast<std::size_t>(rows) * width_of(f);
}

// A column of a batch that owns its buffers. Its address stays.
class owned_column {
 public:
  owned_column() = default;
  owned_column(const owned_column&) = delete;
  owned_column& operator=(const owned_column&) = delete;
  [[nodiscard]] const ArrowArray& array() const { return array_; }

  // A copy of the first `rows` rows of an array. padding: bytes behind each buffer that may be read. release, with
  // `about` as its private data: what a plugin would call that releases what is not its own.
  static std::unique_ptr<owned_column> copy(const field& f, const ArrowArray& from, std::int64_t rows,
                                            std::size_t padding, void (*release)(ArrowArray*) = nullptr,
                                            void* about = nullptr) {
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
    a.null_count = nulls ? from.null_count : 0;
    a.n_buffers = static_cast<std::int64_t>(out->buffers_.size());
    a.buffers = out->buffers_.data();
    a.n_children = static_cast<std::int64_t>(out->pointers_.size());
    a.children = out->pointers_.empty() ? nullptr : out->pointers_.data();
    a.release = release;
    a.private_data = about;
    return out;
  }
  // What was written into a builder's column.
  static std::unique_ptr<owned_column> freeze(const field& f, const weir_column& c, std::int64_t rows) {
    const void* buffers[3] = {c.validity, c.values, c.data};
    ArrowArray view{};
    std::vector<std::unique_ptr<owned_column>> children;
    std::vector<ArrowArray*> pointers;
    const std::int64_t inner = has_offsets(f) ? static_cast<const std::int32_t*>(c.values)[rows] : rows;
    for (std::size_t i = 0; i < f.children.size(); ++i) {
      children.push_back(freeze(f.children[i], c.children[i], inner));
      pointers.push_back(&children.back()->array_);
    }
    for (std::int64_t i = 0; c.validity && i < rows; ++i) view.null_count += !detail::bit(c.validity, i);
    view.buffers = buffers;
    view.children = pointers.data();
    return copy(f, view, rows, 64);
  }

 private:
  ArrowArray array_{};
  std::vector<block> blocks_;
  std::vector<const void*> buffers_;
  std::vector<std::unique_ptr<owned_column>> children_;
  std::vector<ArrowArray*> pointers_;
};

// A batch that owns its columns and facts.
struct owned_batch {
  schema columns_of;
  std::vector<std::shared_ptr<owned_column>> columns;
  std::int64_t length = 0;
  std::vector<std::uint32_t> rows;  // selected rows; empty with all = true: all of them
  bool all = true;
  std::vector<std::int64_t> event_time;  // empty: none
  std::vector<std::uint8_t> change;      // empty: all inserts
  std::vector<std::uint8_t> trace_id;    // empty: off
  std::vector<std::uint32_t> source_id;
  std::vector<std::int64_t> offset;
  std::uint32_t split = UINT32_MAX;
  std::uint32_t port = 0;
  std::vector<const ArrowArray*> pointers;

  [[nodiscard]] std::int64_t row_count() const { return all ? length : static_cast<std::int64_t>(rows.size()); }
  // The view of it. Lives until this batch changes.
  [[nodiscard]] weir_batch raw() {
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
};

// A builder in memory that is exactly as long as it says. The plugin writes through raw().
class owned_builder {
 public:
  // written: the columns to write, in order.
  owned_builder(std::vector<field> written, std::int64_t rows, bool tracing)
      : fields_{std::move(written)}, tracing_{tracing} {
    const std::int64_t room = rows > 0 ? rows : 1;
    for (const auto& f : fields_) columns_.push_back(weir_column{}), make(f, columns_.back(), room);
    raw_.struct_size = sizeof raw_;
    raw_.column_count = static_cast<std::uint32_t>(columns_.size());
    raw_.columns = columns_.data();
    raw_.first_offset = -1;
    raw_.split = UINT32_MAX;
    facts(room);
  }
  owned_builder(const owned_builder&) = delete;
  owned_builder& operator=(const owned_builder&) = delete;
  ~owned_builder() {
    for (auto& c : columns_) free_children(c);
  }

  [[nodiscard]] weir_builder& raw() { return raw_; }
  [[nodiscard]] const std::vector<field>& fields() const { return fields_; }

  void grow(std::int64_t rows) {
    if (rows <= raw_.capacity) return;
    for (std::size_t i = 0; i < columns_.size(); ++i) grow_rows(fields_[i], columns_[i], rows);
    facts(rows);
  }
  // A list's child (of any depth), with the fields inside it.
  static void grow_column(weir_column& c, std::int64_t elements) { grow_rows(part(c).of, c, elements); }
  static void grow_data(weir_column& c, std::int64_t bytes) {
    if (bytes <= c.data_capacity) return;
    part(c).data.resize(static_cast<std::size_t>(bytes));
    c.data = part(c).data.data();
    c.data_capacity = bytes;
  }
  static void validity(weir_column& c) {
    if (c.validity) return;
    part(c).validity = block{bit_bytes(c.capacity), 0xff};
    c.validity = reinterpret_cast<std::uint8_t*>(part(c).validity.data());
  }

 private:
  struct memory {
    const field& of;
    block values, validity, data;
    std::vector<weir_column> children;
  };
  static memory& part(weir_column& c) { return *static_cast<memory*>(c.owner); }

  static void make(const field& f, weir_column& c, std::int64_t room) {
    auto* m = new memory{f, {}, {}, {}, {}};
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
  static void grow_rows(const field& f, weir_column& c, std::int64_t rows) {
    if (rows <= c.capacity) return;
    auto& m = part(c);
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
  static void free_children(weir_column& c) {
    for (std::uint32_t i = 0; i < c.child_count; ++i) free_children(c.children[i]);
    delete static_cast<memory*>(c.owner);
  }
  template <class T>
  T* fact(block& b, std::int64_t rows, int size = 1) {
    if (b.data())
      b.resize(static_cast<std::size_t>(rows * size) * sizeof(T));
    else
      b = block{static_cast<std::size_t>(rows * size) * sizeof(T)};
    return reinterpret_cast<T*>(b.data());
  }
  void facts(std::int64_t rows) {
    raw_.capacity = rows;
    raw_.event_time = fact<std::int64_t>(time_, rows);
    raw_.parent = fact<std::uint32_t>(parent_, rows);
    raw_.change = fact<std::uint8_t>(change_, rows);
    raw_.offset = fact<std::int64_t>(offset_, rows);
    if (!tracing_) return;
    raw_.trace_id = fact<std::uint8_t>(trace_, rows, 16);
    raw_.source_id = fact<std::uint32_t>(source_, rows);
  }

  std::vector<field> fields_;
  bool tracing_;
  std::vector<weir_column> columns_;
  weir_builder raw_{};
  block time_, parent_, change_, offset_, trace_, source_;
};
}  // namespace weir::test
#endif  // WEIR_TEST_MEMORY_HPP
