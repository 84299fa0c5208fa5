/** From bases to tokens: canonical 6-mers in groups of 8, cut so that a sequence and its reverse complement give the same tokens
 *  in opposite order. */
#ifndef ANL_TOKENS_H
#define ANL_TOKENS_H

#include "base.h"

enum { ANL_TOKEN_LIST_MAX = 192, ANL_TOKEN_KMERS_MAX = ANL_TOKEN_LIST_MAX * 8 };

/** Row of the k-mer table for every forward 6-mer. */
typedef struct anl_token_map {
    uint16_t row[4096];
} anl_token_map;

int anl_token_map_new(anl_token_map **out);
void anl_token_map_free(anl_token_map *m);

/** Tokens of a sequence of `len` bp, len >= 6: one for every 8 6-mers begun. */
int32_t anl_token_count(int32_t len);

/** Tokens of several sequences one after the other. */
typedef struct anl_token_list {
    int32_t tokens, sequences;
    uint16_t rows[ANL_TOKEN_KMERS_MAX];       /**< table rows, token by token */
    int32_t begin[ANL_TOKEN_LIST_MAX + 1];    /**< first of each token's rows */
    int32_t kmers[ANL_TOKEN_LIST_MAX];        /**< rows of each sequence: its 6-mers without N */
} anl_token_list;

void anl_token_list_clear(anl_token_list *l);

/** Appends seq[len] (base codes, 4 = N); the caller has checked that its tokens fit. */
void anl_token_list_add(anl_token_list *l, const anl_token_map *m, const uint8_t *seq, int32_t len);

#endif
