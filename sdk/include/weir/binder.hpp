// weir/binder.hpp: one node of a pipeline while its schemas are resolved. Batch operators, and whoever computes its
// schemas, get it in bind(). [control] The same calls are repeated, without the host, when a subtask's instance is made
// [task]: bind() must only depend on the configuration and the schemas.
#ifndef WEIR_BINDER_HPP
#define WEIR_BINDER_HPP

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "weir/config.hpp"
#include "weir/ext/draft/cuts.h"
#include "weir/ext/draft/outside.h"
#include "weir/ext/draft/state.h"
#include "weir/ext/draft/timers.h"
#include "weir/schema.hpp"

namespace weir {
namespace detail {

struct bound_input {
  weir::schema columns;
  std::string name;
  std::vector<std::uint32_t> key;
};
struct bound_output {
  std::string name;
  weir::schema columns;
  std::vector<std::int32_t> passes;  // empty: none is passed through
};
// Microseconds; see ext/draft/cuts.h.
struct bound_cuts {
  std::int64_t interval = 0, restart_pause = 0;
};
// What bind() learned and create() needs. Immutable after bind, shared by the subtasks.
struct bound {
  config_node options;
  std::vector<bound_input> inputs;
  std::vector<bound_output> outputs;
  std::uint32_t states = 0, timers = 0;  // how many were declared
  bound_cuts cuts{};
};
struct runtime;
}  // namespace detail

// The time that a timer or a time to live goes by.
enum class time_kind : std::uint32_t {
  event = WEIR_TIMER_EVENT_TIME,           // the watermark
  processing = WEIR_TIMER_PROCESSING_TIME  // the clock on the wall
};
// Time to live of a value in the state: gone this long after it was written last. 0: kept for ever.
struct ttl {
  duration after{};
  time_kind by = time_kind::processing;
};

enum class state_kind : std::uint32_t {
  value = WEIR_STATE_VALUE,  // one value of value_size bytes, in place
  bytes = WEIR_STATE_BYTES,  // one value of any size
  list = WEIR_STATE_LIST,    // elements of any size, in the order they were added
  mapping = WEIR_STATE_MAP   // byte keys to byte values, in the order of the keys' bytes
};
// What binder::state() declares.
struct state_options {
  std::string name;  // [a-z0-9_]+, unique in the operator
  state_kind kind = state_kind::value;
  schema value{};    // fields of a value, an element, a map's value: stored with the state, for people and tools
  schema map_key{};  // map: fields of its key
  std::uint32_t value_size = 0;  // state_kind::value: bytes of a C struct of the fields in order
  ttl keep{};
};
class keyed_state;
class timer_family;

class binder {
 public:
  binder(detail::bound& facts, const weir_host* host, weir_bind* node, detail::runtime* of = nullptr)
      : facts_{facts}, host_{host}, node_{node}, runtime_{of} {
    facts_.outputs.clear();
    facts_.states = facts_.timers = 0;
  }

  [[nodiscard]] std::uint32_t input_count() const { return static_cast<std::uint32_t>(facts_.inputs.size()); }
  [[nodiscard]] const schema& input(std::uint32_t port = 0) const { return facts_.inputs.at(port).columns; }
  // The name of the node that feeds a port, as `from` says it.
  [[nodiscard]] const std::string& input_name(std::uint32_t port) const { return facts_.inputs.at(port).name; }
  // The key columns of a port; empty: no key.
  [[nodiscard]] const std::vector<std::uint32_t>& key(std::uint32_t port = 0) const {
    return facts_.inputs.at(port).key;
  }

  // Time between two checkpoints; 0: the pipeline takes none, there is only the cut at its end.
  [[nodiscard]] duration checkpoint_interval() const { return duration{facts_.cuts.interval}; }
  // The longest pause that is made before a worker that failed runs again.
  [[nodiscard]] duration restart_pause() const { return duration{facts_.cuts.restart_pause}; }

