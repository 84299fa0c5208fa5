#include "best_pair.h"

#include <stdlib.h>

anl_end5 anl_pair_end5(const anl_query *q, const anl_candidate *c)
{
    return (anl_end5){c->reverse ? c->start + q->read->len - 1 : c->start, c->reverse};
}

void anl_pair_range(const anl_insert *in, anl_orientation o, anl_end5 here, int is_first, anl_end5 range[2])
{
    int mate_reverse = o == ANL_FR || o == ANL_RF ? !here.reverse : here.reverse;
    /* Downstream in joined coordinates when an FR pair's forward mate is here, and so on by symmetry. */
    int down = o == ANL_FR ? !here.reverse : o == ANL_RF ? here.reverse : (o == ANL_FF) == (here.reverse ? !is_first : is_first);
    int64_t near = in->low - 1, far = in->high - 1;
    range[0] = (anl_end5){down ? here.pos + near : here.pos - far, (uint8_t)mate_reverse};
    range[1] = (anl_end5){down ? here.pos + far : here.pos - near, (uint8_t)mate_reverse};
}

const anl_insert *anl_pair_proper(const anl_insert_model *m, const anl_query pair[2], int32_t first, int32_t second, int64_t *size)
{
    const anl_candidate *a = &pair[0].candidates[first], *b = &pair[1].candidates[second];
    if (a->contig != b->contig) return NULL;
    const anl_insert *insert = &m->of[anl_orient(anl_pair_end5(&pair[0], a), anl_pair_end5(&pair[1], b), size)];
    return insert->usable && *size >= insert->low && *size <= insert->high ? insert : NULL;
}

/* ---- candidates by position ---- */

static int by_place(const void *a, const void *b)
{
    const anl_pair_spot *x = a, *y = b;
    if (x->end5.reverse != y->end5.reverse) return x->end5.reverse - y->end5.reverse;
    if (x->contig != y->contig) return x->contig < y->contig ? -1 : 1;
    if (x->end5.pos != y->end5.pos) return x->end5.pos < y->end5.pos ? -1 : 1;
    return (x->candidate > y->candidate) - (x->candidate < y->candidate);
}

/* Returns their number: candidates on ALT contigs pair where a mate has no others. */
static int32_t put_spots(const anl_query *q, anl_pair_spot *out)
{
    int32_t n = 0, alone = 1;
    for (int32_t i = 0; i < q->n; ++i) alone &= q->candidates[i].alt;
    for (int32_t i = 0; i < q->n; ++i)
        if (alone || !q->candidates[i].alt) out[n++] = (anl_pair_spot){anl_pair_end5(q, &q->candidates[i]), q->candidates[i].contig, i};
    if (n > 1) qsort(out, (size_t)n, sizeof *out, by_place);
    return n;
}

/* Number of the first of spots[n] that is not before `from`. */
static int32_t first_from(const anl_pair_spot *spots, int32_t n, const anl_pair_spot *from)
{
    int32_t low = 0;
    while (low < n) {
        const int32_t middle = low + (n - low) / 2;
        if (by_place(&spots[middle], from) < 0)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

/* ---- combinations ---- */

typedef struct finder {
    const anl_insert_model *model;
    const anl_query *pair;
    const anl_pair_spot *spots[2];
    int32_t n[2];
    int32_t match, close;
    int32_t bonus, equal; /* the most that combinations of the best total have; how many of them have it */
    uint32_t take;        /* those of them that come before the one to be taken */
    anl_best_pair *best;
} finder;

/* A proper combination, its total and its bonus. */
typedef struct combination {
    int32_t candidate[2], total, bonus;
} combination;

static void compare(finder *f, const combination *c)
{
    anl_best_pair *best = f->best;
    if (!f->equal || c->total > best->total || (c->total == best->total && c->bonus > f->bonus)) {
        best->second = f->equal ? best->total : 0;
        best->total = c->total;
        f->bonus = c->bonus;
        f->equal = 1;
        return;
    }
    if (c->total > best->second) best->second = c->total;
    f->equal += c->total == best->total && c->bonus == f->bonus;
}

static void count_and_take(finder *f, const combination *c)
{
    anl_best_pair *best = f->best;
    best->competing += c->total >= best->second - f->close;
    if (c->total != best->total || c->bonus != f->bonus || f->take-- != 0) return;
    best->candidate[0] = c->candidate[0];
    best->candidate[1] = c->candidate[1];
}

/* Visits every proper combination, by the positions of mate `outer`, then by those of the other one. */
static void visit(finder *f, int outer, void (*what)(finder *, const combination *))
{
    const anl_query *pair = f->pair;
    for (int32_t i = 0; i < f->n[outer]; ++i)
        for (int o = 0; o < ANL_N_ORIENTATIONS; ++o) {
            const anl_pair_spot *here = &f->spots[outer][i];
            anl_end5 range[2];
            if (!f->model->of[o].usable) continue;
            anl_pair_range(&f->model->of[o], (anl_orientation)o, here->end5, !outer, range);
            const anl_pair_spot from = {range[0], here->contig, -1};
            for (int32_t j = first_from(f->spots[!outer], f->n[!outer], &from); j < f->n[!outer]; ++j) {
                const anl_pair_spot *there = &f->spots[!outer][j];
                if (there->end5.reverse != range[0].reverse || there->contig != here->contig || there->end5.pos > range[1].pos) break;
                combination c = {.candidate = {outer ? there->candidate : here->candidate, outer ? here->candidate : there->candidate}};
                int64_t size;
                const anl_insert *insert = anl_pair_proper(f->model, pair, c.candidate[0], c.candidate[1], &size);
                if (insert != &f->model->of[o]) continue;
                const anl_candidate *a = &pair[0].candidates[c.candidate[0]], *b = &pair[1].candidates[c.candidate[1]];
                c.total = a->score + b->score - anl_insert_penalty(insert, size, f->match);
                c.bonus = a->bonus + b->bonus;
                what(f, &c);
            }
        }
}

int anl_best_pair_find(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], int32_t close, anl_pair_scratch *s,
                       anl_best_pair *out)
{
    finder f = {.model = m, .pair = pair, .match = o->align.score.match, .close = close, .best = out};
    *out = (anl_best_pair){.candidate = {-1, -1}};
    int rc = anl_grow(&s->spots, &s->cap, (size_t)pair[0].n + (size_t)pair[1].n, sizeof *s->spots);
    if (rc) return rc;
    f.spots[0] = s->spots;
    f.spots[1] = s->spots + pair[0].n;
    f.n[0] = put_spots(&pair[0], s->spots);
    f.n[1] = put_spots(&pair[1], s->spots + pair[0].n);
    visit(&f, 0, compare);
    if (!f.equal) return ANL_OK;
    int outer = 0;
    if (f.equal > 1) { /* mates that have changed places are looked at in the same order, too */
        const uint64_t hash[2] = {anl_read_hash(pair[0].read), anl_read_hash(pair[1].read)};
        outer = hash[1] < hash[0];
        f.take = (uint32_t)(anl_read_hash_both(hash[0], hash[1]) % (uint32_t)f.equal);
    }
    visit(&f, outer, count_and_take);
    out->competing = out->second && out->competing > 2 ? out->competing - 2 : 0; /* less the best and the second best */
    return ANL_OK;
}
