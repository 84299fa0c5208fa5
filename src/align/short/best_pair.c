#include "best_pair.h"

#include <stdlib.h>

void anl_pair_range(const anl_insert *in, anl_orientation o, anl_end5 here, int is_first, anl_end5 range[2])
{
    int mate_reverse = o == ANL_FR || o == ANL_RF ? !here.reverse : here.reverse;
    /* Downstream in joined coordinates when an FR pair's forward mate is here, and so on by symmetry. */
    int down = o == ANL_FR ? !here.reverse : o == ANL_RF ? here.reverse : (o == ANL_FF) == (here.reverse ? !is_first : is_first);
    int64_t near = in->low - 1, far = in->high - 1;
    range[0] = (anl_end5){down ? here.pos + near : here.pos - far, (uint8_t)mate_reverse};
    range[1] = (anl_end5){down ? here.pos + far : here.pos - near, (uint8_t)mate_reverse};
}

static const anl_insert *proper(const anl_insert_model *m, anl_end5 first, anl_end5 second, int64_t *size)
{
    const anl_insert *insert = &m->of[anl_orient(first, second, size)];
    return insert->usable && *size >= insert->low && *size <= insert->high ? insert : NULL;
}

const anl_insert *anl_pair_proper(const anl_insert_model *m, const anl_query pair[2], int32_t first, int32_t second, int64_t *size)
{
    const anl_candidate *a = &pair[0].candidates[first], *b = &pair[1].candidates[second];
    return a->contig == b->contig ? proper(m, anl_pair_end5(&pair[0], a), anl_pair_end5(&pair[1], b), size) : NULL;
}

/* ---- candidates by position ---- */

/* A candidate by strand, contig, and position of its 5' end. */
static anl_sort_key spot_of(anl_end5 end5, int32_t contig, int32_t candidate)
{
    return (anl_sort_key){(uint64_t)end5.reverse << 32 | (uint32_t)contig, anl_sort_of_int64(end5.pos), candidate};
}

static int32_t contig_of(const anl_sort_key *spot)
{
    return (int32_t)spot->high;
}

static anl_end5 end5_of(const anl_sort_key *spot)
{
    return (anl_end5){anl_sort_to_int64(spot->low), (uint8_t)(spot->high >> 32)};
}

/* Returns their number: candidates on ALT contigs pair where a mate has no others. */
static int32_t put_spots(const anl_query *q, anl_sort_key *out)
{
    int32_t n = 0, alone = 1;
    for (int32_t i = 0; i < q->n; ++i) alone &= q->candidates[i].alt;
    for (int32_t i = 0; i < q->n; ++i)
        if (alone || !q->candidates[i].alt) out[n++] = spot_of(anl_pair_end5(q, &q->candidates[i]), q->candidates[i].contig, i);
    return n;
}

/* Number of the first of spots[n] that is not before `from`. */
static int32_t first_from(const anl_sort_key *spots, int32_t n, const anl_sort_key *from)
{
    int32_t low = 0;
    while (low < n) {
        const int32_t middle = low + (n - low) / 2;
        if (anl_sort_is_before(&spots[middle], from))
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

enum { STRETCHES = 8192 /* bits for stretches of the reference, which share them */ };

static uint64_t most_proper(const anl_insert_model *m)
{
    int32_t most = 0;
    for (int o = 0; o < ANL_N_ORIENTATIONS; ++o)
        if (m->of[o].usable && m->of[o].high > most) most = m->of[o].high;
    return (uint64_t)most;
}

/* Keeps those of spots[n] that lie in a stretch within `reach` bp of one of others[n_others]; returns how many. */
static int32_t keep_near(uint64_t reach, anl_sort_key *spots, int32_t n, const anl_sort_key *others, int32_t n_others)
{
    uint64_t near[STRETCHES / 64] = {0};
    int32_t kept = 0, shift = 0;
    while (UINT64_C(1) << shift < 2 * reach) ++shift; /* what is in reach lies in two stretches at most */
    for (int32_t i = 0; i < n_others; ++i)
        for (int end = -1; end <= 1; end += 2) {
            const uint64_t stretch = ((others[i].low + (uint64_t)end * reach) >> shift) % STRETCHES;
            near[stretch / 64] |= UINT64_C(1) << stretch % 64;
        }
    for (int32_t i = 0; i < n; ++i) {
        const uint64_t stretch = (spots[i].low >> shift) % STRETCHES;
        if (near[stretch / 64] >> stretch % 64 & 1) spots[kept++] = spots[i];
    }
    return kept;
}

/* ---- combinations ---- */

typedef struct finder {
    const anl_insert_model *model;
    const anl_query *pair;
    const anl_sort_key *spots[2]; /* of candidates that may pair, in their order */
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
            const anl_sort_key *here = &f->spots[outer][i];
            anl_end5 range[2];
            if (!f->model->of[o].usable) continue;
            anl_pair_range(&f->model->of[o], (anl_orientation)o, end5_of(here), !outer, range);
            const anl_sort_key from = spot_of(range[0], contig_of(here), 0), last = spot_of(range[1], contig_of(here), 0);
            for (int32_t j = first_from(f->spots[!outer], f->n[!outer], &from); j < f->n[!outer]; ++j) {
                const anl_sort_key *there = &f->spots[!outer][j], *first = outer ? there : here, *second = outer ? here : there;
                if (anl_sort_is_before(&last, there)) break;
                combination c = {.candidate = {first->number, second->number}};
                int64_t size;
                const anl_insert *insert = proper(f->model, end5_of(first), end5_of(second), &size);
                if (insert != &f->model->of[o]) continue;
                const anl_candidate *a = &pair[0].candidates[c.candidate[0]], *b = &pair[1].candidates[c.candidate[1]];
                c.total = a->score + b->score - anl_insert_penalty(insert, size, f->match);
                c.bonus = a->bonus + b->bonus;
                what(f, &c);
            }
        }
}

/* `spots` has room for twice the candidates. */
static void find_spots(finder *f, anl_sort_key *spots)
{
    const anl_query *pair = f->pair;
    anl_sort_key *of[2] = {spots, spots + pair[0].n}, *room = of[1] + pair[1].n;
    for (int i = 0; i < 2; ++i) f->n[i] = put_spots(&pair[i], of[i]);
    const int more = f->n[1] > f->n[0];
    const uint64_t reach = most_proper(f->model);
    f->n[more] = keep_near(reach, of[more], f->n[more], of[!more], f->n[!more]);
    f->n[!more] = keep_near(reach, of[!more], f->n[!more], of[more], f->n[more]);
    for (int i = 0; i < 2; ++i) {
        anl_sort_keys(of[i], f->n[i], room);
        f->spots[i] = of[i];
    }
}

int anl_best_pair_find(const anl_align_options *o, const anl_insert_model *m, const anl_query pair[2], int32_t close, anl_pair_scratch *s,
                       anl_best_pair *out)
{
    finder f = {.model = m, .pair = pair, .match = o->align.score.match, .close = close, .best = out};
    *out = (anl_best_pair){.candidate = {-1, -1}};
    int rc = anl_grow(&s->spots, &s->cap, 2 * ((size_t)pair[0].n + (size_t)pair[1].n), sizeof *s->spots);
    if (rc) return rc;
    find_spots(&f, s->spots);
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
