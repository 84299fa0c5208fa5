/* The whole story of a batch, top to bottom: embed, search, verify, decide, finish. stream.c reads batches and writes what comes of them. */
#include "aligner.h"

#include "align_tuning.h"
#include "alts.h"
#include "base_code.h"
#include "beside.h"
#include "candidates.h"
#include "diverged.h"
#include "find.h"
#include "library.h"
#include "long_read.h"
#include "parts.h"
#include "readthrough.h"
#include "split.h"
#include "trace.h"

#include <omp.h>

enum {
    FIRST_PARTS =
        2, /* of a run's first batch, whose pairs tell the insert sizes to the rest: more are asked where the first say too little */
};

/* Reads [begin, end) of a batch and what became of them. */
typedef struct chunk {
    size_t begin, end;
    anl_find_counts found;
    anl_records *records;
} chunk;

/* A batch. */
typedef struct anl_work {
    anl_aligner *aligner;
    int turn;
    const anl_batch *batch;
    anl_query *queries;
    chunk *chunks;
    anl_records *records;
    size_t n_chunks;
    anl_parcels *parcels;        /* what records are packed into; NULL: they are wanted themselves */
    size_t n_first[FIRST_PARTS]; /* reads of the first part of a run's first batch, and of both; else 0 */
} work;

static int is_diverged(const anl_aligner *a)
{
    return a->options.preset == ANL_PRESET_DIVERGED;
}

static int prepare_query(const anl_read *read, anl_arena *results, anl_query *q)
{
    uint8_t *reverse = anl_arena_alloc(results, (size_t)read->len, 1);
    if (!reverse) return ANL_ENOMEM;
    anl_reverse_complement(read->seq, read->len, reverse);
    *q = (anl_query){.read = read, .strand = {read->seq, reverse}};
    return ANL_OK;
}

/* Long reads go all the way at once; to their mates they are places. */
static int align_long(const work *k, const chunk *c, anl_worker *w)
{
    const anl_context *x = &k->aligner->context;
    const int n = (int)(c->end - c->begin);
    anl_arena *results = w->found[k->turn];
    const anl_read **reads = anl_arena_alloc(w->scratch.temporary, (size_t)n, sizeof(anl_read *));
    anl_read_alignments **aligned = anl_arena_alloc(w->scratch.temporary, (size_t)n, sizeof(anl_read_alignments *));
    int m = 0;
    if (!reads || !aligned) return ANL_ENOMEM;
    for (size_t i = c->begin; i < c->end; ++i) {
        anl_query *q = &k->queries[i];
        if (!anl_read_is_long(&k->batch->reads[i])) continue;
        *q = (anl_query){.read = &k->batch->reads[i]};
        reads[m] = q->read;
        aligned[m++] = &q->aligned;
    }
    int rc = anl_long_align(x, &w->scratch, reads, m, results, aligned);
    for (size_t i = c->begin; i < c->end && !rc; ++i)
        if (anl_read_is_long(&k->batch->reads[i]) && k->batch->reads[i].mate) rc = anl_pair_stand_in(x->index, &k->queries[i], results);
    return rc;
}

static int prepare_queries(const work *k, const chunk *c, anl_arena *results)
{
    int rc = ANL_OK;
    for (size_t i = c->begin; i < c->end && !rc; ++i) {
        const anl_read *read = &k->batch->reads[i];
        anl_query *q = &k->queries[i];
        if (anl_read_is_long(read)) continue;
        rc = prepare_query(read, results, q);
        if (!rc) rc = anl_tail_cut(q, results);
        if (!rc && read->mate == 2 && !anl_read_is_long(q[-1].read)) rc = anl_readthrough_cut(q - 1, results);
    }
    return rc;
}

