/* What a GPU finds at places of a reference that lies on it, against what the CPU finds, field by field. Skipped where there is no NVIDIA GPU. */
#include "models.h"

#include "align_tuning.h"
#include "base_code.h"
#include "locate_check.h"
#include "resident.h"
#include "sw_check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof *(a))

enum { CONTIGS = 8, BASES = 40000, RUNS = 60, DIM = 32, SATELLITE = 15500 };

/* Contigs of a base, of none, of less than a word of 32 bases, of less than a window. */
static const int64_t contig_lens[CONTIGS] = {1, 33, 0, 9000, 77, 12000, 119, BASES - 21230};

static anl_gpu *gpu;

/* A reference without vectors: all that places are about. */
typedef struct genome {
    anl_index index;
    anl_contig contigs[CONTIGS];
    int64_t contig_begin[CONTIGS + 1], window_begin[CONTIGS + 1], runs[2 * RUNS];
    uint8_t codes[BASES], bases[BASES / 4];
} genome;

/* Copies [from, from + len) to `to`, on the other strand or not, with some bases changed. */
static void copy(genome *g, int from, int len, int to, int reverse, int changed)
{
    for (int i = 0; i < len; ++i) g->codes[to + i] = reverse ? 3 - g->codes[from + len - 1 - i] : g->codes[from + i];
    for (int i = 0; i < changed; ++i) g->codes[to + between(0, len - 1)] = (uint8_t)between(0, 3);
}

/* Random bases; copies of one stretch, far apart and side by side, on both strands, up to the ends of contigs; satellites of 31 and of ANL_VOTE_K bp. */
static void make_codes(genome *g)
{
    random_seq(g->codes, BASES, 0);
    const int big = (int)g->contig_begin[7];
    for (int i = 0; i < 40; ++i) copy(g, big, 300, big + 400 + 320 * i, i % 3 == 1, i % 5);
    copy(g, big, 300, (int)g->contig_begin[4] - 300, 0, 2);
    copy(g, big + 100, 77, (int)g->contig_begin[4], 1, 0);
    copy(g, big, 119, (int)g->contig_begin[6], 0, 1);
    for (int i = 0; i < 30; ++i) copy(g, big + 14000, 31, big + 14031 + 31 * i, 0, i % 2);
    for (int i = 0; i < 40; ++i) copy(g, big + SATELLITE, ANL_VOTE_K, big + SATELLITE + ANL_VOTE_K * (i + 1), 0, 0);
    copy(g, big + 5, 200, (int)g->contig_begin[5] + 4000, 0, 0);
    copy(g, big + 5, 200, (int)g->contig_begin[5] + 4200, 0, 4);
    copy(g, big + 5, 200, (int)g->contig_begin[5] + 4400, 1, 4);
}

/* Runs of N: of one base, of some words, across the end of a contig. */
static void make_runs(genome *g)
{
    int64_t at = 0, n = 0;
    while (n < RUNS) {
        at += between(1, 900);
        const int64_t end = at + (n % 9 == 4 ? between(60, 300) : n % 3 ? 1 : between(2, 40));
        if (end > BASES) break;
        g->runs[2 * n] = at;
        g->runs[2 * n++ + 1] = at = end;
    }
    g->index.n_runs = g->runs;
    g->index.n_n_runs = n;
}

static void pack_codes(genome *g)
{
    memset(g->bases, 0, sizeof g->bases);
    for (int i = 0; i < BASES; ++i) g->bases[i / 4] |= (uint8_t)(g->codes[i] << 2 * (i % 4));
}

static const anl_index *make_genome(genome *g, int32_t window, int32_t stride)
{
    memset(g, 0, sizeof *g);
    for (int c = 0; c < CONTIGS; ++c) {
        g->contigs[c].len = contig_lens[c];
        g->contig_begin[c + 1] = g->contig_begin[c] + contig_lens[c];
        g->window_begin[c + 1] = g->window_begin[c] + anl_index_window_count(contig_lens[c], window, stride);
    }
    assert_int_equal(g->contig_begin[CONTIGS], BASES);
    make_codes(g);
    make_runs(g);
    pack_codes(g);
    g->index.n_contigs = CONTIGS;
    g->index.contigs = g->contigs;
    g->index.contig_begin = g->contig_begin;
    g->index.window_begin = g->window_begin;
    g->index.n_windows = g->window_begin[CONTIGS];
    g->index.bases = g->bases;
    g->index.window = window;
    g->index.stride = stride;
    g->index.d = DIM;
    return &g->index;
}

