// weir/output.hpp: output ports at row level. emit() writes into the host's columns; one host call sends the batch.
#ifndef WEIR_OUTPUT_HPP
#define WEIR_OUTPUT_HPP

#include <string>
#include <string_view>

#include "weir/component.hpp"

namespace weir {
namespace detail {

// The part of an output port that does not depend on its record. [task], but for construction.
class output_port {
 public:
  output_port(component* owner, std::string_view name) : runtime_{&owner->runtime_}, name_{name} {
    number_ = static_cast<std::uint32_t>(runtime_->ports.size());
    runtime_->ports.push_back(this);
  }
  output_port(const output_port&) = delete;
  output_port& operator=(const output_port&) = delete;
  virtual ~output_port() = default;
  [[nodiscard]] virtual schema columns() const = 0;
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::uint32_t number() const { return number_; }

  // Takes back what the row in work has emitted.
  void roll_back() {
    if (builder_ && row_ == runtime_->row) length_ = mark_;
    time_ = no_value;
    change_ = no_change;
  }
  // Sends what was emitted in this call.
  void send() {
    if (!builder_) return;
    auto* full = builder_;
    builder_ = nullptr;
    if (length_ == 0) return runtime_->host->discard(runtime_->context, full);
    full->length = length_;
    std::uint32_t flags = flags_;
    if (runtime_->batch) {
      const bool same = same_ && length_ == runtime_->batch->length;
      flags |= same ? WEIR_EMIT_PARENTS_SAME : WEIR_EMIT_PARENTS;
    }
    host_says(runtime_->host->emit(runtime_->context, full, flags));
  }
  // Drops what was emitted in this call.
  void drop() noexcept {
    if (builder_) runtime_->host->discard(runtime_->context, builder_);
    builder_ = nullptr;
  }

 protected:
  // The columns of the next row; end_row counts it.
  std::int64_t begin_row() {
    if (!builder_) [[unlikely]]
      begin_batch();
    if (row_ != runtime_->row) row_ = runtime_->row, mark_ = length_;
    if (length_ == builder_->capacity) [[unlikely]]
      grow();
    return length_;
  }
  void end_row() {
    const auto row = length_++;
    if (runtime_->batch) {
      builder_->parent[row] = runtime_->row;
      same_ = same_ && runtime_->row == row;
    }
    if (flags_) [[unlikely]]
      end_special(row);
  }
  // From now on every row of the batch says its time or its change kind by itself; the earlier ones get their parents'.
  void set_time(std::int64_t us) {
    begin_flag(WEIR_EMIT_TIMES);
    time_ = us;
  }
  void set_change(change_kind kind) {
    begin_flag(WEIR_EMIT_CHANGES);
    change_ = static_cast<std::uint8_t>(kind);
  }

  [[nodiscard]] bool has_times() const { return builder_ && (flags_ & WEIR_EMIT_TIMES); }
  void add_flag(std::uint32_t flag) { flags_ |= flag; }

  weir_builder* builder_ = nullptr;
  runtime* runtime_;

  [[nodiscard]] writing target() const { return {runtime_->host, runtime_->context}; }

 private:
  [[gnu::noinline]] void begin_batch() {
    const auto rows = runtime_->batch ? runtime_->batch->row_count : 16;
    builder_ = runtime_->host->build(runtime_->context, number_, rows);
    if (!builder_) throw host_refused{WEIR_E_MEMORY};
    length_ = mark_ = 0;
    row_ = no_row;
    flags_ = 0;
    same_ = true;
    time_ = no_value;
    change_ = no_change;
  }
  [[gnu::noinline]] void grow() {
    if (length_ >= rows_per_output) runtime_->large = true;
    const auto rows = length_ < 8 ? std::int64_t{16} : length_ * 2;
    host_says(runtime_->host->grow(runtime_->context, builder_, rows));
  }
  void begin_flag(std::uint32_t flag) {
    begin_row();
    if (flags_ & flag) return;
    for (std::int64_t i = 0; i < length_; ++i)
      flag == WEIR_EMIT_TIMES ? write_time(i, no_value) : write_change(i, no_change);
    flags_ |= flag;
  }
  [[gnu::noinline]] void end_special(std::int64_t row) {
    if (flags_ & WEIR_EMIT_TIMES) write_time(row, time_);
    if (flags_ & WEIR_EMIT_CHANGES) write_change(row, change_);
    time_ = no_value;
    change_ = no_change;
  }
  void write_time(std::int64_t row, std::int64_t us) {
    const auto* b = runtime_->batch;
    if (us == no_value && b && b->event_time) us = b->event_time[builder_->parent[row]];
    builder_->event_time[row] = us;
  }
  void write_change(std::int64_t row, std::uint8_t kind) {
    const auto* b = runtime_->batch;
    if (kind == no_change) kind = b && b->change ? b->change[builder_->parent[row]] : WEIR_INSERT;
    builder_->change[row] = kind;
  }

  static constexpr std::int64_t no_value = WEIR_TIME_MIN;
  static constexpr std::uint8_t no_change = 0xff;
  std::string name_;
  std::uint32_t number_ = 0;
  std::uint32_t flags_ = 0;
  std::uint32_t row_ = no_row;  // the input row that mark_ belongs to
  bool same_ = true;            // row i came from row i so far
  std::uint8_t change_ = no_change;
  std::int64_t length_ = 0, mark_ = 0;
  std::int64_t time_ = no_value;
};
}  // namespace detail

// An output port of records. A row that is emitted while a row is processed follows it: its time, change kind and
// trace.
template <record Record>
class output : public detail::output_port {
 public:
  using detail::output_port::output_port;
  [[nodiscard]] schema columns() const override { return schema_of<Record>(); }

  void emit(const Record& r) {
    const auto row = this->begin_row();
    detail::write_members(this->target(), this->builder_->columns, row, r);
    this->end_row();
  }
  // With an event time of its own. Rows that are emitted where there is no row in work (on_watermark, flush) should
  // give one.
  void emit(const Record& r, time at) {
    this->set_time(detail::micros(at));
    emit(r);
  }
  void emit(const Record& r, change_kind kind) {
    this->set_change(kind);
    emit(r);
  }
  void emit(const Record& r, change_kind kind, time at) {
    this->set_change(kind);
    emit(r, at);
  }
};

// A further output port, a member of its operator: weir::side_output<order> late_{this, "late"}. Pipelines read it as
// "id:late".
template <record Record>
class side_output : public output<Record> {
 public:
  side_output(component* owner, std::string_view name) : output<Record>{owner, name} {}
};
}  // namespace weir
#endif  // WEIR_OUTPUT_HPP
