/* weir.state/1: keyed state that the host keeps (draft).
 *
 * State belongs to (operator, state name, key, name space). The key is that of the input port's exchange; the name space is an
 * int64 that the operator chooses for a row (0 when it does not care; a window operator uses the window's start), so that all
 * entries of one window can be read and dropped together.
 *
 * The plugin asks once per batch for the slots of all its rows: the host hashes, prefetches and probes for the whole batch, and
 * a value is then read and written in place. Before the first write to a slot since the last cut the plugin calls touch, so that
 * the host can keep the old bytes for a snapshot that is being written: `if (slot->epoch != epoch) touch(...)`.
 * Slots of a state with a time to live always come with another epoch than the one of now: its age counts from the touch.
 *
 * Bytes of WEIR_STATE_BYTES, of the elements of a list and of the values of a map are packed by their schema, so that people can
 * look at them and the host can convert them: the fields one behind the other without padding; before a nullable field one byte,
 * 1 or 0 (null, nothing follows); numbers, times, dates and decimals little-endian at their width, bool one byte, fixed_binary
 * its bytes; utf8 and binary a uint32 size and the bytes; a list a uint32 count and its elements; a struct its fields.
 * Keys of a map are packed so that their bytes order as their values do: the same byte before a nullable field; unsigned numbers
 * and bool big-endian; signed ones, times, dates and decimals big-endian with the sign bit flipped; floats big-endian with all
 * bits flipped when negative, the sign bit otherwise; utf8 and binary with each 00 written as 00 FF, ended by 00 00; a list 01
 * before each element and 00 at its end; the rest as above.
 *
 * The fields are stored with the values. State that was written with other fields is converted, when it is loaded or while rows
 * flow: a field that is new is null, zero, empty, or its default; one that is gone goes (not from the keys of a map: two could
 * become one); integers, float32, decimals of one scale get wider, unsigned ones also to wider signed ones; a field may become
 * nullable; fields may stand in another order. All of it also inside of structs and lists, and between WEIR_STATE_VALUE and
 * WEIR_STATE_BYTES. The declared field says the rest in its Arrow metadata: WEIR_STATE_FIELD_WAS, a name that it had before (as
 * often as it was renamed), and WEIR_STATE_FIELD_DEFAULT, its packed bytes where values were written without it (with the byte
 * before a nullable field). What is more than that is the plugin's: weir/ext/draft/migrate.h.
 *
 * Host side: weir_host.extension(WEIR_EXT_STATE). */
#ifndef WEIR_EXT_STATE_H
#define WEIR_EXT_STATE_H

#include "weir/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_EXT_STATE "weir.state/1"

#define WEIR_STATE_VALUE 0u /* one value of value_size bytes, read and written in place */
#define WEIR_STATE_BYTES 1u /* one value of any size: bytes_get, bytes_put */
#define WEIR_STATE_LIST 2u  /* any number of elements of any size, in the order they were added */
#define WEIR_STATE_MAP 3u   /* byte keys to byte values, iterated in the order of the keys' bytes */

#define WEIR_STATE_FIELD_WAS "weir.was"
#define WEIR_STATE_FIELD_DEFAULT "weir.default"

#define WEIR_TTL_PROCESSING_TIME 0u
#define WEIR_TTL_EVENT_TIME 1u

typedef struct weir_state_declaration {
  uint32_t struct_size;
  uint32_t kind;    /* WEIR_STATE_... */
  const char* name; /* [a-z0-9_]+, unique in the operator */
  const struct ArrowSchema*
      value; /* a struct: the fields of a value (an element, a map's value), stored with the state */
  const struct ArrowSchema* map_key; /* map: a struct of the key's fields; null otherwise */
  int64_t ttl_us;                    /* 0: kept for ever; otherwise gone this long after the last write */
  uint32_t ttl_time;                 /* WEIR_TTL_... */
  uint32_t value_size; /* WEIR_STATE_VALUE: bytes, laid out as a C struct of the fields in order, without pointers */
} weir_state_declaration;

/* One value in place. The bytes of a WEIR_STATE_VALUE follow the header, aligned to 8 (all zero when there is no value yet).
 * Owned by the host; it does not move until the call into the plugin returns, except that drop ends the slots of its name space. */
