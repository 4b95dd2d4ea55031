/* weir.timers/1: timers of a key, in event time or processing time (draft).
 *
 * A timer is (family, key, time): setting the same one twice is one timer. The host keeps timers with the state, snapshots them,
 * and fires them in the order of their times, many in one call.
 *
 * Host side: weir_host.extension(WEIR_EXT_TIMERS) is a weir_timers_host; plugin side: weir_operator.extension(WEIR_EXT_TIMERS)
 * is a weir_timers. */
#ifndef WEIR_EXT_TIMERS_H
#define WEIR_EXT_TIMERS_H

#include "weir/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_EXT_TIMERS "weir.timers/1"

#define WEIR_TIMER_EVENT_TIME 0u
#define WEIR_TIMER_PROCESSING_TIME 1u

typedef struct weir_timers_host {
  uint32_t struct_size;
  uint32_t reserved;
  /* [control] Inside bind: a family of timers by name. Returns its number (0, 1, ...), or a negative code after bind_error. */
  int32_t (*declare)(weir_bind*, const char* name, uint32_t time_kind);
  /* [task] Sets (clears) one timer for each of `count` physical rows of the batch in work (null: its rows to process), for the row's key. A time that has
   * passed already fires with the next watermark (the next look at the clock). Clearing a timer that is not set is no error. */
  weir_code (*set)(weir_context*, uint32_t family, const weir_batch*, const uint32_t* rows, const int64_t* times_us,
                   int64_t count);
  weir_code (*clear)(weir_context*, uint32_t family, const weir_batch*, const uint32_t* rows, const int64_t* times_us,
                     int64_t count);
} weir_timers_host;

typedef struct weir_timers {
  uint32_t struct_size;
  uint32_t reserved;
  /* [task] Timers of one family that are due, ascending by time. `fired` is a batch whose columns are the key columns of input
   * port 0 and whose event_time is the timers' times; state's slots() takes it like any other batch. The event-time clock of the
   * operator already stands at the watermark that fired them. */
  weir_code (*on_timers)(void* self, weir_context*, uint32_t family, const weir_batch* fired);
} weir_timers;

#ifdef __cplusplus
}
#endif
#endif /* WEIR_EXT_TIMERS_H */
