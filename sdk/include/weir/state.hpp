// weir/state.hpp: state and timers of record operators, as members. The host keeps the values by the record's key, and
// cuts hold them; inside process() and on_timer() a member is the value of the key in work.
//
//   weir::value_state<double> total_{this, "total"};
//   weir::value_state<std::string> name_{this, "name", weir::ttl{24h}};
//   weir::list_state<order> open_{this, "open"};
//   weir::map_state<std::string, std::int64_t> by_book_{this, "by_book"};
//   weir::aggregating_state<mean> price_{this, "price"};
//   weir::timers idle_{this, "idle"};
//
// The slots of all rows of a batch are found at the first use in it. A value of numbers and times lies in its slot as
// it is: reading it is one dereference. Others are packed and unpacked. A row that ends with weir::failure keeps what
// it wrote to the state: throw before you write. Timers that it set are not set.
//
// Another version of the plugin may keep other members in a struct: new ones begin as they do in T{}, others go, get
// wider (int to long, float to double), become std::optional, change places, and are renamed (WEIR_RENAMED,
// weir/record.hpp); the state of the old version is converted when it is loaded. More than that: weir/migrate.hpp.
#ifndef WEIR_STATE_HPP
#define WEIR_STATE_HPP

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weir/detail/access.hpp"
#include "weir/detail/pack.hpp"
#include "weir/keyed_state.hpp"

namespace weir {
namespace detail {

// The part of a state that does not depend on its type.
class state_member {
 public:
  state_member(component* owner, std::string_view name, ttl keep)
      : runtime_{&access::of(*owner)}, name_{name}, keep_{keep} {
    runtime_->states.push_back(this);
  }
  state_member(const state_member&) = delete;
  state_member& operator=(const state_member&) = delete;
  virtual ~state_member() = default;
  void declare(binder& b) {
    auto what = options();
    what.name = name_;
    what.keep = keep_;
    state_ = b.state(what);
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 protected:
  [[nodiscard]] virtual state_options options() const = 0;
  // The slot of the row in work.
  [[nodiscard]] weir_slot* slot() const {
    if (call_ != runtime_->call) [[unlikely]]
      resolve();
    return slots_[static_cast<std::size_t>(runtime_->index)];
  }
  [[nodiscard]] bool present() const { return (slot()->flags & WEIR_SLOT_PRESENT) != 0; }
  void touch(weir_slot* s) const { state_.touch(s, epoch_); }
  [[nodiscard]] const keyed_state& state() const { return state_; }
  [[nodiscard]] std::uint64_t call() const { return runtime_->call; }
  [[noreturn]] WEIR_DETAIL_COLD void absent() const {
    throw plugin_error{sentence({"state '", name_, "' has no value here: ask has_value() before"})};
  }

 private:
  [[gnu::noinline]] void resolve() const {
    if (!runtime_->batch || runtime_->row == no_row)
      throw plugin_error{
          sentence({"state '", name_,
                    "' is used where no record is in work, so it has no key: use it in process() and on_timer()"})};
    slots_.resize(static_cast<std::size_t>(runtime_->batch->row_count));
    state_.slots(*runtime_->batch, slots_.data());
    epoch_ = state_.epoch();
    call_ = runtime_->call;
  }
  runtime* runtime_;
  std::string name_;
  ttl keep_;
  keyed_state state_;
  mutable std::vector<weir_slot*> slots_;
  mutable std::uint32_t epoch_ = 0;
  mutable std::uint64_t call_ = 0;
};

// Timers of one family, set while rows are processed and handed to the host at the end of the call.
class timer_member {
 public:
  timer_member(component* owner, std::string_view name, time_kind by)
      : runtime_{&access::of(*owner)}, name_{name}, by_{by} {
    runtime_->families.push_back(this);
  }
  timer_member(const timer_member&) = delete;
  timer_member& operator=(const timer_member&) = delete;
  void declare(binder& b) { family_ = b.timers(name_, by_); }
  [[nodiscard]] const std::string& name() const { return name_; }

