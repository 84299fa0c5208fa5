/** libanneal: align reads to an anneal index from a program of your own.
 *
 * A session belongs to one thread at a time; several sessions on one index share its pages. Functions return 0 or a negative
 * code; anl_error() then tells what went wrong in one line. The library never prints and never exits. Alignments are those of
 * `anneal align` with the same settings and the same batch of reads, for any number of threads.
 */
#ifndef ANNEAL_H
#define ANNEAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct anl_session anl_session;

/** One of the options of `anneal align`, by its long name or its letter, and its value as on the command line: {"preset", "hifi"},
 *  {"insert-size", "400,50"}, {"T", "20"}; NULL for an option that takes none: {"all", NULL}.
 *
 *  Scores: preset, match, mismatch, gap-open, gap-extend, clip-penalty, min-score. Pairs: insert-size, unpaired-penalty, skip-rescue,
 *  skip-pairing. What is told: all (every place found), split-secondary, primary-5prime, eqx. Search: candidates, search. The machine: threads
 *  (1), device (cpu, unless you say otherwise). Beside these: model, the encoder's file ($ANNEAL_MODEL or the one shipped). Options about
 *  files and what is printed are not known here; soft-clip, xa-limit and batch-bases change nothing, for clips are always S, there is no XA, and
 *  a call is a batch. `anneal align --help` tells ranges and defaults. */
typedef struct anl_setting {
    const char *name, *value;
} anl_setting;

/** One read as it comes from a FASTQ file. */
typedef struct anl_sequence {
    const char *name;  /**< NUL-terminated, without /1 or /2 */
    const char *bases; /**< NUL-terminated letters; anything but A C G T U (either case) counts as N */
} anl_sequence;

/** An alignment, in the terms of the SAM specification; coordinates are 0-based. */
typedef struct anl_alignment {
    int64_t read;          /**< number of the read, or of the pair, in the call */
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

/** Opens an index with n settings (of one given twice the last counts). Fails on an unknown name and on a value out of its range. The index's large
 *  parts are verified in a thread beside this one: the first call that aligns waits for it (some 0.2 s a GB that is in memory) and gives nothing if they
 *  are damaged; nor does any later one. */
int anl_session_open(anl_session **out, const char *index, const anl_setting *settings, size_t n);
void anl_session_close(anl_session *s);

/** Aligns one read (mate NULL) or a pair. *alignments holds *n records, the first read's before its mate's, each read's primary one
 *  first; they stay valid until the next call on this session. */
int anl_session_align(anl_session *s, const anl_sequence *read, const anl_sequence *mate, const anl_alignment **alignments, size_t *n);

/** Aligns n_reads reads (mates NULL) or pairs at once, in all threads of the session, and gives all records in the order of the reads. Pairs'
 *  insert sizes are those of the setting insert-size; without it they are estimated from the batch, or, where it has fewer than ten clear
 *  pairs, from the last batch that had more; until there is an estimate mates are placed independently. Memory grows with the batch:
 *  `anneal align` takes 10 Mbp at a time. */
int anl_session_align_batch(anl_session *s, const anl_sequence *reads, const anl_sequence *mates, size_t n_reads,
                            const anl_alignment **alignments, size_t *n);

/** Contigs of the index: their number, and name and length in bp of one (NULL, 0 out of range). */
int anl_session_contigs(const anl_session *s);
const char *anl_session_contig(const anl_session *s, int i, int64_t *len);

/** The message of this thread's last failure. */
const char *anl_error(void);

#ifdef __cplusplus
}
#endif
#endif
