#include "duplicate_counts.h"

#include <math.h>

/* Positive while x is too small. */
static double surplus(double x, double different, double all)
{
    return different / x - 1 + exp(-all / x);
}

int64_t anl_library_size(const anl_duplicate_counts *c)
{
    enum { HALVINGS = 40 };
    const int64_t all = (c->paired - c->pair_optical) / 2, different = (c->paired - c->pair_duplicates) / 2;
    const int64_t again = (c->pair_duplicates - c->pair_optical) / 2;
    const double d = (double)different, n = (double)all;
    double low = 1, high = 100; /* in units of the different pairs */
    if (!all || !again || !different || all <= again || surplus(d, d, n) < 0) return 0;
    while (surplus(high * d, d, n) > 0) high *= 10;
    for (int i = 0; i < HALVINGS; ++i) {
        const double middle = (low + high) / 2, at = surplus(middle * d, d, n);
        if (at == 0) break;
        *(at > 0 ? &low : &high) = middle;
    }
    return (int64_t)(d * (low + high) / 2);
}