  void roll_back() {
    if (row_ == runtime_->row) told_.resize(mark_), rows_.resize(mark_), times_.resize(mark_);
  }
  void drop() noexcept {
    told_.clear(), rows_.clear(), times_.clear();
    row_ = no_row;
  }
  void send() {
    for (std::size_t from = 0, to = 0; from < told_.size(); from = to) {
      while (to < told_.size() && told_[to] == told_[from]) ++to;
      const std::span<const std::uint32_t> rows{rows_.data() + from, to - from};
      if (told_[from])
        family_.set(*runtime_->batch, rows, times_.data() + from);
      else
        family_.clear(*runtime_->batch, rows, times_.data() + from);
    }
    drop();
  }

 protected:
  void tell(time at, bool set) {
    if (runtime_->row == no_row) nobody();
    if (row_ != runtime_->row) row_ = runtime_->row, mark_ = told_.size();
    told_.push_back(set);
    rows_.push_back(runtime_->row);
    times_.push_back(micros(at));
  }

 private:
  [[noreturn]] WEIR_DETAIL_COLD void nobody() const {
    throw plugin_error{
        sentence({"timer '", name_,
                  "' is set where no record is in work, so it has no key: use it in process() and on_timer()"})};
  }
  runtime* runtime_;
  std::string name_;
  time_kind by_;
  timer_family family_;
  std::vector<char> told_;  // 1: set, 0: clear
  std::vector<std::uint32_t> rows_;
  std::vector<std::int64_t> times_;
  std::uint32_t row_ = no_row;  // the row that mark_ belongs to
  std::size_t mark_ = 0;
};

inline void access::declare_state(binder& b, runtime& rt) {
  for (auto* s : rt.states) s->declare(b);
  for (auto* t : rt.families) t->declare(b);
}
inline void access::send_timers(runtime& rt) {
  for (auto* t : rt.families) t->send();
}
inline void access::drop_timers(runtime& rt) noexcept {
  for (auto* t : rt.families) t->drop();
}
inline void access::roll_back_timers(runtime& rt) {
  for (auto* t : rt.families) t->roll_back();
}

template <class T>
std::string packed(const T& v) {
  std::string out;
  pack_value<packing::plain>(out, v);
  return out;
}
template <class T>
std::string packed_for_order(const T& v) {
  std::string out;
  pack_value<packing::ordered>(out, v);
  return out;
}
template <packing P, class T>
T unpacked(std::string_view bytes) {
  packed_bytes in{bytes};
  T v{};
  unpack_value<P>(in, v);
  return v;
}
}  // namespace detail

// One value. T: anything that a member of a WEIR_RECORD struct may be but views, or such a struct.
template <class T>
class value_state : public detail::state_member {
  static constexpr bool in_place = detail::plain_value<T>;

 public:
  value_state(component* owner, std::string_view name, ttl keep = {}) : state_member{owner, name, keep} {}

  [[nodiscard]] bool has_value() const { return present(); }
  explicit operator bool() const { return present(); }
  // The value; throws plugin_error when there is none. The reference lives until this state is used for another row or
  // written.
  [[nodiscard]] const T& operator*() const {
    auto* s = slot();
    if (!(s->flags & WEIR_SLOT_PRESENT)) [[unlikely]]
      absent();
    return get(s);
  }
  [[nodiscard]] const T* operator->() const { return &**this; }
  [[nodiscard]] T value_or(T other) const { return present() ? get(slot()) : std::move(other); }
  value_state& operator=(const T& v) {
    set(v);
    return *this;
  }
  void set(const T& v) {
    auto* s = slot();
    if constexpr (in_place) {
      touch(s);
      s->flags |= WEIR_SLOT_PRESENT;
      place(s) = v;
    } else {
      state().bytes_put(s, detail::packed(v));
      cached_ = nullptr;
    }
  }
  // The value, to be changed in place: numbers, times and structs of them. Begins as T{}.
  [[nodiscard]] T& write() requires(in_place) {
    auto* s = slot();
    touch(s);
    if (!(s->flags & WEIR_SLOT_PRESENT)) [[unlikely]] {
      place(s) = T{};
      s->flags |= WEIR_SLOT_PRESENT;
    }
    return place(s);
  }
  // Changes the value: f(T&), which begins as T{}.
  template <class F>
  void update(F&& f) {
    if constexpr (in_place) {
      f(write());
    } else {
      T v = value_or(T{});
      f(v);
      set(v);
    }
  }
  void clear() {
    state().clear(slot());
    cached_ = nullptr;
  }

