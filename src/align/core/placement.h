/** What became of a read: its alignments, each a record to be. */
#ifndef ANL_PLACEMENT_H
#define ANL_PLACEMENT_H

#include "base.h"

typedef enum anl_place_kind { ANL_PRIMARY, ANL_SUPPLEMENTARY, ANL_SECONDARY } anl_place_kind;

/** A base-level alignment of one read. Coordinates are 0-based half-open, on one contig. Arrays live in the worker's arena. */
typedef struct anl_placement {
    anl_place_kind kind;
    int32_t tid;         /**< contig */
    int64_t pos, end;    /**< aligned reference bases */
    int32_t qbeg, qend;  /**< aligned bases of the read as it was sequenced, whatever the strand */
    uint32_t *cigar;     /**< BAM packing, in the reference's direction, soft clips included */
    int32_t n_cigar;
    int32_t score;       /**< tag AS */
    int32_t second;      /**< tag XS: best score elsewhere, 0 when there is none */
    int32_t nm;          /**< tag NM */
    const char *md;      /**< tag MD */
    const char *xa;      /**< tag XA, NULL: none */
    uint8_t reverse, mapq;
} anl_placement;

/** All of one read; list[0] is the primary one, supplementary ones follow, then secondary ones. n 0: unmapped. */
typedef struct anl_placements {
    anl_placement *list;
    int32_t n;
    size_t cap;
} anl_placements;

#endif
