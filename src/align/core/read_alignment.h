/** What became of a read: its base-level alignments, each a record to be. */
#ifndef ANL_READ_ALIGNMENT_H
#define ANL_READ_ALIGNMENT_H

#include "base.h"

typedef enum anl_alignment_kind { ANL_PRIMARY, ANL_SUPPLEMENTARY, ANL_SECONDARY } anl_alignment_kind;

/** A base-level alignment of one read or of a segment of it. Coordinates are 0-based half-open, on one contig. Arrays live in the arena of
 *  results. */
typedef struct anl_read_alignment {
    anl_alignment_kind kind;
    int32_t tid;        /**< contig */
    int64_t pos, end;   /**< aligned reference bases */
    int32_t qbeg, qend; /**< aligned bases of the read as it was sequenced, whatever the strand */
    uint32_t *cigar;    /**< BAM packing, in the reference's direction, soft clips included */
    int32_t n_cigar;
    int32_t score;  /**< tag AS */
    int32_t second; /**< tag XS: best competing score, 0 when there is none */
    int32_t nm;     /**< tag NM */
    char *md;       /**< tag MD */
    const char *xa; /**< tag XA, NULL: none */
    uint8_t reverse, mapq;
    uint8_t alt; /**< 1: on an ALT contig */
    int32_t
        alt_score; /**< of one that is not: the score of a better alignment on an ALT contig that is reported and competes with it, or 0 */
} anl_read_alignment;

/** All of one read; list[0] is the primary one, on an ALT contig only where no other one is not; supplementary ones follow, then secondary ones.
 *  n 0: unmapped. */
typedef struct anl_read_alignments {
    anl_read_alignment *list;
    int32_t n;
    size_t cap;
} anl_read_alignments;

/** Adds an alignment behind those of its kind. 0 or ANL_ENOMEM. */
int anl_read_alignments_add(anl_read_alignments *to, const anl_read_alignment *a, anl_arena *arena);

/** Whether two alignments of a read are one place: half of the columns of the one with fewer are in the other one as well. Their scores and
 *  ends may differ, as those of two sides of a gap do. Copies, also those in tandem, are different places. */
int anl_read_alignment_same(const anl_read_alignment *a, const anl_read_alignment *b);

/** Whether one of the alignments is the same place as `a`. */
int anl_read_alignments_hold(const anl_read_alignments *list, const anl_read_alignment *a);

/** Whether two alignments compete for the same bases of the read: they share half of those of the shorter one. */
int anl_read_alignment_competes(const anl_read_alignment *a, const anl_read_alignment *b);

/** Drops the secondary alignments that are one place with `place`: none is told twice. */
void anl_read_alignments_give_way(anl_read_alignments *to, const anl_read_alignment *place);

/** Makes that of the primary and supplementary alignments primary which begins first in the read as it was sequenced; it changes places with
 *  the one that was. As bwa mem -5; likewise none on an ALT contig leads unless all are. Returns whether anything changed. */
int anl_read_alignments_lead_leftmost(anl_read_alignments *a);

/** The same for the one with the highest score; of equal ones the one that is primary stays. */
int anl_read_alignments_lead_best(anl_read_alignments *a);

/** Keeps an alignment's CIGAR, soft clips of a read of `len` bp added, and MD in `arena`: a->cigar, a->n_cigar, a->md. `qbeg` and `qend` are
 *  on the read oriented as the reference. 0 or ANL_ENOMEM. */
int anl_read_alignment_keep(anl_read_alignment *a, const uint32_t *cigar, int32_t n_cigar, const char *md, int32_t qbeg, int32_t qend,
                            int32_t len, anl_arena *arena);

#endif
