#include "mapq.h"

enum { LEAST_SECOND = 19 }; /* matches that two random places share anyway */

double anl_ln(double x)
{
    int exponent = 0;
    while (x >= 1.5) x *= 0.5, ++exponent;
    while (x < 0.75) x *= 2, --exponent;
    /* ln x = 2 artanh((x - 1) / (x + 1)); |t| <= 0.2 */
    double t = (x - 1) / (x + 1), t2 = t * t, sum = 0;
    for (int k = 17; k >= 1; k -= 2) sum = sum * t2 + 1.0 / k;
    return 2 * t * sum + exponent * 0.69314718055994530942;
}

int anl_mapq_of_difference(int32_t difference, int32_t match)
{
    double q = 6.02 * difference / match + 0.499;
    return q < 0 ? 0 : q > ANL_MAPQ_MAX ? ANL_MAPQ_MAX : (int)q;
}

int anl_mapq(const anl_evidence *e)
{
    int32_t second = e->second > LEAST_SECOND * e->match ? e->second : LEAST_SECOND * e->match;
    if (e->score <= second || e->span <= 0) return 0;
    double identity = 1 - (double)((int64_t)e->span * e->match - e->score) / (e->match + e->mismatch) / e->span;
    if (identity < 0) identity = 0;
    double damp = e->span < 50 ? 1 : 3.912 / anl_ln(e->span); /* 3.912 = ln 50 */
    damp *= identity * identity;
    double q = 6.02 * (e->score - second) / e->match * damp * damp + 0.499;
    if (e->rivals > 0) q -= 4.343 * anl_ln(e->rivals + 1);
    if (q < 0) q = 0;
    int mapq = q > ANL_MAPQ_MAX ? ANL_MAPQ_MAX : (int)q;
    return e->cut && mapq > 3 ? 3 : mapq;
}
