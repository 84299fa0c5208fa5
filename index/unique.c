#include "unique.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* The k-mers are dealt into partitions by their hash, and a small table finds the repeated ones of a partition. No position is kept: a
 * partition holds its k-mers in the order of the reference, so that going through the reference once more meets their marks in turn.
 * Partitions are made a group at a time, as many as memory allows.
 *
 *     count     how many k-mers each thread has for each partition
 *     scatter   the k-mers of a group to their partitions               once for each group
 *     mark      those met more than once, partition by partition        "
 *     gather    bits of those without a mark                            "
 *
 * A k-mer is the smaller of itself and its reverse complement, hashed one to one: equal hashes are equal k-mers. */

enum {
    BLOCK = 256,          /* k-mers hashed at a time */
    PARTITION = 1 << 15,  /* k-mers; so many and their table stay in a core's level 2 cache */
    MOST_PARTITIONS = 16, /* bits; each thread writes to as many places at a time */
    TABLE_LEAST = 4,
    TABLE_MOST = 17,      /* bits to begin with: a partition far over PARTITION holds many copies of a few k-mers */
    LEAST_HELD = 8 << 20, /* k-mers, 64 MiB */
};

#define MARK UINT64_C(1) /* in a hash: not unique */
#define EMPTY UINT64_MAX

typedef struct job {
    const anl_index_parts *genome;
    int64_t *contig_begin; /* [n_contigs + 1] */
    int k, shift;          /* hash >> shift: the partition */
    int64_t partitions;
    int64_t chunk; /* bases of a thread */
    int chunks;
    uint64_t *begin;     /* [chunks][partitions] k-mers, then the place of the first in `entries` */
    uint64_t *next;      /* [chunks][partitions] */
    uint64_t *total;     /* [partitions] k-mers */
    int64_t first, last; /* partitions of the group */
    int table_bits;      /* to begin with, at most */
    uint64_t *entries, *bits;
} job;

/* k by the size of the reference: small enough that many disjoint k-mers fit into a read, so large that few are met twice by chance.
 * Percent of reads of 150, 100 and 75 bp, without errors and with 0.5%, with at least 4 disjoint unique k-mers more than errors, as
 * build/bench_unique GENOME.fa 1 K... prints it; * is what is taken:
 *
 *                      k       150    100     75  150 err 100 err  75 err
 *     bacterium       13      98.3   97.8   94.1     97.8    91.8    73.5
 *     5.5 Mb          14 *    98.3   98.0   97.2     97.9    92.5    73.2
 *                     16      98.3   97.9   97.4     97.4    89.1    66.9
 *                     20      98.3   97.8    0.0     92.8    59.2     0.0
 *     yeast           14 *    93.4   92.5   91.1     92.7    86.9    68.3
 *     12 Mb           15      93.5   92.6   91.5     92.7    85.4    62.8
 *                     20      93.5   92.5    0.0     88.0    56.0     0.0
 *     Daphnia         15      91.3   88.4   80.1     89.1    78.2    55.0
 *     49 Mb           16 *    91.4   88.7   81.7     89.1    78.0    56.1
 *                     20      91.4   88.2    0.0     84.9    53.4     0.0
 *     cacao           15      90.9   80.5   65.3     84.9    68.1    44.8
 *     56 Mb           16 *    92.3   83.0   69.5     86.6    70.3    47.7
 *                     17      92.8   83.7   69.7     86.6    68.4    47.8
 *     human-like      15      89.5   81.9   62.3     84.6    67.4    42.7
 *     100 Mb          16 *    90.1   83.4   66.5     85.5    69.1    45.6
 *                     17      90.4   83.7   65.5     85.2    66.8    45.0
 *                     20      90.7   82.6    0.0     81.9    50.0     0.0
 *     human-like      17      87.3   77.2   45.1     79.8    56.3    30.9
 *     1 Gb            18 *    87.9   79.0   48.6     80.7    56.1    33.4
 *                     19      88.3   79.3    0.0     80.2    52.4     0.0
 *
 * Between and beyond these sizes chance decides: four times the bases ask for one letter more. */
static const struct {
    int64_t bases; /* up to */
    int32_t k;
} k_by_size[] = {
    {16000000, 14},   {40000000, 15},    {160000000, 16},   {640000000, 17},
    {4000000000, 18}, {16000000000, 19}, {64000000000, 20}, {INT64_MAX, 21},
};

