/** The index of a reference: windows, their vectors in a FAISS inverted-file store, 2-bit sequence, one mmapped file. */
#ifndef ANL_INDEX_H
#define ANL_INDEX_H

#include "base.h"

/** Everything read from one .anl file. Arrays point into the mapping; "base" coordinates run over all contigs joined. */
typedef struct anl_index {
    int32_t n_contigs;
    const anl_contig *contigs;
    const int64_t *contig_begin;  /**< [n_contigs + 1] first base of each contig */
    const uint8_t *bases;         /**< 2 bits a base, four to a byte, first base in the low bits; N stored as A */
    const int64_t *n_runs;        /**< [2 * n_n_runs] begin, end of every run of N, ascending */
    int64_t n_n_runs;
    int32_t window, stride;       /**< bp */
    int64_t n_windows;            /**< windows of all contigs, also those not stored because they are all N */
    const int64_t *window_begin;  /**< [n_contigs + 1] first window of each contig */
    int32_t d;                    /**< dimension of the vectors */
    int32_t nlist;                /**< inverted lists */
    const int8_t *centroids;      /**< [nlist][d] integer centroids of the coarse quantiser */
    const uint64_t *list_begin;   /**< [nlist + 1] first entry of each list in codes and ids */
    const int8_t *codes;          /**< [entries][d], list by list, ascending id inside a list */
    const uint32_t *ids;          /**< [entries] window number of each entry */
    uint64_t model_hash;          /**< of the model that made the vectors */
    const char *model_name;
    struct anl_index_private *private_;
} anl_index;

/** Maps `path` and verifies magic, version, sizes and every section's checksum.
 *  0, ANL_EIO, ANL_EFORMAT (truncated, corrupt), ANL_EVERSION (older, newer) or ANL_ENOMEM. */
int anl_index_open(anl_index **out, const char *path);
void anl_index_free(anl_index *x);

/** First base (joined coordinates) of window `w`, 0 <= w < n_windows. Windows of contig c start at stride steps; the last is
 *  flush with the contig's end; a contig shorter than a window has one window, the whole contig. */
int64_t anl_index_window_pos(const anl_index *x, int64_t w);

/** Contig that holds base `pos`, 0 <= pos < contig_begin[n_contigs]. */
int32_t anl_index_contig_at(const anl_index *x, int64_t pos);

/** Base codes 0-3, 4 for N, of [begin, end) in joined coordinates; `out` holds end - begin. */
void anl_index_fetch(const anl_index *x, int64_t begin, int64_t end, uint8_t *out);

#endif
