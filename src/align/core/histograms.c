#include "histograms.h"

#include "cigar.h"

enum { PROPER = 0x2, UNMAPPED = 0x4, NOT_PRIMARY = 0x900 };

/* Columns of the alignment. */
static int64_t columns_of(const anl_record *r)
{
    int64_t n = 0;
    for (int32_t i = 0; i < r->n_cigar; ++i) {
        const int op = anl_cigar_op_of(r->cigar[i]);
        if (op != ANL_CIGAR_S && op != ANL_CIGAR_H) n += anl_cigar_len_of(r->cigar[i]);
    }
    return n;
}

void anl_histograms_add(anl_histograms *h, const anl_record *records, size_t n)
{
    for (size_t i = 0; i < n; ++i) {
        const anl_record *r = &records[i];
        if (r->flag & NOT_PRIMARY) continue;
        ++h->reads;
        if (r->flag & UNMAPPED) continue;
        ++h->mapped;
        ++h->mapq[r->mapq < 60 ? r->mapq : 60];
        const int64_t columns = columns_of(r), matches = columns - r->nm;
        if (columns > 0 && r->nm >= 0 && matches >= 0) {
            h->columns += columns;
            h->matches += matches;
            ++h->identity[matches * ANL_HISTOGRAM_IDENTITY / columns];
        }
        if (!(r->flag & PROPER)) continue;
        ++h->proper;
        const int64_t class = r->tlen / ANL_HISTOGRAM_INSERT;
        if (r->tlen > 0) ++h->insert[class < ANL_HISTOGRAM_INSERTS ? class : ANL_HISTOGRAM_INSERTS - 1];
    }
}