int32_t anl_unique_k(int64_t bases)
{
    int i = 0;
    while (bases > k_by_size[i].bases) ++i;
    return k_by_size[i].k;
}

/* ---- k-mers ---- */

/* Of a k-mer, its first base in the highest two bits, and its reverse complement. The factor is odd and so has an inverse: no two k-mers share
 * a hash. The lowest two bits are free. */
static inline uint64_t hash_of(uint64_t forward, uint64_t reverse)
{
    return (forward < reverse ? forward : reverse) * UINT64_C(0x9e3779b97f4a7c15) | (forward == reverse ? MARK : 0);
}

static inline uint64_t base_at(const uint8_t *bases, uint64_t i)
{
    return bases[i / 4] >> 2 * (i % 4) & 3;
}

typedef struct roll {
    uint64_t forward, reverse;
} roll;

/* Adds the n bases from `at` on and writes the hashes of the k-mers that end with them. */
static void hash_block(const job *j, roll *r, int64_t at, int n, uint64_t *out)
{
    const uint8_t *bases = j->genome->bases;
    const int low = 64 - 2 * j->k;
    const uint64_t used = UINT64_MAX << low;
    uint64_t forward = r->forward, reverse = r->reverse;
    for (int i = 0; i < n; ++i) {
        const uint64_t base = base_at(bases, (uint64_t)at + (uint64_t)i);
        forward = forward << 2 | base << low;
        reverse = (reverse >> 2 | ~base << 62) & used;
        out[i] = hash_of(forward, reverse);
    }
    *r = (roll){forward, reverse};
}

/* ---- walking over the reference ---- */

/* Pieces without N of one contig each. */
typedef struct pieces {
    const job *job;
    int64_t at, end;
    int32_t contig;
    int64_t run;
} pieces;

