/* Locating: segments are cut where they should be, a search in waves finds what one search finds, hits vote once, and places are where the
 * sequence comes from, on references made by the test. */
#include "files.h"
#include "models.h"

#include "align_tuning.h"
#include "anchors.h"
#include "candidates.h"
#include "index_build.h"

enum { BASES = 60000, CONTIG = 40000, COPIES = 6, COPY = 600, WINDOW = 120, STRIDE = 40 };

static uint8_t genome[BASES];

/* Two contigs of random bases; the second one begins with copies of a stretch of the first one, every other of them reversed. */
static void make_genome(void)
{
    random_start();
    random_seq(genome, BASES, 0);
    for (int i = 0; i < COPIES; ++i) {
        uint8_t *to = genome + CONTIG + 1000 + 2 * COPY * i;
        for (int j = 0; j < COPY; ++j) to[j] = i % 2 ? 3 - genome[5000 + COPY - 1 - j] : genome[5000 + j];
        for (int j = 0; j < 10; ++j) to[random_below(COPY)] = (uint8_t)random_below(4);
    }
}

static void take(uint8_t *out, int64_t begin, int32_t len, int reverse)
{
    for (int32_t i = 0; i < len; ++i) out[i] = reverse ? 3 - genome[begin + len - 1 - i] : genome[begin + i];
}

/* The genome as an index without vectors: all that voting looks at. */
typedef struct bare {
    anl_index index;
    anl_contig contigs[2];
    int64_t contig_begin[3], window_begin[3];
    uint8_t bases[BASES / 4 + 8];
} bare;

static const anl_index *bare_index(bare *b)
{
    memset(b, 0, sizeof *b);
    const int64_t n[2] = {anl_index_window_count(CONTIG, WINDOW, STRIDE), anl_index_window_count(BASES - CONTIG, WINDOW, STRIDE)};
    b->contigs[0] = (anl_contig){.name = "one", .len = CONTIG};
    b->contigs[1] = (anl_contig){.name = "two", .len = BASES - CONTIG};
    b->contig_begin[1] = CONTIG;
    b->contig_begin[2] = BASES;
    b->window_begin[1] = n[0];
    b->window_begin[2] = n[0] + n[1];
    for (int i = 0; i < BASES; ++i) b->bases[i / 4] |= (uint8_t)(genome[i] << 2 * (i % 4));
    b->index = (anl_index){.n_contigs = 2,
                           .contigs = b->contigs,
                           .contig_begin = b->contig_begin,
                           .window_begin = b->window_begin,
                           .bases = b->bases,
                           .window = WINDOW,
                           .stride = STRIDE,
                           .n_windows = n[0] + n[1]};
    return &b->index;
}

/* The genome as a real index, with an untrained encoder. */
typedef struct whole {
    anl_model *model;
    anl_index *index;
    anl_encoder *encoder;
    anl_search *search;
    anl_align_options options;
    anl_context context;
    anl_scratch scratch;
} whole;

static void open_whole(whole *w)
{
    const anl_index_options o = {.window = WINDOW, .stride = STRIDE, .threads = 1};
    const anl_contig contigs[2] = {{.name = "one", .len = CONTIG, .md5 = "0123456789abcdef0123456789abcdef"},
                                   {.name = "two", .len = BASES - CONTIG, .md5 = "0123456789abcdef0123456789abcdef"}};
    anl_index_builder *b;
    w->model = random_model(32, 0);
    assert_int_equal(anl_index_builder_new(&b, &o, w->model), 0);
    assert_int_equal(anl_index_builder_add(b, &contigs[0], genome, NULL), 0);
    assert_int_equal(anl_index_builder_add(b, &contigs[1], genome + CONTIG, NULL), 0);
    assert_int_equal(anl_index_builder_write(b, in_folder("x.anl")), 0);
    anl_index_builder_free(b);
    assert_int_equal(anl_index_open(&w->index, in_folder("x.anl")), 0);
    assert_int_equal(anl_encoder_new(&w->encoder, w->model), 0);
    assert_int_equal(anl_search_new(&w->search, w->index, ANL_SEARCH_NATIVE), 0);
    w->options = anl_align_options_default();
    w->context = (anl_context){&w->options, w->index, w->encoder, w->search, anl_kernels_get(), NULL, 0};
    assert_int_equal(anl_scratch_init(&w->scratch, &w->context), 0);
}