/* Embed, search, verify: every read of the chunk on its own, but that lists are gone through together with other threads. */
static int find_candidates(const work *k, chunk *c, anl_worker *w)
{
    const anl_context *x = &k->aligner->context;
    anl_query *q = k->queries + c->begin;
    anl_arena *results = w->found[k->turn];
    const int n = (int)(c->end - c->begin);
    anl_arena_reset(w->scratch.temporary);
    anl_search_join(x->search, w->scratch.search);
    int rc = align_long(k, c, w);
    if (!rc) rc = prepare_queries(k, c, results);
    if (!rc)
        rc = (is_diverged(k->aligner) ? anl_find_diverged : anl_find)(x, &w->scratch, &k->aligner->insert, &w->queue, q, n, results,
                                                                      &c->found);
    if (!rc) rc = anl_parts_find(x, &w->scratch, &w->queue, q, n, results, &c->found);
    anl_search_leave(w->scratch.search);
    if (anl_aligner_meets_in_lists(k->aligner)) { /* a chunk is large, and reporting needs memory of its own */
        anl_search_release(w->scratch.search);
        anl_arena_release(w->scratch.temporary);
    }
    return rc;
}

/* Where reporting leaves what it finds. */
static anl_arena *report_arena(const work *k, const anl_worker *w)
{
    return k->parcels ? w->report : w->found[k->turn];
}

/* Mates are looked for beside each other under the insert-size model. */
static int rescue_mates(const work *k, anl_query *q, int n, anl_worker *w)
{
    const anl_context *x = &k->aligner->context;
    int rc = ANL_OK;
    for (int i = 0; i < n && !rc; ++i)
        if (q[i].read->mate == 1) rc = anl_pair_rescue(x->options, &k->aligner->insert, x->index, q, i, &w->queue);
    if (!rc) rc = anl_candidates_score(x, &w->scratch, &w->queue, q, n, report_arena(k, w));
    return rc ? rc : anl_beside_find(x, &w->scratch, &k->aligner->insert, &w->queue, q, n, &w->pairs, report_arena(k, w));
}

/* Where another alignment leads a mate, it may no longer lie where it makes a proper pair. */
static void judge_pair(const work *k, anl_query *q)
{
    if (!q[0].proper || !q[0].aligned.n || !q[1].aligned.n) return;
    q[0].proper = q[1].proper = (uint8_t)anl_pair_is_proper(&k->aligner->insert, &q[0].aligned.list[0], &q[1].aligned.list[0]);
}

/* The least score of a candidate that is compared with others base by base. */
static int32_t least_compared(const anl_context *x)
{
    return ANL_MAPQ_MIN_SECOND * x->options->align.score.match;
}

/* Decides where a read, or a pair, lies. */
static int choose(const work *k, anl_query *q, int paired, anl_worker *w, anl_choice *chosen)
{
    const anl_context *x = &k->aligner->context;
    int proper = 0, rc = ANL_OK;
    for (int m = 0; m <= paired && !rc; ++m) rc = anl_trace_candidates(x, &w->scratch, &q[m], least_compared(x), 0);
    if (rc) return rc;
    if (paired)
        rc = anl_pair_choose(x->options, &k->aligner->insert, q, &w->pairs, chosen, &proper);
    else
        chosen[0] = anl_choose_single(x->options, q, x->options->min_score);
    for (int m = 0; m <= paired; ++m) q[m].proper = (uint8_t)proper;
    return rc;
}

/* Decides where n reads lie and aligns them there base by base. Either is asked of a GPU for all of them at once. */
static int choose_and_trace(const work *k, anl_query *q, int n, anl_worker *w, anl_choice *chosen)
{
    const anl_context *x = &k->aligner->context;
    int rc = anl_trace_ask_compared(x, &w->scratch, q, n, least_compared(x));
    for (int i = 0, paired; i < n && !rc; i += 1 + paired) {
        paired = q[i].read->mate == 1;
        rc = choose(k, &q[i], paired, w, &chosen[i]);
    }
    if (!rc) rc = anl_trace_ask_chosen(x, &w->scratch, q, chosen, n);
    for (int i = 0; i < n && !rc; ++i)
        if (!anl_read_is_long(q[i].read)) rc = anl_trace_chosen(x, &w->scratch, &q[i], &chosen[i], report_arena(k, w));
    return rc;
}

