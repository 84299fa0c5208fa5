/** The index of a reference: windows, their vectors in a FAISS inverted-file store, 2-bit sequence, in one mapped file. */
#ifndef ANL_INDEX_H
#define ANL_INDEX_H

#include "output.h"

enum { ANL_INDEX_MOST_CONTIGS = 1 << 30 /* a contig's number and a strand fit int32_t */ };

#define ANL_INDEX_NO_WINDOW UINT32_MAX /**< id of the padding behind a list's last entry */

enum { ANL_UNIQUE_MIN_K = 14, ANL_UNIQUE_MAX_K = 31, ANL_UNIQUE_MOST_N = 2 /* N of a k-mer that is met as every sequence it could be */ };

/** Everything read from one .anl file. Arrays point into the mapping; "joined" coordinates run over all contigs in turn. */
typedef struct anl_index {
    int32_t n_contigs;
    int32_t n_alts; /**< ALT contigs among them */
    const anl_contig *contigs;
    const int64_t *contig_begin; /**< [n_contigs + 1] first base of each contig, joined */
    const int64_t *window_begin; /**< [n_contigs + 1] first window of each contig */
    const uint8_t *bases;        /**< 2 bits a base, four to a byte, first base in the low bits; N stored as A */
    const int64_t *n_runs;       /**< [2 * n_n_runs] begin, end of every run of N, joined, ascending */
    int64_t n_n_runs;
    int32_t unique_k;
    const uint64_t *unique;  /**< bit p: the k-mer at p, joined, is met once in the reference (unique.h); one a base, then 0 up to 64 */
    const uint64_t *letters; /**< [n_letters] joined position << 8 | letter of each base that has another IUPAC letter than N, which it is
                                   *   in n_runs; ascending */
    int64_t n_letters;
    int32_t window, stride; /**< bp */
    int64_t n_windows;      /**< of all contigs, also those not stored because they hold nothing but N */
    int64_t n_entries;      /**< windows stored */
    int32_t d;              /**< dimension of the vectors */
    int32_t nlist;          /**< inverted lists */
    int64_t longest_list;   /**< entries, padding included */
    /* Entries lie in panels, with their biases, as panel.h says; a list is padded to whole panels. Padding is zero, with bias ANL_PANEL_NO_BIAS
     * and id ANL_INDEX_NO_WINDOW. */
    const int8_t *centroids;      /**< panels of the coarse quantiser's integer centroids */
    const int32_t *centroid_bias; /**< [nlist, padded to 16] */
    const uint64_t *list_begin;   /**< [nlist + 1] first entry of each list, a multiple of 16 */
    const int8_t *codes;          /**< panels of all lists */
    const int32_t *bias;          /**< one an entry */
    const uint32_t *ids;          /**< window number of each entry, ascending in a list */
    uint64_t model_hash;          /**< of the model that made the vectors */
    char model_name[64];
    struct anl_index_mapping *mapping;
} anl_index;

/** Maps `path` and verifies magic, version, sizes, and checksums and values of all but the large sections: bases, uniqueness map, and the entries'
 *  codes, biases and ids. Takes as long as the contigs, runs of N and centroids are many; nothing else of the file is read. What the large sections hold
 *  cannot harm the memory of who uses it as search.h and this header offer it; that it is what was written is known when anl_index_check has returned 0.
 *  0, ANL_EIO, ANL_EFORMAT (truncated, corrupt), ANL_EVERSION (older, newer) or ANL_ENOMEM. */
int anl_index_open(anl_index **out, const char *path);

/** Ends a check that is running. */
void anl_index_free(anl_index *x);

/** Takes ALT contigs for others from now on, as if the index had been built without --alt. No other thread may use `x`. */
void anl_index_forget_alts(anl_index *x);

/** Verifies the large sections, which reads the whole file; the next calls give the same answer at once. Nothing that was made with an index may
 *  look complete before this has returned 0. Any thread, several at a time. 0, ANL_EFORMAT (corrupt), ANL_EIO (written over since it was opened),
 *  ANL_ENOMEM, or, while the index is freed, ANL_EINTR without a message. */
