// weir/keyed_state.hpp: state by key, and timers, at batch level: the host finds the slots of all rows of a batch at
// once, and a value is then read and written in place. Record operators have weir/state.hpp.
//
//   void bind(weir::binder& b) override {
//     totals_.declare(b, "totals");                              // weir::state_slots<total>
//     close_ = b.timers("close");                                // weir::timer_family
//   }
//   void process(const weir::batch_view& batch, weir::batch_output& out) override {
//     totals_.resolve(batch);
//     for (std::size_t k = 0; k < totals_.size(); ++k) totals_.write(k).sum += amounts[batch.row(k)];
//   }
//   void on_timers(std::uint32_t family, const weir::batch_view& fired, weir::batch_output& out) override { ... }
#ifndef WEIR_KEYED_STATE_HPP
#define WEIR_KEYED_STATE_HPP

#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "weir/binder.hpp"
#include "weir/component.hpp"
#include "weir/detail/state_value.hpp"

namespace weir {

class batch_view;

enum class slot_flags : std::uint32_t {
  find = 0,                                      // a key without a slot gets a null pointer
  create = WEIR_SLOTS_CREATE,                    // it gets one without a value
  write = WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,  // and all of them are touched: every one will be written
  write_found = WEIR_SLOTS_TOUCH                 // those that are found are touched
};

namespace detail {
// A batch of the call in work, as the boundary has it or as a batch_view.
struct batch_in_work {
  batch_in_work(const weir_batch& b) : raw{&b} {}  // NOLINT: an argument of either kind
  template <class View>
  requires requires(const View& v) { v.raw(); }
  batch_in_work(const View& v) : raw{&v.raw()} {}  // NOLINT
  const weir_batch* raw;
};
}  // namespace detail

// The value of a state_kind::value slot: all zero when it is not present.
inline void* slot_value(weir_slot* s) { return s + 1; }
inline const void* slot_value(const weir_slot* s) { return s + 1; }

// One state that bind() declared: a handle, to be copied. [task] but for its making. Slots are the host's; they live
// until the call into the operator returns, or until their name space is dropped. What the host refuses is thrown, and
// need not be caught.
class keyed_state {
 public:
  keyed_state() = default;
  keyed_state(detail::runtime* of, std::uint32_t number) : runtime_{of}, number_{number} {}
  [[nodiscard]] std::uint32_t number() const { return number_; }

  // The slots of the rows to process of a batch of this call: out[k] for the k-th one. name_spaces: one for each of
  // them; null: all 0.
  void slots(detail::batch_in_work b, weir_slot** out, slot_flags flags = slot_flags::create,
             const std::int64_t* name_spaces = nullptr) const {
    ask(&weir_state_host::slots, b.raw, nullptr, b.raw->row_count, name_spaces, static_cast<std::uint32_t>(flags), out);
  }
  // The slots of some physical rows, in any order, also repeated.
  void slots(detail::batch_in_work b, std::span<const std::uint32_t> rows, weir_slot** out,
             slot_flags flags = slot_flags::create, const std::int64_t* name_spaces = nullptr) const {
    if (!rows.empty())
      ask(&weir_state_host::slots, b.raw, rows.data(), static_cast<std::int64_t>(rows.size()), name_spaces,
          static_cast<std::uint32_t>(flags), out);
  }
  // What a slot's epoch must be to be written without touch; the same during one call into the operator.
  [[nodiscard]] std::uint32_t epoch() const { return host().epoch(runtime_->context); }
  void touch(weir_slot* s) const { ask(&weir_state_host::touch, s); }
  // Touches it when that is needed. Call it before each write to a value; it costs a comparison.
  void touch(weir_slot* s, std::uint32_t epoch_now) const {
    if (s->epoch != epoch_now) touch(s);
  }
  // Takes the value away, of any kind. The slot stays valid.
  void clear(weir_slot* s) const { ask(&weir_state_host::clear, s); }