static void close_whole(whole *w)
{
    anl_scratch_free(&w->scratch);
    anl_search_free(w->search);
    anl_encoder_free(w->encoder);
    anl_index_free(w->index);
    anl_model_free(w->model);
}

/* ---- cut ---- */

static void segments_are_spread_evenly(void **unused)
{
    (void)unused;
    static const uint8_t bases[1000];
    anl_arena *arena = anl_arena_new();
    anl_segments s = {0};
    assert_int_equal(anl_locate_cut(&s, 7, bases, 150, 150, 1, arena), 0);
    assert_int_equal(anl_locate_cut(&s, 8, bases, 500, 100, 0, arena), 0); /* a sequence may have none */
    assert_int_equal(anl_locate_cut(&s, 9, bases, 1000, 100, 4, arena), 0);
    assert_int_equal(s.n, 5);
    assert_int_equal(s.list[0].sequence, 7);
    assert_int_equal(s.list[0].len, 150);
    for (int i = 0; i < 4; ++i) {
        assert_int_equal(s.list[1 + i].sequence, 9);
        assert_int_equal(s.list[1 + i].sequence_len, 1000);
        assert_int_equal(s.list[1 + i].offset, 300 * i);
        assert_int_equal(s.list[1 + i].len, 100);
        assert_ptr_equal(s.list[1 + i].bases, bases + 300 * i);
    }
    anl_arena_free(arena);
}

/* No segment is longer than the encoder takes; longer reads, mates as well, are aligned as long reads and have none here. */
static void reads_are_cut_to_what_the_encoder_takes(void **unused)
{
    (void)unused;
    static const uint8_t bases[2000];
    static const struct {
        int32_t window, len, segments, size;
        uint8_t mate;
    } cases[] = {{120, 19, 0, 0, 0},    {120, 20, 1, 20, 0},   {120, 150, 1, 150, 0}, {120, 151, 2, 120, 0},
                 {120, 400, 4, 120, 0}, {120, 401, 0, 0, 0},   {120, 401, 0, 0, 1},   {400, 400, 1, 400, 1},
                 {400, 401, 0, 0, 1},   {319, 400, 2, 319, 1}, {320, 400, 1, 400, 1}, {400, 2000, 0, 0, 1}};
    make_genome();
    whole w;
    open_whole(&w);
    anl_index x = *w.index;
    w.context.index = &x;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        anl_read read = {.name = "r", .seq = bases, .len = cases[i].len, .mate = cases[i].mate};
        anl_query q = {.read = &read, .strand = {bases, bases}};
        anl_segments s = {0};
        x.window = cases[i].window;
        anl_arena_reset(w.scratch.temporary);
        assert_int_equal(anl_candidates_cut(&x, &q, 0, &s, w.scratch.temporary), 0);
        assert_int_equal(s.n, cases[i].segments);
        if (s.n) assert_int_equal(s.list[0].len, cases[i].size);
        if (s.n) assert_int_equal(s.list[s.n - 1].offset + s.list[s.n - 1].len, cases[i].len);
    }
    close_whole(&w);
}

/* ---- search ---- */

static int same_hits(const anl_neighbours *a, const anl_neighbours *b)
{
    return a->n == b->n && !memcmp(a->hits, b->hits, (size_t)a->n * sizeof *a->hits);
}