/* One with so many bytes of memory, NULL: all there are, that has the reference. Skips where there is no GPU. */
static int open_gpu(const anl_index *x, const char *memory)
{
    if (memory) setenv("ANNEAL_GPU_MEMORY", memory, 1);
    assert_int_equal(anl_gpu_open(&gpu, ANL_DEVICE_AUTO), 0);
    unsetenv("ANNEAL_GPU_MEMORY");
    if (gpu) return anl_resident_load(x, gpu);
    print_message("no NVIDIA GPU\n");
    skip();
    return 0;
}

static int close_gpu(void **unused)
{
    (void)unused;
    anl_gpu_free(gpu);
    gpu = NULL;
    return 0;
}

/* ---- reads ---- */

enum { READS = 40, LONGEST = 400 };

typedef struct reads {
    uint8_t forward[READS][LONGEST], reverse[READS][LONGEST];
    anl_sw_read list[READS];
    int64_t from[READS]; /* where they are from */
} reads;

/* A read from there on, in the middle of which `gap` bases are left out; beside the contig anything. */
static void take(const anl_index *x, int32_t contig, int64_t from, int32_t len, int32_t gap, uint8_t *out)
{
    for (int32_t j = 0; j < len; ++j) {
        const int64_t at = from + j + (j > len / 2 ? gap : 0);
        out[j] = (uint8_t)random_below(4);
        if (anl_index_holds(x, contig, at, at + 1)) anl_index_fetch(x, at, at + 1, &out[j]);
    }
}

/* Reads from anywhere, from copies and from beyond the ends of contigs, more and more changed, on both strands; one of nothing but N. */
static void make_reads(const anl_index *x, reads *r)
{
    for (int i = 0; i < READS; ++i) {
        static const int32_t lens[] = {150, 31, 32, 33, 64, 159, 160, 161, 250, 320, LONGEST, 100};
        const int32_t len = lens[i % COUNT(lens)], contig = i % 3 ? 7 : i % 2 ? 3 : 5, over = between(1, len / 3);
        const int64_t begin = x->contig_begin[contig], end = x->contig_begin[contig + 1];
        r->from[i] = i % 8 == 5                 ? begin - over
                     : i % 8 == 6               ? end - len + over
                     : contig == 7 && len < 300 ? begin + 400 + 320 * between(0, 39)
                                                : between((int)begin, (int)end - len);
        take(x, contig, r->from[i], len, i % 5 == 4 ? between(1, 19) : 0, r->forward[i]);
        for (int32_t j = 0; j < len; ++j)
            if (!random_below((uint32_t)(400 / (i + 1)))) r->forward[i][j] = (uint8_t)random_below(5);
        if (i == 11) memset(r->forward[i], 4, LONGEST);
        anl_reverse_complement(r->forward[i], len, r->reverse[i]);
        r->list[i] = (anl_sw_read){{i % 2 ? r->reverse[i] : r->forward[i], i % 2 ? r->forward[i] : r->reverse[i]}, len};
    }
}

/* ---- scores ---- */

enum { PLACES = 240 };

static void score(const anl_sw_places *places, int on, anl_sw_result *results)
{
    static const anl_sw_params p = {1, 4, 6, 1, 6, 1};
    anl_sw_batch *b;
    anl_gpu_stream *stream = NULL;
    assert_int_equal(anl_sw_batch_new(&b), 0);
    if (on) assert_int_equal(anl_gpu_stream_new(&stream, gpu), 0);
    anl_sw_batch_use(b, stream);
    assert_int_equal(anl_sw_batch_run_places(b, &anl_kernels_get()->sw, &p, places, results), 0);
    anl_sw_batch_free(b);
    anl_gpu_stream_free(stream);
}

