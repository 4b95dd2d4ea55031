/* weir.handover/1: a sink (or whoever takes part in commits) whose next version begins while the one before is still there (draft).
 *
 *   before:  ... process | flush save prepare(7) |                 commit(7) destroy
 *   next:    create                              restore take_over(7) | process ... prepare(8) | commit(8)
 *
 * So rows flow on while a version is exchanged. Without it the pipeline is drained to a cut and built anew for such a change. Both
 * versions must offer it. Plugin side: weir_operator.extension(WEIR_EXT_HANDOVER). */
#ifndef WEIR_EXT_HANDOVER_H
#define WEIR_EXT_HANDOVER_H

#include "weir/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_EXT_HANDOVER "weir.handover/1"

typedef struct weir_handover {
  uint32_t struct_size;
  uint32_t reserved;
  /* [control] 1: with the options of this plan an instance may be created beside one of an earlier version, follow it, and be
   * followed; 0: not so (both would claim one name outside). */
  int32_t (*offers)(const void* plan);
  /* [task] Behind create and restore, before the first process: goes on behind this cut, for which the instance before has prepared
   * these bytes (empty: it does not take part in commits). It must not make them visible nor remove them: that instance is told
   * itself what becomes of them, or, after a failure, another one by recover. */
  weir_code (*take_over)(void* self, weir_context*, uint64_t cut, weir_view prepared);
} weir_handover;

#ifdef __cplusplus
}
#endif
#endif /* WEIR_EXT_HANDOVER_H */