/* Whether every place of a that chance does not make is one of b. */
static int holds_places(const anl_places *a, const anl_places *b)
{
    for (int i = 0; i < a->n; ++i) {
        int found = a->list[i].votes < 15;
        for (int j = 0; j < b->n; ++j) found += a->list[i].start == b->list[j].start && a->list[i].reverse == b->list[j].reverse;
        if (!found) return 0;
    }
    return 1;
}

/* Segments of reads, some from the copies, all with errors. */
static void cut_reads(whole *w, uint8_t (*reads)[150], int n, anl_segments *out)
{
    *out = (anl_segments){0};
    for (int i = 0; i < n; ++i) {
        take(reads[i], i % 3 ? random_below(CONTIG - 150) : 5000 + random_below(COPY - 150), 150, i % 2);
        for (int j = 0; j < i % 20; ++j) reads[i][random_below(150)] = (uint8_t)random_below(4);
        assert_int_equal(anl_locate_cut(out, i, reads[i], 150, 150, 1, w->scratch.temporary), 0);
    }
    assert_int_equal(anl_locate_embed_all(&w->context, &w->scratch, out), 0);
}

/* Searching wave by wave, with votes between, ends with the hits of one search and with its places; no hit votes twice. */
static void waves_find_what_one_search_finds(void **unused)
{
    (void)unused;
    enum { N = 60, K = 32 };
    static uint8_t reads[N][150];
    make_genome();
    whole w;
    open_whole(&w);
    anl_search_competing_only(w.search);
    anl_segments waves, once;
    cut_reads(&w, reads, N, &waves);
    once = waves;
    once.list = anl_arena_alloc(w.scratch.temporary, N, sizeof *once.list);
    memcpy(once.list, waves.list, N * sizeof *once.list);
    anl_segment *which[2][N];
    for (int i = 0; i < N; ++i) which[0][i] = &waves.list[i], which[1][i] = &once.list[i];
    for (int p = 0; p < 2; ++p) assert_int_equal(anl_locate_start(which[p], N, K, w.scratch.temporary), 0);
    anl_arena *places = anl_arena_new();
    const int steps[] = {1, 2, 5, w.index->nlist / 2, w.index->nlist};
    int grown = 0;
    for (int step = 0; step < 5; ++step) {
        /* Segments that have come a different way go on in one wave. */
        for (int half = 0; half < 2 && step == 2; ++half) assert_int_equal(anl_locate_wave(&w.context, &w.scratch, which[0], N / 2, 3), 0);
        assert_int_equal(anl_locate_wave(&w.context, &w.scratch, which[0], N, steps[step]), 0);
        for (int i = 0; i < N; ++i) {
            const int32_t before = waves.list[i].places.n;
            assert_int_equal(anl_locate_vote(w.index, w.scratch.voter, &anl_locate_short, &waves.list[i], places), 0);
            const int32_t after = waves.list[i].places.n;
            assert_int_equal(anl_locate_vote(w.index, w.scratch.voter, &anl_locate_short, &waves.list[i], places), 0);
            assert_int_equal(waves.list[i].places.n, after);
            grown += step && after > before;
        }
        assert_int_equal(anl_locate_start(which[1], N, K, w.scratch.temporary), 0);
        assert_int_equal(anl_locate_wave(&w.context, &w.scratch, which[1], N, steps[step]), 0);
        for (int i = 0; i < N; ++i) assert_true(same_hits(&waves.list[i].near, &once.list[i].near));
    }
    assert_true(grown > 5); /* later waves did find places */
    int many = 0;
    for (int i = 0; i < N; ++i) {
        assert_int_equal(anl_locate_vote(w.index, w.scratch.voter, &anl_locate_short, &once.list[i], places), 0);
        assert_true(holds_places(&once.list[i].places, &waves.list[i].places));
        many += once.list[i].places.n > COPIES / 2;
    }
    assert_true(many > 10); /* reads of copies have several */
    anl_arena_free(places);
    close_whole(&w);
}

