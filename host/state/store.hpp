#pragma once
// store: the keyed state and the timers of one operator in one subtask. What stands behind weir.state/1 and
// weir.timers/1 (sdk/include/weir/ext/draft/state.h, timers.h), cuts of it, and their restore.
//
// Everything here belongs to the thread of the task: no locks, and the same history of calls gives the same answers in
// the same order. Functions that give a weir_code answer like their namesakes in state.h; why() says what a negative
// code was about.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.hpp"
#include "base/result.hpp"
#include "model/batch.hpp"
#include "model/group_share.hpp"
#include "model/key_hash.hpp"
#include "model/state_change.hpp"
#include "model/state_shape.hpp"
#include "model/type.hpp"
#include "state/memory_pool.hpp"
#include "weir/ext/draft/state.h"
#include "weir/ext/draft/timers.h"

namespace weir::state {

class evolution;

using declaration = model::state_declaration;

inline constexpr std::uint32_t value_bytes_max = 1u << 20;  ///< of a WEIR_STATE_VALUE
inline constexpr std::uint32_t key_bytes_max = 1u << 19;    ///< of an encoded key; a longer one is WEIR_E_STATE

struct load_options {
  bool allow_dropped = false;  ///< states and timer families that are no longer declared are left out; else an error
  /// What the host cannot convert by itself is asked of the plugin; null: it is an error. Lives as long as the store,
  /// or until loaded().
  model::state_migrations migrate;
};

/// Where entries go that the memory budget has no room for.
struct spill_options {
  /// Of this store alone; deleted at the end. Empty: nothing leaves memory, more than the budget is WEIR_E_EXTERNAL.
  std::string directory;
  std::shared_ptr<memory_pool> pool;
  std::uint64_t disk_bytes = 32 << 20;  ///< of the caches and write buffers of the disk side
};

/// [task]
class store {
 public:
  /// cuts false: there will be no cut, so what changed is not written down. env outlives the store.
  store(model::state_shape what, base::env& env, bool cuts = true);
  ~store();
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  /// What the operator keeps; as given.
  const model::state_shape& what() const noexcept;

  /// Before the first use: lets entries that were not used for long leave memory for a directory of the real file
  /// system, which is made when the budget is first used up. Timers stay. A disk that fails is WEIR_E_EXTERNAL of the
  /// calls that need it.
  void spill(spill_options how);
  /// What is in memory is above the budget and does not leave it: a cut helps when the list of what changed is the reason.
  bool wants_cut() noexcept;
  /// More is in memory than the budget has room for.
  bool is_over_budget() noexcept;
  /// Far more, and it can only leave when more of the cut in work is captured: no rows until then.
  bool is_jammed();

  /// Before each call into the plugin: the clocks that TTL goes by. Slots and scans of the call before end here:
  /// entries without a value give their memory back, and a bounded number of expired ones is swept.
  void set_time(std::int64_t now_us, std::int64_t watermark_us);

  // ---- weir_state_host, by state number. `key`: the key columns of the batch's port; empty: the one empty key.
  weir_code slots(std::uint32_t state, const model::batch& rows_of, std::span<const std::uint32_t> key,
                  const std::uint32_t* rows, std::int64_t count, const std::int64_t* name_spaces, std::uint32_t flags,
                  weir_slot** out);
  std::uint32_t epoch() const noexcept;
  weir_code touch(std::uint32_t state, weir_slot* slot);
  weir_code clear(std::uint32_t state, weir_slot* slot);
  weir_code bytes_get(std::uint32_t state, weir_slot* slot, weir_view* out);
  weir_code bytes_put(std::uint32_t state, weir_slot* slot, weir_view value);
  weir_code list_size(std::uint32_t state, weir_slot* slot, std::uint64_t* out);
  weir_code list_add(std::uint32_t state, weir_slot* slot, weir_view element);
  weir_code list_at(std::uint32_t state, weir_slot* slot, std::uint64_t i, weir_view* out);
  weir_code list_trim(std::uint32_t state, weir_slot* slot, std::uint64_t from);
  weir_code map_get(std::uint32_t state, weir_slot* slot, weir_view key, weir_view* out);
  weir_code map_put(std::uint32_t state, weir_slot* slot, weir_view key, weir_view value);
  weir_code map_remove(std::uint32_t state, weir_slot* slot, weir_view key);
  weir_code map_next(std::uint32_t state, weir_slot* slot, weir_view after, weir_view* key, weir_view* value);
  /// At most scan_rows_max slots at a time. *keys has the key columns and key_hash; its key columns are 0, 1, ...
  weir_code scan(std::uint32_t state, std::int64_t name_space, std::uint64_t* cursor, model::batch_ref* keys,
                 weir_slot*** out);
  weir_code drop(std::uint32_t state, std::int64_t name_space);
  weir_code next_name_space(std::uint32_t state, std::int64_t from, std::int64_t* out);
  // The same for an operator that serves a part of the keys (parts.cpp): it sees and drops entries of these alone.
  weir_code scan(std::uint32_t state, std::int64_t name_space, const model::group_part& of, std::uint64_t* cursor,
                 model::batch_ref* keys, weir_slot*** out);
  weir_code drop(std::uint32_t state, std::int64_t name_space, const model::group_part& of);
  weir_code next_name_space(std::uint32_t state, std::int64_t from, const model::group_part& of, std::int64_t* out);
  static constexpr std::int64_t scan_rows_max = 1024;

