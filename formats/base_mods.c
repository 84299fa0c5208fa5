#include "base_mods.h"

#include "base.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* One group of MM, "C+mh?,5,12,0;", in a walk along the read. */
typedef struct walk {
    const char *at;    /* what is left of MM */
    const uint8_t *ml; /* what is left of ML; NULL: none */
    uint32_t n_ml;
    int kind;       /* base code counted, or 4: any base (MM's N) */
    uint32_t codes; /* modifications in the group: as many probabilities a position */
    kstring_t *mm, *out_ml;
    int bad; /* memory was short */
} walk;

/* "C+mh?" to the output. 1, or 0 where it is malformed. */
static int head(walk *w)
{
    static const char bases[] = "ACGTUN";
    const char *from = w->at, *base = *from ? strchr(bases, *from) : NULL;
    if (!base || (from[1] != '+' && from[1] != '-')) return 0;
    w->kind = *base == 'N' ? 4 : *base == 'U' ? 3 : (int)(base - bases);
    const char *codes = from + 2;
    w->at = codes;
    if (isdigit((unsigned char)*codes))
        while (isdigit((unsigned char)*w->at)) ++w->at;
    else
        while (isalpha((unsigned char)*w->at)) ++w->at;
    if (w->at == codes) return 0;
    w->codes = isdigit((unsigned char)*codes) ? 1 : (uint32_t)(w->at - codes); /* a number is one ChEBI code */
    if (*w->at == '.' || *w->at == '?') ++w->at;
    w->bad |= kputsn(from, (size_t)(w->at - from), w->mm) < 0;
    return 1;
}

/* Bases to pass over before the next position: 1 with *skip, 0 at the end of the group, -1 where it is malformed. */
static int next_skip(walk *w, int64_t *skip)
{
    if (*w->at == ';') {
        ++w->at;
        return 0;
    }
    if (*w->at != ',' || !isdigit((unsigned char)w->at[1])) return -1;
    char *end;
    *skip = strtoll(w->at + 1, &end, 10);
    w->at = end;
    return 1;
}

/* The probabilities of one position, to the output where it is kept. 1, or 0 where there are too few. */
static int take_probabilities(walk *w, int keep)
{
    if (!w->ml) return 1;
    if (w->n_ml < w->codes) return 0;
    if (keep) w->bad |= kputsn((const char *)w->ml, w->codes, w->out_ml) < 0;
    w->ml += w->codes;
    w->n_ml -= w->codes;
    return 1;
}

/* The positions of a group, cut to [begin, end). 1, or 0 where they do not fit the read. */
static int positions(walk *w, const uint8_t *seq, int32_t len, int32_t begin, int32_t end)
{
    int64_t skip, passed = 0; /* passed: bases of the kind since the last position kept, from `begin` on */
    int more = next_skip(w, &skip);
    for (int32_t i = 0; i < len && more > 0; ++i) {
        if (w->kind < 4 && seq[i] != w->kind) continue;
        const int inside = i >= begin && i < end;
        if (skip-- > 0) {
            passed += inside;
            continue;
        }
        if (!take_probabilities(w, inside)) return 0;
        if (inside) {
            w->bad |= kputc(',', w->mm) < 0 || kputll(passed, w->mm) < 0;
            passed = 0;
        }
        more = next_skip(w, &skip);
    }
    return more == 0;
}

int anl_base_mods_cut(const char *mm, const uint8_t *ml, uint32_t n_ml, const uint8_t *seq, int32_t len, int32_t begin, int32_t end,
                      kstring_t *new_mm, kstring_t *new_ml)
{
    walk w = {.at = mm, .ml = ml, .n_ml = n_ml, .mm = new_mm, .out_ml = new_ml};
    while (*w.at && !w.bad) {
        if (!head(&w) || !positions(&w, seq, len, begin, end)) return 0;
        w.bad |= kputc(';', new_mm) < 0;
    }
    if (w.bad) return anl_fail(ANL_ENOMEM, "out of memory");
    return !w.n_ml;
}
