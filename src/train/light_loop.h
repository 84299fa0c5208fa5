/** Training the light encoder: the full model is the teacher, and is not changed. docs/model-card.md tells the method. */
#ifndef ANL_LIGHT_LOOP_H
#define ANL_LIGHT_LOOP_H

#include "corpus.h"
#include "model.h"
#include "recall.h"
#include "train.h"

#include <signal.h>

typedef struct anl_light_options {
    const char *teacher; /**< model file */
    uint64_t seed;
    int hidden; /**< channels of the hidden layer; 0: twice the dimension, as far as a model may have them */
    int batch;  /**< reads, a multiple of 32 in 32..16384 */
    int64_t pairs;
    float rate;    /**< peak learning rate */
    anl_draw draw; /**< what pairs are like; the seed is filled in, there are no hard pairs */
    int threads;
    const anl_train_kernels *kernels;  /**< one of the CPU's */
    const char *checkpoint;            /**< file to resume from, where it exists, and to write; or NULL */
    double checkpoint_every;           /**< seconds */
    int report_every;                  /**< steps */
    const volatile sig_atomic_t *stop; /**< not NULL: set by a signal handler to stop behind the current step, with a checkpoint */
} anl_light_options;

anl_light_options anl_light_options_default(void);

/** What is told between steps. Of reads of 150 bp with 0.5% errors from the blocks held aside, the share whose window lies in the nearest
 *  ANL_RECALL_LISTS of their lists; -1 when not measured. */
typedef struct anl_light_progress {
    int64_t step, steps, pairs, seen; /**< `seen`: pairs trained in this run, for the rate */
    double loss;                      /**< mean of 1 - cosine since the last report */
    float listed[ANL_RECALL_LISTS];
} anl_light_progress;

typedef void anl_light_report(void *data, const anl_light_progress *p);

/** Trains on the FASTA files; gives the teacher with its new light encoder, which the provenance names. `clock` gives seconds and is what
 *  checkpoints go by. 0 or the first error. */
int anl_light_run(const anl_light_options *o, char **paths, int n_paths, double (*clock)(void), anl_light_report *report, void *data,
                  anl_model **out);

#endif
