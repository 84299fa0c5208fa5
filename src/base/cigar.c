#include "cigar.h"

#include <string.h>

int anl_cigar_append(anl_cigar *c, anl_cigar_op op, int32_t len)
{
    int rc = anl_grow(&c->list, &c->cap, (size_t)c->n + 1, sizeof *c->list);
    if (!rc) c->list[c->n++] = anl_cigar_pack(op, len);
    return rc;
}

void anl_cigar_reverse(uint32_t *cigar, int32_t n)
{
    for (int32_t i = 0; i < n / 2; ++i) {
        const uint32_t swap = cigar[i];
        cigar[i] = cigar[n - 1 - i];
        cigar[n - 1 - i] = swap;
    }
}

int32_t anl_cigar_clip(const uint32_t *from, int32_t n, int32_t front, int32_t back, uint32_t *out)
{
    int32_t made = 0;
    if (front) out[made++] = anl_cigar_pack(ANL_CIGAR_S, front);
    if (n) memcpy(out + made, from, (size_t)n * sizeof *out);
    made += n;
    if (back) out[made++] = anl_cigar_pack(ANL_CIGAR_S, back);
    return made;
}

int64_t anl_cigar_columns(const uint32_t *cigar, int32_t n)
{
    int64_t columns = 0;
    for (int32_t i = 0; i < n; ++i) columns += anl_cigar_is_column(anl_cigar_op_of(cigar[i])) ? anl_cigar_len_of(cigar[i]) : 0;
    return columns;
}

/* Columns on one diagonal. */
typedef struct run {
    int64_t t;
    int32_t q, len; /* len 0: the alignment is over */
} run;

static run next_run(anl_cigar_path *p)
{
    run r = {0};
    while (p->n && !r.len) {
        const anl_cigar_op op = anl_cigar_op_of(*p->cigar);
        const int32_t len = anl_cigar_len_of(*p->cigar);
        if (anl_cigar_is_column(op)) r = (run){p->t, p->q, len};
        if (anl_cigar_takes_query(op) || op == ANL_CIGAR_S) p->q += len;
        if (anl_cigar_takes_target(op)) p->t += len;
        ++p->cigar;
        --p->n;
    }
    return r;
}

int64_t anl_cigar_shared(anl_cigar_path a, anl_cigar_path b)
{
    int64_t shared = 0;
    for (run x = next_run(&a), y = next_run(&b); x.len && y.len;) {
        const int32_t begin = x.q > y.q ? x.q : y.q, end = x.q + x.len < y.q + y.len ? x.q + x.len : y.q + y.len;
        if (x.t - x.q == y.t - y.q && end > begin) shared += end - begin;
        if (x.q + x.len < y.q + y.len)
            x = next_run(&a);
        else
            y = next_run(&b);
    }
    return shared;
}

char *anl_cigar_number(char *out, int32_t value)
{
    uint32_t left = (uint32_t)value;
    int n = 1;
    for (uint32_t least = 10; n < 10 && left >= least; least *= 10) ++n;
    for (int i = n - 1; i > 0; --i, left /= 10) out[i] = (char)('0' + left % 10);
    *out = (char)('0' + left);
    return out + n;
}

char *anl_cigar_text(const uint32_t *cigar, int32_t n, char *out)
{
    for (int32_t i = 0; i < n; ++i) {
        out = anl_cigar_number(out, anl_cigar_len_of(cigar[i]));
        *out++ = anl_cigar_letter(anl_cigar_op_of(cigar[i]));
    }
    *out = 0;
    return out;
}
