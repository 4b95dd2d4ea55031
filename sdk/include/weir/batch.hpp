// weir/batch.hpp: a batch of input rows as columns, and the ways to emit batches.
#ifndef WEIR_BATCH_HPP
#define WEIR_BATCH_HPP

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "weir/column_writer.hpp"
#include "weir/component.hpp"
#include "weir/detail/access.hpp"
#include "weir/detail/reader.hpp"

namespace weir {

// One input column with a type known at compile time. column<double>, column<std::string_view>, column<bool>,
// column<weir::time>. Valid until process returns. Indexed by physical row.
template <class T>
class column : detail::reader<T> {
 public:
  column(const field& f, const ArrowArray& array) {
    this->from = f.kind;
    this->load(array);
  }
  [[nodiscard]] T operator[](std::int64_t row) const {
    T v{};
    this->get(row, v);
    return v;
  }
  [[nodiscard]] bool null(std::int64_t row) const { return detail::column_source::null(row); }
  [[nodiscard]] bool has_nulls() const { return this->validity != nullptr; }
  // The values side by side, for vector loops: only for numbers, times and dates that are stored as T is.
  [[nodiscard]] const auto* values() const {
    return static_cast<const typename detail::scalar<T>::stored*>(detail::column_source::values);
  }
};

// One input column with a type known at run time only.
class column_view {
 public:
  column_view(const field& f, const ArrowArray& array) : field_{&f}, array_{&array} { source_.load(array); }
  [[nodiscard]] const field& of() const { return *field_; }
  [[nodiscard]] const ArrowArray& array() const { return *array_; }
  [[nodiscard]] bool null(std::int64_t row) const { return source_.null(row); }
  [[nodiscard]] bool has_nulls() const { return source_.validity != nullptr; }
  [[nodiscard]] const std::uint8_t* validity() const { return source_.validity; }
  template <class T>
  [[nodiscard]] const T* values() const {
    return static_cast<const T*>(source_.values);
  }
  template <class T>
  [[nodiscard]] T value(std::int64_t row) const {
    return values<T>()[row];
  }
  [[nodiscard]] bool boolean(std::int64_t row) const { return detail::bit(source_.values, row); }
  [[nodiscard]] std::string_view text(std::int64_t row) const { return source_.characters(row); }  // utf8, binary
  [[nodiscard]] std::string_view fixed(std::int64_t row) const {                                   // fixed_binary
    return {static_cast<const char*>(source_.values) + row * field_->width, static_cast<std::size_t>(field_->width)};
  }
  [[nodiscard]] int128 decimal(std::int64_t row) const {  // decimal128: the unscaled number
    int128 v;
    std::memcpy(&v, values<char>() + row * 16, 16);
    return v;
  }
  // list: its elements; record: its fields.
  [[nodiscard]] column_view child(std::size_t i = 0) const { return {field_->children[i], *array_->children[i]}; }
  // list: the elements of a row are [begin, end) of child().
  [[nodiscard]] std::pair<std::int32_t, std::int32_t> elements(std::int64_t row) const {
    const auto* at = values<std::int32_t>() + row;
    return {at[0], at[1]};
  }

 private:
  const field* field_;
  const ArrowArray* array_;
  detail::column_source source_;
};

// A batch of input rows, read-only. Valid until process returns.
class batch_view {
 public:
  batch_view(const weir_batch& raw, const schema& columns) : raw_{&raw}, columns_{&columns} {}

  [[nodiscard]] const schema& columns() const { return *columns_; }
  [[nodiscard]] std::int64_t length() const { return raw_->length; }        // physical rows
  [[nodiscard]] std::int64_t row_count() const { return raw_->row_count; }  // rows to process
  [[nodiscard]] std::uint32_t port() const { return raw_->port; }
  [[nodiscard]] bool selected() const { return raw_->rows != nullptr; }  // some physical rows are not to be processed

  // The physical index of the k-th row to process.
  [[nodiscard]] std::uint32_t row(std::int64_t k) const {
    return raw_->rows ? raw_->rows[k] : static_cast<std::uint32_t>(k);
  }
  class row_range {
   public:
    struct iterator {
      const std::uint32_t* rows;
      std::int64_t k;
      std::uint32_t operator*() const { return rows ? rows[k] : static_cast<std::uint32_t>(k); }
      iterator& operator++() {
        ++k;
        return *this;
      }
      bool operator!=(const iterator& o) const { return k != o.k; }
    };
    row_range(const std::uint32_t* rows, std::int64_t count) : rows_{rows}, count_{count} {}
    [[nodiscard]] iterator begin() const { return {rows_, 0}; }
    [[nodiscard]] iterator end() const { return {rows_, count_}; }

