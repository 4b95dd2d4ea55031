// weir/detail/access.hpp: the SDK's own way into components: their runtime, and the loop over the rows of a batch.
#ifndef WEIR_DETAIL_ACCESS_HPP
#define WEIR_DETAIL_ACCESS_HPP

#include "weir/binder.hpp"
#include "weir/component.hpp"
#include "weir/detail/reader.hpp"
#include "weir/output.hpp"

namespace weir::detail {

struct access {
  static runtime& of(component& c) { return c.runtime_; }
  static void open(component& c) { c.open(); }

  template <class T>
  static T* make(const config& options) {
    if constexpr (std::is_constructible_v<T, const config&>)
      return new T(options);
    else {
      static_assert(std::is_default_constructible_v<T>,
                    "a component has a constructor (const weir::config&) or one without arguments");
      return new T();
    }
  }
  template <class T>
  static void bind(T& self, binder& b) {
    of(self).key = b.key_columns();
    self.weir_bind_ports(b);
    if (b.first_error() == WEIR_OK) declare_state(b, of(self));
  }
  // Where the state and the timers are that bind declared.
  WEIR_DETAIL_COLD static void find_state(runtime& rt, const bound& facts) {
    const auto extension = rt.host->extension;
    if (facts.states && extension) rt.state = static_cast<const weir_state_host*>(extension(WEIR_EXT_STATE));
    if (facts.timers && extension) rt.timers = static_cast<const weir_timers_host*>(extension(WEIR_EXT_TIMERS));
    if ((facts.states && !rt.state) || (facts.timers && !rt.timers))
      throw plugin_error{"the host had state and timers in bind, and has none now"};
  }
  template <class T>
  static void process(T& self, const weir_batch& batch) {
    self.template weir_run<T>(self, batch);
  }
  template <class T>
  static void on_watermark(T& self, time at) {
    self.weir_on_watermark(at);
  }
  template <class T>
  static void on_timers(T& self, std::uint32_t family, const weir_batch& fired) {
    self.weir_on_timers(family, fired);
  }
  template <class T>
  static void end_of_port(T& self, std::uint32_t port) {
    self.weir_end_of_port(port);
  }
  template <class T>
  static void flush(T& self) {
    self.weir_flush();
  }

  template <class T, class Wait>
  static auto poll(T& self, Wait wait) {
    return self.weir_poll(wait);
  }

  static void send(runtime& rt) {
    if (!rt.families.empty()) send_timers(rt);
    for (auto* port : rt.ports)
      if (port) port->send();
  }
  static void drop(runtime& rt) noexcept {
    drop_timers(rt);
    for (auto* port : rt.ports)
      if (port) port->drop();
  }
  // Hands the row in work to the dead-letter port and takes back what it emitted.
  [[gnu::cold, gnu::noinline]] static void bury(runtime& rt, const failure& why, std::string_view original) {
    for (auto* port : rt.ports)
      if (port) port->roll_back();
    roll_back_timers(rt);
    host_says(rt.host->dead_letter(rt.context, rt.batch, rt.row, why.code(), view(why.what()), view(original)));
  }
  [[gnu::cold, gnu::noinline]] static void send_large(runtime& rt) {
    rt.large = false;
    send(rt);
  }

  // Calls one(row, time) for each row; a failure buries the row and goes on. on_failure(row) hears of it.
  template <class One, class OnFailure, class Original>
  static void for_rows(runtime& rt, One&& one, OnFailure&& on_failure, Original&& original) {
    const auto& b = *rt.batch;
    const std::int64_t count = b.row_count;
    for (std::int64_t k = 0; k < count;) {
      try {
        for (; k < count; ++k) {
          rt.row = b.rows ? b.rows[k] : static_cast<std::uint32_t>(k);
          rt.index = k;
          one(rt.row, b.event_time ? at(b.event_time[rt.row]) : no_time);
          if (rt.large) [[unlikely]]
            send_large(rt);
        }
      } catch (const failure& why) {
        bury(rt, why, original(rt.row));
        on_failure(k, rt.row);
        ++k;
      }
    }
    rt.row = no_row;
  }
  template <class One>
  static void for_rows(runtime& rt, One&& one) {
    for_rows(
        rt, static_cast<One&&>(one), [](std::int64_t, std::uint32_t) {},
        [](std::uint32_t) { return std::string_view{}; });
  }

  // Members that keep state and timers; in weir/state.hpp.
  static void declare_state(binder& b, runtime& rt);
  static void send_timers(runtime& rt);
  static void drop_timers(runtime& rt) noexcept;
  static void roll_back_timers(runtime& rt);

  // Binds a record's members to the columns of an input port; each misfit becomes an error of the binder.
  template <class Record>
  WEIR_DETAIL_COLD static void bind_record(binder& b, std::uint32_t port, record_reader<Record>& reader) {
    complaints wrong;
    reader.bind(b.input(port).fields, "", wrong);
    complain(b, port, wrong);
  }
  WEIR_DETAIL_COLD static void complain(binder& b, std::uint32_t port, const complaints& wrong) {
    const auto& from = b.input_name(port);
    for (const auto& why : wrong)
      b.error(WEIR_E_SCHEMA, "", from.empty() ? why : sentence({why, " (input from '", from, "')"}));
  }
  WEIR_DETAIL_COLD static void declare(binder& b, const runtime& rt) {
    for (const auto* port : rt.ports)
      if (port) b.output(port->name(), port->columns());
  }
};
}  // namespace weir::detail
#endif  // WEIR_DETAIL_ACCESS_HPP
