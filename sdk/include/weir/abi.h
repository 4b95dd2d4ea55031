/* weir/abi.h: the contract between the host and a plugin. C11; includes only <stddef.h>, <stdint.h>, weir/arrow.h and
 * weir/codes.h. Version 0.x: a draft until a second host and a second language run on it (see ABI.md).
 *
 * Threads, written on each slot:
 *   [control]  the host's control thread; may block.
 *   [task]     the one thread that runs this subtask; must not block longer than the call says.
 *   [any]      any thread, also concurrently.
 * Rules that hold everywhere:
 *   - A weir_view, a weir_batch and every pointer inside live until the call they were given to returns; copy to keep.
 *   - Text is UTF-8 and not terminated; `const char *` in a descriptor is terminated and lives as long as the image.
 *   - Nothing throws across, in either direction.
 *   - The host copies every text it is given before the call returns; it never keeps a pointer into a plugin.
 *   - Tables begin with struct_size = sizeof(table) where they were built. A slot beyond it does not exist: ask WEIR_HAS.
 *   - Times are int64 microseconds UTC since 1970-01-01. */
#ifndef WEIR_ABI_H
#define WEIR_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "weir/arrow.h"
#include "weir/codes.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_ABI_MAJOR 0
#define WEIR_ABI_MINOR 1

#if defined(__GNUC__)
#  define WEIR_EXPORT __attribute__((visibility("default")))
#else
#  define WEIR_EXPORT
#endif

/* True when table t (of the given type) was built with this slot and it is not null. */
#define WEIR_HAS(t, type, slot) ((t)->struct_size >= offsetof(type, slot) + sizeof((t)->slot) && (t)->slot)

#define WEIR_TIME_MIN INT64_MIN /* no event time; a watermark that has not begun */
#define WEIR_TIME_MAX INT64_MAX /* the watermark at the end of all input */

typedef struct weir_view {
  const char* data;
  size_t size;
} weir_view;

/* ------------------------------------------------------------------------------------------------------- configuration */

typedef struct weir_config weir_config; /* opaque: one table or list of the configuration, owned by the host */

/* Kinds of a configuration value. */
#define WEIR_NONE 0u     /* not given, and without a default */
#define WEIR_BOOL 1u     /* integer 0 or 1 */
#define WEIR_INT 2u      /* integer */
#define WEIR_FLOAT 3u    /* real */
#define WEIR_TEXT 4u     /* text */
#define WEIR_DURATION 5u /* integer: microseconds */
#define WEIR_BYTES 6u    /* integer: bytes */
#define WEIR_LIST 7u     /* node: config_at(node, 0 .. size-1) */
#define WEIR_TABLE 8u    /* node: config_get(node, ...) and config_at for all its keys */

typedef struct weir_value {
  uint32_t kind;
  uint32_t size; /* list, table: number of elements */
  int64_t integer;
  double real;
  weir_view text;          /* lives as long as the weir_bind it came from */
  const weir_config* node; /* list, table; null otherwise */
} weir_value;

/* One option of a component, declared once: validation, documentation, completion and defaults come from it. An array of them
 * ends with name = null. */
#define WEIR_OPTION_REQUIRED 1u
#define WEIR_OPTION_SECRET 2u     /* never printed */
#define WEIR_OPTION_DEPRECATED 4u /* accepted with a warning; doc says what to use instead */
#define WEIR_OPTION_OPEN 8u       /* table: keys that are not declared are accepted */
typedef struct weir_option {
  const char* name;
  const char* type;     /* bool int float string duration bytes enum list table map any; "list:TYPE" for a typed list */
  const char* fallback; /* default as TOML text; null: none */
  const char* doc;      /* one sentence */
  const char* values;   /* enum: "a|b|c"; null otherwise */
  const struct weir_option* nested; /* table, list:table: the options inside; null otherwise */
  uint32_t flags;                   /* WEIR_OPTION_... */
  uint32_t reserved;                /* 0 */
} weir_option;

/* --------------------------------------------------------------------------------------------------------------- batches */

/* Change kinds of a row. */
#define WEIR_INSERT 0u
#define WEIR_UPDATE_BEFORE 1u
#define WEIR_UPDATE_AFTER 2u
#define WEIR_DELETE 3u