/* How many of n reads are chosen and traced together, mates with their mates. Without a GPU a read's data stay at hand from one step to the next. */
static int together(const work *k, const anl_query *q, int n)
{
    int m = 0;
    if (!k->aligner->gpu) return 1 + (q->read->mate == 1);
    for (int64_t candidates = 0; m < n && candidates < ANL_TRACED_TOGETHER; ++m) candidates += q[m].n;
    return m + (m < n && q[m].read->mate == 2);
}

/* Reads where they lie, then what that leaves of them elsewhere. */
static int align_chosen(const work *k, anl_query *q, int n, anl_worker *w)
{
    enum { AHEAD = 4 /* reads between asking memory for one and looking at it */ };
    const anl_context *x = &k->aligner->context;
    anl_arena *results = report_arena(k, w);
    anl_choice *chosen = anl_arena_alloc(w->scratch.temporary, (size_t)n, sizeof *chosen);
    int rc = chosen ? ANL_OK : ANL_ENOMEM;
    for (int i = 0, m; i < n && !rc; i += m) {
        m = together(k, &q[i], n - i);
        for (int ahead = i + AHEAD; !x->gpu && ahead < i + AHEAD + m && ahead < n; ++ahead) anl_trace_prefetch(x->index, &q[ahead]);
        rc = choose_and_trace(k, &q[i], m, w, &chosen[i]);
    }
    if (!rc) rc = anl_split(x, &w->scratch, &k->aligner->insert, &w->queue, q, n, results);
    for (int i = 0; i < n && !rc && x->index->n_alts; ++i) rc = anl_alts_report(&q[i], results);
    for (int i = 0; i < n && !rc && x->index->n_alts; ++i)
        if (q[i].read->mate == 1) judge_pair(k, &q[i]);
    return rc;
}

/* -5: the alignment that begins first in a read leads. */
static void lead_leftmost(const work *k, anl_query *q, int n)
{
    for (int i = 0; i < n; ++i) {
        const int paired = q[i].read->mate == 1;
        int changed = anl_read_alignments_lead_leftmost(&q[i].aligned);
        if (!paired) continue;
        changed |= anl_read_alignments_lead_leftmost(&q[i + 1].aligned);
        if (changed) judge_pair(k, &q[i]);
        ++i;
    }
}

/* Makes the records. */
static int finish(const work *k, size_t first, int n, anl_worker *w, anl_records *out)
{
    const anl_query *q = k->queries + first;
    const anl_finisher f = {&k->aligner->options, k->aligner->index->contigs, report_arena(k, w)};
    int rc = anl_arena_grow(f.results, &out->records, 0, &out->cap, (size_t)n, sizeof *out->records); /* most reads have one */
    for (int i = 0; i < n && !rc; ++i) {
        const anl_read *read = &k->batch->reads[first + (size_t)i]; /* as it came, not as it was cut to its insert */
        if (read->mate == 1) {
            const anl_read *reads[2] = {read, read + 1};
            const anl_read_alignments aligned[2] = {q[i].aligned, q[i + 1].aligned};
            rc = anl_finish_pair(&f, reads, aligned, q[i].proper, out);
            ++i;
        } else
            rc = anl_finish_single(&f, read, &q[i].aligned, out);
    }
    return rc;
}

/* Makes what is written of a chunk's records, which are gone then. */
static int pack(const work *k, chunk *c, const anl_worker *w)
{
    const int rc =
        anl_parcels_pack(k->parcels, (int)(w - k->aligner->workers), (size_t)(c - k->chunks), c->records->records, c->records->n);
    *c->records = (anl_records){.counts = c->records->counts};
    return rc;
}

/* Decide and finish: pairs see each other under the insert-size model. */
static int report(const work *k, chunk *c, anl_worker *w)
{
    anl_query *q = k->queries + c->begin;
    int n = (int)(c->end - c->begin);
    anl_arena_reset(w->scratch.temporary);
    anl_arena_reset(w->report);
    int rc = rescue_mates(k, q, n, w);
    if (!rc) rc = align_chosen(k, q, n, w);
    if (!rc && k->aligner->options.leftmost_primary) lead_leftmost(k, q, n);
    if (!rc) rc = finish(k, c->begin, n, w, c->records);
    return rc || !k->parcels ? rc : pack(k, c, w);
}

