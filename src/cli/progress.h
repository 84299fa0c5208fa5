/** How far a run is: a line on the terminal that is drawn again and again; where standard error is none, a line a minute for who asks. */
#ifndef ANL_PROGRESS_H
#define ANL_PROGRESS_H

#include <stdint.h>

typedef enum anl_meter_kind { ANL_METER_OFF, ANL_METER_TERMINAL, ANL_METER_LINES } anl_meter_kind; /* LINES: and off the terminal */

typedef struct anl_meter {
    const char *stage;
    double start, last, shown; /**< of the stage; when it was told something last; when something was shown last */
    int terminal, lines;
    int percent; /**< shown last: it does not fall when a total that was estimated grows */
} anl_meter;

/** Seconds of a clock that never goes back. */
double anl_now(void);

/** The most memory that this process has had so far. */
long anl_peak_mib(void);

void anl_meter_start(anl_meter *m, anl_meter_kind kind);

/** Shows "STAGE: 45%, 80 s left; 1200 UNIT, 300/s, 410 MiB" a few times a second at most; a new stage at once. `total` 0: not known; `unit` NULL: units
 *  that mean nothing to people. */
void anl_meter_update(anl_meter *m, const char *stage, const char *unit, int64_t done, int64_t total);

/** Clears the line. */
void anl_meter_finish(anl_meter *m);

#endif