/* The first run of N that ends behind `at`. */
static int64_t run_behind(const anl_index_parts *g, int64_t at)
{
    int64_t lo = 0, hi = g->n_n_runs;
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (g->n_runs[2 * mid + 1] > at)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

static int32_t contig_at(const job *j, int64_t at)
{
    int32_t lo = 0, hi = j->genome->n_contigs;
    while (hi - lo > 1) {
        const int32_t mid = lo + (hi - lo) / 2;
        if (j->contig_begin[mid] <= at)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

/* 0 when none starts before the end. A piece may reach beyond it. */
static int next_piece(pieces *p, int64_t *begin, int64_t *end)
{
    const anl_index_parts *g = p->job->genome;
    while (p->at < p->end) {
        while (p->job->contig_begin[p->contig + 1] <= p->at) ++p->contig;
        while (p->run < g->n_n_runs && g->n_runs[2 * p->run + 1] <= p->at) ++p->run;
        const int64_t n_begin = p->run < g->n_n_runs ? g->n_runs[2 * p->run] : INT64_MAX;
        if (n_begin <= p->at) {
            p->at = g->n_runs[2 * p->run + 1];
            continue;
        }
        *begin = p->at;
        *end = p->job->contig_begin[p->contig + 1] < n_begin ? p->job->contig_begin[p->contig + 1] : n_begin;
        p->at = *end;
        return 1;
    }
    return 0;
}

/* What is done with the hashes of up to BLOCK k-mers that start at `at` and the following bases. */
typedef void visit(const job *j, int chunk, int64_t at, const uint64_t *hashes, int n);

/* All k-mers without N that start in the chunk. */
static void walk(const job *j, int chunk, visit *see)
{
    const int64_t from = chunk * j->chunk, n_bases = j->genome->n_bases, until = n_bases - from < j->chunk ? n_bases : from + j->chunk;
    pieces p = {j, from, until, contig_at(j, from), run_behind(j->genome, from)};
    uint64_t hashes[BLOCK];
    for (int64_t begin, end; next_piece(&p, &begin, &end);) {
        const int64_t last = end - j->k + 1 < until ? end - j->k + 1 : until;
        if (begin >= last) continue;
        roll r = {0, 0};
        hash_block(j, &r, begin, j->k - 1, hashes);
        for (int64_t at = begin; at < last; at += BLOCK) {
            const int n = last - at < BLOCK ? (int)(last - at) : BLOCK;
            hash_block(j, &r, at + j->k - 1, n, hashes);
            see(j, chunk, at, hashes, n);
        }
    }
}

/* The k-mer at `at` with N at `first` and, unless -1, `second`, counted from its start: all that it could be. */
static void expand(const job *j, int chunk, int64_t at, int first, int second, visit *see)
{
    uint64_t hashes[16];
    const int n = second < 0 ? 4 : 16, k = j->k;
    for (int v = 0; v < n; ++v) {
        roll r = {0, 0};
        for (int i = 0; i < k; ++i) {
            const uint64_t base = i == first    ? (uint64_t)v & 3
                                  : i == second ? (uint64_t)v >> 2
                                                : base_at(j->genome->bases, (uint64_t)(at + i));
            r.forward |= base << (62 - 2 * i);
            r.reverse |= (3 - base) << (64 - 2 * k + 2 * i);
        }
        hashes[v] = hash_of(r.forward, r.reverse);
    }
    see(j, chunk, at, hashes, n);
}

/* Base `at` of a run of N, or where the run behind it begins. */
static int64_t n_at(const anl_index_parts *g, int64_t *run, int64_t at)
{
    if (*run < g->n_n_runs && at >= g->n_runs[2 * *run + 1]) ++*run;
    if (*run >= g->n_n_runs) return INT64_MAX;
    return at > g->n_runs[2 * *run] ? at : g->n_runs[2 * *run];
}

/* All k-mers with one or two N, the first of them in the chunk. */
static void walk_n(const job *j, int chunk, visit *see)
{
    const anl_index_parts *g = j->genome;
    const int64_t from = chunk * j->chunk, until = g->n_bases - from < j->chunk ? g->n_bases : from + j->chunk;
    int64_t run = run_behind(g, from);
    for (int64_t n1 = n_at(g, &run, from); n1 < until; n1 = n_at(g, &run, n1 + 1)) {
        const int64_t run_begin = g->n_runs[2 * run], run_end = g->n_runs[2 * run + 1];
        if (n1 > run_begin && n1 < run_end - 2) n1 = run_end - 2; /* amid three N and more */
        if (n1 >= until) break;
        int64_t ahead = run;
        const int64_t n2 = n_at(g, &ahead, n1 + 1), n3 = n2 == INT64_MAX ? n2 : n_at(g, &ahead, n2 + 1);
        const int32_t contig = contig_at(j, n1);
        int64_t first = n1 - j->k + 1, last = n1;
        if (first < j->contig_begin[contig]) first = j->contig_begin[contig];
        if (n1 > run_begin)
            first = n1;
        else if (run > 0 && first < g->n_runs[2 * run - 1])
            first = g->n_runs[2 * run - 1];
        if (last > j->contig_begin[contig + 1] - j->k) last = j->contig_begin[contig + 1] - j->k;
        if (last > n3 - j->k) last = n3 - j->k;
        for (int64_t at = first; at <= last; ++at) expand(j, chunk, at, (int)(n1 - at), n2 - at < j->k ? (int)(n2 - at) : -1, see);
    }
}

/* ---- what is done with the k-mers ---- */

static void count(const job *j, int chunk, int64_t at, const uint64_t *hashes, int n)
{
    uint64_t *counts = j->begin + chunk * j->partitions;
    (void)at;
    for (int i = 0; i < n; ++i) ++counts[hashes[i] >> j->shift];
}

static void scatter(const job *j, int chunk, int64_t at, const uint64_t *hashes, int n)
{
    uint64_t *next = j->next + chunk * j->partitions, kept[BLOCK];
    const uint64_t low = (uint64_t)j->first << j->shift, last = ((uint64_t)(j->last - j->first) << j->shift) - 1;
    int m = 0;
    (void)at;
    for (int i = 0; i < n; ++i) {
        kept[m] = hashes[i];
        m += hashes[i] - low <= last;
    }
    for (int i = 0; i < m; ++i) j->entries[next[kept[i] >> j->shift]++] = kept[i];
}

static void gather(const job *j, int chunk, int64_t at, const uint64_t *hashes, int n)
{
    uint64_t *next = j->next + chunk * j->partitions;
    const uint64_t low = (uint64_t)j->first << j->shift, last = ((uint64_t)(j->last - j->first) << j->shift) - 1;
    uint16_t kept[BLOCK];
    int m = 0;
    for (int i = 0; i < n; ++i) {
        kept[m] = (uint16_t)i;
        m += hashes[i] - low <= last;
    }
    for (int i = 0; i < m; ++i) {
        const int64_t pos = at + kept[i];
        const uint64_t entry = j->entries[next[hashes[kept[i]] >> j->shift]++];
        j->bits[pos / 64] |= (uint64_t) !(entry & MARK) << pos % 64;
    }
}

/* ---- repeated k-mers of a partition ---- */

typedef struct table {
    uint64_t *slots; /* hashes or EMPTY */
    int bits, shift; /* the bits from `shift` on, which the partition has in common, are passed over */
    size_t cap, used;
} table;

/* The slot of a hash without mark, or the empty one to put it into. */
static inline uint64_t *slot_of(const table *t, uint64_t hash)
{
    const size_t mask = ((size_t)1 << t->bits) - 1;
    size_t i = hash << (64 - t->shift) >> (64 - t->bits);
    while (t->slots[i] != EMPTY && (t->slots[i] & ~MARK) != hash) i = (i + 1) & mask;
    return t->slots + i;
}

static int table_reset(table *t, int bits)
{
    const size_t size = (size_t)1 << bits;
    int rc = anl_grow(&t->slots, &t->cap, size, sizeof *t->slots);
    if (rc) return rc;
    memset(t->slots, 0xff, size * sizeof *t->slots);
    t->bits = bits;
    t->used = 0;
    return ANL_OK;
}

static int table_double(table *t)
{
    table to = {.shift = t->shift};
    int rc = table_reset(&to, t->bits + 1);
    if (rc) return rc;
    for (size_t i = 0; i < (size_t)1 << t->bits; ++i)
        if (t->slots[i] != EMPTY) *slot_of(&to, t->slots[i] & ~MARK) = t->slots[i];
    to.used = t->used;
    free(t->slots);
    *t = to;
    return ANL_OK;
}

static int mark_repeated(table *t, int most_bits, uint64_t *entries, uint64_t n)
{
    int bits = TABLE_LEAST, rc;
    while (bits < most_bits && (uint64_t)1 << bits < 2 * n) ++bits;
    if ((rc = table_reset(t, bits))) return rc;
    for (uint64_t i = 0; i < n; ++i) {
        uint64_t *slot = slot_of(t, entries[i] & ~MARK);
        if (*slot != EMPTY) {
            *slot |= MARK;
            continue;
        }
        *slot = entries[i];
        if (++t->used * 2 > (size_t)1 << t->bits && (rc = table_double(t))) return rc;
    }
    for (uint64_t i = 0; i < n; ++i) entries[i] = *slot_of(t, entries[i] & ~MARK);
    return ANL_OK;
}

/* ---- groups of partitions ---- */

static uint64_t group_size(const job *j)
{
    uint64_t n = 0;
    for (int64_t p = j->first; p < j->last; ++p) n += j->total[p];
    return n;
}

/* The next partitions that together are at most `most`, but one at least; 0 behind the last. */
static int next_group(job *j, uint64_t most)
{
    uint64_t n = 0;
    j->first = j->last;
    while (j->last < j->partitions && (j->last == j->first || n + j->total[j->last] <= most)) n += j->total[j->last++];
    return j->first < j->partitions;
}

/* From numbers of k-mers to places: partition by partition, in each chunk by chunk. */
static void lay_out(job *j)
{
    uint64_t at = 0;
    for (int64_t p = j->first; p < j->last; ++p)
        for (int c = 0; c < j->chunks; ++c) {
            uint64_t *begin = j->begin + c * j->partitions + p;
            const uint64_t n = *begin;
            *begin = at;
            at += n;
        }
}

static void rewind_to_begin(const job *j, int chunk)
{
    const int64_t at = chunk * j->partitions + j->first;
    memcpy(j->next + at, j->begin + at, (size_t)(j->last - j->first) * sizeof *j->next);
}

static int do_group(job *j, table *tables, int threads)
{
    anl_failure failure = {0};
    lay_out(j);
#pragma omp parallel for schedule(static, 1) num_threads(threads)
    for (int c = 0; c < j->chunks; ++c) {
        rewind_to_begin(j, c);
        walk(j, c, scatter);
        walk_n(j, c, scatter);
        rewind_to_begin(j, c);
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (int64_t p = j->first; p < j->last; ++p) {
        const int rc = mark_repeated(&tables[omp_get_thread_num()], j->table_bits, j->entries + j->begin[p], j->total[p]);
        if (rc) anl_failure_keep(&failure, rc, (long)p);
    }
    if (failure.code) return anl_failure_raise(&failure);
#pragma omp parallel for schedule(static, 1) num_threads(threads)
    for (int c = 0; c < j->chunks; ++c) walk(j, c, gather);
    return ANL_OK;
}

static void count_all(job *j, int threads)
{
#pragma omp parallel for schedule(static, 1) num_threads(threads)
    for (int c = 0; c < j->chunks; ++c) {
        walk(j, c, count);
        walk_n(j, c, count);
    }
    for (int c = 0; c < j->chunks; ++c)
        for (int64_t p = 0; p < j->partitions; ++p) j->total[p] += j->begin[c * j->partitions + p];
}

/* K-mers of all partitions. */
static uint64_t total_of(const job *j)
{
    uint64_t n = 0;
    for (int64_t p = 0; p < j->partitions; ++p) n += j->total[p];
    return n;
}

static int build(job *j, int threads, uint64_t most)
{
    uint64_t largest = 0;
    int rc = ANL_OK;
    table *tables = anl_alloc((size_t)threads, sizeof *tables);
    if (!tables) return ANL_ENOMEM;
    for (j->table_bits = TABLE_LEAST; j->table_bits < TABLE_MOST && most / (uint64_t)threads >> j->table_bits > 1;) ++j->table_bits;
    for (int t = 0; t < threads; ++t) tables[t].shift = j->shift;
    count_all(j, threads);
    while (next_group(j, most))
        if (group_size(j) > largest) largest = group_size(j);
    if (!(j->entries = anl_alloc(largest, sizeof *j->entries))) rc = ANL_ENOMEM;
    j->last = 0;
    for (uint64_t done = 0, all = total_of(j); !rc && next_group(j, most);) {
        rc = do_group(j, tables, threads);
        anl_index_tell(&j->genome->watch, ANL_INDEX_COUNTING, (int64_t)(done += group_size(j)), (int64_t)all);
    }
    for (int t = 0; t < threads; ++t) free(tables[t].slots);
    free(tables);
    return rc;
}

int anl_unique_build(uint64_t **bits, const anl_index_parts *genome, int threads, int64_t most)
{
    const int64_t n = genome->n_bases, words = (n + 63) / 64;
    job j = {.genome = genome, .k = genome->unique_k};
    int partition_bits = 1;
    while (partition_bits < MOST_PARTITIONS && n >> partition_bits > PARTITION) ++partition_bits;
    j.shift = 64 - partition_bits;
    j.partitions = (int64_t)1 << partition_bits;
    j.chunk = (words / threads + 1) * 64;
    j.chunks = (int)((n + j.chunk - 1) / j.chunk);
    const size_t counts = (size_t)j.chunks * (size_t)j.partitions;
    j.contig_begin = anl_alloc((size_t)genome->n_contigs + 1, sizeof *j.contig_begin);
    j.begin = anl_alloc(counts, sizeof *j.begin);
    j.next = anl_alloc(counts, sizeof *j.next);
    j.total = anl_alloc((size_t)j.partitions, sizeof *j.total);
    j.bits = anl_alloc((size_t)words, sizeof *j.bits);
    int rc = j.contig_begin && j.begin && j.next && j.total && j.bits ? ANL_OK : ANL_ENOMEM;
    for (int32_t i = 0; i < genome->n_contigs && !rc; ++i) j.contig_begin[i + 1] = j.contig_begin[i] + genome->contigs[i].len;
    if (!rc) rc = build(&j, threads, most ? (uint64_t)most : n / 10 > LEAST_HELD ? (uint64_t)n / 10 : LEAST_HELD);
    free(j.contig_begin);
    free(j.begin);
    free(j.next);
    free(j.total);
    free(j.entries);
    if (rc) {
        free(j.bits);
        j.bits = NULL;
    }
    *bits = j.bits;
    return rc;
}
