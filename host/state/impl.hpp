#pragma once
// store::impl: what the parts of a store share. Of this room only.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/batch_builder.hpp"
#include "state/arena.hpp"
#include "state/cold.hpp"
#include "state/convert.hpp"
#include "state/evolution.hpp"
#include "state/key.hpp"
#include "state/keyed.hpp"
#include "state/store.hpp"
#include "state/table.hpp"
#include "state/unread.hpp"

namespace weir::state {

struct store::impl {
  explicit impl(model::state_shape what, bool with_cuts = true);
  ~impl();

  // ---- parts (store.cpp)
  keyed& add_keyed(std::string name, std::uint32_t kind, std::uint32_t number);
  keyed& declare(const declaration& d, std::uint32_t number);
  void finish_layout(keyed& s);
  weir_code fail(weir_code code, std::string why_not) {
    why = std::move(why_not);
    return code;
  }
  weir_code no_memory(const keyed& s);
  keyed* state_at(std::uint32_t number) noexcept { return number < what.states.size() ? states[number] : nullptr; }
  weir_code check_slot(std::uint32_t number, weir_slot* slot, std::uint32_t kind, keyed*& s);
  table& make_table(keyed& s, std::int64_t ns);
  /// Takes a table away, without a record of it; later when the cut in work still needs it.
  void take_table(keyed& s, table& t);
  void drop_table(keyed& s, table& t);
  /// Frees a table that is in no map any more; a large one with values outside of it bit by bit.
  void bury(keyed& s, std::unique_ptr<table> t);
  void dig(keyed& s, int most);
  void set_time(std::int64_t now_us, std::int64_t watermark_us);
  /// of: null: all keys.
  bool any_present(keyed& s, table& t, const model::group_part* of = nullptr);
  weir_code scan(keyed& s, std::int64_t ns, const model::group_part* of, std::uint64_t* cursor, model::batch_ref* keys,
                 weir_slot*** out);
  /// A batch of the keys of these entries. times: of timers; null: none.
  model::batch_ref keys_of(keyed& s, const std::vector<char*>& from, const std::int64_t* times);

  // ---- of a part of the keys (parts.cpp)
  /// All of a table is in memory after it.
  weir_code bring_all_back(keyed& s, table& t);
  weir_code drop_part(keyed& s, table& t, const model::group_part& of);

  // ---- slots (resolve.cpp)
  weir_code resolve(keyed& s, const model::batch& rows_of, std::span<const std::uint32_t> key,
                    const std::uint32_t* rows, std::int64_t count, const std::int64_t* name_spaces,
                    const std::int64_t* times, std::uint32_t flags, weir_slot** out);
  template <class Keys>
  weir_code resolve_rows(keyed& s, const Keys& keys, std::int64_t count, const std::int64_t* name_spaces,
                         std::uint32_t flags, weir_slot** out);
  template <class Keys>
  weir_code resolve_near(keyed& s, table& t, const Keys& keys, std::int64_t count, std::uint32_t flags,
                         weir_slot** out);
  template <class Keys>
  char* resolve_slowly(keyed& s, table* t, const Keys& keys, std::int64_t k, std::uint64_t hash, std::uint32_t flags,
                       weir_code& code);
  char* find_or_make(keyed& s, table& t, std::uint64_t hash, const key_bytes& key, std::uint32_t flags);
  void expire_slots(keyed& s, std::int64_t count, std::uint32_t flags, weir_slot** out);

  // ---- two forms at once (evolve.cpp). n: the newer form of a state, which has an older one
  weir_code evolve(std::unique_ptr<evolution> by);
  weir_code evolve_some(std::size_t most, bool* did);
  weir_code evolve_rest();
  /// The entry of a key comes over from the older form. Null with code WEIR_OK: it has none there.
  char* take_over(keyed& n, table& t, std::uint64_t hash, const key_bytes& key, weir_code& code);
  /// The waits for entries that are likely to come over. found: places in the tables of the newer form; 0: none.
  void prefetch_older(keyed& n, table* const* tables, const std::uint64_t* hashes, const place* found,
                      std::int64_t count);
  /// All of a name space; all of the state.
  weir_code take_over_all(keyed& n, std::int64_t ns);
  weir_code take_over_all(keyed& n);
  bool take_over_part(keyed& n, table& from, std::size_t most, std::size_t& looked_at, weir_code& code);
  /// The value of an entry of the older form as one of the newer; null: it had none. It is gone from the older one after that.
  char* carry(keyed& n, table& t, keyed& o, table& from, char* e, weir_code& code);
  void leave(keyed& o, table& t, char* e);
  std::string_view stored_body(keyed& s, char* e);
  void forget_taken(keyed& o);
  /// Older forms without an entry: the cut that begins says so, and behind it they go.
  void note_ended();
  void retire_ended();

