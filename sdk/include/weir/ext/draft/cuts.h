/* weir.cuts/1: what a component may know of the cuts that its pipeline takes (draft).
 * Host side: weir_host.extension(WEIR_EXT_CUTS). */
#ifndef WEIR_EXT_CUTS_H
#define WEIR_EXT_CUTS_H

#include "weir/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_EXT_CUTS "weir.cuts/1"

typedef struct weir_cuts {
  uint32_t struct_size;
  uint32_t reserved;
  /* [control] Inside bind. Microseconds between two checkpoints; 0: the pipeline takes none, there is only the cut at its end. */
  int64_t (*interval)(weir_bind*);
  /* [control] Inside bind. Microseconds: the longest pause that is made before a worker that failed runs again. */
  int64_t (*restart_pause)(weir_bind*);
} weir_cuts;

#ifdef __cplusplus
}
#endif
#endif /* WEIR_EXT_CUTS_H */