  // Adds the next output port; name "" for the first. passes: for each column the input column that goes through
  // unchanged, -1: written by the operator; empty: none goes through. Returns the port's number.
  WEIR_DETAIL_COLD std::uint32_t output(std::string_view name, schema columns, std::vector<std::int32_t> passes = {}) {
    if (!passes.empty() && passes.size() != columns.size())
      throw plugin_error{
          detail::sentence({"output '", name, "': passes has ", detail::digits(static_cast<long long>(passes.size())),
                            " entries for ", detail::digits(static_cast<long long>(columns.size())), " columns"})};
    if (host_) {
      const detail::arrow_schema raw{columns};
      const auto code =
          host_->bind_output(node_, detail::view(name), raw.get(), passes.empty() ? nullptr : passes.data());
      detail::host_says(code);
    }
    facts_.outputs.push_back({std::string{name}, std::move(columns), std::move(passes)});
    return static_cast<std::uint32_t>(facts_.outputs.size() - 1);
  }
  // An output that is the input as it is: every column goes through.
  WEIR_DETAIL_COLD std::uint32_t output_like_input(std::string_view name, std::uint32_t port = 0) {
    std::vector<std::int32_t> passes;
    for (std::size_t i = 0; i < input(port).size(); ++i) passes.push_back(static_cast<std::int32_t>(i));
    return output(name, input(port), std::move(passes));
  }

  // Keyed state, and timers of a key: see weir/keyed_state.hpp. The key is that of the input port's exchange; all ports
  // with a key have the same key types. Without any key there is one state for all rows.
  keyed_state state(const state_options& what);
  timer_family timers(const std::string& name, time_kind by = time_kind::event);
  // The key columns of the first input port that has a key; empty: none has.
  WEIR_DETAIL_COLD [[nodiscard]] schema key_columns() const {
    schema out;
    for (const auto& in : facts_.inputs) {
      for (const auto column : in.key) out.fields.push_back(in.columns[column]);
      if (out.size()) break;
    }
    return out;
  }

  [[nodiscard]] const std::vector<detail::bound_output>& outputs() const { return facts_.outputs; }

  // Reports one thing that is wrong and goes on, so that people see all of them at once. `option` may be empty.
  WEIR_DETAIL_COLD void error(weir_code code, std::string_view option, std::string_view why, std::int64_t at = -1) {
    if (host_) host_->bind_error(node_, code, detail::view(option), at, detail::view(why));
    if (first_error_ == WEIR_OK) first_error_ = code;
  }
  // How long systems outside may be asked what they allow, all questions together; 0: not at all. Only `weir check` and changes of a
  // running pipeline let it be asked.
  WEIR_DETAIL_COLD [[nodiscard]] duration may_ask_outside() const {
    const auto* outside = outside_table();
    return duration{outside ? outside->patience(node_) : 0};
  }
  // What could not be found out is no error: the pipeline may be right.
  WEIR_DETAIL_COLD void warn(std::string_view option, std::string_view why) {
    if (const auto* outside = outside_table()) outside->warn(node_, detail::view(option), detail::view(why));
  }
  [[nodiscard]] weir_code first_error() const { return first_error_; }

  // The boundary's own tables, for extensions (host()->extension(id)) whose calls take the node. Null while bind() is
  // repeated for a subtask's instance.
  [[nodiscard]] const weir_host* host() const { return host_; }
  [[nodiscard]] weir_bind* node() const { return node_; }

 private:
  [[nodiscard]] const weir_outside* outside_table() const {
    return host_ && host_->extension ? static_cast<const weir_outside*>(host_->extension(WEIR_EXT_OUTSIDE)) : nullptr;
  }
  detail::bound& facts_;
  const weir_host* host_;
  weir_bind* node_;
  detail::runtime* runtime_;
  weir_code first_error_ = WEIR_OK;
};
}  // namespace weir
#endif  // WEIR_BINDER_HPP