   private:
    const std::uint32_t* rows_;
    std::int64_t count_;
  };
  // for (auto row : batch.rows()) ...: the physical indexes of the rows to process.
  [[nodiscard]] row_range rows() const { return {raw_->rows, raw_->row_count}; }

  // A column by its index or name. Throws plugin_error when its type cannot be read as T.
  template <class T>
  [[nodiscard]] weir::column<T> column(std::size_t index) const {
    const auto& f = columns_->fields.at(index);
    if (!detail::accepts<T>(f))
      throw plugin_error{detail::sentence(
          {"column '", f.name, "' is ", to_string(f), ", it was asked for as ", to_string(detail::field_of<T>(""))})};
    return weir::column<T>{f, *raw_->columns[index]};
  }
  template <class T>
  [[nodiscard]] weir::column<T> column(std::string_view name) const {
    return column<T>(static_cast<std::size_t>(columns_->require(name)));
  }
  [[nodiscard]] column_view at(std::size_t index) const { return {columns_->fields.at(index), *raw_->columns[index]}; }

  [[nodiscard]] time event_time(std::uint32_t row) const {
    return raw_->event_time ? detail::at(raw_->event_time[row]) : no_time;
  }
  [[nodiscard]] change_kind change(std::uint32_t row) const {
    return raw_->change ? static_cast<change_kind>(raw_->change[row]) : change_kind::insert;
  }
  [[nodiscard]] std::int64_t offset(std::uint32_t row) const {
    if (raw_->offset) return raw_->offset[row];
    return raw_->first_offset < 0 ? -1 : raw_->first_offset + row;
  }
  [[nodiscard]] const weir_batch& raw() const { return *raw_; }

 private:
  const weir_batch* raw_;
  const schema* columns_;
};

// One output batch in work: an array of column writers. Emit it, or it is dropped when it goes out of scope.
class batch_builder {
 public:
  batch_builder(detail::runtime& rt, weir_builder* raw, const detail::bound_output& port, bool beside)
      : runtime_{&rt}, raw_{raw}, beside_{beside} {
    if (!raw_) throw detail::host_refused{WEIR_E_MEMORY};
    const detail::writing w{rt.host, rt.context};
    columns_.reserve(raw_->column_count);
    std::uint32_t at = 0;
    for (std::size_t i = 0; i < port.columns.size(); ++i)
      if (!beside || port.passes.empty() || port.passes[i] < 0)
        columns_.emplace_back(w, raw_, raw_->columns + at++, port.columns[i]);
  }
  batch_builder(batch_builder&& o) noexcept
      : runtime_{o.runtime_},
        raw_{std::exchange(o.raw_, nullptr)},
        columns_{std::move(o.columns_)},
        flags_{o.flags_},
        beside_{o.beside_} {}
  batch_builder& operator=(batch_builder&&) = delete;
  ~batch_builder() {
    if (raw_) runtime_->host->discard(runtime_->context, raw_);
  }

  // The i-th written column: of the port's schema, or beside passed columns of those that are not passed through.
  [[nodiscard]] column_writer& operator[](std::size_t i) { return columns_[i]; }
  [[nodiscard]] std::size_t column_count() const { return columns_.size(); }
  // Rows that fit before a column must grow. The arrays below hold as many: reserve() more before writing behind.
  [[nodiscard]] std::int64_t capacity() const { return raw_->capacity; }
  void reserve(std::int64_t rows) {
    if (rows > raw_->capacity) detail::host_says(runtime_->host->grow(runtime_->context, raw_, rows));
  }

  // What a batch may say beside its columns, one value a row; asking for an array means to write all of it.
  [[nodiscard]] std::int64_t* times() { return flags_ |= WEIR_EMIT_TIMES, raw_->event_time; }
  [[nodiscard]] std::uint8_t* changes() { return flags_ |= WEIR_EMIT_CHANGES, raw_->change; }
  [[nodiscard]] std::uint32_t* parents() { return flags_ |= WEIR_EMIT_PARENTS, raw_->parent; }
  void parents_same() { flags_ |= WEIR_EMIT_PARENTS_SAME; }
  [[nodiscard]] std::int64_t* offsets() { return flags_ |= WEIR_EMIT_OFFSETS, raw_->offset; }
  // Null when tracing is off.
  [[nodiscard]] std::uint8_t* trace_ids() { return trace(), raw_->trace_id; }
  [[nodiscard]] std::uint32_t* source_ids() { return trace(), raw_->source_id; }
  // Sources: where the rows come from. first_offset: position of row 0, the others count up; -1: none, or see
  // offsets().
  void from(std::uint32_t split, std::int64_t first_offset = -1) {
    raw_->split = split, raw_->first_offset = first_offset;
  }

