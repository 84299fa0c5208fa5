/** Training the encoder: stages, schedule, checkpoints. docs/model-card.md tells the method. */
#ifndef ANL_TRAIN_LOOP_H
#define ANL_TRAIN_LOOP_H

#include "corpus.h"
#include "model.h"
#include "train.h"

#include <signal.h>

typedef struct anl_train_options {
    uint64_t seed;
    int dim, layers;         /**< of the model */
    int batch;               /**< pairs, a multiple of 32 in 32..16384 */
    int64_t linear_pairs;    /**< trained with the layers left out, their outputs being zero */
    int64_t pairs;           /**< trained with the layers */
    float linear_rate, rate; /**< peak learning rates of the two stages */
    float temperature;
    float hard_share; /**< of the pairs with layers that are mined hard negatives */
    int mine_every;   /**< steps with layers between minings */
    anl_draw draw;    /**< what pairs are like; seed and hard pairs are filled in */
    int threads;
    const anl_train_kernels *kernels;
    const char *init;                  /**< model to start from, or NULL: the untrained sketch of the seed */
    const char *checkpoint;            /**< file to resume from, where it exists, and to write; or NULL */
    double checkpoint_every;           /**< seconds */
    int report_every;                  /**< steps */
    const volatile sig_atomic_t *stop; /**< not NULL: set by a signal handler to stop behind the current step, with a checkpoint */
} anl_train_options;

anl_train_options anl_train_options_default(void);

/** What is told between steps. Recall@10 of reads of 150 bp with 10 and 15% errors on the blocks held aside; -1 when not measured. */
typedef struct anl_train_progress {
    int64_t step, steps, pairs, seen; /**< `seen`: pairs trained in this run, for the rate */
    int layers;
    double loss, best; /**< means since the last report: nats; share of reads whose own window is nearest in the batch */
    float recall10, recall15;
    size_t hard_pairs;
} anl_train_progress;

typedef void anl_train_report(void *data, const anl_train_progress *p);

/** Trains on the FASTA files and gives the int8 model, its provenance naming the options. `clock` gives seconds and is what checkpoints go
 *  by. 0 or the first error. */
int anl_train_run(const anl_train_options *o, char **paths, int n_paths, double (*clock)(void), anl_train_report *report, void *data,
                  anl_model **out);

/** Appends the files' names to text[ANL_MODEL_TEXT], of which n bytes are in use, as far as there is room. */
void anl_train_append_names(char *text, size_t n, char **paths, int n_paths);

#endif