/* Where reads are from, with room beside it, and anywhere, on either strand; stretches that begin at every bit of a word, and of one base. */
static void scores_agree(void **unused)
{
    (void)unused;
    static genome g;
    static reads r;
    static anl_sw_place list[PLACES];
    static anl_sw_result want[PLACES], got[PLACES];
    const anl_index *x = make_genome(&g, 120, 40);
    make_reads(x, &r);
    for (int i = 0; i < PLACES; ++i) {
        const uint32_t read = (uint32_t)(i * READS / PLACES + (i % 10 == 9 ? between(0, 3) : 0)) % READS;
        const int64_t at = i % 4 == 3 || r.from[read] < 0 ? between(0, BASES - 1) : r.from[read];
        const int32_t contig = anl_index_contig_at(x, at);
        int64_t begin = at - between(0, 40), end = i % 29 == 7 ? at + 1 : at + r.list[read].len + between(0, 60);
        anl_index_clip(x, contig, &begin, &end);
        list[i] = (anl_sw_place){
            begin,         (int32_t)(end - begin), read, (uint8_t)(i % 4 == 2 ? !(read % 2) : read % 2), i % 8 ? 0 : -between(0, 20),
            i % 3 ? 61 : 0};
    }
    anl_sw_places places = {x, r.list, list, PLACES};
    score(&places, 0, want);
    for (int small = 0; small < 2; ++small) {
        memset(got, 0x55, sizeof got);
        assert_int_equal(open_gpu(x, small ? "60000" : NULL), 0); /* the reference takes 16 kB; then calls are cut */
        score(&places, 1, got);
        assert_memory_equal(want, got, sizeof want);
        if (!small) score(&(anl_sw_places){x, r.list, list, 0}, 1, got);
        close_gpu(NULL);
    }
    int32_t high = 0;
    for (int i = 0; i < PLACES; ++i) high += want[i].score > 60;
    assert_in_range(high, PLACES / 4, PLACES);
    assert_int_equal(open_gpu(x, "10000"), ANL_ENOMEM);
    assert_non_null(strstr(anl_error(), "the reference needs 1 MiB, and 0 MiB of the GPU are free"));
}

/* ---- votes ---- */

enum { SEGMENTS = 48, MOST_HITS = 200 };

/* Segments with made-up hits: near ones that look alike, then others; and how many a first search finds. */
typedef struct voters {
    anl_segment list[SEGMENTS];
    anl_hit first[SEGMENTS][MOST_HITS], all[SEGMENTS][MOST_HITS];
    int32_t n_first[SEGMENTS], n_all[SEGMENTS];
    anl_scratch scratch;
} voters;

static const int8_t query[DIM] = {[3] = 100};

/* A window that holds `pos` or lies near it. */
static uint32_t window_near(const anl_index *x, int64_t pos)
{
    const int32_t contig = anl_index_contig_at(x, pos < 0 ? 0 : pos < BASES ? pos : BASES - 1);
    int64_t w = x->window_begin[contig] + (pos - x->contig_begin[contig]) / x->stride + between(-3, 2);
    if (w >= x->window_begin[contig + 1]) w = x->window_begin[contig + 1] - 1;
    return (uint32_t)(w < x->window_begin[contig] ? x->window_begin[contig] : w);
}

/* Hits where the read is from, at copies of the repeat, in other contigs, anywhere; every window once at the most. */
static int32_t make_hits(const anl_index *x, int64_t from, int wanted, anl_hit *hits)
{
    static uint8_t met[BASES];
    int32_t n = 0, dist = 50;
    memset(met, 0, sizeof met);
    for (int i = 0; i < wanted; ++i) {
        const int64_t kinds[] = {from, x->contig_begin[7] + 400 + 320 * between(0, 39), x->contig_begin[7] + 400 + 320 * between(0, 39),
                                 between(0, (int)x->contig_begin[3]), between(0, BASES - 1)};
        const uint32_t w = window_near(x, kinds[i % COUNT(kinds)]);
        if (met[w]++) continue;
        dist += between(0, 1000) * (i > 6);
        hits[n++] = (anl_hit){dist, w};
    }
    return n;
}

/* Whole reads and parts of them; of some a third of the hits comes later, and lies among the others. */
static void make_voters(const anl_index *x, const reads *r, voters *v, int most)
{
    memset(v, 0, sizeof *v);
    for (int i = 0; i < SEGMENTS; ++i) {
        const int read = i % READS, all = r->list[read].len, is_part = (i >= READS || i % 7 == 2) && all > 40;
        const int32_t len = is_part ? all / 2 : all, offset = is_part ? between(0, all - len) : 0;
        v->list[i] =
            (anl_segment){.sequence = read, .sequence_len = all, .offset = offset, .len = len, .bases = r->list[read].strand[0] + offset};
        v->n_all[i] = i == 5 ? 0 : make_hits(x, r->from[read] + offset, i % 6 == 4 ? most : 30, v->all[i]);
        for (int32_t h = 0; h < v->n_all[i]; ++h)
            if (i % 4 != 3 || h % 3) v->first[i][v->n_first[i]++] = v->all[i][h];
    }
}

