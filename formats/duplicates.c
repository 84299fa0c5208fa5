#include "duplicates.h"

#include "cluster.h"
#include "duplicate_key.h"
#include "libraries.h"

#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 300,                                                           /* bp, the default of samtools markdup -l */
    GOOD_QUALITY = 15,                                                      /* and its least quality that counts */
    FIRST_BUCKETS = 1024,                                                   /* a power of two */
    NEVER = BAM_FSECONDARY | BAM_FSUPPLEMENTARY | BAM_FUNMAP | BAM_FQCFAIL, /* marked */
};

typedef struct entry entry;

/* What is known of a key, as long as the record lives that was the first with it. */
typedef struct node {
    anl_duplicate_key key;
    uint64_t hash;
    entry *best;
    struct node *next; /* of the bucket */
    int used;
} node;

struct entry {
    bam1_t *bam;
    entry *next;   /* in the order of the output */
    entry *copies; /* list of those that are copies of the read at its head */
    int64_t pos;   /* 5' end, 1-based, or POS of what is never marked */
    int64_t score; /* sum of good qualities, of a pair that of both mates */
    node pair, single;
    anl_cluster cluster;
    int32_t library;
    uint8_t paired, never, optical, has_cluster;
    uint8_t settled; /* its list of copies has been looked through for optical ones */
};

typedef struct table {
    node **buckets;
    size_t n_buckets, n;
} table;

struct anl_duplicates {
    anl_duplicates_options options;
    anl_libraries libraries;
    anl_duplicate_counts *counts;
    table pairs, singles;
    entry *first, **end; /* the queue */
    entry *spare;
    int32_t tid; /* of the record added last, and its POS */
    int64_t pos;
    entry **list; /* scratch: copies of one read */
    size_t list_cap;
};

/* ---- keys ---- */

static int grow(table *t)
{
    const size_t n = t->n_buckets ? 2 * t->n_buckets : FIRST_BUCKETS;
    node **buckets = anl_alloc(n, sizeof *buckets);
    if (!buckets) return ANL_ENOMEM;
    for (size_t i = 0; i < t->n_buckets; ++i)
        for (node *at = t->buckets[i], *next; at; at = next) {
            next = at->next;
            at->next = buckets[at->hash & (n - 1)];
            buckets[at->hash & (n - 1)] = at;
        }
    free(t->buckets);
    t->buckets = buckets;
    t->n_buckets = n;
    return ANL_OK;
}

/* The node with that key, in *found; where there is none `own` becomes it, with `e` as the best so far, and *found is NULL. */
static int find_or_put(table *t, const anl_duplicate_key *key, node *own, entry *e, node **found)
{
    int rc = t->n >= t->n_buckets ? grow(t) : ANL_OK;
    if (rc) return rc;
    const uint64_t hash = anl_duplicate_key_hash(key);
    node **bucket = &t->buckets[hash & (t->n_buckets - 1)];
    for (*found = *bucket; *found; *found = (*found)->next)
        if ((*found)->hash == hash && anl_duplicate_key_equal(&(*found)->key, key)) return ANL_OK;
    *own = (node){*key, hash, e, *bucket, 1};
    *bucket = own;
    ++t->n;
    return ANL_OK;
}

static void take_out(table *t, const node *own)
{
    if (!own->used) return;
    node **at = &t->buckets[own->hash & (t->n_buckets - 1)];
    while (*at != own) at = &(*at)->next;
    *at = own->next;
    --t->n;
}

/* ---- which one stays ---- */

static const char *name_of(const entry *e)
{
    return bam_get_qname(e->bam);
}

static int64_t score_of(const bam1_t *b)
{
    const uint8_t *qual = bam_get_qual(b);
    int64_t score = 0;
    for (int32_t i = 0; i < b->core.l_qseq; ++i)
        if (qual[i] >= GOOD_QUALITY) score += qual[i];
    return score;
}

/* Of two reads of pairs, or, where optical copies are told, of one and a single read. */
static int is_worse(const entry *a, const entry *b)
{
    if (a->paired != b->paired) return !a->paired;
    return a->score != b->score ? a->score < b->score : strcmp(name_of(b), name_of(a)) < 0;
}

static void set_optical(anl_duplicates *d, entry *e)
{
    anl_duplicate_counts *c = &d->counts[e->library];
    if (!e->optical) ++*(e->paired ? &c->pair_optical : &c->single_optical);
    e->optical = 1;
}

static void mark(anl_duplicates *d, const entry *original, entry *copy)
{
    anl_duplicate_counts *c = &d->counts[copy->library];
    const long distance = d->options.optical_distance;
    copy->bam->core.flag |= BAM_FDUP;
    ++*(copy->paired ? &c->pair_duplicates : &c->single_duplicates);
    if (distance && original->has_cluster && copy->has_cluster &&
        anl_clusters_near(name_of(original), &original->cluster, name_of(copy), &copy->cluster, distance))
        set_optical(d, copy);
}