/* How much of the work on a read a stage is, about. */
enum { WORK_FIND = 3, WORK_REPORT = 1, WORK = WORK_FIND + WORK_REPORT };

static void tell(anl_aligner *a, const chunk *c, int share)
{
#pragma omp critical(anl_align_progress)
    {
        a->work_done += (int64_t)(c->end - c->begin) * share;
        a->progress(a->progress_data, a->work_done / WORK, a->expected);
    }
}

/* What is done to chunks [first, last) of a batch. */
typedef struct stage {
    const work *k;
    size_t first, last;
    int (*run)(const work *, chunk *, anl_worker *);
} stage;

/* Runs two stages beside each other, the second one's chunks first, which take longer; the error of the first chunk of both that fails is the one
 * reported. No chunk behind it is begun after that: its records must not follow a gap in what is written. */
static int run_stages(anl_aligner *a, const stage s[2])
{
    const size_t n = s[0].last - s[0].first, long_ones = s[1].last - s[1].first;
    anl_failure failure = {0};
#pragma omp parallel for schedule(dynamic, 1) num_threads(a->options.threads)
    for (size_t i = 0; i < n + long_ones; ++i) {
        const stage *own = &s[i < long_ones];
        const size_t at = i < long_ones ? i : i - long_ones, number = i < long_ones ? n + at : at;
        chunk *c = &own->k->chunks[own->first + at];
        if (anl_failure_is_before(&failure, (long)number)) continue;
        int rc = own->run(own->k, c, &a->workers[omp_get_thread_num()]);
        if (rc) anl_failure_keep(&failure, rc, (long)number);
        if (a->progress) tell(a, c, own->run == find_candidates ? WORK_FIND : WORK_REPORT);
    }
    return anl_failure_raise(&failure);
}

static int run_stage(const work *k, size_t first, size_t last, int (*run)(const work *, chunk *, anl_worker *))
{
    const stage s[2] = {{k, first, last, run}, {0}};
    return run_stages(k->aligner, s);
}

/* What the first `n_reads` of this batch tell of the library. *pairs: those that tell the insert sizes of the commonest orientation. */
static int learn(const work *k, size_t n_reads, size_t *pairs)
{
    anl_aligner *a = k->aligner;
    *pairs = 0;
    return a->options.insert_given ? ANL_OK : anl_library_inserts(&a->options, k->queries, n_reads, a->batch[k->turn], &a->insert, pairs);
}

/* Reads that a thread takes through a stage together, if there are enough of them. */
static size_t chunk_wanted(const anl_aligner *a)
{
    const int is_heavy = is_diverged(a) || a->options.exhaustive; /* a read may take 300 KB */
    return a->gpu ? ANL_CHUNK_ON_GPU : anl_aligner_meets_in_lists(a) && !is_heavy ? ANL_CHUNK_MOST : ANL_CHUNK;
}

/* Reads, and bp, that one thread takes through a stage together: all threads their share, but by halves where none waits for another anyway. */
static size_t chunk_end(const work *k, size_t begin)
{
    const anl_batch *b = k->batch;
    const anl_aligner *a = k->aligner;
    const size_t workers = (size_t)a->options.threads, threads = a->gpu ? workers / ANL_GPU_WORKERS * ANL_GPU_CHUNKS : workers;
    const size_t share = b->n / threads, wanted = chunk_wanted(a);
    size_t most = threads > 1 && !a->gpu && !anl_aligner_meets_in_lists(a) ? share / 2 : share + 1;
    if (most > wanted) most = wanted;
    if (most < ANL_CHUNK_LEAST) most = ANL_CHUNK_LEAST;
    int64_t bases = 0;
    size_t end = begin;
    for (int i = 0; i < FIRST_PARTS; ++i)
        if (begin < k->n_first[i] && begin + most > k->n_first[i]) most = k->n_first[i] - begin;
    while (end < b->n && end - begin < most && bases < (int64_t)most * ANL_CHUNK_READ) bases += b->reads[end++].len;
    return end < b->n && b->reads[end].mate == 2 ? end + 1 : end;
}

