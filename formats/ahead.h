/* Bytes that a thread of its own makes, ahead of who takes them. */
#ifndef ANL_AHEAD_H
#define ANL_AHEAD_H

#include "base.h"

#include <sys/types.h>

typedef struct anl_ahead anl_ahead;

/* Makes up to `room` bytes: their number, 0 at the end, or a negative ANL_E*. */
typedef ssize_t anl_ahead_make(void *data, char *to, size_t room);

/* Starts a thread that calls `make` with `data`, which is its own until anl_ahead_free. NULL where there is no memory for it, or no thread:
 * then `make` has not been called. */
anl_ahead *anl_ahead_start(anl_ahead_make *make, void *data);

/* As `make`, of what that has made, in its order; its error is that of this thread then. */
ssize_t anl_ahead_take(anl_ahead *a, char *to, size_t room);

/* Waits for the call of `make` that is going on. Accepts NULL. */
void anl_ahead_free(anl_ahead *a);

#endif