  // state_kind::bytes. The view lives until the next put to this slot.
  [[nodiscard]] std::string_view bytes_get(weir_slot* s) const {
    weir_view v{};
    ask(&weir_state_host::bytes_get, s, &v);
    return detail::chars(v);
  }
  void bytes_put(weir_slot* s, std::string_view v) const { ask(&weir_state_host::bytes_put, s, detail::view(v)); }
  // state_kind::list.
  [[nodiscard]] std::uint64_t list_size(weir_slot* s) const {
    std::uint64_t n = 0;
    ask(&weir_state_host::list_size, s, &n);
    return n;
  }
  void list_add(weir_slot* s, std::string_view element) const {
    ask(&weir_state_host::list_add, s, detail::view(element));
  }
  [[nodiscard]] std::string_view list_at(weir_slot* s, std::uint64_t i) const {
    weir_view v{};
    ask(&weir_state_host::list_at, s, i, &v);
    return detail::chars(v);
  }
  // Keeps the elements from `from` on.
  void list_trim(weir_slot* s, std::uint64_t from) const { ask(&weir_state_host::list_trim, s, from); }
  // state_kind::mapping. Nothing: there is no such key.
  [[nodiscard]] std::optional<std::string_view> map_get(weir_slot* s, std::string_view key) const {
    weir_view v{};
    ask(&weir_state_host::map_get, s, detail::view(key), &v);
    if (!v.data) return std::nullopt;
    return std::string_view{v.data, v.size};
  }
  void map_put(weir_slot* s, std::string_view key, std::string_view value) const {
    ask(&weir_state_host::map_put, s, detail::view(key), detail::view(value));
  }
  void map_remove(weir_slot* s, std::string_view key) const { ask(&weir_state_host::map_remove, s, detail::view(key)); }
  struct map_entry {
    std::string_view key, value;
  };
  // The entry behind a key, in the order of the keys' bytes; nothing: there is none.
  [[nodiscard]] std::optional<map_entry> map_after(weir_slot* s, std::string_view key) const {
    return next(s, {key.data() ? key.data() : "", key.size()});
  }
  [[nodiscard]] std::optional<map_entry> map_first(weir_slot* s) const { return next(s, {nullptr, 0}); }

  // Calls f(keys, slots) with all present slots of a name space, some at a time: keys is a batch_view of the key
  // columns, slots[k] belongs to its k-th row. Until it is through, no slot of the name space may be made, and it may
  // not be dropped.
  template <class F, class View = batch_view>
  void scan(std::int64_t name_space, F&& f) const {
    std::uint64_t cursor = 0;
    do {
      const weir_batch* keys = nullptr;
      weir_slot** found = nullptr;
      ask(&weir_state_host::scan, name_space, &cursor, &keys, &found);
      if (keys->length)
        f(View{*keys, runtime_->key}, std::span<weir_slot* const>{found, static_cast<std::size_t>(keys->length)});
    } while (cursor != 0);
  }
  void drop(std::int64_t name_space) const { ask(&weir_state_host::drop, name_space); }
  // The smallest name space from `from` on that has entries; nothing: there is none.
  [[nodiscard]] std::optional<std::int64_t> next_name_space(std::int64_t from) const {
    std::int64_t found = 0;
    const auto code = host().next_name_space(runtime_->context, number_, from, &found);
    detail::host_says(code);
    if (code == WEIR_IDLE) return std::nullopt;
    return found;
  }

 private:
  [[nodiscard]] const weir_state_host& host() const { return *runtime_->state; }
  template <class Call, class... Argument>
  void ask(Call weir_state_host::*call, Argument... arguments) const {
    detail::host_says((host().*call)(runtime_->context, number_, arguments...));
  }
  [[nodiscard]] std::optional<map_entry> next(weir_slot* s, weir_view after) const {
    weir_view key{}, value{};
    ask(&weir_state_host::map_next, s, after, &key, &value);
    if (!key.data) return std::nullopt;
    return map_entry{{key.data, key.size}, {value.data, value.size}};
  }

  detail::runtime* runtime_ = nullptr;
  std::uint32_t number_ = 0;
};

// One family of timers that bind() declared: a handle, to be copied. [task] but for its making.
class timer_family {
 public:
  timer_family() = default;
  timer_family(detail::runtime* of, std::uint32_t number) : runtime_{of}, number_{number} {}
  // What on_timers() is told.
  [[nodiscard]] std::uint32_t number() const { return number_; }

  // One timer for each row to process of a batch of this call, for the row's key; microseconds.
  void set(detail::batch_in_work b, const std::int64_t* times_us) const {
    ask(&weir_timers_host::set, b, nullptr, times_us, b.raw->row_count);
  }
  // For some physical rows, in any order, also repeated.
  void set(detail::batch_in_work b, std::span<const std::uint32_t> rows, const std::int64_t* times_us) const {
    if (!rows.empty()) ask(&weir_timers_host::set, b, rows.data(), times_us, static_cast<std::int64_t>(rows.size()));
  }
  // Clearing a timer that is not set is no error.
  void clear(detail::batch_in_work b, const std::int64_t* times_us) const {
    ask(&weir_timers_host::clear, b, nullptr, times_us, b.raw->row_count);
  }
  void clear(detail::batch_in_work b, std::span<const std::uint32_t> rows, const std::int64_t* times_us) const {
    if (!rows.empty()) ask(&weir_timers_host::clear, b, rows.data(), times_us, static_cast<std::int64_t>(rows.size()));
  }