/* Chunks never split a pair, and nothing depends on where they end. */
static int cut_chunks(work *k)
{
    anl_arena *arena = k->aligner->batch[k->turn];
    size_t n = k->batch->n, most = 0, made = 0;
    for (size_t begin = 0; begin < n; begin = chunk_end(k, begin)) ++most;
    k->chunks = anl_arena_alloc(arena, most, sizeof *k->chunks);
    k->records = anl_arena_alloc(arena, most, sizeof *k->records);
    k->queries = anl_arena_alloc(arena, n, sizeof *k->queries);
    if (!k->chunks || !k->records || !k->queries) return ANL_ENOMEM;
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = chunk_end(k, begin);
        k->records[made] = (anl_records){0};
        k->chunks[made] = (chunk){.begin = begin, .end = end, .records = &k->records[made]};
        ++made;
    }
    k->n_chunks = made;
    return k->parcels ? anl_parcels_expect(k->parcels, made) : ANL_OK;
}

static int has_inserts(const anl_insert_model *m)
{
    int usable = 0;
    for (int o = 0; o < ANL_N_ORIENTATIONS; ++o) usable |= m->of[o].usable;
    return usable;
}

/* Goes through the first parts of a run's first batch, until enough pairs tell the insert sizes, if there are pairs; *n: chunks gone through. */
static int look_first(const work *k, size_t *n)
{
    anl_aligner *a = k->aligner;
    size_t pairs = 0, mates = 0;
    int rc = ANL_OK;
    *n = 0;
    for (int part = 0; part < FIRST_PARTS && pairs < ANL_FIRST_ENOUGH && (!part || mates) && !rc; ++part) {
        size_t end = *n;
        while (end < k->n_chunks && k->chunks[end].begin < k->n_first[part]) ++end;
        if (end == *n) break;
        const size_t reads = k->chunks[end - 1].end;
        rc = run_stage(k, *n, end, find_candidates);
        if (!rc) rc = learn(k, reads, &pairs);
        if (!rc && is_diverged(a)) rc = anl_library_low_score(&a->options, k->queries, reads, a->batch[k->turn], &a->context.low_score);
        for (size_t i = 0; i < reads; ++i) mates += k->batch->reads[i].mate != 0;
        if (a->options.insert_given) pairs = ANL_FIRST_ENOUGH;
        *n = end;
    }
    return rc;
}

/* Mates are looked for beside each other where earlier batches say that they lie, and how well reads fit may decide how widely they are searched. In the
 * first batch its first reads say so, which then are looked for once more: what is found must not depend on whether a read comes early. The batch
 * `before`, if there is one, is reported meanwhile. */
static int find_all(work *k, const work *before)
{
    anl_aligner *a = k->aligner;
    size_t first;
    int rc = look_first(k, &first);
    a->started = 1;
    if (first && (has_inserts(&a->insert) || a->context.low_score)) {
        a->work_done -= (int64_t)k->chunks[first - 1].end * WORK_FIND;
        while (first) k->chunks[--first].found = (anl_find_counts){0};
    }
    const stage s[2] = {{before, 0, before ? before->n_chunks : 0, report}, {k, first, k->n_chunks, find_candidates}};
    return rc ? rc : run_stages(a, s);
}

void anl_summary_add(anl_summary *all, const anl_summary *part)
{
    anl_find_counts *to = &all->found;
    const anl_find_counts *found = &part->found;
    anl_counts *counts = &all->counts;
    const anl_counts *c = &part->counts;
    counts->reads += c->reads;
    counts->mapped += c->mapped;
    counts->pairs += c->pairs;
    counts->proper += c->proper;
    counts->short_reads += c->short_reads;
    counts->short_mapped += c->short_mapped;
    counts->short_bases += c->short_bases;
    counts->short_differ += c->short_differ;
    to->segments += found->segments;
    to->entries += found->entries;
    for (int w = 0; w < ANL_WAVES; ++w) to->proven[w] += found->proven[w];
    to->proven_beside_mate += found->proven_beside_mate;
    to->proven_together += found->proven_together;
    to->settled_by_mate += found->settled_by_mate;
}

