/* Index files with right checksums but any contents, and reads to align with what the loader accepts. */
#ifndef ANL_TEST_CRAFTED_H
#define ANL_TEST_CRAFTED_H

#include "align.h"
#include "index.h"
#include "layout.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* Gives the bytes of an index the checksums that they should have. */
static inline void mend(uint8_t *bytes, size_t size)
{
    anl_index_header h;
    if (size < sizeof h) return;
    memcpy(&h, bytes, sizeof h);
    for (int i = 0; i < N_SECTIONS; ++i)
        if (h.section[i].offset <= size && h.section[i].size <= size - h.section[i].offset)
            h.section[i].checksum = XXH3_64bits(bytes + h.section[i].offset, h.section[i].size);
    h.checksum = XXH3_64bits(&h, offsetof(anl_index_header, checksum));
    memcpy(bytes, &h, sizeof h);
}

enum { CRAFTED_READS = 12, CRAFTED_LONGEST = 900 };

/* Reads of every kind from the index's own sequence: too short, short, in two windows, long, in pairs. */
static inline void fill_batch(anl_batch *b, const anl_index *x)
{
    static uint8_t bases[CRAFTED_READS][CRAFTED_LONGEST];
    static const int lengths[CRAFTED_READS] = {0, 5, 19, 20, 40, 130, 400, 401, 900, 700, 30, 45}; /* the last four are two pairs */
    const int64_t n = x->contig_begin[x->n_contigs];
    b->n = 0;
    for (int i = 0; i < CRAFTED_READS; ++i) {
        const int64_t begin = n * i / CRAFTED_READS, end = begin + lengths[i] < n ? begin + lengths[i] : n;
        anl_index_fetch(x, begin, end, bases[i]);
        for (int64_t j = i % 7; j < end - begin; j += 37) bases[i][j] = bases[i][j] < 3 ? bases[i][j] + 1 : 0;
        if (i % 2)
            for (int64_t j = 0, k = end - begin - 1; j <= k; ++j, --k) {
                const uint8_t swap = bases[i][j];
                bases[i][j] = bases[i][k] < 4 ? 3 - bases[i][k] : 4;
                bases[i][k] = swap < 4 ? 3 - swap : 4;
            }
        b->reads[b->n++] =
            (anl_read){.name = "read", .seq = bases[i], .len = (int32_t)(end - begin), .mate = (uint8_t)(i < 8 ? 0 : 1 + i % 2)};
    }
}

/* Aligns with the index in `path`, by our scan and by FAISS, if the aligner takes it: 1. Else 0, also where it is taken but does not pass its check
 * afterwards: aligning meets its entries before. */
static inline int align_crafted(const char *path, const char *model)
{
    anl_align_options o = anl_align_options_default();
    int accepted = 0;
    o.all = 1;
    for (int faiss = 0; faiss < 2; ++faiss) {
        anl_aligner *a = NULL;
        anl_batch b = {0};
        anl_summary summary = {0};
        const anl_records *chunks;
        size_t n;
        o.search = faiss ? ANL_SEARCH_FAISS : ANL_SEARCH_NATIVE;
        if (anl_aligner_open(&a, path, model, &o)) return accepted;
        if (anl_batch_init(&b) || anl_grow(&b.reads, &b.cap, CRAFTED_READS, sizeof *b.reads)) abort();
        fill_batch(&b, anl_aligner_index(a));
        const int rc = anl_aligner_batch(a, &b, &chunks, &n, &summary), checked = anl_aligner_check(a);
        if (checked ? faiss : rc || summary.counts.reads != CRAFTED_READS) abort();
        anl_batch_free(&b);
        anl_aligner_free(a);
        if (checked) return 0;
        accepted = 1;
    }
    return accepted;
}

#endif
