#pragma once
// What keyed state and timers an operator has: declared in its bind(), built by the engine in each subtask, written with
// every snapshot. Plain data; the meaning of kinds and times is that of sdk/include/weir/ext/draft/state.h and timers.h.
#include <cstdint>
#include <string>
#include <vector>

#include "model/key_hash.hpp"
#include "model/type.hpp"

namespace weir::model {

struct state_declaration {
  std::string name;              ///< unique in the operator
  std::uint32_t kind = 0;        ///< WEIR_STATE_...
  schema_ref value;              ///< fields of a value, an element, a map's value
  schema_ref map_key;            ///< map: fields of its key; null otherwise
  std::int64_t ttl_us = 0;       ///< 0: kept for ever
  std::uint32_t ttl_time = 0;    ///< WEIR_TTL_...
  std::uint32_t value_size = 0;  ///< bytes of a WEIR_STATE_VALUE
};

/// What is stored by one is the other's as it is.
inline bool same_state(const state_declaration& a, const state_declaration& b) {
  return a.name == b.name && a.kind == b.kind && a.ttl_us == b.ttl_us && a.ttl_time == b.ttl_time &&
         a.value_size == b.value_size && same_schema(a.value, b.value) && same_schema(a.map_key, b.map_key);
}

struct timer_declaration {
  std::string name;             ///< unique in the operator
  std::uint32_t time_kind = 0;  ///< WEIR_TIMER_...
};

/// All of one operator in one subtask.
struct state_shape {
  std::vector<field> key;  ///< names and types of the key columns of the first keyed input; empty: one empty key
  std::vector<state_declaration> states;
  std::vector<timer_declaration> timers;
  std::uint32_t key_groups = 128;  ///< of the pipeline
  key_group_range own{0, 128};

  bool empty() const { return states.empty() && timers.empty(); }
};

}  // namespace weir::model