/* A batch of input rows, read-only, owned by the host. Columns follow the input schema. The host guarantees for each array:
 * offset is 0, length equals the batch's (children of lists excepted), a validity bitmap is present exactly when null_count > 0,
 * and at least 64 bytes behind the end of each buffer may be read (their content is undefined).
 * All per-row arrays below have `length` entries and are indexed by physical row, like the columns. */
typedef struct weir_batch {
  uint32_t struct_size;
  uint32_t column_count;
  int64_t length;    /* physical rows */
  int64_t row_count; /* rows to process, <= length */
  const uint32_t*
      rows; /* their physical indexes, ascending; null: all rows 0 .. length-1 (always, without WEIR_SELECTIONS) */
  const struct ArrowArray* const* columns;
  const int64_t* event_time; /* null: the records have no event time (yet) */
  const uint64_t* key_hash;  /* null: the input has no key */
  const uint8_t* change;     /* WEIR_INSERT ...; null: all are inserts */
  const uint8_t* trace_id;   /* 16 bytes a row, all zero: none; null: tracing is off */
  const uint32_t* source_id; /* number for source_name(); null: tracing is off */
  const int64_t* offset;     /* position of the record in its split; null: see first_offset */
  int64_t first_offset;      /* offset null: position of physical row 0, the others count up; -1: not known */
  uint32_t split;            /* number of the split that the rows were read from; UINT32_MAX: none, or several */
  uint32_t port;             /* the input port */
  const void* owner;         /* for the host */
} weir_batch;

/* ---------------------------------------------------------------------------------------------------------------- output */

/* One output column that is being written. All memory is the host's and stays where it is until a grow call on it.
 * Layout is Arrow's: bool = bits, utf8 / binary = int32 offsets in `values` with data in `data`, list = int32 offsets in
 * `values` with elements in children[0], struct = children only. Values of null rows may be anything (offsets must be right). */
typedef struct weir_column {
  void* values;                 /* fixed width: capacity values; offsets: capacity + 1, the first is 0; struct: null */
  uint8_t* validity;            /* bitmap, 1 = value present; null: no nulls so far (ask column_validity for it) */
  char* data;                   /* utf8, binary: the bytes; null otherwise */
  int64_t data_capacity;        /* bytes at data; their number in use is the last offset */
  int64_t capacity;             /* rows (elements, in a list's child) that fit */
  struct weir_column* children; /* struct, list; null otherwise */
  uint32_t child_count;
  uint32_t width; /* bytes of a fixed-width value; 0: bool, offsets, struct */
  void* owner;    /* for the host */
} weir_column;

/* One output batch that is being written. Write rows 0 .. length-1 of every column, set length, then call emit. */
typedef struct weir_builder {
  uint32_t struct_size;
  uint32_t column_count; /* in extend mode: only the columns that the port does not pass through, in schema order */
  int64_t length;        /* set by the plugin; in extend mode fixed to the input's length */
  int64_t capacity;      /* rows that fit */
  weir_column* columns;
  int64_t* event_time;  /* written with WEIR_EMIT_TIMES */
  uint32_t* parent;     /* written with WEIR_EMIT_PARENTS: the physical input row that gave rise to this row */
  uint8_t* change;      /* written with WEIR_EMIT_CHANGES */
  uint8_t* trace_id;    /* written with WEIR_EMIT_TRACES, 16 bytes a row; null when tracing is off */
  uint32_t* source_id;  /* written with WEIR_EMIT_TRACES: numbers of source_number(); null when tracing is off */
  int64_t* offset;      /* sources, written with WEIR_EMIT_OFFSETS */
  int64_t first_offset; /* sources, without WEIR_EMIT_OFFSETS: position of row 0, the others count up; -1: none */
  uint32_t split;       /* sources: the split that all rows come from */
  uint32_t port;
  void* owner; /* for the host */
} weir_builder;

/* What the plugin has written beside the columns. A row without a time takes its parent's, without a change kind its parent's;
 * trace columns, split and offset always follow the parent. Without parents a row of process() has the time of the batch's
 * newest row and no trace. */
#define WEIR_EMIT_TIMES 1u
#define WEIR_EMIT_CHANGES 2u
#define WEIR_EMIT_PARENTS 4u
#define WEIR_EMIT_PARENTS_SAME 8u /* row i comes from physical input row i */
#define WEIR_EMIT_TRACES 16u
#define WEIR_EMIT_OFFSETS 32u

/* ------------------------------------------------------------------------------------------------------------------ host */

