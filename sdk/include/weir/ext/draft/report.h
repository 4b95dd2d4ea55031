/* weir.report/1: figures that an operator or sink tells at the end of a run (draft).
 * `weir run --json` shows them under sinks.<id>; figures of the same name are added over the subtasks, modulo 2^64. */
#ifndef WEIR_EXT_REPORT_H
#define WEIR_EXT_REPORT_H

#include "weir/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_EXT_REPORT "weir.report/1"

typedef struct weir_figures weir_figures; /* opaque: the host's list */

typedef struct weir_report { /* got from weir_operator.extension */
  uint32_t struct_size;
  uint32_t reserved;
  /* [task] After the last input and flush, and about once a second before. Calls add(out, name, value) for each figure. */
  weir_code (*report)(void* self, weir_context*, weir_figures* out,
                      void (*add)(weir_figures*, weir_view name, uint64_t value));
} weir_report;

#ifdef __cplusplus
}
#endif
#endif /* WEIR_EXT_REPORT_H */
