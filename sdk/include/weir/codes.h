/* What calls across the boundary return. 0 is success, positive values are news and no error, negative values are errors.
 * A number never changes its meaning; new ones are added at the ends. */
#ifndef WEIR_CODES_H
#define WEIR_CODES_H

#include <stdint.h>

typedef int32_t weir_code;

#define WEIR_OK ((weir_code)0)   /* done */
#define WEIR_IDLE ((weir_code)1) /* a source: nothing to read now; ask again */
#define WEIR_END ((weir_code)2)  /* a source: everything assigned is read to its end */

#define WEIR_E_CONFIG ((weir_code)-1)      /* an option is wrong: whoever edits the pipeline must act */
#define WEIR_E_SCHEMA ((weir_code)-2)      /* a column is missing or of the wrong type */
#define WEIR_E_DATA ((weir_code)-3)        /* this input cannot be processed; another one may be */
#define WEIR_E_EXTERNAL ((weir_code)-4)    /* a system outside failed: retry with backoff */
#define WEIR_E_STATE ((weir_code)-5)       /* keyed state cannot be read, written or migrated */
#define WEIR_E_UNSUPPORTED ((weir_code)-6) /* this side does not offer what was asked for */
#define WEIR_E_PLUGIN ((weir_code)-7)      /* the plugin's own mistake: an exception, a broken invariant */
#define WEIR_E_HOST ((weir_code)-8)        /* the host's own mistake */
#define WEIR_E_CONTRACT ((weir_code)-9)    /* the caller broke a rule of this header */
#define WEIR_E_MEMORY ((weir_code)-10)     /* the memory budget does not allow it */
#define WEIR_E_STOPPED ((weir_code)-11)    /* the pipeline is stopping: return at once */

#endif /* WEIR_CODES_H */
