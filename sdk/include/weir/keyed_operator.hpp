// weir/keyed_operator.hpp: a record operator whose records have a key, with state by key and timers (weir/state.hpp).
//
//   class idle_accounts : public weir::keyed_operator<std::string, payment, summary> {
//     weir::value_state<std::int64_t> count_{this, "count"};
//     weir::timers idle_{this, "idle"};
//    public:
//     void process(const payment& p, weir::time at, output& out) override { ... }
//     void on_timer(const weir::timers& which, weir::time at, const std::string& account, output& out) override { ... }
//   };
//
// Key is the type of the key column, or a WEIR_RECORD struct of the key columns in their order. The key itself is named
// by the pipeline: exchange = { kind = "hash", key = "account" }.
#ifndef WEIR_KEYED_OPERATOR_HPP
#define WEIR_KEYED_OPERATOR_HPP

#include "weir/record_operator.hpp"
#include "weir/state.hpp"

namespace weir {
namespace detail {

// Reads the key out of key columns, by their order.
template <class Key>
class key_reader {
 public:
  WEIR_DETAIL_COLD void bind(binder& b) {
    auto columns = b.key_columns().fields;
    if (columns.empty())
      return b.error(WEIR_E_CONFIG, "",
                     "it works by key, and its input has none: name the key columns, exchange = { kind = \"hash\", key "
                     "= \"...\" }");
    constexpr std::size_t count = [] {
      if constexpr (described<Key>)
        return member_count<Key>;
      else
        return std::size_t{1};
    }();
    if (columns.size() != count)
      return b.error(WEIR_E_CONFIG, "",
                     sentence({"its key has ", digits(static_cast<long long>(count)), " columns, the exchange gives ",
                               digits(static_cast<long long>(columns.size()))}));
    complaints wrong;
    if constexpr (described<Key>) {
      [&]<std::size_t... I>(std::index_sequence<I...>) { ((columns[I].name = std::get<I>(members_of<Key>).name), ...); }
      (member_indexes<Key>{});
      reader_.bind(columns, "", wrong);
    } else if (!accepts<Key>(columns[0])) {
      wrong.push_back(sentence({"the key column '", columns[0].name, "' is ", to_string(columns[0]),
                                ", the operator reads ", to_string(field_of<Key>(""))}));
    } else {
      reader_.bind("key", columns[0], "", wrong);
    }
    access::complain(b, 0, wrong);
  }
  void load(const weir_batch& keys) {
    if constexpr (described<Key>)
      reader_.load(keys.columns);
    else
      reader_.load(*keys.columns[0]);
  }
  void read(std::int64_t row, Key& out) const { reader_.read(row, out); }

 private:
  static auto reader_of() {
    if constexpr (described<Key>)
      return record_reader<Key>{};
    else
      return reader<Key>{};
  }
  decltype(reader_of()) reader_{};
};

template <class Key, class Out, class... In>
class keyed_operator_base : public record_operator_base<Out, In...> {
  using base = record_operator_base<Out, In...>;

 public:
  using output = weir::output<Out>;
  // [task] A timer is due: `at` is its time, which is also the event time of what is emitted, unless emit() gives
  // another. State is that of the key. An event-time timer comes before on_watermark().
  virtual void on_timer(const timers&, time, const Key&, output&) {}
  using weir_base = keyed_operator_base;

 private:
  friend struct access;
  WEIR_DETAIL_COLD void weir_bind_ports(binder& b) {
    key_.bind(b);
    base::weir_bind_ports(b);
  }
  void weir_on_timers(std::uint32_t family, const weir_batch& fired) {
    auto& rt = access::of(*this);
    const auto& which = static_cast<const timers&>(*rt.families.at(family));
    key_.load(fired);
    access::for_rows(rt, [&](std::uint32_t row, time at) {
      key_.read(row, value_);
      on_timer(which, at, value_, this->main_);
    });
  }

  key_reader<Key> key_;
  Key value_{};
};
}  // namespace detail

template <class Key, class In, record Out>
class keyed_operator : public detail::keyed_operator_base<Key, Out, In> {
 public:
  using weir_in = In;
  using weir_out = Out;
};
// Several input ports; those with a key have the same key types.
template <class Key, class... In, record Out>
class keyed_operator<Key, inputs<In...>, Out> : public detail::keyed_operator_base<Key, Out, In...> {
 public:
  using weir_in = inputs<In...>;
  using weir_out = Out;
};
}  // namespace weir
#endif  // WEIR_KEYED_OPERATOR_HPP
