#pragma once
// Keyed state and timers as a node reaches them. The state itself is another room's; who builds a subtask joins the two.
#include <cstdint>
#include <span>
#include <string>

#include "model/batch.hpp"
#include "weir/ext/draft/state.h"

namespace weir::op {

/// Slots of weir.state/1 and weir.timers/1 for one node in one subtask; see the headers in sdk/include/weir/ext. key: the key
/// columns of the batch. [task]
class state_access {
 public:
  virtual ~state_access() = default;

  virtual std::uint32_t state_count() const = 0;
  virtual std::uint32_t timer_count() const = 0;
  virtual std::uint32_t epoch() const = 0;
  virtual weir_code slots(std::uint32_t state, const model::batch&, std::span<const std::uint32_t> key,
                          const std::uint32_t* rows, std::int64_t count, const std::int64_t* name_spaces,
                          std::uint32_t flags, weir_slot** out) = 0;
  virtual weir_code touch(std::uint32_t state, weir_slot*) = 0;
  virtual weir_code clear(std::uint32_t state, weir_slot*) = 0;
  virtual weir_code bytes_get(std::uint32_t state, weir_slot*, weir_view* out) = 0;
  virtual weir_code bytes_put(std::uint32_t state, weir_slot*, weir_view value) = 0;
  virtual weir_code list_size(std::uint32_t state, weir_slot*, std::uint64_t* out) = 0;
  virtual weir_code list_add(std::uint32_t state, weir_slot*, weir_view element) = 0;
  virtual weir_code list_at(std::uint32_t state, weir_slot*, std::uint64_t i, weir_view* out) = 0;
  virtual weir_code list_trim(std::uint32_t state, weir_slot*, std::uint64_t from) = 0;
  virtual weir_code map_get(std::uint32_t state, weir_slot*, weir_view key, weir_view* out) = 0;
  virtual weir_code map_put(std::uint32_t state, weir_slot*, weir_view key, weir_view value) = 0;
  virtual weir_code map_remove(std::uint32_t state, weir_slot*, weir_view key) = 0;
  virtual weir_code map_next(std::uint32_t state, weir_slot*, weir_view after, weir_view* key, weir_view* value) = 0;
  virtual weir_code scan(std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor, model::batch_ref* keys,
                         weir_slot*** out) = 0;
  virtual weir_code drop(std::uint32_t state, std::int64_t name_space) = 0;
  virtual weir_code next_name_space(std::uint32_t state, std::int64_t from, std::int64_t* out) = 0;

  virtual weir_code timer_set(std::uint32_t family, const model::batch&, std::span<const std::uint32_t> key,
                              const std::uint32_t* rows, const std::int64_t* times_us, std::int64_t count) = 0;
  virtual weir_code timer_clear(std::uint32_t family, const model::batch&, std::span<const std::uint32_t> key,
                                const std::uint32_t* rows, const std::int64_t* times_us, std::int64_t count) = 0;
  /// Takes due timers of one family out: key columns, key hashes, event_time = the timers' times, ascending. Null: none is due.
  virtual model::batch_ref pop_due(std::uint32_t time_kind, std::int64_t until_us, std::int64_t most,
                                   std::uint32_t* family) = 0;
  /// The earliest timer; INT64_MAX: none.
  virtual std::int64_t next_timer(std::uint32_t time_kind) const = 0;
  /// What the last negative code was about.
  virtual const std::string& why() const = 0;
  /// Told before each call into the plugin: for times to live.
  virtual void set_time(std::int64_t now_us, std::int64_t watermark_us) = 0;
};

}  // namespace weir::op
