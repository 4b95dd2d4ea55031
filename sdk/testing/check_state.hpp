// What the checker remembers of one plugin, one bind, one subtask. The objects here stand
// behind the opaque pointers that a checked plugin is given.
#ifndef WEIR_TESTING_CHECK_STATE_HPP
#define WEIR_TESTING_CHECK_STATE_HPP

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "check_columns.hpp"
#include "weir/ext/draft/state.h"
#include "weir/test/finding.hpp"

namespace weir::test::check {

// Tells threads apart without asking the operating system.
inline const void* this_thread() {
  static thread_local char mark;
  return &mark;
}

struct subtask;

// One operator or source under check.
struct component {
  const weir_operator* op = nullptr;
  const weir_source* source = nullptr;
  std::string name;
  finding_sink sink;
  std::mutex lock;
  std::list<std::unique_ptr<subtask>> subtasks;  // also destroyed ones: a plugin may still hold their context

  void report(side guilty, std::string rule, std::string_view call, std::string what) {
    const std::lock_guard guard{lock};
    if (sink) sink({guilty, std::move(rule), name + ": " + std::string{call}, std::move(what)});
  }
  void report(side guilty, const wrong& w, std::string_view call) { report(guilty, w.rule, call, w.what); }
  [[nodiscard]] const weir_option* options() const { return op ? op->options : source->options; }
  [[nodiscard]] std::uint64_t option_size() const { return op ? op->option_size : source->option_size; }
};

struct output_port {
  std::string name;
  schema columns;
  std::vector<std::int32_t> passes;
};

// The plan that the host holds in place of the plugin's.
struct bound_plan {
  component* of = nullptr;
  void* real = nullptr;
  const weir_host* host = nullptr;
  std::vector<schema> inputs;
  std::vector<std::vector<std::uint32_t>> keys;  // key columns, by input port
  schema key;                                    // of the first port that has one
  std::vector<output_port> outputs;
  struct state {
    std::string name;
    std::uint32_t kind, value_size;
  };
  std::vector<state> states;
  std::vector<std::pair<std::string, std::uint32_t>> timers;  // name, kind of time
  std::atomic<int> instances{0};
};

// Stands behind weir_bind while a plugin binds.
struct binding {
  component* of;
  const weir_host* host;
  weir_bind* real;
  bound_plan* plan;
  bool told = false;    // bind_error was called
  bool failed = false;  // bind_output was refused
  const weir_config* root = nullptr;
};

// Stands behind weir_splits, weir_bytes.
struct discovering {
  component* of;
  const weir_host* host;
  weir_splits* real;
  std::set<std::string> ids;
  bool told = false;
};
struct collecting {
  component* of;
  const weir_host* host;
  weir_bytes* real;
};

class batch_copy;

// Stands behind weir_context, and behind the `self` that the host holds.
struct subtask {
  component* of = nullptr;
  bound_plan* plan = nullptr;
  const weir_host* host = nullptr;
  void* self = nullptr;
  std::atomic<weir_context*> real{nullptr};
  std::atomic<const void*> thread{nullptr};
  std::atomic<const char*> call{nullptr};  // the call that runs; null: none
  bool destroyed = false;

  // During one call.
  bool told = false;               // fail() was called
  weir_code host_error = WEIR_OK;  // a host call returned this
  const char* host_call = nullptr;
  bool emitted = false;
  const weir_batch* batch_real = nullptr;
  weir_batch batch{};                                                // the copy that the plugin sees
  std::map<weir_builder*, std::pair<std::uint32_t, bool>> builders;  // open: port, beside
  std::map<const std::uint32_t*, std::int64_t> row_buffers;
  struct lent_slot {
    std::uint32_t state;
    std::int64_t name_space;  // of slots(); of a scan: the scan's
    weir_slot head;           // as it was given
    std::string value;        // its bytes then
    bool touched;             // it may be written
  };
  std::map<weir_slot*, lent_slot> slots;
  const weir_batch* scan_real = nullptr;             // the keys of the last scan
  std::shared_ptr<batch_copy> scan;                  // and the copy that the plugin sees
  std::map<std::uint32_t, std::int64_t> scanning{};  // scans between two parts: state, name space

  // Over its life.
  std::int64_t watermark = WEIR_TIME_MIN, watermark_seen = WEIR_TIME_MIN;
  std::set<std::uint32_t> ended_ports;
  std::set<std::uint64_t> prepared;  // cuts
  std::uint64_t newest_prepared = 0, newest_committed = 0;
  std::map<std::uint32_t, std::map<std::uint32_t, std::int64_t>> open_splits;  // newest position emitted, by port

  // Arrays given away by emit_array; the host must release each once.
  struct given {
    subtask* by;
    ArrowArray original;
    bool released = false;
  };
  std::list<std::unique_ptr<given>> arrays;

  void blame(std::string rule, std::string_view what_call, std::string what) {
    of->report(side::plugin, std::move(rule), what_call, std::move(what));
  }
  void blame(const wrong& w, std::string_view what_call) { of->report(side::plugin, w, what_call); }
  void blame_host(std::string rule, std::string_view what_call, std::string what) {
    of->report(side::host, std::move(rule), what_call, std::move(what));
  }
  [[nodiscard]] std::string_view running() const {
    const char* c = call.load(std::memory_order_relaxed);
    return c ? c : "no call";
  }
  [[nodiscard]] weir_context* raw() { return reinterpret_cast<weir_context*>(this); }
};

// At the end of a call: were slots written as the contract says?
void end_slots(subtask* s);

// The host that this thread serves, for the calls of the table that say nothing about it.
inline const weir_host*& current_host() {
  static thread_local const weir_host* host = nullptr;
  return host;
}
inline std::atomic<const weir_host*>& last_host() {
  static std::atomic<const weir_host*> host{nullptr};
  return host;
}
inline binding*& current_binding() {
  static thread_local binding* b = nullptr;
  return b;
}
}  // namespace weir::test::check
#endif  // WEIR_TESTING_CHECK_STATE_HPP
