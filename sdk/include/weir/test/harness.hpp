// weir/test/harness.hpp: an operator, sink, decoder or encoder tested without a host process: records in, records out,
// a clock moved by hand. Each call goes through the contract checker (checker.hpp); a breach throws contract_broken.
//
//   weir::test::harness<exposure> h{{{"limit", 100}}};
//   h.push({"fx", 60}, 0s);
//   EXPECT_THAT(h.take(), ElementsAre(breach{"fx", 110}));
//
// Keyed input, timers, cuts:
//
//   weir::test::harness<activity> h{{{"timeout", 10min}}, weir::test::key{"account"}};
//   h.push({"ann", 5}, 0s);
//   const auto cut = h.cut();
//   h.restore(cut);                  // another instance, the state as it was
//   h.watermark(11min);              // fires timers
//
// harness<T, In, Out> names the records when T does not (batch operators), or when the input has more columns than T
// reads. One thread; needs no GoogleTest.
#ifndef WEIR_TEST_HARNESS_HPP
#define WEIR_TEST_HARNESS_HPP

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "weir/operator.hpp"
#include "weir/test/bench.hpp"

namespace weir::test {
namespace detail {

// Rows of a record as columns.
template <record Record>
std::vector<std::shared_ptr<owned_column>> columns_from(const std::vector<Record>& records) {
  const auto fields = schema_of<Record>().fields;
  const auto rows = static_cast<std::int64_t>(records.size());
  owned_builder b{fields, rows, false};
  const weir::detail::writing w{&fake_host(), nullptr};
  for (std::int64_t i = 0; i < rows; ++i)
    weir::detail::write_members(w, b.raw().columns, i, records[static_cast<std::size_t>(i)]);
  std::vector<std::shared_ptr<owned_column>> out;
  for (std::size_t i = 0; i < fields.size(); ++i)
    out.push_back(owned_column::freeze(fields[i], b.raw().columns[i], rows));
  return out;
}

template <class In>
struct ports {
  using first = In;
  static std::vector<input_port> all() { return {{schema_of<In>()}}; }
  template <class R>
  static constexpr std::uint32_t of() {
    static_assert(std::is_same_v<R, In>, "the operator under test has no input of this record");
    return 0;
  }
};
template <class... In>
struct ports<inputs<In...>> {
  using first = std::tuple_element_t<0, std::tuple<In...>>;
  static std::vector<input_port> all() { return {{schema_of<In>()}...}; }
  template <class R>
  static constexpr std::uint32_t of() {
    static_assert((std::is_same_v<R, In> || ...), "the operator under test has no input of this record");
    std::uint32_t at = 0, found = 0;
    ((found = std::is_same_v<R, In> ? at : found, ++at), ...);
    return found;
  }
};
template <class T, class = void>
struct records_of {
  using in = void;
  using out = void;
};
template <class T>
struct records_of<T, std::void_t<typename T::weir_in>> {
  using in = typename T::weir_in;
  using out = typename T::weir_out;
};
}  // namespace detail

// What a cut holds of one operator, a plain value: it can be restored into any harness of the operator.
struct cut_image {
  std::uint64_t number = 0;
  keyed_image state{};
  std::optional<std::string> saved{};     // weir.snapshot/1
  std::optional<std::string> prepared{};  // weir.two_phase/1
  time watermark = no_time;
};

// The part of a harness that knows no records.
class harness_base {
 public:
  harness_base(const weir_operator& op, const table& options, std::vector<input_port> inputs, const setting& at = {})
      : bench_{op, options, std::move(inputs), at}, selections_{(op.flags & WEIR_SELECTIONS) != 0} {}

  std::size_t batch_size = 64;
  // Puts rows that are not selected between the records of every batch, when the operator reads selections.
  bool sparse = false;

  // Moves the event-time clock: fires the timers that are due, then tells the operator.
  void watermark(duration to) { watermark(time{to}); }
  void watermark(time to);
  // Moves the clock of processing time and fires the timers that are due.
  void clock(duration to) { clock(time{to}); }
  void clock(time to);
  // Everything that is held back comes out.
  void flush();

  // ---- Cuts, numbered 1, 2, ...
  // Flush, save, prepare, and the state as it is. A two-phase sink then gets commit or abort.
  cut_image cut();
  // The number that the next one gets.
  void next_cut(std::uint64_t number) { newest_cut_ = number - 1; }
  void commit(const cut_image& c);
  void abort(const cut_image& c);
  // What a crash and a restart do: another instance, with what the cut holds. Output that was emitted stays.
  void restore(const cut_image& from);
  // The same cut of another old subtask, whose output and saved bytes this one takes over too.
  void restore_more(const cut_image& from);
  // weir.handover/1: follows another version that has made this cut and is still there to commit it.
  void take_over(const cut_image& from);
  // weir.two_phase/1 by itself: a start without anything to restore is recover().
  void recover(std::uint64_t cut = 0, std::string_view prepared = {});
  // Live values of a state, over all keys and name spaces; timers that are set.
  [[nodiscard]] std::size_t state_count(std::string_view state) { return keyed().count(state); }
  [[nodiscard]] std::size_t timer_count(std::string_view family) { return keyed().timer_count(family); }