/* More neighbours are asked for where all that came back look alike, and not elsewhere. */
static void saturated_segments_get_more_neighbours(void **unused)
{
    (void)unused;
    enum { N = 30 };
    static uint8_t reads[N][150];
    make_genome();
    whole w;
    open_whole(&w);
    for (int round = 0; round < 3; ++round) {
        const int together = round == 1;
        const anl_locate_params p = {.k = round < 2 ? 4 : 40, .k_factor = 2, .k_most = 16, .together = together, .min_votes = 3};
        anl_segments s;
        int32_t saturated, still = 0, deep = 0;
        anl_arena_reset(w.scratch.temporary);
        cut_reads(&w, reads, N, &s);
        assert_int_equal(anl_locate_search(&w.context, &w.scratch, &p, &s, 1, &saturated), 0);
        for (int i = 0; i < N; ++i) {
            const anl_neighbours *near = &s.list[i].near;
            assert_true(near->n <= near->k && near->k >= 4 && near->k <= 16);
            if (!together)
                assert_true(near->k == 16 || !anl_search_is_saturated(near, near->k, w.index->d));
            else
                assert_int_equal(near->k, s.list[0].near.k);
            deep += near->k > 4;
            still += anl_search_is_saturated(near, near->k, w.index->d);
            assert_int_equal(anl_locate_is_truncated(&p, &s.list[i], w.index->d),
                             near->k == 16 && anl_search_is_saturated(near, 16, w.index->d));
        }
        assert_int_equal(saturated, still);
        assert_true(deep > 0 && (together || round == 2 || deep < N)); /* of 40 wanted there are never more than k_most */
    }
    close_whole(&w);
}

/* Whoever expects that segments are saturated may ask for more neighbours at once: the same are found. */
static void more_neighbours_at_once_are_the_same(void **unused)
{
    (void)unused;
    enum { N = 60 };
    static uint8_t reads[N][150];
    const anl_locate_params p = {.k = 4, .k_factor = 2, .k_most = 16, .min_votes = 3};
    make_genome();
    whole w;
    open_whole(&w);
    anl_segments one, two;
    cut_reads(&w, reads, N, &one);
    two = one;
    two.list = anl_arena_alloc(w.scratch.temporary, N, sizeof *two.list);
    memcpy(two.list, one.list, N * sizeof *two.list);
    anl_segment *few[N], *many[N];
    for (int i = 0; i < N / 2; ++i) few[i] = &two.list[2 * i], many[i] = &two.list[2 * i + 1];
    assert_int_equal(anl_locate_start(few, N / 2, p.k, w.scratch.temporary), 0);
    assert_int_equal(anl_locate_start(many, N / 2, anl_locate_deeper_k(&p, p.k), w.scratch.temporary), 0);
    assert_int_equal(anl_locate_search(&w.context, &w.scratch, &p, &one, ANL_EFFORT_WIDENED, NULL), 0);
    assert_int_equal(anl_locate_search(&w.context, &w.scratch, &p, &two, ANL_EFFORT_WIDENED, NULL), 0);
    int deep[2] = {0};
    for (int i = 0; i < N; ++i) {
        assert_int_equal(one.list[i].near.k, two.list[i].near.k);
        assert_true(same_hits(&one.list[i].near, &two.list[i].near));
        ++deep[one.list[i].near.k > p.k];
    }
    assert_true(deep[0] && deep[1]);
    close_whole(&w);
}

/* ---- vote ---- */

/* A segment whose hits are given. */
static anl_segment hit_by(const uint8_t *bases, int32_t len, const anl_hit *hits, int32_t n)
{
    return (anl_segment){.sequence_len = len, .len = len, .bases = bases, .near = {.hits = (anl_hit *)(uintptr_t)hits, .k = n, .n = n}};
}