int anl_index_check(anl_index *x);

/** Begins that in a thread of its own, if there is one to be had; anl_index_check then waits for it. One thread at a time for each `x`. */
void anl_index_check_begin(anl_index *x);

/** Name and size of section i, 0 and up, of the file; NULL: there are no more. */
const char *anl_index_section(const anl_index *x, int i, uint64_t *bytes);

/** Verifies one section: its checksum, and its values if it is a large one. Errors as anl_index_check. Any thread. */
int anl_index_check_section(const anl_index *x, int i);

/** Whether the file still holds what was opened: a run must not end well with an index that somebody wrote over in place. Costs a system call unless
 *  the file was touched. One thread at a time for each `x`. 0, ANL_EIO when it was changed, or what a check has found by now. */
int anl_index_unchanged(const anl_index *x);

/** The file of the open index that is mapped at `address`; NULL: none. A file that was cut short while it is mapped ends in SIGBUS at such an address.
 *  Async-signal-safe; knows the first 16 indexes that a process has open at once. */
const char *anl_index_mapped_at(const void *address);

/** First base (joined coordinates) of window `w`, 0 <= w < n_windows. Windows of a contig start every `stride` bp; the last one ends
 *  with the contig; a contig shorter than a window has one window, the whole contig. */
int64_t anl_index_window_pos(const anl_index *x, int64_t w);

/** Windows of a contig of `len` bp. */
int64_t anl_index_window_count(int64_t len, int32_t window, int32_t stride);

/** Contig that holds base `pos`, 0 <= pos < contig_begin[n_contigs]. */
int32_t anl_index_contig_at(const anl_index *x, int64_t pos);

/** Bytes of `bases`. */
static inline int64_t anl_index_packed(const anl_index *x)
{
    return (x->contig_begin[x->n_contigs] + 3) / 4;
}

/** Whether a contig is an ALT contig. */
static inline int anl_index_is_alt(const anl_index *x, int32_t contig)
{
    return x->n_alts && x->contigs[contig].alt;
}

/** Cuts region [*begin, *end) to what of it lies in a contig; nothing is left, *begin >= *end, of one beside it. */
static inline void anl_index_clip(const anl_index *x, int32_t contig, int64_t *begin, int64_t *end)
{
    if (*begin < x->contig_begin[contig]) *begin = x->contig_begin[contig];
    if (*end > x->contig_begin[contig + 1]) *end = x->contig_begin[contig + 1];
}

/** Whether a contig holds all of [begin, end). */
static inline int anl_index_holds(const anl_index *x, int32_t contig, int64_t begin, int64_t end)
{
    return begin >= x->contig_begin[contig] && end <= x->contig_begin[contig + 1];
}

/** Asks memory for the bases of [begin, end) in joined coordinates, as far as the reference has them: a fetch that comes soon then waits less. */
static inline void anl_index_prefetch(const anl_index *x, int64_t begin, int64_t end)
{
    enum { LINE = 64 /* bytes of the cache: 256 bases */ };
    const int64_t all = x->contig_begin[x->n_contigs];
    if (end > all) end = all;
    for (int64_t at = begin < 0 ? 0 : begin / (4 * LINE); at * 4 * LINE < end; ++at) __builtin_prefetch(x->bases + at * LINE);
}

/** Base codes 0-3, 4 for N, of [begin, end) in joined coordinates; `out` holds end - begin. */
void anl_index_fetch(const anl_index *x, int64_t begin, int64_t end, uint8_t *out);

/** The same as letters, those of the reference in upper case: IUPAC ones as well, U as T. No NUL behind them. */
void anl_index_letters(const anl_index *x, int64_t begin, int64_t end, char *out);

/** The bits of `unique` of [begin, end), the first in the lowest bit of out[0]; `out` holds (end - begin + 63) / 64 words, the last one
 *  filled up with 0. A bit is never set fewer than unique_k bases before the end of a contig. */
