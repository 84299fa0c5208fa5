/** What at the end of a read is no part of the genome: adapter behind an insert shorter than the read, and the G that machines with two colours
 *  read where there is nothing. */
#ifndef ANL_READTHROUGH_H
#define ANL_READTHROUGH_H

#include "query.h"

/** bp of the insert of two mates that run through it into adapters, ANL_READTHROUGH_LEAST to the longer length less 1: `first` begins with the
 *  reverse complement of as many first bases of the other mate, whose reverse complement `second_reversed` is, but for 1 in
 *  ANL_READTHROUGH_ERRORS; and what lies behind begins alike in both. 0: none, or several, as in a tandem repeat. Base codes. */
int32_t anl_readthrough(const uint8_t *first, int32_t first_len, const uint8_t *second_reversed, int32_t second_len);

/** Leaves a query (read and strands set, not long) its first `len` bases, if it has more: `read` becomes a copy, in `results`, `tail` what it
 *  lacks. 0 or ANL_ENOMEM. */
int anl_query_cut(anl_query *q, int32_t len, anl_arena *results);

/** Cuts both queries of a pair to its insert where they run through it, as anl_query_cut does. 0 or ANL_ENOMEM. */
int anl_readthrough_cut(anl_query pair[2], anl_arena *results);

/** bp of the tail of G at the end of a read, which other bases may interrupt, four G for each; 0 where G lead by fewer than ANL_TAIL_OF_G. */
int32_t anl_tail_of_g(const uint8_t *bases, int32_t len);

/** Cuts a tail of G off a query, as anl_query_cut does. 0 or ANL_ENOMEM. */
int anl_tail_cut(anl_query *q, anl_arena *results);

/** Whether bases[n] repeat a motif of up to 6 bp, but for 1 base in ANL_READTHROUGH_ERRORS: then no place of them can be told from its neighbours. */
int anl_is_one_repeat(const uint8_t *bases, int32_t n);

#endif