/* Lists of copies are kept where optical ones are told, and of a read until they have been looked through: then nobody asks for them. */
static int keeps_copies(const anl_duplicates *d, const entry *original, entry *list)
{
    if (!d->options.optical_distance) return 0;
    for (entry *e = original->settled ? list : NULL; e; e = e->copies) e->settled = 1;
    return !original->settled;
}

/* Puts `list` at the end of the copies of `original`. */
static void append_copies(const anl_duplicates *d, entry *original, entry *list)
{
    if (!keeps_copies(d, original, list)) return;
    while (original->copies) original = original->copies;
    original->copies = list;
}

/* Puts `copy`, with copies of its own, in front of those of `original`. */
static void prepend_copy(const anl_duplicates *d, entry *original, entry *copy)
{
    if (!keeps_copies(d, original, copy)) return;
    if (original->copies) append_copies(d, copy, original->copies);
    original->copies = copy;
}

/* A read of a pair beside a single one: the pair stays, whatever its score. */
static int compare_with_single(anl_duplicates *d, entry *e, const anl_duplicate_key *key)
{
    node *other;
    int rc = find_or_put(&d->singles, key, &e->single, e, &other);
    if (rc || !other || other->best->paired) return rc;
    append_copies(d, e, other->best);
    mark(d, e, other->best);
    other->best = e;
    return ANL_OK;
}

/* Of the best so far and an entry beside it one stays, and the other is its copy. */
static void keep_better(anl_duplicates *d, node *beside, entry *e, int is_better)
{
    entry *old = beside->best;
    if (is_better) {
        append_copies(d, e, old);
        beside->best = e;
        mark(d, e, old);
    } else {
        prepend_copy(d, old, e);
        mark(d, old, e);
    }
}

static int compare_pairs(anl_duplicates *d, entry *e, const anl_duplicate_key *key)
{
    node *other;
    int rc = find_or_put(&d->pairs, key, &e->pair, e, &other);
    if (!rc && other) keep_better(d, other, e, is_worse(other->best, e));
    return rc;
}

static int compare_singles(anl_duplicates *d, entry *e, const anl_duplicate_key *key)
{
    node *other;
    int rc = find_or_put(&d->singles, key, &e->single, e, &other);
    if (!rc && other) keep_better(d, other, e, !other->best->paired && e->score > other->best->score);
    return rc;
}

static int examine(anl_duplicates *d, entry *e)
{
    const bam1_t *b = e->bam;
    anl_duplicate_counts *c = &d->counts[e->library];
    const anl_duplicate_key single = anl_duplicate_key_single(b, e->library);
    e->pos = single.at;
    e->score = score_of(b);
    ++*(e->paired ? &c->paired : &c->single);
    if (d->options.optical_distance && !(e->has_cluster = (uint8_t)anl_cluster_of(name_of(e), &e->cluster))) ++c->without_coordinates;
    if (!e->paired) return compare_singles(d, e, &single);
    anl_duplicate_key pair;
    const uint8_t *ms = bam_aux_get(b, "ms");
    int rc = anl_duplicate_key_pair(&pair, b, e->library);
    if (!rc && !ms) rc = anl_fail(ANL_EINVAL, "read '%.100s': has no tag ms, without which duplicates cannot be told", name_of(e));
    if (rc) return rc;
    e->score += bam_aux2i(ms);
    rc = compare_with_single(d, e, &single);
    return rc ? rc : compare_pairs(d, e, &pair);
}

/* ---- optical copies of copies ---- */

static int by_x(const void *a, const void *b)
{
    const entry *x = *(entry *const *)a, *y = *(entry *const *)b;
    return x->cluster.x != y->cluster.x ? (x->cluster.x < y->cluster.x ? -1 : 1) : strcmp(name_of(x), name_of(y));
}

/* Of two copies near each other the worse one is optical, too. */
static void compare_copies(anl_duplicates *d, size_t n)
{
    const long distance = d->options.optical_distance;
    entry **list = d->list;
    if (n) qsort(list, n, sizeof *list, by_x);
    for (size_t i = 0; i + 1 < n; ++i)
        for (size_t j = i + 1; j < n && list[j]->cluster.x - list[i]->cluster.x <= distance; ++j) {
            if (list[i]->optical && list[j]->optical) continue;
            if (anl_clusters_near(name_of(list[i]), &list[i]->cluster, name_of(list[j]), &list[j]->cluster, distance))
                set_optical(d, list[is_worse(list[i], list[j]) ? i : j]);
        }
}

/* Looks once more through the copies of a read that stays: since they were marked, another one may have taken its place. Names without
 * coordinates are of no place. */
static int settle(anl_duplicates *d, entry *original)
{
    const long distance = d->options.optical_distance;
    size_t n = 0;
    for (entry *e = original->copies, *next; e; e = next) {
        int rc = anl_grow(&d->list, &d->list_cap, n + 1, sizeof *d->list);
        if (rc) return rc;
        e->settled = 1;
        next = e->copies;
        e->copies = NULL;
        if (!original->has_cluster || !e->has_cluster) continue;
        d->list[n++] = e;
        if (anl_clusters_near(name_of(original), &original->cluster, name_of(e), &e->cluster, distance)) set_optical(d, e);
    }
    compare_copies(d, n);
    original->copies = NULL;
    return ANL_OK;
}