 private:
  [[nodiscard]] state_options options() const override {
    return {.kind = in_place ? state_kind::value : state_kind::bytes,
            .value = detail::value_schema<T>(),
            .value_size = in_place ? static_cast<std::uint32_t>(sizeof(T)) : 0};
  }
  static T& place(weir_slot* s) { return *static_cast<T*>(slot_value(s)); }
  [[nodiscard]] const T& get(weir_slot* s) const {
    if constexpr (in_place) {
      return place(s);
    } else {
      if (cached_ != s || cached_call_ != call()) {
        cache_ = detail::unpacked<detail::packing::plain, T>(state().bytes_get(s));
        cached_ = s;
        cached_call_ = call();
      }
      return cache_;
    }
  }
  struct nothing {};
  mutable std::conditional_t<in_place, nothing, T> cache_{};  // of a value that is packed
  mutable weir_slot* cached_ = nullptr;
  mutable std::uint64_t cached_call_ = 0;
};

// Elements in the order they were added.
template <class T>
class list_state : public detail::state_member {
 public:
  list_state(component* owner, std::string_view name, ttl keep = {}) : state_member{owner, name, keep} {}

  [[nodiscard]] std::size_t size() const { return present() ? static_cast<std::size_t>(state().list_size(slot())) : 0; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  void push_back(const T& v) { state().list_add(slot(), detail::packed(v)); }
  // Element i, which must be there.
  [[nodiscard]] T operator[](std::size_t i) const {
    return detail::unpacked<detail::packing::plain, T>(state().list_at(slot(), i));
  }
  [[nodiscard]] T front() const { return (*this)[0]; }
  [[nodiscard]] T back() const { return (*this)[size() - 1]; }
  // Takes the first n elements away.
  void pop_front(std::size_t n = 1) {
    if (n) state().list_trim(slot(), n);
  }
  void clear() { state().clear(slot()); }

  class iterator {
   public:
    iterator(const list_state* of, std::size_t i) : of_{of}, i_{i} {}
    T operator*() const { return (*of_)[i_]; }
    iterator& operator++() {
      ++i_;
      return *this;
    }
    bool operator!=(const iterator& o) const { return i_ != o.i_; }

   private:
    const list_state* of_;
    std::size_t i_;
  };
  // for (const T& v : list): v is a copy. Not while it is written.
  [[nodiscard]] iterator begin() const { return {this, 0}; }
  [[nodiscard]] iterator end() const { return {this, size()}; }

 private:
  [[nodiscard]] state_options options() const override {
    return {.kind = state_kind::list, .value = detail::value_schema<T>()};
  }
};

// Values by key, in the order of the keys: numbers and times ascending, texts by their bytes, structs by their members
// in order.
template <class K, class V>
class map_state : public detail::state_member {
 public:
  using entry = std::pair<K, V>;
  map_state(component* owner, std::string_view name, ttl keep = {}) : state_member{owner, name, keep} {}

