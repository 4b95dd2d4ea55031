#include "window/side_values.hpp"

#include <unordered_set>
#include <vector>

#include "weir/packed.hpp"
#include "window/keyed_side.hpp"

namespace window {

namespace {

// A map whose keys are the values seen.
class distinct final : public keyed_side, public side_column {
 public:
  distinct(std::string state, const weir::field& f, std::size_t column, const std::string& name)
      : keyed_side{std::move(state)}, column_{column}, value_{f} {
    value_.name = "value";
    value_.nullable = false;
    result_ = {.name = name, .kind = weir::type::int64, .nullable = false};
  }
  [[nodiscard]] const weir::field& result() const override { return result_; }
  void declare(weir::binder& b, std::uint32_t& next, std::int64_t ttl_us) override {
    const weir::schema seen{{{.name = "seen", .kind = weir::type::boolean, .nullable = false}}};
    state_.declare(b, next,
                   {.name = name_, .kind = WEIR_STATE_MAP, .value = seen, .map_key = {{value_}}, .ttl_us = ttl_us});
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
  void absorb(weir_context* c, weir_slot* from, weir_slot* to) override {
    std::string after;
    std::string_view key, value;
    for (bool more = state_.map_next(c, from, {}, key, value); more;
         more = state_.map_next(c, from, after, key, value)) {
      after = key;
      state_.map_put(c, to, after, {"\1", 1});
    }
  }

  std::size_t column_;
  weir::field value_, result_;
  std::vector<std::unordered_set<std::string>> groups_;
};

// [order, packed so that its bytes compare][the value, packed]: the value whose order is best.
class best_value final : public keyed_side, public side_column {
 public:
  // by: the column that orders; -1: the event time. latest: of equal ones the one that came last.
  best_value(std::string state, const weir::schema& input, std::size_t column, int by, bool largest, bool latest,
             const std::string& name)
      : keyed_side{std::move(state)},
        column_{column},
        value_{input[column]},
        by_{by},
        largest_{largest},
        latest_{latest} {
    if (by >= 0) order_ = input[static_cast<std::size_t>(by)];
    order_.nullable = value_.nullable = false;
    result_ = input[column];
    result_.name = name;
    result_.nullable |= by >= 0 && input[static_cast<std::size_t>(by)].nullable;
    value_.name = "value";
  }
  [[nodiscard]] const weir::field& result() const override { return result_; }
  void declare(weir::binder& b, std::uint32_t& next, std::int64_t ttl_us) override {
    const weir::schema both{{{.name = "order", .kind = weir::type::binary, .nullable = false}, value_}};
    state_.declare(b, next, {.name = name_, .kind = WEIR_STATE_BYTES, .value = both, .ttl_us = ttl_us});
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

  void absorb(weir_context* c, weir_slot* from, weir_slot* to) override {
    const std::string held{state_.get(c, from)};
    const bool there = (to->flags & WEIR_SLOT_PRESENT) != 0;
    if (!held.empty() && takes(there ? state_.get(c, to) : std::string_view{}, held)) state_.put(c, to, held);
  }

  std::size_t column_;
  weir::field value_, order_, result_;
  int by_;
  bool largest_, latest_;
  std::vector<std::string> groups_;
};

}  // namespace

side_value make_side_value(const weir::aggregate::call& c, const weir::schema& input, std::string state) {
  const auto both = [](auto made) {
    side_column* const column = made.get();
    return side_value{std::move(made), column};
  };
  const int column = input.find(c.arguments[0]);
  const auto at = static_cast<std::size_t>(column);
  if (c.distinct) return both(std::make_unique<distinct>(std::move(state), input[at], at, c.name));
  const bool time = c.function == "first" || c.function == "last";
  const bool pair = c.function == "arg_max" || c.function == "arg_min";
  const bool largest = c.function == "last" || c.function == "max" || c.function == "arg_max";
  return both(std::make_unique<best_value>(std::move(state), input, at,
                                           time ? -1 : input.find(c.arguments[pair ? 1 : 0]), largest,
                                           c.function == "last", c.name));
}

}  // namespace window
