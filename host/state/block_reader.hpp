#pragma once
// Reads blocks that store::capture wrote, without the operator: for people (weir state), by the schemas in the block.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/type.hpp"

namespace weir::state {

enum class entry_kind : std::uint8_t {
  put,      ///< this is the value now
  merge,    ///< list: first `trim` elements gone, then these added; map: these entries set, those of `removed` gone
  removed,  ///< the key has no value any more
  dropped,  ///< the whole name space is gone, in the key groups of the writer; no key
  reset,    ///< all of the state that the writer owned is gone; no key, no name space
  ended,    ///< the writer has no value of this form any more, each was removed before; no key, no name space
};

/// One record of a block. Texts are JSON; views live until the visitor returns.
struct block_entry {
  std::string_view state;  ///< name of the state or timer family
  std::uint32_t kind = 0;  ///< WEIR_STATE_..., or block_timer_kind
  entry_kind what = entry_kind::put;
  std::int64_t name_space = 0;
  std::string_view key;  ///< {"account":7}
  std::uint64_t key_hash = 0;
  std::string_view value;  ///< value: {...}; list: [{...},...]; map: [{"key":{...},"value":{...}},...]; timer: its time
  std::string_view removed;  ///< merge of a map: [{...},...]
  std::uint64_t trim = 0;    ///< merge of a list
};
inline constexpr std::uint32_t block_timer_kind = 100;

/// Calls visit for each record, in order; false from it stops without an error. Errors name the state.
base::result<void> read_block(std::string_view block, const std::function<bool(const block_entry&)>& visit);

}  // namespace weir::state