  // ---- weir_timers_host, by family number.
  weir_code timer_set(std::uint32_t family, const model::batch& rows_of, std::span<const std::uint32_t> key,
                      const std::uint32_t* rows, const std::int64_t* times_us, std::int64_t count);
  weir_code timer_clear(std::uint32_t family, const model::batch& rows_of, std::span<const std::uint32_t> key,
                        const std::uint32_t* rows, const std::int64_t* times_us, std::int64_t count);
  /// Due timers (time <= until_us) of one family, the one with the earliest due time, in ascending order of time (equal
  /// times: by key); at most `limit` rows, and none that is later than a due timer of another family of that kind. They
  /// are removed. Null: none is due. The batch has the key columns, key_hash, and event_time = the timers' times.
  model::batch_ref pop_due(std::uint32_t time_kind, std::int64_t until_us, std::int64_t limit, std::uint32_t* family);
  /// No timer of the kind is due before this time; INT64_MAX: there is none. Earlier than the next timer only when
  /// timers were cleared; pop_due up to it makes it exact.
  std::int64_t next_timer(std::uint32_t time_kind) const;

  // ---- cuts. One at a time: cut() only when the last capture() of the cut before has answered false, or after
  // abandon().
  /// The synchronous part: from here on changes belong to the next cut. Copies nothing.
  void cut();
  /// Between calls into the plugin: appends one self-contained block of about so many bytes (a large value makes it
  /// longer), or nothing. false: that was the last one of this cut. Blocks of a cut, and cuts, are loaded in the order
  /// they were written.
  bool capture(std::size_t about_bytes, std::string& block);
  /// Between cut() and the last capture() of it.
  bool capturing() const noexcept;
  /// A cut that will not be completed: what was not captured, and what was, belongs to the next cut again.
  void abandon();

  // ---- another version of the operator, which declares its states otherwise
  /// Between two calls into the plugin: from here on the states are those of how->now(). Nothing is converted yet: an entry is
  /// when its key is asked for, all of a name space when it is scanned, and some with each set_time. What an evolution before has
  /// left is converted at once. An error: nothing may be done with the store any more.
  weir_code evolve(std::unique_ptr<evolution> how);
  /// Converts about so many entries more, if there are any. *did: there were.
  weir_code evolve_some(std::size_t most, bool* did);
  /// All that is left.
  weir_code evolve_rest();
  /// Entries that are still as an older version keeps them.
  std::uint64_t evolves() const noexcept;

  // ---- restore, into a fresh store.
  /// A block; older ones first, from any number of subtasks. Entries of key groups that are not owned are left out;
  /// entries of the empty key belong to every subtask. Values with other fields than declared are converted
  /// (convert.hpp); the first cut after that says everything, in the declared form.
  base::result<void> load(std::string_view block, const load_options& how = {});
  /// All blocks are in. An error when something is left that the store may not leave out: a state that is not declared
  /// any more, or whose form nobody converts.
  base::result<void> loaded();
  /// For people, behind loaded(): which values were converted and how, and what was left out. Empty: all is as it was written.
  const std::vector<std::string>& conversions() const noexcept;

  /// Memory of this store: tables, values, lists, maps, timers; what is kept for reuse included.
  std::uint64_t memory_bytes() const noexcept;
  /// Entries of all states and timers (those that were cleared and wait for a cut included).
  std::uint64_t entries() const noexcept;
  /// Of those, on disk.
  std::uint64_t cold_entries() const noexcept;
  /// What the last negative code was about; for weir_host.fail.
  const std::string& why() const noexcept;

 private:
  friend class folder;  // which is a store that takes states as they come
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace weir::state
