/** A line on the terminal that tells how far a run is. */
#ifndef ANL_PROGRESS_H
#define ANL_PROGRESS_H

#include <stdint.h>

typedef struct anl_meter {
    const char *unit; /**< "reads", "windows" */
    double start, shown;
    int on; /**< standard error is a terminal */
} anl_meter;

/** Seconds of a clock that never goes back. */
double anl_now(void);

void anl_meter_start(anl_meter *m, const char *unit);

/** Redraws the line at most a few times a second. `total` 0: not known, no ETA. */
void anl_meter_update(anl_meter *m, int64_t done, int64_t total);

/** Clears the line. */
void anl_meter_finish(anl_meter *m);

#endif
