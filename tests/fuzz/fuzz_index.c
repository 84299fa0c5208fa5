/* Index files with right checksums but any contents: opened and safe to walk through, or refused. */
#include "index.h"
#include "layout.h"
#include "memory_file.h"

#include <stddef.h>
#include <string.h>
#include <xxhash.h>

static void mend(uint8_t *bytes, size_t size)
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

/* Everything that aligning looks at. */
static void walk(const anl_index *x)
{
    uint8_t bases[1000];
    int8_t v[256];
    volatile int32_t bias = 0; /* to have read it */
    const int64_t n = x->contig_begin[x->n_contigs];
    for (int32_t i = 0; i < x->n_contigs; ++i)
        if (strlen(x->contigs[i].name) > 1u << 20 || strlen(x->contigs[i].md5) > 32) abort();
    for (int64_t begin = 0; begin < n; begin += (int64_t)sizeof bases)
        anl_index_fetch(x, begin, begin + (int64_t)sizeof bases < n ? begin + (int64_t)sizeof bases : n, bases);
    for (int64_t begin = 0; begin < n; begin += (int64_t)sizeof bases) {
        uint64_t unique[(sizeof bases + 63) / 64];
        anl_index_unique(x, begin, begin + (int64_t)sizeof bases < n ? begin + (int64_t)sizeof bases : n, unique);
        if (unique[0] & 1 && (begin + x->unique_k > n || anl_index_contig_at(x, begin) != anl_index_contig_at(x, begin + x->unique_k - 1))) abort();
    }
    for (int32_t l = 0; l < x->nlist; ++l)
        for (uint64_t e = x->list_begin[l]; e < x->list_begin[l + 1]; ++e) {
            anl_index_entry(x, (int64_t)e, v);
            bias = x->bias[e];
            if (x->ids[e] == ANL_INDEX_NO_WINDOW) continue;
            const int64_t pos = anl_index_window_pos(x, x->ids[e]);
            if (pos < 0 || pos >= n || anl_index_contig_at(x, pos) >= x->n_contigs) abort();
        }
    (void)bias;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    anl_index *x = NULL;
    uint8_t *copy = malloc(size + 1);
    if (!copy) return 0;
    memcpy(copy, data, size);
    mend(copy, size);
    if (!anl_index_open(&x, memory_file(copy, size))) walk(x);
    anl_index_free(x);
    free(copy);
    return 0;
}
