/* weir.migrate/1: state that another version of the plugin wrote, turned into what this version declares (draft).
 *
 * The fields of a value are stored with it. When a cut is loaded whose fields are others than the declared ones, or this version
 * follows another one while rows flow, the host converts what it can: fields that came, went, got wider, were renamed or moved
 * (weir/ext/draft/state.h says how). Where it cannot, or a stored field would go, it asks the plugin, once for each state and
 * part, with `accepts`: before a value is converted, and also when it is only checked whether a change is possible. Then
 * `migrate` for each value: all of them before the first row when a cut is loaded; while rows flow, on the task's thread between
 * calls, or inside a call that an instance makes for its state, for as long as there are values of the version before. A plugin
 * that does not accept leaves it to the host.
 *
 * Both get what bind made, and no instance: there may be none yet. They may be called from any thread, concurrently, between bind
 * and unbind, and must not block. The host table that they get has only `append`. Everything that they are given lives until they
 * return; nothing of theirs is kept, but the number `token`.
 *
 * Plugin side: weir_operator.extension(WEIR_EXT_MIGRATE). */
#ifndef WEIR_EXT_MIGRATE_H
#define WEIR_EXT_MIGRATE_H

#include "weir/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_EXT_MIGRATE "weir.migrate/1"

#define WEIR_MIGRATE_VALUE 0u   /* a value, an element of a list, a value of a map */
#define WEIR_MIGRATE_MAP_KEY 1u /* a key of a map; different keys must stay different */

/* One part of one state, as it was written and as it is declared. Kinds differ at most between WEIR_STATE_VALUE and
 * WEIR_STATE_BYTES. How the bytes hold the fields is in weir/ext/draft/state.h; those of a WEIR_STATE_VALUE are its struct. */
typedef struct weir_migration {
  uint32_t struct_size;
  uint32_t state; /* its number, in the order of declare */
  const char* name;
  uint32_t part;        /* WEIR_MIGRATE_... */
  uint32_t stored_kind; /* WEIR_STATE_... */
  uint32_t declared_kind;
  uint32_t stored_size; /* WEIR_STATE_VALUE: bytes */
  uint32_t declared_size;
  uint32_t reserved;
  const struct ArrowSchema* stored;   /* a struct of the fields; without metadata */
  const struct ArrowSchema* declared; /* as it was declared */
  uint64_t token;                     /* what accepts left here; 0 before */
} weir_migration;

typedef struct weir_migrate {
  uint32_t struct_size;
  uint32_t reserved;
  /* [any] Can these be migrated? Negative: no, *why is appended the reason. It may write what->token. */
  weir_code (*accepts)(const weir_host*, const void* plan, weir_migration* what, weir_bytes* why);
  /* [any] One value of what was accepted: appends the declared bytes to *out. Negative: the load, or the
   * task, fails; *out is the reason. */
  weir_code (*migrate)(const weir_host*, const void* plan, const weir_migration* what, weir_view stored,
                       weir_bytes* out);
} weir_migrate;

#ifdef __cplusplus
}
#endif
#endif /* WEIR_EXT_MIGRATE_H */