  // The end of all input.
  void end();
  // Turns the trace columns on: record n has n in its first bytes and comes from the source "test".
  void trace(bool on = true);

  std::vector<dead_letter> take_dead_letters() { return std::exchange(bench_.task().dead_letters, {}); }
  std::vector<log_line> take_log() { return std::exchange(bench_.task().log, {}); }
  std::map<std::string, std::uint64_t> figures() { return bench_.figures(); }
  // The columns of an output port.
  [[nodiscard]] const schema& columns(std::string_view port = "") const {
    return bench_.bound().outputs.at(bench_.port(port)).columns;
  }
  [[nodiscard]] bench<weir_operator>& under() { return bench_; }

 protected:
  // Processes one batch of columns; `times` has one entry a row, `changes` too, or one for all.
  void send(std::uint32_t port, schema columns_of, std::vector<std::shared_ptr<owned_column>> columns,
            std::vector<std::int64_t> times, const std::vector<change_kind>& changes);
  [[nodiscard]] bool spread() const { return sparse && selections_; }

  bench<weir_operator> bench_;

 private:
  void fire(std::uint32_t time_kind, time until);
  keyed_store& keyed();
  bool selections_;
  std::int64_t next_offset_ = 0;
  std::uint64_t newest_cut_ = 0;
};

// The harness of a table: an operator out of a loaded .so, or one written in another language.
template <class In, class Out = void>
class table_harness : public harness_base {
 public:
  using first_input = typename detail::ports<In>::first;

  // Throws bind_refused when the component refuses its options or inputs.
  explicit table_harness(const weir_operator& op, const table& options = {}, const keys& by = {},
                         const setting& at = {})
      : harness_base{op, options, by.of(detail::ports<In>::all()), at} {}

  // One record as a batch of its own, `at` after 1970.
  template <class R = first_input>
  void push(const R& r, duration at = {}, change_kind change = change_kind::insert) {
    push(r, time{at}, change);
  }
  template <class R = first_input>
  void push(const R& r, time at, change_kind change = change_kind::insert) {
    send_records<R>({r}, {weir::detail::micros(at)}, {change});
  }
  // Many records as one batch, each with its time in microseconds.
  template <class R = first_input>
  void push_rows(const std::vector<R>& records, const std::vector<std::int64_t>& times,
                 change_kind change = change_kind::insert) {
    send_records<R>(records, times, {change});
  }
  // The same, each with its kind of change.
  template <class R = first_input>
  void push_changes(const std::vector<R>& records, const std::vector<std::int64_t>& times,
                    const std::vector<change_kind>& changes) {
    send_records<R>(records, times, changes);
  }
  // Many records, in batches of batch_size, `step` apart.
  template <class R = first_input>
  void push_all(const std::vector<R>& records, duration first = {}, duration step = {}) {
    for (std::size_t i = 0; i < records.size(); i += batch_size) {
      const auto end = i + batch_size < records.size() ? i + batch_size : records.size();
      std::vector<std::int64_t> times;
      for (std::size_t k = i; k < end; ++k) times.push_back((first + step * static_cast<std::int64_t>(k)).count());
      const auto at = records.begin();
      send_records<R>({at + static_cast<std::ptrdiff_t>(i), at + static_cast<std::ptrdiff_t>(end)}, std::move(times),
                      {change_kind::insert});
    }
  }

  // Takes what went out of a port since the last time; "" is the main one.
  template <class R = Out>
  std::vector<R> take(std::string_view port = "") {
    std::vector<R> out;
    for (auto& r : take_rows<R>(port)) out.push_back(std::move(r.value));
    return out;
  }
  template <class R = Out>
  std::vector<row<R>> take_rows(std::string_view port = "") {
    return bench_.template take_rows<R>(bench_.port(port));
  }

 private:
  template <class R>
  void send_records(std::vector<R> records, std::vector<std::int64_t> times, const std::vector<change_kind>& changes) {
    if (spread()) {  // a decoy before each record
      std::vector<R> all;
      for (const auto& r : records) all.insert(all.end(), {r, r});
      records = std::move(all);
    }
    send(detail::ports<In>::template of<R>(), schema_of<R>(), detail::columns_from(records), std::move(times), changes);
  }
};

// The harness of a class.
template <class T, class In = typename detail::records_of<T>::in, class Out = typename detail::records_of<T>::out>
class harness : public table_harness<In, Out> {
  static_assert(!std::is_void_v<In>, "harness<T, In, Out>: T does not say which records it reads, name them");

 public:
  explicit harness(const table& options = {}, const keys& by = {}, const setting& at = {})
      : table_harness<In, Out>{table_of(), options, by, at} {}

 private:
  static const weir_operator& table_of() {
    static constexpr weir_operator op = weir::detail::operator_table<T>("under-test");
    return op;
  }
};

// What a component says against its options and inputs; empty: it accepts them.
template <class T, class In = typename detail::records_of<T>::in>
std::vector<std::string> bind_errors(const table& options = {}, const keys& by = {}) {
  try {
    harness<T, In, void> h{options, by};
  } catch (const bind_refused& refused) {
    return refused.errors;
  }
  return {};
}
}  // namespace weir::test
#endif  // WEIR_TEST_HARNESS_HPP
