/* weir.two_phase/1: a sink whose output becomes visible exactly when a cut is complete (draft).
 *
 *   process ... prepare(cut 7) | process ... prepare(cut 8) | ...
 *                                 commit(7) once cut 7 is durable
 *
 * After a crash the newest complete cut N is restored: the sink gets what prepare returned for it by recover(N), and makes that
 * output visible if it is not yet, and nothing that was written after it. All calls are idempotent.
 * Plugin side: weir_operator.extension(WEIR_EXT_TWO_PHASE). */
#ifndef WEIR_EXT_TWO_PHASE_H
#define WEIR_EXT_TWO_PHASE_H

#include "weir/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_EXT_TWO_PHASE "weir.two_phase/1"

typedef struct weir_two_phase {
  uint32_t struct_size;
  uint32_t reserved;
  /* [task] At the cut: what was accepted since the last one is safe outside, but not visible. *out: what commit and recover
   * need to find it again (file names, the output itself); it is stored in the snapshot. */
  weir_code (*prepare)(void* self, weir_context*, uint64_t cut, weir_bytes* out);
  /* [task] The cut is durable: make it visible. Called in the order of the cuts, perhaps after later process calls. */
  weir_code (*commit)(void* self, weir_context*, uint64_t cut, weir_view prepared);
  /* [task] The cut was given up: what it prepared becomes part of the next one, or is made again. */
  weir_code (*abort)(void* self, weir_context*, uint64_t cut, weir_view prepared);
  /* [task] After create on restore: cut is the one restored. Commits it if it was not, and removes every trace of later ones. Once
   * for each old subtask's bytes; a cut of 0 with empty bytes: there is nothing to restore, remove leftovers of earlier runs. */
  weir_code (*recover)(void* self, weir_context*, uint64_t cut, weir_view prepared);
} weir_two_phase;

#ifdef __cplusplus
}
#endif
#endif /* WEIR_EXT_TWO_PHASE_H */
