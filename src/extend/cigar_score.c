#include "cigar_score.h"

#include "base_code.h"

int32_t anl_gap_cost(const anl_wave_params *p, anl_cigar_op op, int32_t len)
{
    const anl_sw_params *s = &p->score;
    const int32_t one = op == ANL_CIGAR_I ? s->ins_open + len * s->ins_extend : s->del_open + len * s->del_extend;
    if (p->long_open < 0) return one;
    const int32_t two = p->long_open + len * p->long_extend;
    return two < one ? two : one;
}

/* One element on its way along both sequences. */
typedef struct walk {
    anl_cigar_op op;
    int32_t len;
    const uint8_t *query, *target; /* its first bases */
} walk;

static walk walk_from(const uint8_t *query, const uint8_t *target)
{
    return (walk){.op = ANL_CIGAR_M, .query = query, .target = target};
}

/* Steps over the element before and on to this one. */
static inline void walk_to(walk *w, uint32_t element)
{
    if (anl_cigar_takes_query(w->op)) w->query += w->len;
    if (anl_cigar_takes_target(w->op)) w->target += w->len;
    w->op = anl_cigar_op_of(element);
    w->len = anl_cigar_len_of(element);
}

int32_t anl_cigar_score(const anl_wave_params *p, const uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target)
{
    int32_t score = 0;
    walk w = walk_from(query, target);
    for (int32_t i = 0; i < n; ++i) {
        walk_to(&w, cigar[i]);
        if (!anl_cigar_is_column(w.op))
            score -= anl_gap_cost(p, w.op, w.len);
        else
            for (int32_t j = 0; j < w.len; ++j) score += anl_column_score(&p->score, w.query[j], w.target[j]);
    }
    return score;
}

int32_t anl_cigar_fall(const anl_wave_params *p, const uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target)
{
    int32_t below = 0, most = 0; /* below: the best so far less the score now */
    walk w = walk_from(query, target);
    for (int32_t i = 0; i < n; ++i) {
        walk_to(&w, cigar[i]);
        if (!anl_cigar_is_column(w.op)) {
            below += anl_gap_cost(p, w.op, w.len);
            continue;
        }
        for (int32_t j = 0; j < w.len; ++j) {
            below -= anl_column_score(&p->score, w.query[j], w.target[j]);
            if (below < 0) below = 0;
            if (below > most) most = below;
        }
    }
    return below > most ? below : most;
}

void anl_cigar_count(const uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target, int32_t *matches, int32_t *columns)
{
    walk w = walk_from(query, target);
    *matches = *columns = 0;
    for (int32_t i = 0; i < n; ++i) {
        walk_to(&w, cigar[i]);
        *columns += anl_cigar_is_column(w.op) ? w.len : 1;
        for (int32_t j = 0; anl_cigar_is_column(w.op) && j < w.len; ++j) *matches += anl_column_equal(w.query[j], w.target[j]);
    }
}

void anl_cigar_shift_left(uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target)
{
    walk w = walk_from(query, target);
    for (int32_t i = 0; i < n; ++i) {
        walk_to(&w, cigar[i]);
        if (w.op == ANL_CIGAR_M || i == 0 || i + 1 == n || anl_cigar_op_of(cigar[i - 1]) != ANL_CIGAR_M ||
            anl_cigar_op_of(cigar[i + 1]) != ANL_CIGAR_M)
            continue;
        const uint8_t *bases = w.op == ANL_CIGAR_I ? w.query : w.target;
        const int32_t left = anl_cigar_len_of(cigar[i - 1]);
        int32_t shift = 0;
        while (shift + 1 < left && bases[-1 - shift] == bases[w.len - 1 - shift]) ++shift;
        cigar[i - 1] -= (uint32_t)shift << 4;
        cigar[i + 1] += (uint32_t)shift << 4;
        w.query -= shift;
        w.target -= shift;
    }
}

int32_t anl_cigar_split_columns(const uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target, uint32_t *out)
{
    int32_t made = 0;
    walk w = walk_from(query, target);
    for (int32_t i = 0; i < n; ++i) {
        walk_to(&w, cigar[i]);
        if (w.op != ANL_CIGAR_M) out[made++] = cigar[i];
        for (int32_t j = 0; w.op == ANL_CIGAR_M && j < w.len; ++j) {
            const anl_cigar_op kind = anl_column_equal(w.query[j], w.target[j]) ? ANL_CIGAR_EQ : ANL_CIGAR_X;
            if (made && anl_cigar_op_of(out[made - 1]) == kind)
                out[made - 1] += 1u << 4;
            else
                out[made++] = anl_cigar_pack(kind, 1);
        }
    }
    return made;
}

/* With how many equal bases two stretches of n begin. */
static int32_t equal_run(const uint8_t *query, const uint8_t *target, int32_t n)
{
    int32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const uint64_t q = anl_bases8(query + i), t = anl_bases8(target + i);
        if ((q ^ t) | anl_bases8_n(q)) break;
    }
    while (i < n && anl_column_equal(query[i], target[i])) ++i;
    return i;
}

size_t anl_cigar_md_size(const uint32_t *cigar, int32_t n)
{
    size_t most = 16;
    for (int32_t i = 0; i < n; ++i) most += (size_t)anl_cigar_len_of(cigar[i]) * 2 + 12;
    return most;
}

int32_t anl_cigar_md(const uint32_t *cigar, int32_t n, const uint8_t *query, const uint8_t *target, char *md)
{
    static const char letters[] = "ACGTN";
    int32_t equal = 0, nm = 0;
    walk w = walk_from(query, target);
    for (int32_t i = 0; i < n; ++i) {
        walk_to(&w, cigar[i]);
        if (w.op == ANL_CIGAR_D) {
            md = anl_cigar_number(md, equal);
            *md++ = '^';
            for (int32_t j = 0; j < w.len; ++j) *md++ = letters[w.target[j]];
            equal = 0;
        }
        if (!anl_cigar_is_column(w.op)) nm += w.len;
        for (int32_t j = 0; anl_cigar_is_column(w.op) && j < w.len; ++j) {
            const int32_t run = equal_run(w.query + j, w.target + j, w.len - j);
            equal += run;
            if ((j += run) == w.len) break;
            md = anl_cigar_number(md, equal);
            *md++ = letters[w.target[j]];
            equal = 0;
            ++nm;
        }
    }
    md = anl_cigar_number(md, equal);
    *md = 0;
    return nm;
}
