// weir/component.hpp: what every operator, sink, decoder and source has: where it runs, its clock, its log, its output
// ports.
#ifndef WEIR_COMPONENT_HPP
#define WEIR_COMPONENT_HPP

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/abi.h"
#include "weir/detail/writer.hpp"
#include "weir/ext/draft/state.h"
#include "weir/ext/draft/timers.h"
#include "weir/failure.hpp"
#include "weir/schema.hpp"
#include "weir/types.hpp"

namespace weir {

// Figures for the end of a run; see ext/draft/report.h.
class figures {
 public:
  using add_fn = void (*)(void*, std::string_view, std::uint64_t);
  figures(void* to, add_fn f) : to_{to}, add_{f} {}
  void add(std::string_view name, std::uint64_t value) { add_(to_, name, value); }

 private:
  void* to_;
  add_fn add_;
};

namespace detail {
struct access;
class output_port;
class state_member;
class timer_member;

inline constexpr std::uint32_t no_row = UINT32_MAX;
// A batch that grows past this is sent on and a new one begun, so that one greedy row cannot fill the memory unseen.
inline constexpr std::int64_t rows_per_output = 8192;

// One subtask as its instance sees it. [task]
struct runtime {
  const weir_host* host = nullptr;
  weir_context* context = nullptr;
  const weir_batch* batch = nullptr;         // while process runs
  std::uint32_t row = no_row;                // the physical row in work
  std::int64_t index = 0;                    // its place among the rows to process
  std::uint64_t call = 0;                    // counts the calls
  bool large = false;                        // an output has passed rows_per_output: send it after this row
  std::vector<output_port*> ports{};         // in the order of their numbers
  schema key{};                              // the key columns, of the first input port that has a key
  const weir_state_host* state = nullptr;    // null: no state was declared
  const weir_timers_host* timers = nullptr;  // null: no timers were declared
  std::vector<state_member*> states{};       // members of record operators
  std::vector<timer_member*> families{};
};
}  // namespace detail

class binder;

// Base of every component. Calls that need the host may be made from open() on, not in a constructor.
class component {
 public:
  component() = default;
  component(const component&) = delete;
  component& operator=(const component&) = delete;
  virtual ~component() = default;

 protected:
  // [task] Once, before the first record: connect to the outside. May block, may throw external_failure.
  virtual void open() {}

  void log(log_level level, std::string_view what) const {
    if (runtime_.context) runtime_.host->log(runtime_.context, static_cast<std::uint32_t>(level), detail::view(what));
  }
  // Processing time, from the host's clock.
  [[nodiscard]] time now() const { return detail::at(runtime_.host->now(runtime_.context)); }
  // The event-time clock: nothing older than this comes but late records. no_time: not begun.
  [[nodiscard]] time watermark() const { return detail::at(runtime_.host->watermark(runtime_.context)); }
  // False: nobody reads this output port; what is emitted there is dropped by the host.
  [[nodiscard]] bool connected(std::uint32_t port) const {
    return runtime_.host->port_connected(runtime_.context, port) != 0;
  }

  // The boundary's own tables, for extensions whose calls take the context: host()->extension(id). From open() on.
  [[nodiscard]] const weir_host* host() const { return runtime_.host; }
  [[nodiscard]] weir_context* context() const { return runtime_.context; }

  // The name behind a number of weir_batch.source_id; lives as long as the process.
  [[nodiscard]] std::string_view source_name(std::uint32_t source) const {
    return detail::chars(runtime_.host->source_name(runtime_.context, source));
  }

  struct place {
    std::uint32_t subtask, parallelism, key_groups;
    std::string_view pipeline, operator_id;
    std::uint32_t batch_rows;  // a source should not pass this many rows in a batch; 0: the host does not say
  };
  // Who and where this subtask is.
  [[nodiscard]] place where() const {
    weir_info i{};
    i.struct_size = sizeof i;
    runtime_.host->info(runtime_.context, &i);
    return {i.subtask,   i.parallelism, i.key_groups, detail::chars(i.pipeline), detail::chars(i.operator_id),
            i.batch_rows};
  }

  // ---- The row in work, while process(record) runs.
  [[nodiscard]] change_kind row_change() const {
    return runtime_.batch->change ? static_cast<change_kind>(runtime_.batch->change[runtime_.row])
                                  : change_kind::insert;
  }
  // 16 bytes; empty: tracing is off.
  [[nodiscard]] std::string_view row_trace() const {
    const auto* ids = runtime_.batch->trace_id;
    return ids ? std::string_view{reinterpret_cast<const char*>(ids) + std::size_t{runtime_.row} * 16, 16}
               : std::string_view{};
  }
  // The name of the system that the record came from; empty: tracing is off.
  [[nodiscard]] std::string_view row_source() const {
    const auto* sources = runtime_.batch->source_id;
    return sources ? detail::chars(runtime_.host->source_name(runtime_.context, sources[runtime_.row]))
                   : std::string_view{};
  }
  // Position in the split it was read from; -1: not known.
  [[nodiscard]] std::int64_t row_offset() const {
    const auto& b = *runtime_.batch;
    if (b.offset) return b.offset[runtime_.row];
    return b.first_offset < 0 ? -1 : b.first_offset + runtime_.row;
  }
  [[nodiscard]] std::uint64_t row_key_hash() const {
    return runtime_.batch->key_hash ? runtime_.batch->key_hash[runtime_.row] : 0;
  }

 private:
  friend struct detail::access;
  friend class detail::output_port;
  detail::runtime runtime_;
};
}  // namespace weir
#endif  // WEIR_COMPONENT_HPP
