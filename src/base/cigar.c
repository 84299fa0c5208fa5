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

char *anl_cigar_number(char *out, int32_t value)
{
    char digits[12];
    int n = 0;
    do digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n) *out++ = digits[--n];
    return out;
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