static void start_scratch(voters *v, int on)
{
    v->scratch = (anl_scratch){.temporary = anl_arena_new(), .voter = anl_voter_new(anl_kernels_get())};
    if (on) assert_int_equal(anl_gpu_stream_new(&v->scratch.stream, gpu), 0);
}

static void end_scratch(voters *v)
{
    anl_gpu_stream_free(v->scratch.stream);
    anl_voter_free(v->scratch.voter);
    anl_arena_free(v->scratch.temporary);
}

/* What a GPU says of differences, which the CPU counts when it must. */
static void check_differ(const anl_index *x, const anl_segment *s, const anl_place *p)
{
    uint8_t here[LONGEST], other[LONGEST];
    int32_t n = 0;
    if (!p->differ || !anl_index_holds(x, p->contig, p->start, p->start + s->len)) return;
    assert_int_equal(s->len, s->sequence_len);
    anl_index_fetch(x, p->start, p->start + s->len, here);
    anl_reverse_complement(s->bases, s->len, other);
    for (int32_t i = 0; i < s->len; ++i) {
        const uint8_t base = p->reverse ? other[i] : s->bases[i];
        n += base > 3 || here[i] != base;
    }
    assert_int_equal(p->differ, n);
}

/* Places of all kinds that were met, to see that the test has them. */
typedef struct met {
    int places, reverse, gapped, straight, differ, crowded, cut;
} met;

static void compare_places(const anl_index *x, const voters *cpu, const voters *on_gpu, met *m)
{
    for (int i = 0; i < SEGMENTS; ++i) {
        const anl_segment *a = &cpu->list[i], *b = &on_gpu->list[i];
        assert_int_equal(a->places.n, b->places.n);
        assert_int_equal(a->crowded, b->crowded);
        m->crowded += a->crowded;
        for (int32_t p = 0; p < a->places.n; ++p) {
            anl_place want = a->places.list[p], got = b->places.list[p];
            check_differ(x, b, &got);
            m->differ += got.differ > 0;
            want.differ = got.differ = 0;
            assert_memory_equal(&want, &got, sizeof want);
            ++m->places;
            m->reverse += want.reverse;
            m->gapped += want.lo < want.hi;
            m->straight += want.straight;
            m->cut += !anl_index_holds(x, want.contig, want.start, want.start + a->sequence_len);
        }
    }
}

/* Hits that have been found vote, ahead if asked. */
static void vote(const anl_index *x, const anl_locate_params *p, voters *v, int later, int ahead)
{
    const anl_context c = {.index = x, .kernels = anl_kernels_get()};
    for (int i = 0; i < SEGMENTS; ++i)
        v->list[i].near = (anl_neighbours){
            .query = query, .hits = later ? v->all[i] : v->first[i], .k = MOST_HITS, .n = later ? v->n_all[i] : v->n_first[i]};
    if (ahead) assert_int_equal(anl_locate_vote_ahead(&c, &v->scratch, p, v->list, SEGMENTS), 0);
    for (int i = 0; i < SEGMENTS; ++i) {
        if (ahead && v->scratch.stream) assert_true(v->list[i].n_voted == v->n_first[i]);
        assert_int_equal(anl_locate_vote(x, v->scratch.voter, p, &v->list[i], v->scratch.temporary), 0);
    }
}

static void compare_votes(const anl_index *x, const anl_locate_params *p, const reads *r, int most, met *m)
{
    static voters v[2];
    make_voters(x, r, &v[0], most);
    memcpy(&v[1], &v[0], sizeof v[1]);
    for (int on = 0; on < 2; ++on) start_scratch(&v[on], on);
    for (int later = 0; later < 2; ++later) {
        for (int on = 0; on < 2; ++on) vote(x, p, &v[on], later, !later);
        compare_places(x, &v[0], &v[1], m);
    }
    for (int on = 0; on < 2; ++on) end_scratch(&v[on]);
}

/* Of short reads, of segments of split and of long reads, with crowds from one place on up to more than are counted; regions of every width, the widest
 * as well; sequences of one word to the longest. */
