/** Adaptive search: reads are searched in more and more lists, and only until their place is proven. */
#ifndef ANL_FIND_H
#define ANL_FIND_H

#include "candidates.h"
#include "align_tuning.h"
#include "insert.h"

/** What adaptive search did for short reads. */
typedef struct anl_find_counts {
    int64_t segments;           /**< embedded */
    int64_t entries;            /**< of the store gone through for them, padding included; 0 where FAISS or a GPU searched */
    int64_t proven[ANL_WAVES];  /**< reads that were proven in a wave */
    int64_t proven_together;    /**< reads that were proven with their mate, as a pair */
    int64_t proven_beside_mate; /**< reads that were proven where their mate said, without having been searched to the end */
    int64_t settled_by_mate;    /**< reads that are where their mate says */
} anl_find_counts;

/** Finds the candidates of `n` queries (read and strand set, the rest zero; mates follow each other). They are searched in waves by light vectors,
 *  where the model has a light encoder, then in one by full vectors. A read whose place is proven (anl_prove) has that candidate alone and is searched no further; before its
 *  mate is embedded, that is looked for where `inserts` (none usable, or -S: nowhere) says it lies; without -P it may settle there. What stays
 *  unproven is searched on as anl_candidates_find does, if it may be of this genome at all. With -a or --exhaustive nothing is
 *  proven, and nothing left out. Adds to *counts. `results` is not s->temporary. Errors as anl_candidates_find. */
int anl_find(const anl_context *c, anl_scratch *s, const anl_insert_model *inserts, anl_sw_queue *queue, anl_query *queries, int n,
             anl_arena *results, anl_find_counts *counts);

#endif
