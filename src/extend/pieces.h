/** From the columns of an alignment to the pieces worth reporting. */
#ifndef ANL_PIECES_H
#define ANL_PIECES_H

#include "stitch.h"

/** An alignment under construction: M, I and D operations from (qbeg, tbeg) on; positions in query and region. */
typedef struct anl_columns {
    uint32_t *cigar;
    size_t cap;
    int32_t n, qbeg, tbeg;
} anl_columns;

void anl_columns_start(anl_columns *c, int32_t qbeg, int32_t tbeg);

/** Appends `len` >= 0 of one operation. 0 or ANL_ENOMEM. */
int anl_columns_push(anl_columns *c, uint32_t op, int32_t len);

/** Score of a CIGAR of M, I and D that starts at q[0] and t[0]. */
int32_t anl_columns_score(const anl_wave_params *p, const uint32_t *cigar, int32_t n, const uint8_t *q, const uint8_t *t);

/** The farthest that the score of such a CIGAR falls below the best it had before; a gap counts whole. */
int32_t anl_columns_fall(const anl_wave_params *p, const uint32_t *cigar, int32_t n, const uint8_t *q, const uint8_t *t);

typedef struct anl_piece_context {
    const anl_stitch_params *params;
    const anl_stitch_query *query;
    const uint8_t *region; /**< target bases, N is 4 */
    int64_t begin;         /**< joined coordinate of region[0] */
    anl_arena *arena;      /**< for what the pieces hold */
} anl_piece_context;

/** Cuts the columns where the score falls by more than params->drop without a long match, trims what does not pay, and appends the pieces
 *  whose best part is worth at least params->min_score. 0 or ANL_ENOMEM. */
int anl_pieces_cut(const anl_piece_context *c, const anl_columns *columns, anl_pieces *out);

#endif
