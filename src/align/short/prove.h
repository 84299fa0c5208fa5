/** When a read needs no further search: no other place can come near the score that it has where it was found. */
#ifndef ANL_PROVE_H
#define ANL_PROVE_H

#include "context.h"
#include "locate.h"
#include "query.h"

anl_proof anl_prove(const anl_context *c, const anl_query *q, const anl_place *place);

/** What a read has where it leaves the diagonal of a place once, for the lowest or the highest one with support (place->lo, hi), if there are such.
 *  Its score is one that the place has at least. */
anl_proof anl_prove_bent(const anl_context *c, const anl_query *q, const anl_place *place);

/** Whether the read has so much more than the bound that its MAPQ is ANL_MAPQ_MAX, and that no other pair can be better for a mate. Depends
 *  on read, place, index and scores alone. */
int anl_proof_suffices(const anl_align_options *o, const anl_query *q, const anl_proof *p);

#endif