typedef struct weir_bind weir_bind;       /* opaque: one node of a pipeline while its schemas are resolved */
typedef struct weir_context weir_context; /* opaque: one subtask, seen from inside */
typedef struct weir_splits weir_splits;   /* opaque: the list that discover() fills */
typedef struct weir_bytes weir_bytes;     /* opaque: bytes that the host collects */

/* Who and where a subtask is. */
typedef struct weir_info {
  uint32_t struct_size;
  uint32_t subtask; /* 0 .. parallelism-1 */
  uint32_t parallelism;
  uint32_t key_groups; /* of the pipeline */
  weir_view pipeline, operator_id;
  uint32_t
      batch_rows; /* rows of one batch that a source should not pass; it may emit smaller ones, but not wait for more */
  uint32_t reserved; /* 0 */
} weir_info;

#define WEIR_LOG_DEBUG 0u
#define WEIR_LOG_INFO 1u
#define WEIR_LOG_WARN 2u  /* recovered, nothing lost */
#define WEIR_LOG_ERROR 3u /* somebody must act */

typedef struct weir_host {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;
  /* [any] An optional interface by id, e.g. "weir.timers/1"; null: this host does not have it. */
  const void* (*extension)(const char* id);

  /* ---- configuration. [control], and [task] inside create. path: "a.b"; empty: the node itself. A missing value has kind
   * WEIR_NONE. config null or a wrong path kind gives WEIR_NONE too; these calls cannot fail. */
  void (*config_get)(const weir_config*, weir_view path, weir_value* out);
  void (*config_at)(const weir_config*, uint32_t index, weir_view* key, weir_value* out); /* key may be null */

  /* ---- binding. [control], only inside bind(). */
  const weir_config* (*bind_config)(weir_bind*);
  uint32_t (*bind_input_count)(weir_bind*);
  /* The schema of an input port: a struct whose children are the columns; lives as long as the weir_bind. */
  const struct ArrowSchema* (*bind_input)(weir_bind*, uint32_t port);
  /* The name of the node that feeds an input port, as `from` says it. */
  weir_view (*bind_input_name)(weir_bind*, uint32_t port);
  /* Number of key columns of an input port (0: no key); writes the first `capacity` column indexes to columns. */
  uint32_t (*bind_key)(weir_bind*, uint32_t port, uint32_t* columns, uint32_t capacity);
  /* Adds the next output port. The first may be the main one, named "" (a pipeline reads it as "node"); all others have a name
   * ("node:name"). The host copies the schema and does not release it. passes: null, or for each output column the input
   * column that it passes through unchanged from any one input port's batch, or -1: written by the plugin. */
  weir_code (*bind_output)(weir_bind*, weir_view name, const struct ArrowSchema*, const int32_t* passes);
  /* Says why bind fails; returns the code, to return it from bind. option: path of the option that is wrong, may be empty.
   * at: byte offset inside its text value (an expression), -1: the whole value. May be called several times. */
  weir_code (*bind_error)(weir_bind*, weir_code, weir_view option, int64_t at, weir_view why);

  /* ---- a subtask at work. [task], inside any call that was given this context. */
  void (*info)(weir_context*, weir_info* out); /* set out->struct_size first */
  void (*log)(weir_context*, uint32_t level, weir_view text);
  int64_t (*now)(weir_context*);       /* processing time */
  int64_t (*watermark)(weir_context*); /* the operator's event-time clock; WEIR_TIME_MIN: not begun */
  int32_t (*port_connected)(weir_context*, uint32_t port); /* 0: what goes out of this output port has no reader */
  /* Says why the call that is running will return an error code; returns the code. The last call before the return counts. */
  weir_code (*fail)(weir_context*, weir_code, weir_view why);
  /* Hands one input row (or, from a source, a record: batch null) to the dead-letter port, as the pipeline's on_error says.
   * original: the bytes to keep; empty data: the host writes the row as JSON. Returns WEIR_OK: go on with the next row. Any other
   * code: on_error is "fail" (or the pipeline stops): return it. */
  weir_code (*dead_letter)(weir_context*, const weir_batch*, uint32_t row, weir_code, weir_view why,
                           weir_view original);

  /* ---- output. [task]. Emission may call the next operator before it returns; it never blocks on a full queue. */
  /* A builder for `rows` rows (it can grow) of an output port; null: no memory. Valid until emitted, discarded, or until the
   * call that it was opened in returns (then it is discarded). */
  weir_builder* (*build)(weir_context*, uint32_t port, int64_t rows);
  /* A builder in extend mode: only the columns that `port` does not pass through, as long as the batch, indexed by physical
   * row. Rows that are not selected need not be written (offsets must be right for all). */
  weir_builder* (*build_beside)(weir_context*, uint32_t port, const weir_batch*);
  weir_code (*grow)(weir_context*, weir_builder*, int64_t rows);           /* total rows that must fit */
  weir_code (*grow_column)(weir_context*, weir_column*, int64_t elements); /* a list's child */
  weir_code (*grow_data)(weir_context*, weir_column*, int64_t bytes);      /* total bytes that must fit */
  weir_code (*column_validity)(weir_context*, weir_column*); /* makes `validity`, all ones; nulls are counted at emit */
  /* Sends what was built to its port. The builder is gone after the call. flags: WEIR_EMIT_... */
  weir_code (*emit)(weir_context*, weir_builder*, uint32_t flags);
  void (*discard)(weir_context*, weir_builder*);
  /* A buffer for `count` row indexes, owned by the host until it is given to emit_rows or the call returns. */
  uint32_t* (*row_buffer)(weir_context*, int64_t count);
  /* Sends rows of the input batch: columns that the port passes through are shared, `beside` (from build_beside; null when
   * every column is passed through) holds the others and is gone after the call. rows: row_count ascending physical indexes out
   * of the batch's rows; null: all rows of the batch. Pointers of row_buffer are taken without a copy. flags: WEIR_EMIT_TIMES,
   * WEIR_EMIT_CHANGES: taken from `beside`, by physical row. */
  weir_code (*emit_rows)(weir_context*, uint32_t port, const weir_batch*, const uint32_t* rows, int64_t row_count,
                         weir_builder* beside, uint32_t flags);
  /* Sends an array that the plugin made (a struct of the port's schema). Moves it: the host releases it, and keeps the plugin's
   * image loaded until then. parents: null or one physical input row for each row. */
  weir_code (*emit_array)(weir_context*, uint32_t port, struct ArrowArray*, const uint32_t* parents);

  /* ---- tracing. [task] */
  uint32_t (*source_number)(weir_context*, weir_view name); /* same name, same number, in this process */
  weir_view (*source_name)(weir_context*, uint32_t number); /* lives as long as the process */

  /* ---- sources. */
  /* [control] Inside discover(): one split that exists now. id is stable over restarts and names it to people. */
  weir_code (*add_split)(weir_splits*, weir_view id);
  /* [control] Inside discover(): ask again after this time; without it, the list is final. */
  void (*discover_again)(weir_splits*, int64_t after_us);
  /* [task] The split has no record now: an empty fetch at the end of its log. Ends with the next record of the split. */
  void (*split_idle)(weir_context*, uint32_t split);
  /* [task] The split is read to its end; nothing more comes from it. */
  void (*split_end)(weir_context*, uint32_t split);
  /* [task] Records in the split that are not read yet (lag), for metrics; -1: not known. */
  void (*split_pending)(weir_context*, uint32_t split, int64_t records);

  /* [any, where the weir_bytes was given] Appends bytes. */
  void (*append)(weir_bytes*, weir_view);
  /* [control] Inside discover(): why it will return an error code; returns the code. */
  weir_code (*discover_error)(weir_splits*, weir_code, weir_view why);
  /* ---- end of 0.1: new slots go below this line, never above it ---- */
} weir_host;