  // ---- what is on disk (spill.cpp)
  struct wanted_row {
    std::string key;
    table* at;
  };
  std::string cold_prefix(const keyed& s, std::int64_t ns) const;
  std::string cold_key(const keyed& s, std::int64_t ns, const key_bytes& key) const;
  weir_code cold_failed(base::error what_failed);
  /// Bytes that should leave memory. Tells the pool how much this store uses.
  std::uint64_t over_budget() noexcept;
  std::uint64_t in_use() const noexcept;
  /// More than this above the budget: what comes in waits for what leaves.
  std::uint64_t slack() const noexcept { return spill->pool->share() / 16; }
  std::uint64_t evict(bool all = false);  ///< entries that left; all: that can, until the budget is kept
  struct eviction {
    std::size_t look, most;     // entries that may still be looked at, and leave
    std::uint64_t goal, freed;  // bytes
    bool goes_on() const noexcept { return look > 0 && most > 0 && freed < goal; }
  };
  bool evict_from(keyed& s, eviction& work);
  bool evict_chunk(keyed& s, table& t, eviction& work);
  bool is_jammed();
  weir_code bring_back(keyed& s, table& t, const key_bytes& key, std::string_view stored);
  weir_code bring_back(keyed& s, std::vector<wanted_row>& rows);
  weir_code bring_back_some(keyed& s, table& t, std::size_t most, std::string* from = nullptr);
  template <class Keys>
  weir_code bring_back_rows(keyed& s, const Keys& keys, std::int64_t count, const std::int64_t* name_spaces);
  /// An entry that goes, or loses its value, takes its copy on disk with it.
  void forget_stored(keyed& s, table& t, char* entry);
  void forget_cold(keyed& s, table& t);
  base::result<void> forget_cold_groups(keyed& s, table& t, const section_head& head);
  bool capture_cold(keyed& s, std::size_t limit, record_writer& to);
  bool capture_left(keyed& s, std::size_t limit, record_writer& to);
  std::string left_key(const keyed& s, std::uint64_t part) const;
  /// Parts before this one are needed no more.
  void forget_left(keyed& s, std::uint64_t end);

  // ---- what changed (capture.cpp)
  /// Before a write. False: no memory.
  bool touch(keyed& s, table& t, char* entry) {
    if (s.lay.ttl_at != 0) {
      slot_of(entry)->epoch = epoch;
      written_of(s, entry) = clock_of(s);
    }
    std::uint32_t& last = epoch_of(s, entry);
    if (last == epoch) return true;
    if (!cuts) {
      last = epoch;
      return true;
    }
    if (t.list_epoch != epoch || (capturing && last == epoch - 1)) return touch_slow(s, t, entry);
    last = epoch;
    return t.dirty.push(memory, memory.place_of(entry));
  }
  bool touch_slow(keyed& s, table& t, char* entry);
  /// To the cut in work, in front of its turn.
  void write_early(keyed& s, table& t, char* entry);
  /// Writes an entry's record as it is; it is not dirty after it.
  void write_entry(keyed& s, table& t, char* entry, record_writer& to);
  void write_body(keyed& s, char* entry, std::string& out, bool merge);
  bool pending(const table& t) const noexcept {
    return capturing && t.done_epoch != epoch - 1 && (t.list_epoch == epoch - 1 || t.previous_epoch == epoch - 1);
  }
  void cut();
  bool capture(std::size_t about, std::string& block);
  bool capture_state(keyed& s, std::size_t limit, record_writer& to);
  void abandon();
  void touch_all();

  // ---- values (values.cpp)
  void free_value(keyed& s, char* entry) noexcept;
  weir_code clear(keyed& s, table& t, char* entry);
  void note_empty(keyed& s, table& t, char* entry);
  /// Entries without a value that nobody needs give their memory back.
  bool reclaim(keyed& s, table& t, char* entry);
  std::int64_t clock_of(const keyed& s) const noexcept {
    return s.ttl_time == WEIR_TTL_EVENT_TIME ? watermark_us : now_us;
  }
  bool expired(keyed& s, char* entry) noexcept;
  bool put_bytes(char* entry, std::string_view value);
  void sweep(keyed& s, int most);

  // ---- timers (timers.cpp)
  weir_code timer_set(keyed& s, const model::batch& rows_of, std::span<const std::uint32_t> key,
                      const std::uint32_t* rows, const std::int64_t* times, std::int64_t count);
  weir_code timer_clear(keyed& s, const model::batch& rows_of, std::span<const std::uint32_t> key,
                        const std::uint32_t* rows, const std::int64_t* times, std::int64_t count);
  model::batch_ref pop_due(std::uint32_t time_kind, std::int64_t until, std::int64_t limit, std::uint32_t* family);
  std::int64_t next_timer(std::uint32_t time_kind) const;
  void open_bucket(keyed& s, table& t);
  void close_bucket(keyed& s);
  std::int64_t first_time(keyed& s);

