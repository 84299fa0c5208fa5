/** One sequencing read, as the readers give it and the aligner and the writers use it. */
#ifndef ANL_READ_H
#define ANL_READ_H

#include "base.h"
#include "encoder_shape.h"

typedef struct anl_read {
    const char *name;    /**< first word of the header, without a trailing /1 or /2 */
    const char *comment; /**< the rest of the header line; NULL when there is none */
    const uint8_t *seq;  /**< len base codes: A C G T = 0 1 2 3, anything else 4 (written as N) */
    const uint8_t *qual; /**< len Phred values 0-93; NULL when the input has no qualities */
    const uint8_t *aux;  /**< BAM-encoded tags of a uBAM or CRAM record, to be kept; NULL otherwise */
    int32_t len;         /**< bp, 0 allowed */
    int32_t aux_len;     /**< bytes */
    uint8_t mate;        /**< 0: single; 1: first of a pair; 2: second, directly after its first */
    uint8_t qc_fail;     /**< flag 0x200 of the input record */
} anl_read;

enum { ANL_LONG_READ = ANL_ENCODER_MAX_LEN /**< bp; reads longer than one vector can be of are aligned as long reads, mates as well */ };

static inline int anl_read_is_long(const anl_read *read)
{
    return read->len > ANL_LONG_READ;
}

/** The rule of SAM for names, [!-?A-~]{1,254} (specification, 1.4): without it the output could not be read. 0, or ANL_EFORMAT naming file,
 *  record and, where it can be printed, the name. */
int anl_read_name_check(const char *file, int64_t record, const char *name);

/** A copy, all of which is in the arena; `to` may be `from`. 0 or ANL_ENOMEM. */
int anl_read_copy(const anl_read *from, anl_arena *arena, anl_read *to);

/** A number from the read's bases alone, the same for its reverse complement: picks among equal places. XXH3 of the one of the two that comes
 *  first in the alphabet. */
uint64_t anl_read_hash(const anl_read *read);

/** A number from those of two mates, whichever of them is the first: a fragment sequenced from its other strand has the same. */
uint64_t anl_read_hash_both(uint64_t one, uint64_t other);

/** Reads of one batch in input order. The arenas own everything the reads point to. */
typedef struct anl_batch {
    anl_read *reads;
    size_t n, cap;
    anl_arena *arena, *mates; /**< mates: of reads from a second file, which a thread of its own may read */
} anl_batch;

#endif
