#include "mapq.h"

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

int32_t anl_mapq_closeness(const anl_sw_params *s)
{
    int32_t close = s->match + s->mismatch, deletion = s->del_open + s->del_extend, insertion = s->ins_open + s->ins_extend;
    if (deletion > close) close = deletion;
    return insertion > close ? insertion : close;
}

int anl_mapq_of_difference(int32_t difference, int32_t match)
{
    double q = ANL_MAPQ_PER_MATCH * difference / match + ANL_MAPQ_ROUND;
    return q < 0 ? 0 : q > ANL_MAPQ_MAX ? ANL_MAPQ_MAX : (int)q;
}

double anl_mapq_damp(int32_t span)
{
    return span < ANL_MAPQ_FULL_SPAN ? 1 : ANL_MAPQ_LN_FULL_SPAN / anl_ln(span);
}

int anl_mapq(const anl_evidence *e)
{
    const int32_t chance = ANL_MAPQ_MIN_SECOND * e->match, second = e->second > chance ? e->second : chance;
    if (e->score <= second || e->span <= 0) return 0;
    double identity = 1 - (double)((int64_t)e->span * e->match - e->score) / (e->match + e->mismatch) / e->span;
    if (identity < 0) identity = 0;
    double damp = anl_mapq_damp(e->span);
    damp *= identity * identity;
    double q = ANL_MAPQ_PER_MATCH * (e->score - second) / e->match * damp * damp + ANL_MAPQ_ROUND;
    if (e->competing > 0) q -= ANL_MAPQ_PER_E_FOLD * anl_ln(e->competing + 1);
    if (q < 0) q = 0;
    int mapq = q > ANL_MAPQ_MAX ? ANL_MAPQ_MAX : (int)q;
    return e->truncated && mapq > ANL_MAPQ_TRUNCATED ? ANL_MAPQ_TRUNCATED : mapq;
}