static void hits_vote_for_the_place(void **unused)
{
    (void)unused;
    make_genome();
    static bare b;
    const anl_index *x = bare_index(&b);
    anl_voter *v = anl_voter_new(anl_kernels_get());
    anl_arena *arena = anl_arena_new();
    for (int trial = 0; trial < 200; ++trial) {
        const int32_t len = 40 + (int32_t)random_below(120), reverse = trial % 2;
        const int64_t begin = trial % 5 ? 60 + random_below(CONTIG - 400) : CONTIG + 60 + (int64_t)random_below(800);
        uint8_t read[160];
        take(read, begin, len, reverse);
        /* The two windows around it, and one elsewhere. */
        const int contig = begin >= CONTIG;
        const int64_t middle = begin - b.contig_begin[contig] + (len - WINDOW) / 2,
                      nearest = b.window_begin[contig] + (middle < 0 ? 0 : middle / STRIDE);
        const anl_hit hits[3] = {{1, (uint32_t)nearest}, {2, (uint32_t)nearest + 1}, {3, nearest > 500 ? 100 : 900}};
        anl_segment s = hit_by(read, len, hits, 3);
        assert_int_equal(anl_locate_vote(x, v, &anl_locate_short, &s, arena), 0);
        assert_true(s.places.n >= 1);
        assert_int_equal(s.places.list[0].start, begin);
        assert_int_equal(s.places.list[0].reverse, reverse);
        assert_int_equal(s.places.list[0].contig, contig);
        assert_true(s.places.list[0].lo <= 0 && s.places.list[0].hi >= 0);
        assert_true(s.places.n == 1 || s.places.list[1].start != begin); /* the second window says nothing new */
        const anl_place first = s.places.list[0];
        assert_int_equal(first.straight, !first.lo && !first.hi);
        anl_locate_forget(&s);
        s.sequence_len = len + 50; /* a part of a sequence does not say how the rest lies */
        assert_int_equal(anl_locate_vote(x, v, &anl_locate_short, &s, arena), 0);
        assert_false(s.places.list[0].straight);
        s.sequence_len = len;
        anl_locate_forget(&s);
        assert_int_equal(s.places.n, 0);
        assert_int_equal(anl_locate_vote(x, v, &anl_locate_short, &s, arena), 0);
        assert_int_equal(s.places.list[0].start, begin);
    }
    anl_arena_free(arena);
    anl_voter_free(v);
}

/* Seven copies that a read fits equally well are enough: a hit that does not look like the nearest does not vote. They must be places of their
 * own, and two of them the best. */
static void a_crowd_is_enough(void **unused)
{
    (void)unused;
    enum { LEN = 100, N = 8, AT = 4 * STRIDE, NEAR = 8, CROWD = 7 };
    static bare b;
    uint8_t read[LEN];
    int8_t vector[NEAR] = {16};
    make_genome();
    for (int i = 0; i < N; ++i) memcpy(genome + 10 * STRIDE * (i + 1) + AT, genome + 30000, LEN);
    memcpy(read, genome + 30000, LEN);
    genome[30000 + LEN / 2] ^= 1; /* nine places, one of them with a mismatch */
    const anl_index *x = bare_index(&b);
    b.index.d = NEAR;
    anl_voter *v = anl_voter_new(anl_kernels_get());
    anl_arena *arena = anl_arena_new();
    const int32_t alike = anl_distance_of_drop(anl_squared_norm(vector, NEAR), ANL_COSINE_DROP_SATURATED);
    anl_hit hits[CROWD + 1];
    for (int i = 0; i < CROWD; ++i) hits[i] = (anl_hit){0, (uint32_t)(10 * (i + 1) + AT / STRIDE)};
    for (int trial = 0; trial < 6; ++trial) {
        anl_locate_params p = anl_locate_short;
        anl_segment s = hit_by(read, LEN, hits, CROWD + 1);
        s.near.query = vector;
        p.crowd = trial == 1 ? 0 : trial == 2 ? CROWD + 1 : CROWD;
        hits[CROWD] = (anl_hit){trial == 3 ? alike : alike + 1, (uint32_t)(10 * N + AT / STRIDE)};
        hits[CROWD - 1].window = (uint32_t)(10 * (trial == 4 ? 1 : CROWD) + AT / STRIDE) + (trial == 4 ? 1 : 0); /* the first place again */
        s.sequence_len = trial == 5 ? LEN + 50 : LEN; /* a part of a sequence does not say that the whole is crowded */
        assert_int_equal(anl_locate_vote(x, v, &p, &s, arena), 0);
        assert_int_equal(s.crowded, trial == 0);
        assert_int_equal(s.places.n, trial == 0 ? CROWD : CROWD + 1);
        anl_locate_forget(&s);
        assert_int_equal(s.crowded, 0);
    }
    read[LEN / 2] ^= 1; /* now one place is better than all others */
    hits[0] = (anl_hit){0, (uint32_t)(30000 / STRIDE)};
    anl_locate_params p = anl_locate_short;
    anl_segment s = hit_by(read, LEN, hits, CROWD + 1);
    s.near.query = vector;
    p.crowd = CROWD;
    hits[CROWD].dist = alike + 1;
    assert_int_equal(anl_locate_vote(x, v, &p, &s, arena), 0);
    assert_int_equal(s.places.n, CROWD + 1);
    assert_int_equal(s.crowded, 0);
    anl_arena_free(arena);
    anl_voter_free(v);
}

