/** libanneal: build an anneal index, align reads to it, and embed and search sequences, from a program of your own.
 *
 * A session belongs to one thread at a time; several sessions on one index share its pages. Functions return 0 or one of the negative
 * codes of anneal_codes.h; anl_error() then tells what went wrong in one line. The library never prints and never exits. Alignments are those
 * of `anneal align` with the same settings and the same batch of reads, vectors those of `anneal index`, for any number of threads.
 * No index may be written over in place while a session has it open: what it maps would change under it.
 */
#ifndef ANNEAL_H
#define ANNEAL_H

#include "anneal_codes.h"

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
    int64_t read;           /**< number of the read, or of the pair, in the call */
    const char *contig;     /**< of an unmapped read that of its mate; NULL: none */
    int64_t pos;            /**< leftmost aligned base; of an unmapped read that of its mate; -1: none */
    uint16_t flag;          /**< SAM flags: 0x4 unmapped, 0x10 reverse strand, 0x100 secondary, 0x800 supplementary; of a pair 0x1, with
                            *   0x2 proper, 0x8 mate unmapped, 0x20 mate reverse, 0x40 first, 0x80 second */
    uint8_t mapq;           /**< 0 to 60; 0: unmapped, secondary, or as good elsewhere */
    const uint32_t *cigar;  /**< BAM packing, length << 4 | operation of "MIDNSHP=X", in the contig's direction; clips are S */
    int32_t n_cigar;        /**< 0: unmapped */
    int32_t score;          /**< tag AS, 0: unmapped */
    int32_t second;         /**< tag XS, the best score elsewhere; 0: none known */
    int32_t nm;             /**< tag NM, edit distance; -1: unmapped */
    const char *md;         /**< tag MD; NULL: unmapped */
    int32_t mate;           /**< 0: of the read, or of the first of the pair; 1: of the second */
    int64_t tlen;           /**< as in SAM; 0 unless both mates lie on one contig */
    int64_t end;            /**< behind the last aligned base of the contig; of an unmapped read as pos */
    int32_t q_begin, q_end; /**< aligned bases of the read as it was given, whatever the strand, half-open; 0, 0: unmapped */
    int32_t contig_number;  /**< of `contig`, as anl_session_contig counts; -1: none */
    int64_t matches;        /**< equal bases: column 10 of PAF */
    int64_t length;         /**< columns, inserted and deleted bases: column 11 of PAF; length - matches is nm */
    int64_t ambiguous;      /**< those of `length` in which read or contig has none of A C G T */
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

/** The difference string of minimap2 (tag cs, short form) of one of the alignments that the last call on this session gave. *cs stays valid
 *  until the next call on this session. ANL_EINVAL for an unmapped read; ANL_ENOMEM. */
int anl_session_cs(anl_session *s, const anl_alignment *a, const char **cs);

/** Contigs of the index: their number, and name and length in bp of one (NULL, 0 out of range). */
int anl_session_contigs(const anl_session *s);
const char *anl_session_contig(const anl_session *s, int i, int64_t *len);

/** 1: contig i is an ALT contig (`anneal index --alt`), whose places never lower the MAPQ of others, unless the setting ignore-alt is on; 0: it
 *  is not, or there is none. */
int anl_session_contig_is_alt(const anl_session *s, int i);

/** Bases [begin, end) of contig i as the FASTA had them, in upper case, U as T: out[end - begin], without NUL. Several threads may call it on
 *  one session at once. ANL_EINVAL unless 0 <= begin <= end <= length of the contig. */
int anl_session_fetch(const anl_session *s, int i, int64_t begin, int64_t end, char *out);

/* ---- vectors ---- */

/** Elements of a vector. */
int anl_session_dim(const anl_session *s);

/** bp of the contigs' windows whose vectors the index holds. A shorter contig is one window. */
int anl_session_window(const anl_session *s);

/** Embeds n sequences (NUL-terminated letters as in anl_sequence, 20 to 400 of them) in all threads of the session: out[n][dim], the vectors
 *  that the index would hold of such windows. A sequence and its reverse complement have the same vector, bit for bit; one that
 *  holds no 6-mer of A C G T has zeros. Lengths of vectors are about the same, so that squared distance goes with cosine.
 *  ANL_EINVAL (a length), ANL_ENOMEM; on a GPU also ANL_EIO. Method: docs/encoder.md. */
int anl_session_embed(anl_session *s, const char *const *bases, size_t n, int8_t *out);

/** A window of the index near a vector. */
typedef struct anl_neighbour {
    int64_t pos;      /**< first base of the window on its contig, 0-based; -1: there is no such neighbour */
    int32_t contig;   /**< number of the contig; -1 */
    int32_t distance; /**< squared Euclidean distance of the two vectors; INT32_MAX */
} anl_neighbour;

enum { ANL_MOST_NEIGHBOURS = 2048 };

/** The k nearest windows of each of vectors[n][dim], nearest first, of equally near ones the first in the index: out[n][k], in all threads of
 *  the session. They are looked for in the nprobe inverted lists nearest to the vector, in all lists when there are fewer (that is exact); with
 *  nprobe 0 in the usual number, and in more until the nearest one is near enough to be sure of. A window with a cosine under 1/4 is
 *  no neighbour, nor has a vector of zeros any; what is missing of k is filled up as anl_neighbour says. Runs on the CPU.
 *  ANL_EINVAL (k not 1 to ANL_MOST_NEIGHBOURS, nprobe < 0), ANL_ENOMEM. */
int anl_session_search(anl_session *s, const int8_t *vectors, size_t n, int k, int nprobe, anl_neighbour *out);

/* ---- building ---- */

/** Builds the index of a FASTA (plain, gzip or bgzip) as `anneal index` does, byte for byte, and puts it at `index` when it is complete. Settings
 *  are the options of `anneal index` by name: window, stride, unique-k, threads, device (cpu, unless you say otherwise), model, alt; likewise
 *  the values. 0, ANL_EINVAL (a setting, or the index would be written over the FASTA or the model), ANL_EIO, ANL_EFORMAT, ANL_ENOMEM; then nothing is
 *  left behind. Thread-safe. */
int anl_build(const char *fasta, const char *index, const anl_setting *settings, size_t n);

/** The message of this thread's last failure. */
const char *anl_error(void);

#ifdef __cplusplus
}
#endif
#endif
