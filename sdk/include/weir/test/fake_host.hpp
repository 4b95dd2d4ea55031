// weir/test/fake_host.hpp: a whole weir_host in the test's own process: one thread, a clock and a watermark that are
// moved by hand, outputs, dead letters and log lines that are kept for looking at. It does what abi.h says and nothing
// more.
#ifndef WEIR_TEST_FAKE_HOST_HPP
#define WEIR_TEST_FAKE_HOST_HPP

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "weir/abi.h"
#include "weir/binder.hpp"
#include "weir/test/config.hpp"
#include "weir/test/keyed_store.hpp"
#include "weir/test/memory.hpp"

namespace weir::test {

// What bind() was given and what it said. Stands behind weir_bind.
struct fake_bind {
  struct input {
    schema columns;
    std::string name;
    std::vector<std::uint32_t> key;
    std::unique_ptr<detail::arrow_schema> raw;
  };
  struct error {
    weir_code code;
    std::string option, why;
    std::int64_t at;
  };
  value config;
  std::vector<input> inputs;
  std::vector<detail::bound_output> outputs;
  std::vector<declared_state> states;
  std::vector<declared_timers> timers;
  std::vector<error> errors;
  // What the pipeline says of its cuts (ext/draft/cuts.h); 0: it takes none.
  duration checkpoint_interval{}, restart_pause{};

  // The key columns of the first input port that has a key.
  [[nodiscard]] std::vector<field> key() const;
  [[nodiscard]] weir_bind* raw() { return reinterpret_cast<weir_bind*>(this); }
  static fake_bind& of(weir_bind* b) { return *reinterpret_cast<fake_bind*>(b); }
};

struct dead_letter {
  weir_code code;
  std::string why;
  std::string original;   // what the plugin gave; empty: the row itself
  std::int64_t row = -1;  // physical row of the batch; -1: from a source
  time at = no_time;
};
struct log_line {
  log_level level;
  std::string text;
};

// One subtask. Stands behind weir_context. Members may be read and set between two calls.
struct fake_task {
  time now{};                // processing time
  time watermark = no_time;  // the event-time clock
  std::string pipeline = "test", operator_id = "under-test";
  std::uint32_t subtask = 0, parallelism = 1, key_groups = 128, batch_rows = 1024;
  bool tracing = false;
  std::set<std::uint32_t> unconnected;     // output ports without a reader
  weir_code dead_letter_answer = WEIR_OK;  // what dead_letter returns: another code is on_error = "fail"
  weir_code emit_answer = WEIR_OK;         // what emit returns: WEIR_E_STOPPED while a pipeline stops

  std::vector<detail::bound_output> ports;
  std::vector<std::vector<owned_batch>> emitted;  // by port
  std::vector<dead_letter> dead_letters;
  std::vector<log_line> log;
  weir_code failed = WEIR_OK;  // what fail() said last
  std::string failure;
  std::vector<std::string> source_names;
  struct split_state {
    bool idle = false, ended = false;
    std::int64_t pending = -1;
  };
  std::map<std::uint32_t, split_state> splits;

  std::unique_ptr<keyed_store> state;                           // null: bind declared no state and no timers
  owned_batch* batch = nullptr;                                 // while process or on_timers runs
  std::unique_ptr<std::pair<owned_batch, weir_batch>> scanned;  // the keys of the last scan
  std::map<weir_builder*, std::unique_ptr<owned_builder>> builders;
  std::map<std::uint32_t*, block> row_buffers;

  [[nodiscard]] weir_context* raw() { return reinterpret_cast<weir_context*>(this); }
  static fake_task& of(weir_context* c) { return *reinterpret_cast<fake_task*>(c); }
  // Before and after each call: the state learns the time; what was not emitted is discarded.
  void begin_call();
  void end_call();
};

// What discover() names. Stands behind weir_splits.
struct fake_splits {
  std::vector<std::string> ids;
  std::int64_t ask_again_us = -1;
  std::string why;  // of an error
};

// The table, one for the process.
const weir_host& fake_host();
// Its optional interfaces: weir.state/1, weir.timers/1.
const void* fake_extension(const char* id);

}  // namespace weir::test
#endif  // WEIR_TEST_FAKE_HOST_HPP
