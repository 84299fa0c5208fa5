/** Hard negatives: windows that the current model takes for neighbours and that are not the same sequence. */
#ifndef ANL_MINE_H
#define ANL_MINE_H

#include "corpus.h"

/** Embeds about `windows` windows in blocks spread over the corpus, other blocks each `round`, searches the neighbours of every one through
 *  the vector store and keeps pairs that are near and differ: *hard_pairs (to be freed), *n of them. 0 or the first error. */
int anl_mine(const anl_corpus *c, const anl_model *m, int window, int64_t windows, int round, int threads, anl_hard_pair **hard_pairs,
             size_t *n);

#endif
