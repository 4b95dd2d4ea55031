#include "window/side_values.hpp"

#include <unordered_set>
#include <vector>

#include "weir/packed.hpp"

namespace window {

using weir::aggregate::rows_in;

namespace {

// What both kinds share: a state with one entry for each key and name space, found for rows and for keys.
class keyed_side : public side_column {
 public:
  keyed_side(std::string state, std::size_t column) : name_{std::move(state)}, column_{column} {}
  [[nodiscard]] const weir::field& result() const override { return result_; }
  void open(const weir_host* host) override { state_.open(host); }
  void update(weir_context* c, const rows_in& in, weir_slot* const*, const std::int64_t* name_spaces) override {
    slots_.resize(static_cast<std::size_t>(in.count));
    state_.slots(c, in.batch.raw(), in.rows, in.count, name_spaces, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH,
                 slots_.data());
    for (std::int64_t k = 0; k < in.count; ++k) add(c, in.batch, in.rows[k], slots_[static_cast<std::size_t>(k)]);
  }
  void update_one(weir_context* c, const rows_in& in, weir_slot*, std::int64_t name_space) override {
    weir_slot* slot = nullptr;
    if (in.count) state_.slots(c, in.batch.raw(), in.rows, 1, &name_space, WEIR_SLOTS_CREATE | WEIR_SLOTS_TOUCH, &slot);
    for (std::int64_t k = 0; k < in.count; ++k) add(c, in.batch, in.rows[k], slot);
  }
  void collect(weir_context* c, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
               std::int64_t name_space, const std::uint32_t* groups, std::int64_t group_count) override {
    make_room(static_cast<std::size_t>(group_count));
    find(c, keys, rows, count, name_space);
    for (std::int64_t k = 0; k < count; ++k)
      if (weir_slot* const s = slots_[static_cast<std::size_t>(k)]; s && (s->flags & WEIR_SLOT_PRESENT))
        gather(c, s, groups[k]);
  }
  void drop(weir_context* c, std::int64_t name_space) override { state_.drop(c, name_space); }
  void clear(weir_context* c, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
             std::int64_t name_space) override {
    find(c, keys, rows, count, name_space);
    for (weir_slot* const s : slots_)
      if (s) state_.clear(c, s);
  }

 protected:
  virtual void add(weir_context*, const weir::batch_view&, std::uint32_t row, weir_slot*) = 0;
  virtual void make_room(std::size_t groups) = 0;
  virtual void gather(weir_context*, weir_slot*, std::uint32_t group) = 0;

  std::string name_;
  std::size_t column_;
  weir::field result_;
  weir::shared::state_table state_;

 private:
  void find(weir_context* c, const weir_batch& keys, const std::uint32_t* rows, std::int64_t count,
            std::int64_t name_space) {
    slots_.resize(static_cast<std::size_t>(count));
    const std::vector<std::int64_t> spaces(slots_.size(), name_space);
    state_.slots(c, keys, rows, count, spaces.data(), 0, slots_.data());
  }
  std::vector<weir_slot*> slots_;
};

// A map whose keys are the values seen.
class distinct final : public keyed_side {
 public:
  distinct(std::string state, const weir::field& f, std::size_t column, const std::string& name)
      : keyed_side{std::move(state), column}, value_{f} {
    value_.name = "value";
    value_.nullable = false;
    result_ = {.name = name, .kind = weir::type::int64, .nullable = false};
  }
  void declare(weir::binder& b, std::uint32_t& next) override {
    const weir::schema seen{{{.name = "seen", .kind = weir::type::boolean, .nullable = false}}};
    state_.declare(b, next, {.name = name_, .kind = WEIR_STATE_MAP, .value = seen, .map_key = {{value_}}});
  }
  void begin() override { groups_.clear(); }
  void write(const std::uint32_t* groups, std::int64_t count, weir::column_writer& to) override {
    for (std::int64_t k = 0; k < count; ++k) to.append(static_cast<std::int64_t>(groups_[groups[k]].size()));
  }

 private:
  void make_room(std::size_t groups) override { groups_.resize(groups); }
  void add(weir_context* c, const weir::batch_view& batch, std::uint32_t row, weir_slot* s) override {
    const auto column = batch.at(column_);
    if (column.null(row)) return;
    const weir::column_view value{value_, column.array()};  // as a field that is never null
    weir::packed_key key;
    key.add(value, row);
    std::string_view there;
    if (!state_.map_get(c, s, key.bytes(), there)) state_.map_put(c, s, key.bytes(), {"\1", 1});
  }
  void gather(weir_context* c, weir_slot* s, std::uint32_t group) override {
    auto& to = groups_[group];
    std::string after;
    std::string_view key, value;
    for (bool more = state_.map_next(c, s, {}, key, value); more; more = state_.map_next(c, s, after, key, value)) {
      after = key;
      to.insert(after);
    }
  }

