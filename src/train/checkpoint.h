/** The state of a training run in a file: what a later run goes on from, to the same bits. */
#ifndef ANL_CHECKPOINT_H
#define ANL_CHECKPOINT_H

#include "corpus.h"

typedef struct anl_checkpoint {
    uint64_t options; /**< identity of the run's options: only a run with the same may resume; 0 reads any run's */
    int64_t step;     /**< steps made */
    size_t size;      /**< floats of each array */
    float *weights, *first, *second;
    anl_hard_pair *hard_pairs;
    size_t n_hard_pairs;
} anl_checkpoint;

/** Arrays of `size` floats. ANL_ENOMEM. */
int anl_checkpoint_new(anl_checkpoint **out, size_t size);
void anl_checkpoint_free(anl_checkpoint *c);

/** Replaces the file at `path`, or leaves it as it was. 0, ANL_EIO, ANL_EINVAL or ANL_ENOMEM. */
int anl_checkpoint_write(const anl_checkpoint *c, const char *path);

/** Reads into a checkpoint of the same size. ANL_EIO, ANL_EFORMAT (truncated, corrupt), ANL_EVERSION (another run's options). */
int anl_checkpoint_read(anl_checkpoint *c, const char *path);

#endif