/* --------------------------------------------------------------------------------------------------------------- plugins */

/* Kinds of an operator. */
#define WEIR_KIND_OPERATOR 0u
#define WEIR_KIND_SINK 1u    /* no output but dead letters */
#define WEIR_KIND_DECODER 2u /* input: a connector's records with a binary column "value"; output: typed columns */
#define WEIR_KIND_ENCODER 3u /* input: typed columns; output: records with a binary column "value" */

#define WEIR_SELECTIONS 1u /* reads weir_batch.rows; without it the host hands over compact batches */
#define WEIR_STATELESS 2u  /* keeps nothing between two calls that a restart would miss */

#define WEIR_INPUTS_ANY 0xffffffffu /* each entry of `from` is a port of its own */

typedef struct weir_operator {
  uint32_t struct_size;
  uint32_t kind;              /* WEIR_KIND_... */
  uint32_t flags;             /* WEIR_SELECTIONS ... */
  uint32_t input_count;       /* 1: all entries of `from` flow together; n: `from` has n entries; WEIR_INPUTS_ANY */
  const char* type;           /* "exposure": a pipeline says `uses = "risk.exposure"` */
  const char* summary;        /* one sentence for documentation */
  const weir_option* options; /* null: takes none */
  uint64_t option_size;       /* sizeof(weir_option) where it was built */

  /* [control] Checks configuration and input schemas, declares the output ports. *plan: what the subtasks need, immutable after
   * this call, shared by all of them; may be null. Called for `weir check` too: must not touch the outside world. */
  weir_code (*bind)(const weir_host*, weir_bind*, void** plan);
  void (*unbind)(void* plan); /* [control] frees the plan; null: nothing to free */
  /* [task] One instance for one subtask. May block (connect). The plan outlives it. */
  weir_code (*create)(const weir_host*, weir_context*, const void* plan, void** self);
  void (*destroy)(void* self);                                        /* [task] cannot fail; also after an error */
  weir_code (*process)(void* self, weir_context*, const weir_batch*); /* [task] */
  /* [task] null: not interested. The event-time clock has moved to time_us: no record with a smaller or equal time comes, but
   * late ones. Never goes back. */
  weir_code (*on_watermark)(void* self, weir_context*, int64_t time_us);
  /* [task] null: not interested. Nothing more comes on this input port. */
  weir_code (*end_of_port)(void* self, weir_context*, uint32_t port);
  /* [task] null: nothing is held back. Everything that was accepted so far is handed on (a sink: is safe outside) before it
   * returns. Called at each cut and after the last input. May block. */
  weir_code (*flush)(void* self, weir_context*);
  /* [any] An optional interface by id; null: none. */
  const void* (*extension)(const char* id);
  /* ---- end of 0.1 ---- */
} weir_operator;