/* ---- the queue ---- */

/* Whether another copy of it may still come. */
static int is_within(const anl_duplicates *d, const entry *e)
{
    return e->pos + WINDOW > d->pos && e->bam->core.tid == d->tid && (d->tid != -1 || d->pos != -1);
}

static int settle_some(anl_duplicates *d, int all)
{
    int rc = ANL_OK;
    for (entry *e = d->first; e && !rc && (all || !is_within(d, e)); e = e->next)
        if (!(e->bam->core.flag & BAM_FDUP) && e->copies) rc = settle(d, e);
    return rc;
}

static int tell_kind(const anl_duplicates *d, const entry *e)
{
    uint8_t *old = bam_aux_get(e->bam, "dt");
    if (!d->options.optical_distance || e->never || !(e->bam->core.flag & BAM_FDUP)) return ANL_OK;
    if ((old && bam_aux_del(e->bam, old)) || bam_aux_append(e->bam, "dt", 'Z', 3, (const uint8_t *)(e->optical ? "SQ" : "LB")))
        return anl_fail(ANL_ENOMEM, "out of memory");
    return ANL_OK;
}

/* Passes the first of the queue on. */
static int pass_on(anl_duplicates *d)
{
    entry *e = d->first;
    int rc = tell_kind(d, e);
    if (!rc) rc = d->options.put(d->options.data, e->bam);
    take_out(&d->pairs, &e->pair);
    take_out(&d->singles, &e->single);
    if (!(d->first = e->next)) d->end = &d->first;
    e->next = d->spare;
    d->spare = e;
    return rc;
}

static int pass_decided(anl_duplicates *d)
{
    const int optical = d->options.optical_distance != 0;
    int rc = ANL_OK, settled = 0;
    while (!rc && d->first && !is_within(d, d->first)) {
        if (optical && !settled) rc = settle_some(d, 0);
        settled = 1;
        const entry *e = d->first;
        if (optical && (e->bam->core.flag & BAM_FDUP) && !e->settled && !e->never) break; /* until its original leaves, too */
        if (!rc) rc = pass_on(d);
    }
    return rc;
}

/* An entry at the end of the queue. */
static entry *new_entry(anl_duplicates *d)
{
    entry *e = d->spare;
    bam1_t *bam = e ? e->bam : bam_init1();
    if (e)
        d->spare = e->next;
    else if (!bam || !(e = anl_alloc(1, sizeof *e))) {
        if (bam) bam_destroy1(bam);
        anl_fail(ANL_ENOMEM, "out of memory");
        return NULL;
    }
    *e = (entry){.bam = bam};
    *d->end = e;
    d->end = &e->next;
    return e;
}

int anl_duplicates_add(anl_duplicates *d, const bam1_t *b)
{
    entry *e = new_entry(d);
    if (!e) return ANL_ENOMEM;
    if (!bam_copy1(e->bam, b)) return anl_fail(ANL_ENOMEM, "out of memory");
    d->tid = b->core.tid;
    d->pos = e->pos = b->core.pos;
    e->library = anl_libraries_of(&d->libraries, b);
    e->never = (b->core.flag & NEVER) != 0;
    e->paired = (b->core.flag & (BAM_FPAIRED | BAM_FMUNMAP)) == BAM_FPAIRED;
    ++d->counts[e->library].records;
    if (e->never) ++d->counts[e->library].excluded;
    int rc = e->never ? ANL_OK : examine(d, e);
    return rc ? rc : pass_decided(d);
}

int anl_duplicates_finish(anl_duplicates *d)
{
    int rc = d->options.optical_distance ? settle_some(d, 1) : ANL_OK;
    while (!rc && d->first) rc = pass_on(d);
    return rc;
}

const anl_duplicate_counts *anl_duplicates_counts(const anl_duplicates *d, int *n)
{
    *n = d->libraries.n;
    return d->counts;
}

int anl_duplicates_new(anl_duplicates **out, sam_hdr_t *header, const anl_duplicates_options *options)
{
    anl_duplicates *d = anl_alloc(1, sizeof *d);
    if (!d) return ANL_ENOMEM;
    d->options = *options;
    d->end = &d->first;
    int rc = anl_libraries_init(&d->libraries, header);
    if (!rc && !(d->counts = anl_alloc((size_t)d->libraries.n, sizeof *d->counts))) rc = ANL_ENOMEM;
    if (rc) {
        anl_duplicates_free(d);
        return rc;
    }
    for (int32_t i = 0; i < d->libraries.n; ++i) d->counts[i].library = d->libraries.names[i];
    *out = d;
    return ANL_OK;
}

static void free_entries(entry *e)
{
    for (entry *next; e; e = next) {
        next = e->next;
        bam_destroy1(e->bam);
        free(e);
    }
}

void anl_duplicates_free(anl_duplicates *d)
{
    if (!d) return;
    free_entries(d->first);
    free_entries(d->spare);
    free(d->pairs.buckets);
    free(d->singles.buckets);
    free(d->counts);
    free(d->list);
    anl_libraries_free(&d->libraries);
    free(d);
}
