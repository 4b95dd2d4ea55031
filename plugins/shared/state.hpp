#pragma once
// Keyed state in the words of batch operators: thin calls over ext/draft/state.h, one line each, and the layout of
// values that are only known when the pipeline is bound.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/binder.hpp"
#include "weir/ext/draft/state.h"
#include "weir/ext/draft/timers.h"
#include "weir/failure.hpp"

namespace weir::shared {

/// Bytes of a column's value in a slot; 0: its size varies.
inline std::uint32_t width_of(const weir::field& f) {
  using weir::type;
  switch (f.kind) {
    case type::boolean:
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

/// The fields of a value in place, laid out as a C struct. An offset counts from the weir_slot, whose header is in
/// front.
class value_layout {
 public:
  std::uint32_t add(weir::field f) {
    const std::uint32_t width = width_of(f);
    const std::uint32_t align = f.kind == weir::type::fixed_binary ? 1 : width;
    size_ = (size_ + align - 1) / align * align;
    const std::uint32_t at = size_;
    size_ += width;
    fields_.fields.push_back(std::move(f));
    return at + static_cast<std::uint32_t>(sizeof(weir_slot));
  }
  std::uint32_t add(std::string name, weir::type kind) {
    return add(weir::field{.name = std::move(name), .kind = kind, .nullable = false});
  }
  [[nodiscard]] const weir::schema& fields() const { return fields_; }
  /// A multiple of 8, at least 8.
  [[nodiscard]] std::uint32_t size() const { return std::max<std::uint32_t>((size_ + 7) / 8 * 8, 8); }

 private:
  weir::schema fields_;
  std::uint32_t size_ = 0;
};

inline char* in_slot(weir_slot* slot, std::uint32_t at) { return reinterpret_cast<char*>(slot) + at; }
inline const char* in_slot(const weir_slot* slot, std::uint32_t at) { return reinterpret_cast<const char*>(slot) + at; }

/// One declared state. [task] but for declare(). Every call throws what the host refuses.
class state_table {
 public:
  struct description {
    std::string name;
    std::uint32_t kind = WEIR_STATE_VALUE;
    weir::schema value{};
    std::uint32_t value_size = 0;
    weir::schema map_key{};
    std::int64_t ttl_us = 0;
    std::uint32_t ttl_time = WEIR_TTL_EVENT_TIME;
  };

  /// [control] and [task]: in bind(). States are numbered in the order they are declared; `next` counts them.
  void declare(weir::binder& b, std::uint32_t& next, const description& d) {
    number_ = next++;
    if (!b.host()) return;
    const auto* tables = static_cast<const weir_state_host*>(b.host()->extension(WEIR_EXT_STATE));
    if (!tables) {
      b.error(WEIR_E_UNSUPPORTED, "", "it needs keyed state, which this host does not keep");
      return;
    }
    const weir::detail::arrow_schema value{d.value}, key{d.map_key};
    const weir_state_declaration raw{sizeof raw,
                                     d.kind,
                                     d.name.c_str(),
                                     value.get(),
                                     d.kind == WEIR_STATE_MAP ? key.get() : nullptr,
                                     d.ttl_us,
                                     d.ttl_time,
                                     d.kind == WEIR_STATE_VALUE ? d.value_size : 0};
    const std::int32_t given = tables->declare(b.node(), &raw);
    if (given < 0) throw weir::detail::host_refused{given};
    if (static_cast<std::uint32_t>(given) != number_)
      throw weir::plugin_error{"the host numbers the states in another order than they were declared in"};
  }
  /// In open().
  void open(const weir_host* host) {
    host_ = static_cast<const weir_state_host*>(host->extension(WEIR_EXT_STATE));
    if (!host_) throw weir::plugin_error{"this host does not keep keyed state"};
  }

  void slots(weir_context* c, const weir_batch& batch, const std::uint32_t* rows, std::int64_t count,
             const std::int64_t* name_spaces, std::uint32_t flags, weir_slot** out) const {
    weir::detail::host_says(host_->slots(c, number_, &batch, rows, count, name_spaces, flags, out));
  }
  [[nodiscard]] std::uint32_t epoch(weir_context* c) const { return host_->epoch(c); }
  void touch(weir_context* c, weir_slot* s) const { weir::detail::host_says(host_->touch(c, number_, s)); }
  void clear(weir_context* c, weir_slot* s) const { weir::detail::host_says(host_->clear(c, number_, s)); }
  [[nodiscard]] std::string_view get(weir_context* c, weir_slot* s) const {
    weir_view v{};
    weir::detail::host_says(host_->bytes_get(c, number_, s, &v));
    return weir::detail::chars(v);
  }
  void put(weir_context* c, weir_slot* s, std::string_view v) const {
    weir::detail::host_says(host_->bytes_put(c, number_, s, weir::detail::view(v)));
  }
  [[nodiscard]] std::uint64_t list_size(weir_context* c, weir_slot* s) const {
    std::uint64_t n = 0;
    weir::detail::host_says(host_->list_size(c, number_, s, &n));
    return n;
  }
  void list_add(weir_context* c, weir_slot* s, std::string_view v) const {
    weir::detail::host_says(host_->list_add(c, number_, s, weir::detail::view(v)));
  }
  [[nodiscard]] std::string_view list_at(weir_context* c, weir_slot* s, std::uint64_t i) const {
    weir_view v{};
    weir::detail::host_says(host_->list_at(c, number_, s, i, &v));
    return weir::detail::chars(v);
  }
  void list_trim(weir_context* c, weir_slot* s, std::uint64_t from) const {
    weir::detail::host_says(host_->list_trim(c, number_, s, from));
  }
  /// False: there is none.
  bool map_get(weir_context* c, weir_slot* s, std::string_view key, std::string_view& out) const {
    weir_view v{};
    weir::detail::host_says(host_->map_get(c, number_, s, weir::detail::view(key), &v));
    out = weir::detail::chars(v);
    return v.data != nullptr;
  }
  void map_put(weir_context* c, weir_slot* s, std::string_view key, std::string_view value) const {
    weir::detail::host_says(host_->map_put(c, number_, s, weir::detail::view(key), weir::detail::view(value)));
  }
  void map_remove(weir_context* c, weir_slot* s, std::string_view key) const {
    weir::detail::host_says(host_->map_remove(c, number_, s, weir::detail::view(key)));
  }
  /// The entry behind `after` (data null: the first). False: there is none.
  bool map_next(weir_context* c, weir_slot* s, std::string_view after, std::string_view& key,
                std::string_view& value) const {
    weir_view k{}, v{};
    weir::detail::host_says(host_->map_next(c, number_, s, weir::detail::view(after), &k, &v));
    if (!k.data) return false;
    key = {k.data, k.size};
    value = weir::detail::chars(v);
    return true;
  }
  /// Part of the entries of a name space; begin with cursor 0, it is 0 again behind the last part.
  std::int64_t scan(weir_context* c, std::int64_t name_space, std::uint64_t& cursor, const weir_batch*& keys,
                    weir_slot**& out) const {
    keys = nullptr;
    weir::detail::host_says(host_->scan(c, number_, name_space, &cursor, &keys, &out));
    return keys ? keys->row_count : 0;
  }
  void drop(weir_context* c, std::int64_t name_space) const {
    weir::detail::host_says(host_->drop(c, number_, name_space));
  }
  /// False: there is none.
  bool next_name_space(weir_context* c, std::int64_t from, std::int64_t& out) const {
    const auto code = host_->next_name_space(c, number_, from, &out);
    weir::detail::host_says(code);
    return code != WEIR_IDLE;
  }

 private:
  const weir_state_host* host_ = nullptr;
  std::uint32_t number_ = 0;
};

/// One declared family of timers. [task] but for declare().
class timer_family {
 public:
  /// In bind(). Families are numbered in the order they are declared.
  void declare(weir::binder& b, std::uint32_t& next, const char* name, std::uint32_t time_kind) {
    number_ = next++;
    if (!b.host()) return;
    const auto* tables = static_cast<const weir_timers_host*>(b.host()->extension(WEIR_EXT_TIMERS));
    if (!tables) {
      b.error(WEIR_E_UNSUPPORTED, "", "it needs timers, which this host does not have");
      return;
    }
    const std::int32_t given = tables->declare(b.node(), name, time_kind);
    if (given < 0) throw weir::detail::host_refused{given};
    if (static_cast<std::uint32_t>(given) != number_)
      throw weir::plugin_error{"the host numbers the timers in another order than they were declared in"};
  }
  /// In open().
  void open(const weir_host* host) {
    host_ = static_cast<const weir_timers_host*>(host->extension(WEIR_EXT_TIMERS));
    if (!host_) throw weir::plugin_error{"this host does not have timers"};
  }
  void set(weir_context* c, const weir_batch& b, const std::uint32_t* rows, const std::int64_t* times,
           std::int64_t count) const {
    if (count) weir::detail::host_says(host_->set(c, number_, &b, rows, times, count));
  }
  void clear(weir_context* c, const weir_batch& b, const std::uint32_t* rows, const std::int64_t* times,
             std::int64_t count) const {
    if (count) weir::detail::host_says(host_->clear(c, number_, &b, rows, times, count));
  }

 private:
  const weir_timers_host* host_ = nullptr;
  std::uint32_t number_ = 0;
};

/// Rows and slots of the batch in work, kept from batch to batch.
class row_work {
 public:
  /// Room for a batch. Slots are for the caller to fill.
  void begin(const weir_batch& b) {
    const auto room = static_cast<std::size_t>(b.length);
    if (slots_.size() < room) {
      slots_.resize(room);
      rows_.resize(room);
      all_.resize(room);
      for (std::size_t i = 0; i < room; ++i) all_[i] = static_cast<std::uint32_t>(i);
    }
    given_ = b.rows ? b.rows : all_.data();
  }
  /// The physical rows to process, always as an array.
  [[nodiscard]] const std::uint32_t* rows() const { return given_; }
  /// Room for as many rows as the batch is long.
  [[nodiscard]] std::uint32_t* picked() { return rows_.data(); }
  [[nodiscard]] weir_slot** slots() { return slots_.data(); }

 private:
  std::vector<weir_slot*> slots_;
  std::vector<std::uint32_t> rows_, all_;
  const std::uint32_t* given_ = nullptr;
};

}  // namespace weir::shared