/* A stretch of which other places hold the most, or which its contig does not hold, tells nothing of where a read belongs. */
static void repeats_are_known(void **unused)
{
    (void)unused;
    static whole w;
    make_genome();
    open_whole(&w);
    const anl_index *x = w.index;
    assert_true(anl_locate_is_repeat(x, 0, 5200, 200));
    assert_false(anl_locate_is_repeat(x, 0, 20000, 200));
    assert_true(anl_locate_is_repeat(x, 0, 5000 - 100, 200)); /* half of it */
    assert_false(anl_locate_is_repeat(x, 0, 5000 - 160, 200));
    assert_true(anl_locate_is_repeat(x, 0, CONTIG - 10, 200));
    assert_true(anl_locate_is_repeat(x, 0, CONTIG, 200));
    assert_true(anl_locate_is_repeat(x, 1, CONTIG - 200, 200));
    close_whole(&w);
}

static void contigs_hold_what_lies_between_their_ends(void **unused)
{
    (void)unused;
    static bare b;
    const anl_index *x = bare_index(&b);
    assert_true(anl_index_holds(x, 0, 0, CONTIG) && anl_index_holds(x, 1, CONTIG, BASES));
    assert_false(anl_index_holds(x, 0, -1, 5) || anl_index_holds(x, 0, CONTIG - 5, CONTIG + 1));
    assert_false(anl_index_holds(x, 1, CONTIG - 1, CONTIG + 5) || anl_index_holds(x, 1, BASES - 5, BASES + 1));
}

/* A sequence that begins before its contig: short reads keep where they would begin; long ones need enough of the segment on the contig. */
static void places_may_hang_over_the_contig(void **unused)
{
    (void)unused;
    enum { LEN = 40 };
    make_genome();
    static bare b;
    const anl_index *x = bare_index(&b);
    anl_voter *v = anl_voter_new(anl_kernels_get());
    anl_arena *arena = anl_arena_new();
    for (int32_t inside = 14; inside < LEN; ++inside) {
        uint8_t read[LEN];
        random_seq(read, LEN, 0);
        take(read + LEN - inside, CONTIG, inside, 0);
        const anl_hit hit = {1, (uint32_t)b.window_begin[1]};
        anl_segment s = hit_by(read, LEN, &hit, 1);
        assert_int_equal(anl_locate_vote(x, v, &anl_locate_short, &s, arena), 0);
        assert_int_equal(s.places.n, 1);
        assert_int_equal(s.places.list[0].start, CONTIG - LEN + inside);
        assert_int_equal(anl_locate_at(&s, &s.places.list[0]), CONTIG - LEN + inside);
        anl_locate_forget(&s);
        anl_locate_params p = anl_locate_long;
        p.min_votes = 3;
        assert_int_equal(anl_locate_vote(x, v, &p, &s, arena), 0);
        assert_int_equal(s.places.n, inside >= p.min_on_contig);
    }
    anl_arena_free(arena);
    anl_voter_free(v);
}

