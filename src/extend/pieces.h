/** From the columns of an alignment to the pieces worth reporting. */
#ifndef ANL_PIECES_H
#define ANL_PIECES_H

#include "cigar.h"
#include "stitch.h"

/** An alignment under construction: M, I and D operations from (qbeg, tbeg) on; positions in query and region. */
typedef struct anl_columns {
    anl_cigar cigar;
    int32_t qbeg, tbeg;
} anl_columns;

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
