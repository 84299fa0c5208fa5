/* Sorting by coordinate: runs in memory, spilled to temporary BAM files, merged at the end. */
#ifndef ANL_SORT_H
#define ANL_SORT_H

#include "output.h"

#include <htslib/sam.h>

typedef struct anl_sorter anl_sorter;

/* At most about `memory` bytes of records are held; the rest is beside the temporary file of `to`, or in $TMPDIR when it has none. */
int anl_sorter_new(anl_sorter **out, const anl_output *to, size_t memory, const sam_hdr_t *header);

/* Removes the temporary files. Accepts NULL. */
void anl_sorter_free(anl_sorter *s);

/* Copies `b`. 0, ANL_EIO or ANL_ENOMEM. */
int anl_sorter_add(anl_sorter *s, const bam1_t *b);

/* Gives all records to `put` by contig (unplaced last), position, forward first, then in the order added. 0 or the first error. */
int anl_sorter_finish(anl_sorter *s, int (*put)(void *data, bam1_t *b), void *data);

#endif
