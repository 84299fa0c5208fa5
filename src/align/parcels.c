#include "parcels.h"

#include <stdlib.h>
#include <string.h>

enum { UNMAPPED = 0x4 };

static void empty(anl_parcel *p)
{
    anl_encoded_clear(&p->alignments);
    for (int i = 0; i < 2; ++i) p->unplaced[i].n = 0;
}

int anl_parcels_expect(anl_parcels *p, size_t n)
{
    const size_t before = p->cap;
    if (p->at_once && n > 1) n = 1;
    const int rc = anl_grow(&p->list, &p->cap, n, sizeof *p->list);
    if (rc) return rc;
    if (p->cap > before) memset(p->list + before, 0, (p->cap - before) * sizeof *p->list);
    for (p->n = 0; p->n < n; ++p->n) empty(&p->list[p->n]);
    return ANL_OK;
}

static size_t drop_unmapped(anl_record *records, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; ++i)
        if (!(records[i].flag & UNMAPPED)) records[kept++] = records[i];
    return kept;
}

static int write_parcel(const anl_align_output *out, const anl_parcel *p)
{
    const int rc = out->unplaced ? anl_unplaced_write(out->unplaced, p->unplaced) : ANL_OK;
    return rc ? rc : anl_alignments_put(out->alignments, &p->alignments);
}

int anl_parcels_pack(anl_parcels *p, int thread, size_t chunk, anl_record *records, size_t n)
{
    const anl_align_output *out = p->out;
    anl_parcel *to = &p->list[p->at_once ? 0 : chunk];
    int rc = out->unplaced ? anl_unplaced_collect(out->unplaced, records, n, to->unplaced) : ANL_OK;
    if (rc) return rc;
    if (out->histograms)
#pragma omp critical(anl_histograms)
        anl_histograms_add(out->histograms, records, n);
    if (out->hits_only) n = drop_unmapped(records, n);
    rc = anl_pen_encode(p->pens[thread], records, n, &to->alignments);
    if (rc || !p->at_once) return rc;
    rc = write_parcel(out, to);
    empty(to);
    return rc;
}

int anl_parcels_write(const anl_parcels *p)
{
    int rc = ANL_OK;
    for (size_t i = 0; i < p->n && !rc; ++i) rc = write_parcel(p->out, &p->list[i]);
    return rc;
}

void anl_parcels_free(anl_parcels *p)
{
    for (size_t i = 0; i < p->cap; ++i) {
        free(p->list[i].alignments.bytes.at);
        for (int k = 0; k < 2; ++k) free(p->list[i].unplaced[k].at);
    }
    free(p->list);
    *p = (anl_parcels){0};
}