static void regions_are_voted_on_without_search(void **unused)
{
    (void)unused;
    make_genome();
    static bare b;
    const anl_index *x = bare_index(&b);
    anl_voter *v = anl_voter_new(anl_kernels_get());
    anl_arena *arena = anl_arena_new();
    uint8_t read[150];
    take(read, 30123, 150, 1);
    anl_places found = {0};
    assert_int_equal(anl_locate_region(x, v, &anl_locate_split, read, 150, 20000, 40000, &found, arena), 0);
    int right = 0;
    for (int i = 0; i < found.n; ++i) {
        assert_true(found.list[i].start >= 20000 && found.list[i].start < 40000);
        right += found.list[i].start == 30123 && found.list[i].reverse && found.list[i].votes > 100;
    }
    assert_int_equal(right, 1);
    found.n = 0;
    assert_int_equal(anl_locate_region(x, v, &anl_locate_split, read, 150, 30124, 40000, &found, arena), 0);
    for (int i = 0; i < found.n; ++i) assert_true(found.list[i].start != 30123);
    found.n = 0;
    assert_int_equal(anl_locate_region(x, v, &anl_locate_split, read, 150, 30000, 30000, &found, arena), 0); /* empty */
    assert_int_equal(found.n, 0);
    anl_arena_free(arena);
    anl_voter_free(v);
}

/* ---- long reads ---- */

static void anchors_of_a_long_read_lie_on_its_diagonal(void **unused)
{
    (void)unused;
    static uint8_t read[6000];
    make_genome();
    whole w;
    open_whole(&w);
    for (int reverse = 0; reverse < 2; ++reverse) {
        anl_anchors a;
        uint8_t on[6000] = {0};
        int found = 0;
        take(read, 10000, 6000, reverse);
        anl_arena_reset(w.scratch.temporary);
        const anl_read of = {.name = "r", .seq = read, .len = 6000}, *reads[] = {&of};
        anl_segments *segments;
        int taken;
        assert_int_equal(anl_anchors_start(&w.context, &w.scratch, reads, 1, &segments, &taken), 0);
        assert_int_equal(taken, 1);
        assert_int_equal(anl_anchors_find(&w.context, &w.scratch, segments, 6000, &a), 0);
        for (int i = 0; i < a.n; ++i) {
            assert_true(a.list[i].q >= 0 && a.list[i].q + a.list[i].len <= 6000 && a.list[i].len <= WINDOW);
            on[a.list[i].q] |= a.list[i].t - a.list[i].q == 10000 && a.list[i].group == reverse;
        }
        for (int i = 0; i < 6000; ++i) found += on[i];
        assert_in_range(found, ANL_LONG_FEW - 1, ANL_LONG_FEW + 1); /* the untrained encoder may miss one */
        assert_int_equal(a.spacing, (6000 - WINDOW) / ANL_LONG_FEW);
        assert_false(a.truncated);
    }
    close_whole(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_spread_evenly),
        cmocka_unit_test(reads_are_cut_to_what_the_encoder_takes),
        cmocka_unit_test(waves_find_what_one_search_finds),
        cmocka_unit_test(saturated_segments_get_more_neighbours),
        cmocka_unit_test(more_neighbours_at_once_are_the_same),
        cmocka_unit_test(hits_vote_for_the_place),
        cmocka_unit_test(a_crowd_is_enough),
        cmocka_unit_test(repeats_are_known),
        cmocka_unit_test(contigs_hold_what_lies_between_their_ends),
        cmocka_unit_test(places_may_hang_over_the_contig),
        cmocka_unit_test(regions_are_voted_on_without_search),
        cmocka_unit_test(anchors_of_a_long_read_lie_on_its_diagonal),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
