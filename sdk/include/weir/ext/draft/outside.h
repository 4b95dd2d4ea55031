/* weir.outside/1: asking systems outside while a pipeline is checked (draft).
 * Host side: weir_host.extension(WEIR_EXT_OUTSIDE); null while nothing outside may be touched, as when a pipeline is drawn or started. */
#ifndef WEIR_EXT_OUTSIDE_H
#define WEIR_EXT_OUTSIDE_H

#include "weir/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_EXT_OUTSIDE "weir.outside/1"

typedef struct weir_outside {
  uint32_t struct_size;
  uint32_t reserved;
  /* [control] Inside bind. Microseconds that the answers of one component may take together. Asking changes nothing outside. */
  int64_t (*patience)(weir_bind*);
  /* [control] Inside bind. Says what could not be found out, and why; the pipeline may be right. option: as in bind_error. */
  void (*warn)(weir_bind*, weir_view option, weir_view why);
} weir_outside;

#ifdef __cplusplus
}
#endif
#endif /* WEIR_EXT_OUTSIDE_H */