static void votes_agree(void **unused)
{
    (void)unused;
    static genome g;
    static reads r;
    anl_locate_params params[9] = {anl_locate_short, anl_locate_split, anl_locate_long};
    static const int32_t windows[][2] = {{120, 40}, {ANL_ENCODER_MAX_LEN, 100}, {20, 20}, {151, 7}};
    static const int crowds[] = {1, 2, 7, 32, 33};
    met m = {0};
    for (int i = 3; i < COUNT(params); ++i) {
        params[i] = anl_locate_short;
        if (i - 3 < COUNT(crowds))
            params[i].crowd = crowds[i - 3];
        else
            params[i].min_votes = 1;
    }
    for (int w = 0; w < COUNT(windows); ++w) {
        const anl_index *x = make_genome(&g, windows[w][0], windows[w][1]);
        make_reads(x, &r);
        assert_int_equal(open_gpu(x, NULL), 0);
        for (int i = 0; i < COUNT(params); ++i)
            if (w == 0 || i % 4 == w) compare_votes(x, &params[i], &r, w ? 60 : MOST_HITS, &m);
        close_gpu(NULL);
        assert_int_equal(open_gpu(x, "120000"), 0); /* room for a third of the places */
        compare_votes(x, &params[5], &r, 30, &m);
        close_gpu(NULL);
    }
    print_message("%d places, %d reverse, %d with gaps, %d straight, %d with differences, %d crowds, %d beyond a contig\n", m.places,
                  m.reverse, m.gapped, m.straight, m.differ, m.crowded, m.cut);
    assert_true(m.reverse > 500 && m.gapped > 100 && m.straight > 500 && m.differ > 500 && m.crowded > 10 && m.cut > 30);
}

/* Lets the segments of v[0], whose hits have been found, vote with and without a GPU. */
static void compare_ahead(const anl_index *x, const anl_locate_params *p, voters v[2], met *m)
{
    const anl_context c = {.index = x, .kernels = anl_kernels_get()};
    memcpy(&v[1], &v[0], sizeof v[1]);
    for (int on = 0; on < 2; ++on) {
        start_scratch(&v[on], on);
        assert_int_equal(anl_locate_vote_ahead(&c, &v[on].scratch, p, v[on].list, SEGMENTS), 0);
        for (int i = 0; i < SEGMENTS; ++i) {
            assert_int_equal(v[on].list[i].n_voted, on ? v[on].list[i].near.n : 0);
            assert_int_equal(anl_locate_vote(x, v[on].scratch.voter, p, &v[on].list[i], v[on].scratch.temporary), 0);
        }
    }
    compare_places(x, &v[0], &v[1], m);
    for (int on = 0; on < 2; ++on) end_scratch(&v[on]);
}

/* More hits than vote in one call, most of them explained by the first ones. */
__attribute__((unused)) static void more_than_a_call(void **unused)
{
    (void)unused;
    enum { EACH = ANL_HITS_TOGETHER / SEGMENTS + 100 };
    static genome g;
    static reads r;
    static voters v[2];
    static anl_hit hits[SEGMENTS][EACH];
    const anl_index *x = make_genome(&g, 120, 40);
    met m = {0};
    make_reads(x, &r);
    make_voters(x, &r, &v[0], 30);
    for (int i = 0; i < SEGMENTS; ++i) {
        for (int h = 0; h < EACH; ++h) hits[i][h] = (anl_hit){50, window_near(x, r.from[i % READS] + v[0].list[i].offset)};
        v[0].list[i].near = (anl_neighbours){.query = query, .hits = hits[i], .k = EACH, .n = EACH};
    }
    assert_int_equal(open_gpu(x, NULL), 0);
    compare_ahead(x, &anl_locate_short, v, &m);
    assert_true(m.places >= READS / 2);
}

/* Copies of one stretch all over the genome, `changed` of 1,000 bases in them. */
static void fill_with_copies(genome *g, int len, int changed)
{
    for (int i = len; i < BASES; ++i) g->codes[i] = random_below(1000) < (uint32_t)changed ? (uint8_t)random_below(4) : g->codes[i % len];
    pack_codes(g);
}

/* Hits anywhere, or near each other, of which many give places: by the hundred, in every round. Most segments are one read with more and more of its hits, so that for
 * some the last one makes a crowd. */