typedef struct weir_source {
  uint32_t struct_size;
  uint32_t flags; /* 0 */
  const char* type;
  const char* summary;
  const weir_option* options;
  uint64_t option_size;

  weir_code (*bind)(const weir_host*, weir_bind*, void** plan); /* as in weir_operator; there are no inputs */
  void (*unbind)(void* plan);
  /* [control] Names the splits that exist now by add_split. Blocks at most a few seconds; WEIR_E_EXTERNAL: tried again. */
  weir_code (*discover)(const weir_host*, const void* plan, weir_splits*);
  weir_code (*create)(const weir_host*, weir_context*, const void* plan, void** self); /* [task] */
  void (*destroy)(void* self);                                                         /* [task] */
  /* [task] Begin to read a split. position: what position() gave; empty: begin where the configuration says. */
  weir_code (*open_split)(void* self, weir_context*, uint32_t split, weir_view id, weir_view position);
  /* [task] Stop reading a split; it goes to another subtask. null: never moved. */
  weir_code (*close_split)(void* self, weir_context*, uint32_t split);
  /* [task] Reads and emits what is there, some batches at most. Blocks up to wait_us when there is nothing, less when the source
   * cannot wait. WEIR_OK: something was emitted; WEIR_IDLE: nothing now; WEIR_END: all splits are at their end. */
  weir_code (*poll)(void* self, weir_context*, int64_t wait_us);
  /* [task] Where reading would go on: behind the last record emitted. */
  weir_code (*position)(void* self, weir_context*, uint32_t split, weir_bytes* out);
  /* [task] null: not interested. Everything before this position is safe; a source may tell its broker. */
  weir_code (*on_committed)(void* self, weir_context*, uint32_t split, weir_view position);
  const void* (*extension)(const char* id); /* [any] */
  /* ---- end of 0.1 ---- */
} weir_source;

typedef struct weir_plugin {
  uint32_t struct_size;
  uint16_t abi_major, abi_minor;         /* WEIR_ABI_MAJOR, WEIR_ABI_MINOR where it was built */
  const char* name;                      /* [a-z0-9][a-z0-9_-]{0,63} */
  const char* version;                   /* semantic version */
  const weir_operator* const* operators; /* ends with null; null: none */
  const weir_source* const* sources;     /* ends with null; null: none */
  const char* summary;
  /* ---- end of 0.1 ---- */
} weir_plugin;

/* The one exported symbol of a plugin. [control] Does no work: returns a constant. */
WEIR_EXPORT const weir_plugin* weir_plugin_v1(void);

#ifdef __cplusplus
}
#endif
#endif /* WEIR_ABI_H */