 private:
  template <class Call>
  void ask(Call weir_timers_host::*call, detail::batch_in_work b, const std::uint32_t* rows, const std::int64_t* times,
           std::int64_t count) const {
    detail::host_says((runtime_->timers->*call)(runtime_->context, number_, b.raw, rows, times, count));
  }
  detail::runtime* runtime_ = nullptr;
  std::uint32_t number_ = 0;
};

// A state of plain values with the slots of the batch in work. T: a number, a bool, weir::time, or a WEIR_RECORD struct
// of such that names its members in their order. [task] but for declare().
template <class T>
class state_slots {
  static_assert(
      detail::plain_value<T>,
      "state_slots keeps numbers, times and WEIR_RECORD structs of them: use keyed_state with state_kind::bytes "
      "for what has no fixed size");

 public:
  // In bind().
  void declare(binder& b, std::string name, ttl keep = {}) {
    state_ = b.state({.name = std::move(name),
                      .value = detail::value_schema<T>(),
                      .value_size = static_cast<std::uint32_t>(sizeof(T)),
                      .keep = keep});
  }
  // Finds the slots of a batch's rows to process. name_spaces: one for each; null: all 0.
  void resolve(detail::batch_in_work b, slot_flags flags = slot_flags::create,
               const std::int64_t* name_spaces = nullptr) {
    slots_.resize(static_cast<std::size_t>(b.raw->row_count));
    state_.slots(b, slots_.data(), flags, name_spaces);
    epoch_ = state_.epoch();
  }
  // The same for some physical rows: k counts them.
  void resolve(detail::batch_in_work b, std::span<const std::uint32_t> rows, slot_flags flags = slot_flags::create,
               const std::int64_t* name_spaces = nullptr) {
    slots_.resize(rows.size());
    state_.slots(b, rows, slots_.data(), flags, name_spaces);
    epoch_ = state_.epoch();
  }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  // Null: no slot was found (with slot_flags::find).
  [[nodiscard]] weir_slot* slot(std::size_t k) const { return slots_[k]; }
  [[nodiscard]] bool has(std::size_t k) const { return slots_[k] && (slots_[k]->flags & WEIR_SLOT_PRESENT); }
  // The value; what T{} is, or zero, when there is none.
  [[nodiscard]] const T& operator[](std::size_t k) const { return value(slots_[k]); }
  // The value, to be written; begins as T{}.
  [[nodiscard]] T& write(std::size_t k) {
    auto* s = slots_[k];
    state_.touch(s, epoch_);
    if (!(s->flags & WEIR_SLOT_PRESENT)) [[unlikely]]
      begin(s);
    return value(s);
  }
  void clear(std::size_t k) { state_.clear(slots_[k]); }
  [[nodiscard]] static T& value(weir_slot* s) { return *static_cast<T*>(slot_value(s)); }
  [[nodiscard]] const keyed_state& state() const { return state_; }

 private:
  static void begin(weir_slot* s) {
    const T first{};
    std::memcpy(slot_value(s), &first, sizeof first);
    s->flags |= WEIR_SLOT_PRESENT;
  }
  keyed_state state_;
  std::vector<weir_slot*> slots_;
  std::uint32_t epoch_ = 0;
};

WEIR_DETAIL_COLD inline keyed_state binder::state(const state_options& what) {
  if (host_) {
    const auto* host =
        host_->extension ? static_cast<const weir_state_host*>(host_->extension(WEIR_EXT_STATE)) : nullptr;
    if (!host) throw plugin_error{"it keeps keyed state, and this host has none to give (weir.state/1)"};
    const detail::arrow_schema value{what.value}, map_key{what.map_key};
    weir_state_declaration d{};
    d.struct_size = sizeof d;
    d.kind = static_cast<std::uint32_t>(what.kind);
    d.name = what.name.c_str();
    d.value = value.get();
    d.map_key = what.kind == state_kind::mapping ? map_key.get() : nullptr;
    d.ttl_us = what.keep.after.count();
    d.ttl_time = what.keep.by == time_kind::event ? WEIR_TTL_EVENT_TIME : WEIR_TTL_PROCESSING_TIME;
    d.value_size = what.kind == state_kind::value ? what.value_size : 0;
    detail::host_says(host->declare(node_, &d));
  }
  return {runtime_, facts_.states++};
}
WEIR_DETAIL_COLD inline timer_family binder::timers(const std::string& name, time_kind by) {
  if (host_) {
    const auto* host =
        host_->extension ? static_cast<const weir_timers_host*>(host_->extension(WEIR_EXT_TIMERS)) : nullptr;
    if (!host) throw plugin_error{"it sets timers, and this host has none (weir.timers/1)"};
    detail::host_says(host->declare(node_, name.c_str(), static_cast<std::uint32_t>(by)));
  }
  return {runtime_, facts_.timers++};
}
}  // namespace weir
#endif  // WEIR_KEYED_STATE_HPP