#define WEIR_SLOT_PRESENT 1u
typedef struct weir_slot {
  uint32_t epoch; /* of the last write; the host's, set by touch */
  uint32_t flags; /* WEIR_SLOT_PRESENT: there is a value; set it when you write the first one */
} weir_slot;

#define WEIR_SLOTS_CREATE 1u /* a key without a slot gets one (not present); without it, its pointer is null */
#define WEIR_SLOTS_TOUCH 2u  /* every slot that is returned is touched: all of them will be written */

typedef struct weir_state_host {
  uint32_t struct_size;
  uint32_t reserved;
  /* [control] Inside bind: declares a state; the host copies everything. Returns its number (0, 1, ...), or a negative code
   * after bind_error. All input ports with a key have the same key types; the state of rows from a port without a key is that of
   * one empty key (an operator without any key: one state for all rows, parallelism 1). */
  int32_t (*declare)(weir_bind*, const weir_state_declaration*);
  /* [task] The slots of rows of the batch in work (of process, of a timer call, or of a scan): out[k] belongs to rows[k]. rows:
   * physical rows, in any order, also repeated; null: the rows to process, then count is the batch's row_count. name_spaces: one
   * for each of them; null: all 0. Equal key and name space: the same slot. */
  weir_code (*slots)(weir_context*, uint32_t state, const weir_batch*, const uint32_t* rows, int64_t count,
                     const int64_t* name_spaces, uint32_t flags, weir_slot** out);
  /* [task] The epoch that a slot must have to be written without touch. Constant during one call into the plugin. */
  uint32_t (*epoch)(weir_context*);
  /* [task] Before the first write to a slot in this epoch. */
  weir_code (*touch)(weir_context*, uint32_t state, weir_slot*);
  /* [task] Takes the value away (all kinds). The slot stays valid, without a value. */
  weir_code (*clear)(weir_context*, uint32_t state, weir_slot*);
  /* [task] WEIR_STATE_BYTES. The view lives until the next put to this slot. */
  weir_code (*bytes_get)(weir_context*, uint32_t state, weir_slot*, weir_view* out);
  weir_code (*bytes_put)(weir_context*, uint32_t state, weir_slot*, weir_view value);
  /* [task] WEIR_STATE_LIST. list_at: element i; WEIR_E_CONTRACT beyond the end. */
  weir_code (*list_size)(weir_context*, uint32_t state, weir_slot*, uint64_t* out);
  weir_code (*list_add)(weir_context*, uint32_t state, weir_slot*, weir_view element);
  weir_code (*list_at)(weir_context*, uint32_t state, weir_slot*, uint64_t i, weir_view* out);
  /* [task] Keeps the elements [from, size). */
  weir_code (*list_trim)(weir_context*, uint32_t state, weir_slot*, uint64_t from);
  /* [task] WEIR_STATE_MAP. map_get, map_next: out->data is null when there is none. map_next: the first entry whose key is
   * greater than `after` (after.data null: the first of all). */
  weir_code (*map_get)(weir_context*, uint32_t state, weir_slot*, weir_view key, weir_view* out);
  weir_code (*map_put)(weir_context*, uint32_t state, weir_slot*, weir_view key, weir_view value);
  weir_code (*map_remove)(weir_context*, uint32_t state, weir_slot*, weir_view key);
  weir_code (*map_next)(weir_context*, uint32_t state, weir_slot*, weir_view after, weir_view* key, weir_view* value);
  /* [task] All present slots of a name space, some at a time, in no order that means anything (the same one for the same
   * history): *keys is a batch whose columns are the key columns, (*out)[k] the slot of its k-th row; both live until the next
   * scan or until the call into the plugin returns. *cursor is 0 at first; it is 0 again when that was the last part. Between two
   * parts of a scan neither slots() with WEIR_SLOTS_CREATE for that state and name space nor drop of it. */
  weir_code (*scan)(weir_context*, uint32_t state, int64_t name_space, uint64_t* cursor, const weir_batch** keys,
                    weir_slot*** out);
  /* [task] Takes a whole name space away. */
  weir_code (*drop)(weir_context*, uint32_t state, int64_t name_space);
  /* [task] The smallest name space that is >= from and has entries; WEIR_IDLE: there is none. */
  weir_code (*next_name_space)(weir_context*, uint32_t state, int64_t from, int64_t* out);
} weir_state_host;

#ifdef __cplusplus
}
#endif
#endif /* WEIR_EXT_STATE_H */