__attribute__((unused)) static void many_places(void **unused)
{
    (void)unused;
    enum { EACH = 1500, NEAR = 60, MANY = SEGMENTS / 4 };
    static const struct {
        int window, stride, len, changed, crowd, copies, near;
    } cases[] = {{120, 9, 781, 3, 3, 0, 0},
                 {112, 9, 389, 0, 5, 1, 0},
                 {118, 5, 1340, 14, 0, 1, 0},
                 {66, 24, 410, 0, 25, 1, 0},
                 {139, 3, 5, 0, 4, 0, 1}};
    static genome g;
    static reads r;
    static voters v[2];
    static anl_hit hits[SEGMENTS][EACH];
    met m = {0};
    int32_t most = 0;
    for (int i = 0; i < COUNT(cases); ++i) {
        const anl_index *x = make_genome(&g, cases[i].window, cases[i].stride);
        anl_locate_params p = i % 2 ? anl_locate_short : anl_locate_long;
        p.crowd = cases[i].crowd;
        p.copies = cases[i].copies;
        const uint32_t first = cases[i].near ? (uint32_t)x->window_begin[7] : 0, windows = (uint32_t)x->n_windows;
        fill_with_copies(&g, cases[i].len, cases[i].changed);
        make_reads(x, &r);
        take(x, 7, x->contig_begin[7] + 500, r.list[0].len, 0, r.forward[0]);
        make_voters(x, &r, &v[0], 30);
        for (int s = 0; s < SEGMENTS; ++s) {
            const int is_prefix = s >= MANY, n = is_prefix ? s - MANY + 1 : between(EACH / 4, EACH);
            if (is_prefix) v[0].list[s] = v[0].list[0];
            for (int h = 0; h < n; ++h)
                hits[s][h] = is_prefix && h < n - 1
                                 ? hits[s - 1][h]
                                 : (anl_hit){h ? 20000 + h : 50, first + random_below(cases[i].near ? NEAR : windows - first)};
            v[0].list[s].near = (anl_neighbours){.query = query, .hits = hits[s], .k = EACH, .n = n};
        }
        assert_int_equal(open_gpu(x, NULL), 0);
        compare_ahead(x, &p, v, &m);
        for (int s = 0; s < SEGMENTS; ++s) most = v[1].list[s].places.n > most ? v[1].list[s].places.n : most;
        close_gpu(NULL);
    }
    print_message("%d places, at most %d of a segment, %d crowds\n", m.places, most, m.crowded);
    assert_true(most > 512 && m.crowded > 10);
}

/* ---- what is asked of a GPU before it is relied on ---- */

/* One that has another reference does not pass. */
static void another_reference_is_noticed(void **unused)
{
    (void)unused;
    static const anl_sw_params p = {1, 4, 6, 1, 6, 1};
    static genome g, other;
    const anl_index *x = make_genome(&g, 120, 40), *y = make_genome(&other, 120, 40);
    const anl_context c = {.index = x, .kernels = anl_kernels_get()};
    for (int wrong = 0; wrong < 2; ++wrong) {
        anl_scratch s = {.temporary = anl_arena_new(), .voter = anl_voter_new(anl_kernels_get())};
        assert_int_equal(open_gpu(wrong ? y : x, NULL), 0);
        assert_int_equal(anl_gpu_stream_new(&s.stream, gpu), 0);
        assert_int_equal(anl_sw_batch_new(&s.sw), 0);
        anl_sw_batch_use(s.sw, s.stream);
        assert_int_equal(anl_locate_check_gpu(&c, &s), wrong ? ANL_EIO : 0);
        assert_int_equal(anl_sw_check_gpu(s.sw, &p, x), wrong ? ANL_EIO : 0);
        anl_scratch_free(&s);
        close_gpu(NULL);
    }
}

/* usage: test_gpu_places [TEST]: all, or that one. */
int main(int argc, char **argv)
{
    random_start();
    const struct CMUnitTest tests[] = {
#if !defined(STAND_IN) || !defined(__SANITIZE_ADDRESS__) /* where it takes half a minute */
        cmocka_unit_test_teardown(more_than_a_call, close_gpu),
        cmocka_unit_test_teardown(many_places, close_gpu),
#endif
        cmocka_unit_test_teardown(scores_agree, close_gpu),
        cmocka_unit_test_teardown(votes_agree, close_gpu),
        cmocka_unit_test_teardown(another_reference_is_noticed, close_gpu)
    };
    if (argc > 1) cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