  weir::field value_;
  std::vector<std::unordered_set<std::string>> groups_;
};

// [order, packed so that its bytes compare][the value, packed]: the value whose order is best.
class best_value final : public keyed_side {
 public:
  // by: the column that orders; -1: the event time. latest: of equal ones the one that came last.
  best_value(std::string state, const weir::schema& input, std::size_t column, int by, bool largest, bool latest,
             const std::string& name)
      : keyed_side{std::move(state), column}, value_{input[column]}, by_{by}, largest_{largest}, latest_{latest} {
    if (by >= 0) order_ = input[static_cast<std::size_t>(by)];
    order_.nullable = value_.nullable = false;
    result_ = input[column];
    result_.name = name;
    result_.nullable |= by >= 0 && input[static_cast<std::size_t>(by)].nullable;
    value_.name = "value";
  }
  void declare(weir::binder& b, std::uint32_t& next) override {
    const weir::schema both{{{.name = "order", .kind = weir::type::binary, .nullable = false}, value_}};
    state_.declare(b, next, {.name = name_, .kind = WEIR_STATE_BYTES, .value = both});
  }
  void begin() override { groups_.clear(); }
  void write(const std::uint32_t* groups, std::int64_t count, weir::column_writer& to) override {
    for (std::int64_t k = 0; k < count; ++k) {
      const std::string& best = groups_[groups[k]];
      if (best.empty()) {
        to.append_null();
        continue;
      }
      weir::packed_reader in{std::string_view{best}.substr(value_at(best))};
      in.append_to(to, value_);
    }
  }

 private:
  static std::uint32_t order_size(std::string_view packed) {
    std::uint32_t n;
    std::memcpy(&n, packed.data(), sizeof n);
    return n;
  }
  static std::size_t value_at(std::string_view packed) { return sizeof(std::uint32_t) + order_size(packed); }
  static std::string_view order_of(std::string_view packed) {
    return packed.substr(sizeof(std::uint32_t), order_size(packed));
  }
  bool takes(std::string_view held, std::string_view offered) const {
    if (held.empty()) return true;
    const int is = order_of(offered).compare(order_of(held));
    return is == 0 ? latest_ : (is > 0) == largest_;
  }
  void make_room(std::size_t groups) override { groups_.resize(groups); }
  void add(weir_context* c, const weir::batch_view& batch, std::uint32_t row, weir_slot* s) override {
    const auto column = batch.at(column_);
    if (column.null(row)) return;
    weir::packed_key order;
    if (by_ < 0) {
      if (!batch.raw().event_time) throw weir::plugin_error{"first and last need records with an event time"};
      order.add(batch.raw().event_time[row]);
    } else {
      const auto by = batch.at(static_cast<std::size_t>(by_));
      if (by.null(row)) return;
      order.add(weir::column_view{order_, by.array()}, row);
    }
    weir::packed_row both;
    both.add(weir::bytes_view{order.bytes()});
    both.add(weir::column_view{value_, column.array()}, row);
    const bool there = (s->flags & WEIR_SLOT_PRESENT) != 0;
    if (takes(there ? state_.get(c, s) : std::string_view{}, both.bytes())) state_.put(c, s, both.bytes());
  }
  void gather(weir_context* c, weir_slot* s, std::uint32_t group) override {
    const std::string_view held = state_.get(c, s);
    if (!held.empty() && takes(groups_[group], held)) groups_[group] = held;
  }

  weir::field value_, order_;
  int by_;
  bool largest_, latest_;
  std::vector<std::string> groups_;
};

}  // namespace

std::unique_ptr<side_column> make_side_value(const weir::aggregate::call& c, const weir::schema& input,
                                             std::string state) {
  const int column = input.find(c.arguments[0]);
  const auto at = static_cast<std::size_t>(column);
  if (c.distinct) return std::make_unique<distinct>(std::move(state), input[at], at, c.name);
  const bool time = c.function == "first" || c.function == "last";
  const bool pair = c.function == "arg_max" || c.function == "arg_min";
  const bool largest = c.function == "last" || c.function == "max" || c.function == "arg_max";
  return std::make_unique<best_value>(std::move(state), input, at, time ? -1 : input.find(c.arguments[pair ? 1 : 0]),
                                      largest, c.function == "last", c.name);
}

}  // namespace window