  // Sends it; the size of the columns is the number of rows, or `rows` when there are no columns.
  void emit(std::int64_t rows = -1) {
    raw_->length = rows >= 0 ? rows : columns_.empty() ? 0 : columns_[0].size();
    detail::host_says(runtime_->host->emit(runtime_->context, std::exchange(raw_, nullptr), flags_));
  }
  // Takes back what is behind the first `rows` rows of every column.
  void truncate(std::int64_t rows) {
    for (auto& c : columns_) c.truncate(rows);
  }
  [[nodiscard]] weir_builder* raw() { return raw_; }

 private:
  friend class batch_output;
  void trace() {
    if (raw_->trace_id) flags_ |= WEIR_EMIT_TRACES;
  }
  detail::runtime* runtime_;
  weir_builder* raw_;
  std::vector<column_writer> columns_;
  std::uint32_t flags_ = 0;
  bool beside_;
};

// The output ports of a batch operator. [task]
class batch_output {
 public:
  batch_output(detail::runtime& rt, const std::vector<detail::bound_output>& ports) : runtime_{&rt}, ports_{&ports} {}

  // A new batch of about `rows` rows (it can grow).
  [[nodiscard]] batch_builder build(std::uint32_t port, std::int64_t rows) {
    return {*runtime_, runtime_->host->build(runtime_->context, port, rows), ports_->at(port), false};
  }
  // Columns beside those that the port passes through from the batch in work, as long as the batch, indexed by physical
  // row (append_blank or skip_to for rows that are not selected).
  [[nodiscard]] batch_builder build_beside(std::uint32_t port, const batch_view& batch) {
    return {*runtime_, runtime_->host->build_beside(runtime_->context, port, &batch.raw()), ports_->at(port), true};
  }
  // Sends rows of the batch as they are, for a port that passes every column. rows: ascending, out of the batch's rows.
  void emit_rows(std::uint32_t port, const batch_view& batch, const std::uint32_t* rows, std::int64_t count) {
    if (count)
      detail::host_says(runtime_->host->emit_rows(runtime_->context, port, &batch.raw(), rows, count, nullptr, 0));
  }
  void emit_all(std::uint32_t port, const batch_view& batch) { emit_rows(port, batch, nullptr, batch.row_count()); }
  // The same with columns beside.
  void emit_rows(std::uint32_t port, const batch_view& batch, const std::uint32_t* rows, std::int64_t count,
                 batch_builder beside) {
    if (!count) return;
    for (auto& c : beside.columns_) c.skip_to(batch.length());
    detail::host_says(runtime_->host->emit_rows(runtime_->context, port, &batch.raw(), rows, count,
                                                std::exchange(beside.raw_, nullptr),
                                                beside.flags_ & (WEIR_EMIT_TIMES | WEIR_EMIT_CHANGES)));
  }
  void emit_all(std::uint32_t port, const batch_view& batch, batch_builder beside) {
    emit_rows(port, batch, nullptr, batch.row_count(), std::move(beside));
  }
  // Room for `count` row indexes, for emit_rows: taken over without a copy. Valid until then, or until the call
  // returns.
  [[nodiscard]] std::uint32_t* row_buffer(std::int64_t count) {
    auto* buffer = runtime_->host->row_buffer(runtime_->context, count);
    if (!buffer) throw detail::host_refused{WEIR_E_MEMORY};
    return buffer;
  }
  // Hands one row to the dead-letter port. original: the bytes to keep; empty: the host writes the row as JSON.
  void dead_letter(const batch_view& batch, std::uint32_t row, std::string_view why, std::string_view original = {}) {
    detail::host_says(runtime_->host->dead_letter(runtime_->context, &batch.raw(), row, WEIR_E_DATA, detail::view(why),
                                                  detail::view(original)));
  }
  // An array that the plugin made itself (a struct of the port's schema); the host releases it.
  void emit_array(std::uint32_t port, ArrowArray* array, const std::uint32_t* parents = nullptr) {
    detail::host_says(runtime_->host->emit_array(runtime_->context, port, array, parents));
  }
  [[nodiscard]] bool connected(std::uint32_t port) const {
    return runtime_->host->port_connected(runtime_->context, port) != 0;
  }
  [[nodiscard]] const schema& columns(std::uint32_t port = 0) const { return ports_->at(port).columns; }
  [[nodiscard]] std::uint32_t port_count() const { return static_cast<std::uint32_t>(ports_->size()); }

 private:
  detail::runtime* runtime_;
  const std::vector<detail::bound_output>* ports_;
};
}  // namespace weir
#endif  // WEIR_BATCH_HPP
