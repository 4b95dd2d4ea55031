// All that changes while expressions are evaluated: one frame for one subtask, reused from batch to batch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "column.hpp"
#include "weir/abi.h"

namespace weir::expression {

// Why the value of one row could not be computed: an overflow, a text that is no number, a division by zero.
struct row_error {
  std::uint32_t row;
  std::string why;
};

// What one evaluation reads. source_name gives the text behind a number of weir_batch.source_id; null: source_id() is
// NULL.
struct input {
  const weir_batch* batch{nullptr};
  std::string_view (*source_name)(const void* who, std::uint32_t number){nullptr};
  const void* who{nullptr};
};

class frame {
 public:
  // A frame for a program with this many scratch buffers and input columns.
  frame(int buffers, int inputs)
      : buffers_(static_cast<std::size_t>(buffers)),
        targets_(static_cast<std::size_t>(buffers)),
        filled_(static_cast<std::size_t>(buffers)),
        memos_(static_cast<std::size_t>(inputs)),
        memo_batch_(static_cast<std::size_t>(inputs)) {}

  void begin(const input& in) {
    in_ = in;
    length_ = in.batch ? in.batch->length : 1;
    ++batch_;
    texts.reset();
    clear_errors();
  }

  const input& in() const { return in_; }
  std::int64_t length() const { return length_; }

  // Scratch number `slot` with room for a value of each physical row.
  template <class T>
  T* scratch(int slot) {
    const auto s = static_cast<std::size_t>(slot);
    if (targets_[s]) return static_cast<T*>(targets_[s]);
    return static_cast<T*>(buffers_[s].reserve(static_cast<std::size_t>(length_) * sizeof(T)));
  }
  void* scratch_bytes(int slot, std::size_t width) {
    const auto s = static_cast<std::size_t>(slot);
    return targets_[s] ? targets_[s] : buffers_[s].reserve(static_cast<std::size_t>(length_) * width);
  }
  // The same with room for `count` values, whatever the batch's length is.
  template <class T>
  T* scratch(int slot, std::size_t count) {
    return static_cast<T*>(buffers_[static_cast<std::size_t>(slot)].reserve(count * sizeof(T)));
  }
  // Makes a node write its values to foreign memory (an output column) instead of its scratch; null ends it.
  void redirect(int slot, void* target) { targets_[static_cast<std::size_t>(slot)] = target; }

  // How many entries of a constant's scratch are filled already.
  std::int64_t& filled(int slot) { return filled_[static_cast<std::size_t>(slot)]; }

  // A column that several nodes share: computed once a batch. Null: not computed yet for this batch.
  column* memo(int number) {
    const auto n = static_cast<std::size_t>(number);
    return memo_batch_[n] == batch_ ? &memos_[n] : nullptr;
  }
  column& set_memo(int number, column c) {
    const auto n = static_cast<std::size_t>(number);
    memo_batch_[n] = batch_;
    return memos_[n] = c;
  }

  // The first error of a row counts.
  void fail(std::int64_t row, std::string why) {
    if (failed_.size() < static_cast<std::size_t>(length_)) failed_.resize(static_cast<std::size_t>(length_));
    auto& f = failed_[static_cast<std::size_t>(row)];
    if (f) return;
    f = 1;
    errors_.push_back({static_cast<std::uint32_t>(row), std::move(why)});
  }
  bool has_failed(std::int64_t row) const { return !errors_.empty() && failed_[static_cast<std::size_t>(row)] != 0; }
  const std::vector<row_error>& errors() const { return errors_; }
  void clear_errors() { forget_errors(0); }
  // Takes back all errors but the first `keep`: TRY makes nulls of them.
  void forget_errors(std::size_t keep) {
    for (std::size_t i = keep; i < errors_.size(); ++i) failed_[errors_[i].row] = 0;
    errors_.resize(keep);
  }

  arena texts;
  std::string work;  // for functions that need a growing text for a moment

 private:
  input in_;
  std::int64_t length_{0};
  std::uint64_t batch_{0};
  std::vector<buffer> buffers_;
  std::vector<void*> targets_;
  std::vector<std::int64_t> filled_;
  std::vector<column> memos_;
  std::vector<std::uint64_t> memo_batch_;
  std::vector<std::uint8_t> failed_;
  std::vector<row_error> errors_;
};

}  // namespace weir::expression