static work *new_work(anl_aligner *a, const anl_batch *batch, anl_parcels *parcels)
{
    const int turn = a->turn;
    anl_arena_reset(a->batch[turn]);
    for (int i = 0; i < a->n_workers; ++i) anl_arena_reset(a->workers[i].found[turn]);
    work *k = anl_arena_alloc(a->batch[turn], 1, sizeof *k);
    if (!k) return NULL;
    *k = (work){.aligner = a, .turn = turn, .batch = batch, .parcels = parcels};
    if (!a->started && (!a->options.insert_given || is_diverged(a)))
        k->n_first[0] = 2 * ANL_FIRST_PAIRS, k->n_first[1] = 2 * ANL_FIRST_PAIRS_MOST;
    return k;
}

/* Looks for the places of a batch, and learns from them, while `before` is reported, if there is one. */
static int find_batch(work *k, const work *before)
{
    anl_aligner *a = k->aligner;
    const anl_insert_model known = a->insert;
    size_t pairs;
    int rc = cut_chunks(k);
    if (!rc) rc = find_all(k, before);
    a->insert = known; /* an orientation that only the first parts have is chance, and must not stay */
    return rc ? rc : learn(k, k->batch->n, &pairs);
}

/* Adds up what became of a batch that is reported. */
static int sum_up(const work *k, anl_summary *summary)
{
    const int rc = anl_index_unchanged(k->aligner->index);
    for (size_t i = 0; i < k->n_chunks && !rc; ++i) {
        const anl_summary part = {.counts = k->records[i].counts, .found = k->chunks[i].found};
        anl_summary_add(summary, &part);
    }
    return rc;
}

/* A batch from reads to records, and to parcels of them where there are some. */
static int align_batch(work *k, anl_summary *summary)
{
    int rc = find_batch(k, NULL);
    if (!rc) rc = run_stage(k, 0, k->n_chunks, report);
    if (!rc) rc = sum_up(k, summary);
    if (!rc) summary->insert = k->aligner->insert.of[ANL_FR];
    return rc;
}

int anl_aligner_batch(anl_aligner *a, const anl_batch *batch, const anl_records **chunks, size_t *n_chunks, anl_summary *summary)
{
    work *k = new_work(a, batch, NULL);
    const int rc = k ? align_batch(k, summary) : ANL_ENOMEM;
    if (rc) return rc;
    *chunks = k->records;
    *n_chunks = k->n_chunks;
    return ANL_OK;
}

/* The pending batch is reported while the places of the next one are looked for. */
static int report_pending(anl_aligner *a, work *next, anl_parcels *parcels, anl_summary *summary)
{
    work *before = a->pending;
    a->pending = NULL;
    int rc = anl_parcels_expect(parcels, before ? before->n_chunks : 0);
    if (before) before->parcels = parcels;
    if (!rc && next)
        rc = find_batch(next, before);
    else if (!rc && before)
        rc = run_stage(before, 0, before->n_chunks, report);
    if (!rc && before) rc = sum_up(before, summary);
    if (rc) return rc;
    a->pending = next;
    a->turn = (a->turn + 1) % ANL_TURNS; /* what is pending keeps its memory */
    if (before) summary->insert = a->insert.of[ANL_FR];
    return ANL_OK;
}

int anl_aligner_pack(anl_aligner *a, const anl_batch *batch, anl_parcels *parcels, anl_summary *summary)
{
    const int lags = anl_aligner_lags(a);
    work *k = batch ? new_work(a, batch, lags ? NULL : parcels) : NULL;
    if (batch && !k) return ANL_ENOMEM;
    if (lags) return report_pending(a, k, parcels, summary);
    return k ? align_batch(k, summary) : anl_parcels_expect(parcels, 0);
}