  [[nodiscard]] std::optional<V> get(const K& key) const {
    if (!present()) return std::nullopt;
    const auto found = state().map_get(slot(), detail::packed_for_order(key));
    if (!found) return std::nullopt;
    return detail::unpacked<detail::packing::plain, V>(*found);
  }
  [[nodiscard]] V value_or(const K& key, V other) const {
    auto found = get(key);
    return found ? std::move(*found) : std::move(other);
  }
  [[nodiscard]] bool contains(const K& key) const {
    return present() && state().map_get(slot(), detail::packed_for_order(key));
  }
  [[nodiscard]] bool empty() const { return !first(); }
  void put(const K& key, const V& value) {
    state().map_put(slot(), detail::packed_for_order(key), detail::packed(value));
  }
  void erase(const K& key) {
    if (present()) state().map_remove(slot(), detail::packed_for_order(key));
  }
  void clear() { state().clear(slot()); }
  // The entry of the smallest key; nothing: it is empty.
  [[nodiscard]] std::optional<entry> first() const {
    return present() ? unpack(state().map_first(slot())) : std::nullopt;
  }
  // The entry of the smallest key that is greater; nothing: there is none.
  [[nodiscard]] std::optional<entry> after(const K& key) const {
    return present() ? unpack(state().map_after(slot(), detail::packed_for_order(key))) : std::nullopt;
  }

  class iterator {
   public:
    iterator(const map_state* of, std::optional<entry> at) : of_{of}, at_{std::move(at)} {}
    const entry& operator*() const { return *at_; }
    const entry* operator->() const { return &*at_; }
    iterator& operator++() {
      at_ = of_->after(at_->first);
      return *this;
    }
    bool operator!=(const iterator& o) const { return at_.has_value() != o.at_.has_value(); }

   private:
    const map_state* of_;
    std::optional<entry> at_;
  };
  // for (const auto& [key, value] : map): copies. What is behind the entry may be written or erased meanwhile.
  [[nodiscard]] iterator begin() const { return {this, first()}; }
  [[nodiscard]] iterator end() const { return {this, std::nullopt}; }

 private:
  [[nodiscard]] state_options options() const override {
    return {.kind = state_kind::mapping, .value = detail::value_schema<V>(), .map_key = detail::value_schema<K>()};
  }
  static std::optional<entry> unpack(const std::optional<keyed_state::map_entry>& e) {
    if (!e) return std::nullopt;
    return entry{detail::unpacked<detail::packing::ordered, K>(e->key),
                 detail::unpacked<detail::packing::plain, V>(e->value)};
  }
};

// What values add up to. A is a struct with a WEIR_RECORD, add(value) and result(); with merge() it also takes what was
// added up elsewhere, such as the parts of a window that come as records:
//
//   struct mean {
//     double sum = 0; std::int64_t count = 0;
//     void add(double v) { sum += v, ++count; }
//     void merge(const mean& other) { sum += other.sum, count += other.count; }
//     double result() const { return count ? sum / count : 0; }
//   };
//   WEIR_RECORD(mean, sum, count)
template <class A>
class aggregating_state : public value_state<A> {
 public:
  using value_state<A>::value_state;
  template <class... Value>
  void add(const Value&... value) {
    this->update([&](A& a) { a.add(value...); });
  }
  // As if all that went into `part` had been added here.
  void merge(const A& part) {
    this->update([&](A& a) { a.merge(part); });
  }
  // Of what was added; of nothing: A{}.result().
  [[nodiscard]] auto result() const { return this->has_value() ? (**this).result() : A{}.result(); }
};

// A family of timers of the record's key; on_timer() of a keyed_operator hears of them. A timer is (family, key, time):
// the same one set twice is one timer. Event time: fires when the watermark reaches it; processing time: the clock.
class timers : public detail::timer_member {
 public:
  timers(component* owner, std::string_view name, time_kind by = time_kind::event) : timer_member{owner, name, by} {}
  void set(time at) { tell(at, true); }
  // No error when it is not set.
  void clear(time at) { tell(at, false); }
  friend bool operator==(const timers& a, const timers& b) { return &a == &b; }
};
}  // namespace weir
#endif  // WEIR_STATE_HPP
