/** libanneal: align reads to an anneal index from a program of your own.
 *
 * A session belongs to one thread at a time; several sessions on one index share its pages. Functions return 0 or a negative
 * code; anl_error() then tells what went wrong in one line. The library never prints and never exits.
 */
#ifndef ANNEAL_H
#define ANNEAL_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct anl_session anl_session;

/** One read as it comes from a FASTQ file. */
typedef struct anl_sequence {
    const char *name;  /**< NUL-terminated, without /1 or /2 */
    const char *bases; /**< NUL-terminated letters; anything but A C G T U (either case) counts as N */
} anl_sequence;

/** An alignment, in the terms of the SAM specification; coordinates are 0-based. */
typedef struct anl_alignment {
    const char *contig;    /**< of an unmapped read that of its mate; NULL: none */
    int64_t pos;           /**< leftmost aligned base; of an unmapped read that of its mate; -1: none */
    uint16_t flag;         /**< SAM flags: 0x4 unmapped, 0x10 reverse strand, 0x100 secondary, 0x800 supplementary; of a pair 0x1, with
                            *   0x2 proper, 0x8 mate unmapped, 0x20 mate reverse, 0x40 first, 0x80 second */
    uint8_t mapq;          /**< 0 to 60; 0: unmapped, secondary, or as good elsewhere */
    const uint32_t *cigar; /**< BAM packing, length << 4 | operation of "MIDNSHP=X", in the contig's direction; clips are S */
    int32_t n_cigar;       /**< 0: unmapped */
    int32_t score;         /**< tag AS, 0: unmapped */
    int32_t second;        /**< tag XS, the best score elsewhere; 0: none known */
    int32_t nm;            /**< tag NM, edit distance; -1: unmapped */
    const char *md;        /**< tag MD; NULL: unmapped */
    int32_t mate;          /**< 0: of the read, or of the first of the pair; 1: of the second */
    int64_t tlen;          /**< as in SAM; 0 unless both mates lie on one contig */
} anl_alignment;

/** Opens an index. `model`: the encoder's file, or NULL for the one that is shipped. `insert_mean` and `insert_sd` in bp describe
 *  the pairs' insert sizes; with 0, 0 mates are placed independently. */
int anl_session_open(anl_session **out, const char *index, const char *model, double insert_mean, double insert_sd);
void anl_session_close(anl_session *s);

/** Aligns one read (mate NULL) or a pair. *alignments holds *n records, each read's primary one first; they stay valid until the
 *  next call on this session. */
int anl_session_align(anl_session *s, const anl_sequence *read, const anl_sequence *mate, const anl_alignment **alignments, int *n);

/** Contigs of the index: their number, and name and length in bp of one (NULL, 0 out of range). */
int anl_session_contigs(const anl_session *s);
const char *anl_session_contig(const anl_session *s, int i, int64_t *len);

/** The message of this thread's last failure. */
const char *anl_error(void);

#ifdef __cplusplus
}
#endif
#endif
