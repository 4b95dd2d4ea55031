#pragma once
// What flows through a channel, in order: batches, watermarks, barriers, and the end. 32 bytes, moved by value.
#include <cstdint>

#include "model/batch.hpp"

namespace weir::model {

enum class message_kind : std::uint8_t { none, batch, watermark, barrier, end };

/// Whether an input still takes part in the minimum of watermarks.
enum class activity : std::uint8_t { active, idle };

/// Why a cut is made.
enum class cut_kind : std::uint8_t { checkpoint, savepoint, swap, rescale, edit };

/// No record with event time <= time comes after it on this channel, but late ones. Idle: nothing comes for now, do not
/// wait.
struct watermark {
  std::int64_t time = WEIR_TIME_MIN;
  activity status = activity::active;
  friend bool operator==(const watermark&, const watermark&) = default;
};

/// A numbered cut: what came before it belongs to it.
struct barrier {
  std::uint64_t cut = 0;
  cut_kind kind = cut_kind::checkpoint;
  friend bool operator==(const barrier&, const barrier&) = default;
};

class message {
 public:
  message() noexcept = default;                                                        ///< none
  message(batch_ref b) noexcept : batch_(std::move(b)), kind_(message_kind::batch) {}  // NOLINT: implicit on purpose
  message(model::watermark w) noexcept                                                 // NOLINT
      : number_(static_cast<std::uint64_t>(w.time)),
        detail_(static_cast<std::uint8_t>(w.status)),
        kind_(message_kind::watermark) {}
  message(model::barrier b) noexcept  // NOLINT
      : number_(b.cut), detail_(static_cast<std::uint8_t>(b.kind)), kind_(message_kind::barrier) {}
  /// Nothing more comes on this channel.
  static message end() noexcept {
    message m;
    m.kind_ = message_kind::end;
    return m;
  }

  message_kind kind() const noexcept { return kind_; }
  explicit operator bool() const noexcept { return kind_ != message_kind::none; }
  /// Only of the kind that the name says.
  const batch_ref& batch() const noexcept { return batch_; }
  batch_ref take_batch() noexcept { return std::move(batch_); }
  model::watermark watermark() const noexcept {
    return {static_cast<std::int64_t>(number_), static_cast<activity>(detail_)};
  }
  model::barrier barrier() const noexcept { return {number_, static_cast<cut_kind>(detail_)}; }

  /// What it takes in a queue that is bounded in bytes: the batch's part and a little for itself.
  std::int64_t bytes() const noexcept {
    return static_cast<std::int64_t>(sizeof(message)) + (batch_ ? batch_->bytes() : 0);
  }

 private:
  batch_ref batch_;
  std::uint64_t number_ = 0;
  std::uint8_t detail_ = 0;
  message_kind kind_ = message_kind::none;
};

}  // namespace weir::model
