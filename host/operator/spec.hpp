#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/state_shape.hpp"
#include "model/type.hpp"
#include "weir/abi.h"

namespace weir::op {

/// What happens with a row that a node cannot process.
enum class on_error : std::uint8_t { fail, skip, dead_letter };

struct output_port {
  std::string name;
  std::shared_ptr<const model::schema> schema;
  /// For each column the input column that it passes through, or -1 when the plugin writes it.
  std::vector<std::int32_t> passes;
  bool connected = false;
};

/// What is known of an operator that has ended the worker before: its records are given to it one by one, so that the one
/// that does it is known the next time, and those that are known go to dead letters instead.
struct suspicion {
  std::set<std::uint64_t> records;  ///< fingerprints, as base::activity::record told them
};

/// A node of the pipeline, resolved; shared by its subtasks, immutable.
struct spec {
  std::string pipeline;
  std::string id;  ///< as people know it: a hidden decoder has its source's id
  std::string plugin, version;
  std::string type;  ///< "filter"
  std::uint32_t parallelism = 1;
  std::uint32_t key_groups = 128;
  std::uint32_t batch_rows = 1024;               ///< the most rows of a batch that a source makes
  const weir_operator* op = nullptr;             ///< null for a source
  const weir_source* source = nullptr;           ///< null for an operator
  const void* plan = nullptr;                    ///< what bind made; kept alive by `keep`
  std::vector<model::field> key_fields;          ///< of its keyed state
  std::vector<model::state_declaration> states;  ///< declared in bind
  std::vector<model::timer_declaration> timers;
  bool state_is_cut = true;                      ///< cuts are made of the keyed state
  std::vector<std::vector<std::uint32_t>> keys;  ///< per input port: key columns; empty: no key
  std::vector<output_port> outputs;
  on_error policy = on_error::fail;
  bool dead_letters_connected = false;  ///< somebody reads the dead-letter port
  bool trace = false;                   ///< batches carry trace columns
  std::optional<suspicion> suspected;   ///< until the first cut: a restart goes back no further than that
  std::shared_ptr<const void> keep;     ///< the plugin's image and the bound plan
};

}  // namespace weir::op