  // ---- restore (load.cpp)
  base::result<void> load(std::string_view block, const load_options& how);
  /// How the records of a section are read: whose they are, and what turns their values into what is declared.
  struct section_form {
    keyed* to = nullptr;        // null: they are set aside
    conversion* how = nullptr;  // null: values are as declared
    const section_head* head = nullptr;
    unread_state* aside = nullptr;  // with to null: what is left of them is asked when all blocks are in
  };
  base::result<section_form> form_of(const section_head& head, const load_options& how);
  base::result<conversion*> conversion_of(const keyed& s, const section_head& head, const load_options& how);
  /// The state of a folder that has this form; made when there is none.
  base::result<keyed*> adopted(const section_head& head);
  /// Before a folder writes: of a state that blocks have in several forms, those that came to nothing go.
  void join_forms();
  base::result<void> load_record(const section_form& of, const stored_record& r);
  base::result<void> load_value(const section_form& of, char* entry, const stored_record& r);
  base::result<void> load_map(const section_form& of, char* entry, const stored_record& r, block_cursor& body);
  base::result<void> reset(const section_head& head);
  void note_unread(unread_state& aside, const stored_record& r);
  /// Takes away what a writer of some key groups took away: of one table, without a record of it.
  base::result<void> take_groups(keyed& s, table& t, const section_head& head);
  std::uint64_t key_hash(const keyed& s, key_bytes key) const noexcept;
  base::result<void> loaded();

  model::state_shape what;
  key_codec codec;
  bool cuts = true;
  bool adopts = false;  // states that blocks speak of are made as they come
  arena memory;
  std::vector<std::unique_ptr<keyed>> all;  // states, then families of timers
  std::vector<keyed*> states;               // as declared, then older forms of some
  std::vector<keyed*> families;
  std::uint64_t heap_bytes = 0;  // of values outside of tables
  std::int64_t now_us = 0, watermark_us = WEIR_TIME_MIN;
  std::string why;
  std::vector<std::pair<keyed*, std::int64_t>> to_tidy;

  std::uint32_t epoch = 1;
  bool capturing = false;
  bool whole_next = false;  // the next cut says everything
  bool whole_now = false;   // the cut in work begins by taking back what was said before
  std::size_t at_state = 0, at_drop = 0, at_table = 0, at_taken = 0;
  std::size_t end_state = 0;  // states that came later are in no part of it
  bool table_open = false;
  bool reset_said = false;

  std::optional<spill_options> spill;  // nullopt: all stays in memory
  std::unique_ptr<cold_rows> cold;     // null: nothing had to leave yet
  std::uint64_t told_to_pool = 0;
  std::string cold_why;
  ordered_rows leaving;      // scratch of an eviction
  bool cold_broken = false;  // the disk failed; the run must begin again from a checkpoint
  std::size_t hand_state = 0;
  std::uint32_t look_number = 1;     // chunks that are stuck in it are passed over
  std::uint64_t in_use_before = 0;   // when the hand went last
  std::uint64_t captured_since = 0;  // bytes, since the hand looked at everything for nothing
  std::shared_ptr<const cold_rows::snapshot> cold_at_cut;
  std::string cold_from;
  bool cold_said = false;

  std::string evolve_why;  // the sweep came upon a value that cannot be converted
  std::string carried;     // scratch: a list or map that comes over

  // Restore: what was converted, and whether the next cut must say everything because of it.
  struct stored_form {
    const keyed* of;
    section_head head;
    declaration was;
    conversion how;
  };
  std::vector<std::unique_ptr<stored_form>> stored_forms;
  std::vector<std::string> told;  // store::conversions()
  bool rewritten = false;
  unread not_taken;
  std::vector<section_head>
      left_out;  // states that a cut has and that are not declared: a cut that says everything ends them

  // Scratch of calls.
  std::vector<std::int64_t> scratch_times;
  std::vector<weir_slot*> scratch_slots, scan_slots;
  std::vector<table*> scratch_tables;
  table** tables_out = nullptr;  // where resolve leaves each row's table, too
  std::vector<char*> scratch_entries;
  std::string scratch_text;
  std::vector<key_bytes> scratch_keys;
  std::vector<std::uint64_t> scratch_hashes;
  std::unique_ptr<model::batch_builder> builder;
  model::batch_ref scanned;
};

}  // namespace weir::state