void anl_index_unique(const anl_index *x, int64_t begin, int64_t end, uint64_t *out);

/** Puts the reference's letters in place of N in `md`, the tag MD of an alignment that begins at joined position `begin` and ends before `end`. */
void anl_index_spell_md(const anl_index *x, int64_t begin, int64_t end, char *md);

/** One entry as d signed bytes. */
void anl_index_entry(const anl_index *x, int64_t entry, int8_t *out);

/* Building ------------------------------------------------------------------------------------------------------------- */

/** What building an index is at, in this order. */
typedef enum anl_index_stage {
    ANL_INDEX_READING,
    ANL_INDEX_COUNTING,
    ANL_INDEX_EMBEDDING,
    ANL_INDEX_CLUSTERING,
    ANL_INDEX_ASSIGNING,
    ANL_INDEX_WRITING,
} anl_index_stage;

/** Told now and then, by any thread but one at a time, that `done` of about `total` units of a stage are done; total 0: not known. Bases are read,
 *  k-mers counted, windows embedded, assigned to lists and written; clustering goes over its sample once a round. */
typedef void anl_index_progress(void *data, anl_index_stage stage, int64_t done, int64_t total);

/** Whom to tell; progress NULL: nobody. */
typedef struct anl_index_watch {
    anl_index_progress *progress;
    void *data;
} anl_index_watch;

static inline void anl_index_tell(const anl_index_watch *w, anl_index_stage stage, int64_t done, int64_t total)
{
    if (w->progress) w->progress(w->data, stage, done, total);
}

/** Inverted lists in the making: which vector belongs to which centroid. */
typedef struct anl_lists {
    int32_t nlist;
    int8_t *centroids; /**< [nlist][d] */
    uint64_t *begin;   /**< [nlist + 1] first entry of each list */
    uint32_t *entries; /**< numbers of vectors, list by list, ascending in a list */
} anl_lists;

/** What goes into an index. Arrays are borrowed. */
typedef struct anl_index_parts {
    const anl_contig *contigs;
    int32_t n_contigs;
    const uint8_t *bases; /**< packed as in anl_index */
    int64_t n_bases;
    const int64_t *n_runs;
    int64_t n_n_runs;
    int32_t unique_k;
    const uint64_t *unique;  /**< as in anl_index */
    const uint64_t *letters; /**< as in anl_index */
    int64_t n_letters;
    int32_t window, stride, d;
    const int8_t *vectors;   /**< [n_entries][d] */
    const uint32_t *windows; /**< [n_entries] ascending */
    int64_t n_entries;
    const anl_lists *lists;
    uint64_t model_hash;
    const char *model_name;
    anl_index_watch watch;
} anl_index_parts;

/** Writes the file into `to`, an ANL_OUTPUT_SEEKS that the caller closes. The bytes depend on the parts alone. 0, ANL_EIO or ANL_ENOMEM. */
int anl_index_write(anl_output *to, const anl_index_parts *parts, int threads);

/* FAISS ---------------------------------------------------------------------------------------------------------------- */

typedef struct anl_index_faiss anl_index_faiss;

/** The same lists inside FAISS (IVF, 8-bit direct codes, value = element + 128). 0, ANL_ENOMEM or ANL_EINVAL with FAISS's message. */
int anl_index_faiss_open(anl_index_faiss **out, const anl_index *x);
void anl_index_faiss_free(anl_index_faiss *f);

/** FAISS's own search, one thread: the `k` nearest entries of lists[nprobe], or, where that is NULL, of the `nprobe` nearest lists, to keys[k] as
 *  distance << 32 | window, ascending; their number to *n. */
int anl_index_faiss_search(anl_index_faiss *f, const int8_t *query, int k, int nprobe, const uint32_t *lists, uint64_t *keys, int *n);

/** Writes a plain FAISS index file; ids are window numbers. */
int anl_index_faiss_export(const anl_index *x, const char *path);

#endif
