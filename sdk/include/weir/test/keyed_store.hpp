// weir/test/keyed_store.hpp: keyed state and timers in std::map: what the fake host has behind weir.state/1 and
// weir.timers/1. Slow, plain, and strict: slots move after every call, a slot of a dropped name space is overwritten,
// and a cut holds what was touched and nothing else, so that a forgotten touch is seen after restore.
#ifndef WEIR_TEST_KEYED_STORE_HPP
#define WEIR_TEST_KEYED_STORE_HPP

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "weir/ext/draft/state.h"
#include "weir/ext/draft/timers.h"
#include "weir/test/memory.hpp"

namespace weir::test {

// What bind() declared.
struct declared_state {
  std::string name;
  std::uint32_t kind = WEIR_STATE_VALUE;
  schema value, map_key;
  std::int64_t ttl_us = 0;
  std::uint32_t ttl_time = 0, value_size = 0;
};
struct declared_timers {
  std::string name;
  std::uint32_t time_kind = WEIR_TIMER_EVENT_TIME;
};

// State as it stood at a cut, a plain value. Keys and values are bytes; names say where they belong.
struct keyed_image {
  struct value {
    std::string bytes;  // WEIR_STATE_VALUE, WEIR_STATE_BYTES
    std::vector<std::string> list;
    std::map<std::string, std::string> map;
    std::int64_t written_us = 0;
    friend bool operator==(const value&, const value&) = default;
  };
  using place = std::pair<std::int64_t, std::string>;  // name space, key
  std::map<std::string, std::map<place, value>> states;
  std::map<std::string, std::set<std::pair<std::int64_t, std::string>>> timers;  // time, key
};

// One subtask's state. One thread.
class keyed_store {
 public:
  // key: the key columns of the operator; empty: one empty key.
  keyed_store(std::vector<field> key, std::vector<declared_state> states, std::vector<declared_timers> timers);
  keyed_store(const keyed_store&) = delete;
  keyed_store& operator=(const keyed_store&) = delete;
  ~keyed_store();

  // Before each call into the plugin: the clocks that times to live go by.
  void begin_call(std::int64_t now_us, std::int64_t watermark_us);
  // After it: slots move, those without a value go.
  void end_call();

  // The calls of weir.state/1. A batch names its key columns by owned_batch::key.
  weir_code slots(std::uint32_t state, const owned_batch& batch, const std::uint32_t* rows, std::int64_t count,
                  const std::int64_t* name_spaces, std::uint32_t flags, weir_slot** out);
  [[nodiscard]] std::uint32_t epoch() const { return epoch_; }
  weir_code touch(std::uint32_t state, weir_slot* s);
  weir_code clear(std::uint32_t state, weir_slot* s);
  weir_code bytes_get(std::uint32_t state, weir_slot* s, weir_view* out);
  weir_code bytes_put(std::uint32_t state, weir_slot* s, weir_view value);
  weir_code list_size(std::uint32_t state, weir_slot* s, std::uint64_t* out);
  weir_code list_add(std::uint32_t state, weir_slot* s, weir_view element);
  weir_code list_at(std::uint32_t state, weir_slot* s, std::uint64_t i, weir_view* out);
  weir_code list_trim(std::uint32_t state, weir_slot* s, std::uint64_t from);
  weir_code map_get(std::uint32_t state, weir_slot* s, weir_view key, weir_view* out);
  weir_code map_put(std::uint32_t state, weir_slot* s, weir_view key, weir_view value);
  weir_code map_remove(std::uint32_t state, weir_slot* s, weir_view key);
  weir_code map_next(std::uint32_t state, weir_slot* s, weir_view after, weir_view* key, weir_view* value);
  // keys: a batch of the key columns.
  weir_code scan(std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor, owned_batch& keys,
                 weir_slot*** out);
  weir_code drop(std::uint32_t state, std::int64_t name_space);
  weir_code next_name_space(std::uint32_t state, std::int64_t from, std::int64_t* out);

  // Sets (clears) timers of rows; null rows: the batch's rows to process.
  weir_code timers(std::uint32_t family, const owned_batch& batch, const std::uint32_t* rows,
                   const std::int64_t* times_us, std::int64_t count, bool set);
  // Takes out due timers of one family, in the order of their times; nullopt: none is due.
  std::optional<owned_batch> pop_due(std::uint32_t time_kind, std::int64_t until_us, std::uint32_t* family);

  // A cut: what it holds, and from here on changes belong to the next one.
  keyed_image cut();
  void restore(const keyed_image& from);

  [[nodiscard]] const std::vector<field>& key() const { return key_; }
  // Live values of a state, over all keys and name spaces.
  [[nodiscard]] std::size_t count(std::string_view state) const;
  [[nodiscard]] std::size_t timer_count(std::string_view family) const;
  // The packed key of one row.
  [[nodiscard]] static std::string key_of(const owned_batch& batch, std::uint32_t row);

 private:
  struct cell;
  struct table;
  cell* find(std::uint32_t state, weir_slot* s);
  cell* writable(std::uint32_t state, weir_slot* s, std::uint32_t kind);
  [[nodiscard]] std::int64_t clock_of(const declared_state& d) const;
  void wash(const declared_state& d, cell& c);
  owned_batch keys_batch(const std::vector<std::string>& keys) const;

  std::vector<field> key_;
  std::vector<std::unique_ptr<table>> tables_;
  std::vector<declared_timers> families_;
  std::vector<std::set<std::pair<std::int64_t, std::string>>> due_;
  keyed_image base_;  // the last cut
  std::uint32_t epoch_ = 1;
  std::int64_t now_us_ = 0, watermark_us_ = 0;
  std::vector<weir_slot*> scanned_;
};

// The hash of a packed key, as batches carry it.
std::uint64_t hash_of_key(std::string_view packed);

}  // namespace weir::test
#endif  // WEIR_TEST_KEYED_STORE_HPP
