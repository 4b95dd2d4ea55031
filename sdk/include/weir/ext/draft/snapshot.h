/* weir.snapshot/1: what an operator, sink or source keeps that is not keyed state, as part of each cut (draft).
 * Plugin side: weir_operator.extension(WEIR_EXT_SNAPSHOT). */
#ifndef WEIR_EXT_SNAPSHOT_H
#define WEIR_EXT_SNAPSHOT_H

#include "weir/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_EXT_SNAPSHOT "weir.snapshot/1"

/* At another parallelism every new subtask is given the bytes of all old ones: for what each of them has a copy of (a table from
 * a broadcast input). Who takes what is theirs alone is the plugin's to say. */
#define WEIR_SNAPSHOT_TO_ALL 1u

typedef struct weir_snapshot {
  uint32_t struct_size;
  uint32_t flags; /* WEIR_SNAPSHOT_... */
  /* [task] At a cut, behind flush: the bytes that restore needs. */
  weir_code (*save)(void* self, weir_context*, weir_bytes* out);
  /* [task] After create, before the first process: what save wrote. At another parallelism every old subtask's bytes go to one of
   * the new ones (WEIR_SNAPSHOT_TO_ALL: to all of them); restore is called once for each, perhaps never. Two versions of an
   * operator that share the keys of one subtask are as two subtasks. */
  weir_code (*restore)(void* self, weir_context*, weir_view saved);
} weir_snapshot;

#ifdef __cplusplus
}
#endif
#endif /* WEIR_EXT_SNAPSHOT_H */
