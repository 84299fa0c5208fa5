/* Search: native and FAISS give the exact neighbours, however many waves lead there and however many threads go together. */
#include "index_file.h"

#include "search.h"

#include <malloc.h>
#include <pthread.h>

static int distance(const int8_t *a, const int8_t *b)
{
    int sum = 0;
    for (int c = 0; c < D; ++c) sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

static int by_distance(const void *a, const void *b)
{
    const anl_hit *x = a, *y = b;
    if (x->dist != y->dist) return x->dist < y->dist ? -1 : 1;
    return x->window < y->window ? -1 : x->window > y->window;
}

static void both_paths_are_exact(void **unused)
{
    (void)unused;
    random_start();
    const int sizes[] = {1, 2, 17, 300, 5000};
    for (size_t si = 0; si < sizeof sizes / sizeof *sizes; ++si) {
        const int n = sizes[si];
        make_vectors(n);
        anl_index *x = build(n);
        anl_search *s[2];
        anl_search_scratch *sc;
        assert_int_equal(anl_search_new(&s[0], x, ANL_SEARCH_NATIVE), 0);
        assert_int_equal(anl_search_new(&s[1], x, ANL_SEARCH_FAISS), 0);
        assert_int_equal(anl_search_scratch_new(&sc, s[0]), 0);
        enum { Q = 60, K = 64 };
        static int8_t queries[Q][D];
        static anl_hit hits[2][Q * K], competing[2][Q * K], all[8192];
        int counts[2][Q], competing_counts[2][Q];
        anl_search *only[2];
        for (int p = 0; p < 2; ++p) {
            assert_int_equal(anl_search_new(&only[p], x, p ? ANL_SEARCH_FAISS : ANL_SEARCH_NATIVE), 0);
            anl_search_competing_only(only[p]);
        }
        for (int q = 0; q < Q; ++q) {
            memcpy(queries[q], vectors[random_below((uint32_t)n)], D);
            for (uint32_t j = random_below(10); j > 0; --j) queries[q][random_below(D)] *= -1;
        }
        for (int multiplier = 1; multiplier <= 16; multiplier *= 4)
            for (int k = 1; k <= K; k *= 4) {
                for (int p = 0; p < 2; ++p)
                    assert_int_equal(anl_search_batch(s[p], sc, queries[0], Q, k, multiplier, hits[p], counts[p]), 0);
                assert_memory_equal(counts[0], counts[1], sizeof counts[0]);
                for (int q = 0; q < Q; ++q) assert_memory_equal(hits[0] + q * k, hits[1] + q * k, (size_t)counts[0][q] * sizeof(anl_hit));
                for (int p = 0; p < 2; ++p) { /* those that compete are the first of the hits */
                    assert_int_equal(anl_search_batch(only[p], sc, queries[0], Q, k, multiplier, competing[p], competing_counts[p]), 0);
                    for (int q = 0; q < Q; ++q) {
                        int within = 0;
                        while (within < counts[0][q] && hits[0][q * k + within].dist <= hits[0][q * k].dist + 64 * 1600 / 2) ++within;
                        assert_int_equal(competing_counts[p][q], within);
                        assert_memory_equal(competing[p] + q * k, hits[0] + q * k, (size_t)within * sizeof(anl_hit));
                    }
                }
                if (anl_search_nprobe(x, multiplier) < x->nlist) continue;
                for (int q = 0; q < Q; ++q) { /* every list was scanned: the result is that of brute force */
                    int within = 0;
                    for (int i = 0; i < n; ++i) {
                        const int far = distance(queries[q], vectors[i]);
                        if (far <= 64 * 1600 * 3 / 2) all[within++] = (anl_hit){far, (uint32_t)i};
                    }
                    qsort(all, (size_t)within, sizeof *all, by_distance);
                    assert_int_equal(counts[0][q], within < k ? within : k);
                    assert_memory_equal(hits[0] + q * k, all, (size_t)counts[0][q] * sizeof(anl_hit));
                }
            }
        anl_search_scratch_free(sc);
        for (int p = 0; p < 2; ++p) {
            anl_search_free(s[p]);
            anl_search_free(only[p]);
        }
        anl_index_free(x);
    }
}

/* The search that widens for queries without a near hit ends with what the widest of its steps finds by itself. */
static void widening_is_exact(void **unused)
{
    (void)unused;
    enum { N = 7900, Q = 60, K = 16 };
    static int8_t queries[Q][D];
    static anl_hit hits[Q * K], want[Q * K];
    int counts[Q], want_counts[Q], multipliers[Q], widened = 0;
    random_start();
    make_vectors(N);
    anl_index *x = build(N);
    for (int q = 0; q < Q; ++q) {
        memcpy(queries[q], vectors[random_below(N)], D);
        for (int j = 0; j < q / 2; ++j) queries[q][random_below(D)] *= -1;
    }
    for (int kind = 0; kind < 4; ++kind) {
        anl_search *s;
        anl_search_scratch *sc;
        assert_int_equal(anl_search_new(&s, x, kind & 1 ? ANL_SEARCH_FAISS : ANL_SEARCH_NATIVE), 0);
        if (kind & 2) anl_search_competing_only(s);
        assert_int_equal(anl_search_scratch_new(&sc, s), 0);
        assert_int_equal(anl_search_sure(s, sc, queries[0], Q, K, hits, counts, multipliers), 0);
        for (int multiplier = 1; multiplier <= ANL_SEARCH_MOST; multiplier *= ANL_SEARCH_MORE) {
            assert_int_equal(anl_search_batch(s, sc, queries[0], Q, K, multiplier, want, want_counts), 0);
            for (int q = 0; q < Q; ++q) {
                if (multipliers[q] != multiplier) continue;
                widened += multiplier > 1 && counts[q] > 1;
                assert_int_equal(counts[q], want_counts[q]);
                assert_memory_equal(hits + q * K, want + q * K, (size_t)counts[q] * sizeof *hits);
            }
        }
        anl_search_scratch_free(sc);
        anl_search_free(s);
    }
    assert_true(widened > 20);
    anl_index_free(x);
}

/* A wave through few lists that keeps the order of more, then one through the rest: the hits of one wave through all, and all lists chosen once. */
static void lists_kept_lead_to_the_same(void **unused)
{
    (void)unused;
    enum { N = 7900, Q = 60, K = 16, FEW = 8 };
    static anl_hit hits[2][Q * K];
    static uint32_t lists[Q * 8192];
    anl_neighbours found[2][Q], *list[2][Q];
    anl_search *s;
    anl_search_scratch *sc;
    random_start();
    make_vectors(N);
    anl_index *x = build(N);
    const int nprobe = anl_search_nprobe(x, 1), caps[] = {ANL_RANKED, nprobe - 1, nprobe, x->nlist};
    assert_true(nprobe > FEW + 1);
    assert_int_equal(anl_search_new(&s, x, ANL_SEARCH_NATIVE), 0);
    assert_int_equal(anl_search_scratch_new(&sc, s), 0);
    for (size_t c = 0; c < sizeof caps / sizeof *caps; ++c) {
        for (int q = 0; q < Q; ++q) {
            found[0][q] = (anl_neighbours){.query = vectors[q], .hits = hits[0] + q * K, .k = K};
            found[1][q] =
                (anl_neighbours){.query = vectors[q], .hits = hits[1] + q * K, .k = K, .lists = lists + q * x->nlist, .lists_cap = caps[c]};
            for (int w = 0; w < 2; ++w) list[w][q] = &found[w][q];
        }
        assert_int_equal(anl_search_wave(s, sc, list[0], Q, nprobe), 0);
        assert_int_equal(anl_search_wave(s, sc, list[1], Q, FEW), 0);
        for (int q = 0; q < Q; ++q) assert_int_equal(found[1][q].n_lists, caps[c] > FEW ? caps[c] : 0);
        assert_int_equal(anl_search_wave(s, sc, list[1], Q, nprobe), 0);
        for (int q = 0; q < Q; ++q) {
            assert_int_equal(found[1][q].n, found[0][q].n);
            assert_memory_equal(found[1][q].hits, found[0][q].hits, (size_t)found[0][q].n * sizeof(anl_hit));
        }
    }
    anl_search_scratch_free(sc);
    anl_search_free(s);
    anl_index_free(x);
}

enum { TOGETHER = 4, WAYS = 6, ROUNDS = 60, TOGETHER_Q = 200, MOST_K = 200 };

/* A thread of together_as_alone. */
typedef struct searcher {
    pthread_t thread;
    const anl_search *search;
    anl_search_scratch *scratch;
    int number, differ;
    int8_t queries[TOGETHER_Q][D];
    anl_hit hits[2][TOGETHER_Q * MOST_K];
    anl_neighbours found[2][TOGETHER_Q];
} searcher;

/* One wave from the beginning; the number of entries gone through. */
static int64_t one_wave(searcher *t, int which, int n, int k, int nprobe)
{
    anl_neighbours *list[TOGETHER_Q];
    const int64_t before = anl_search_entries(t->scratch);
    for (int q = 0; q < n; ++q) {
        t->found[which][q] = (anl_neighbours){.query = t->queries[q], .hits = t->hits[which] + q * MOST_K, .k = k};
        list[q] = &t->found[which][q];
    }
    t->differ += anl_search_wave(t->search, t->scratch, list, n, nprobe) != 0;
    return anl_search_entries(t->scratch) - before;
}

static void *search_together(void *of)
{
    static const int nprobe[WAYS] = {2, 8, 8, 20, 50, 1000}, k[WAYS] = {4, 4, 64, 16, 1, MOST_K};
    searcher *t = of;
    for (int round = 0; round < ROUNDS; ++round) {
        const int way = (round + t->number) % WAYS, n = way % 2 ? TOGETHER_Q / (t->number + 1) : TOGETHER_Q;
        const int64_t alone = one_wave(t, 0, n, k[way], nprobe[way]);
        anl_search_join(t->search, t->scratch);
        t->differ += one_wave(t, 1, n, k[way], nprobe[way]) != alone;
        if (t->number % 2) t->differ += one_wave(t, 1, n, k[way], nprobe[way]) != alone; /* not all have as many waves */
        anl_search_leave(t->scratch);
        for (int q = 0; q < n; ++q) {
            const anl_neighbours *a = &t->found[0][q], *b = &t->found[1][q];
            t->differ += a->n != b->n || memcmp(a->hits, b->hits, (size_t)a->n * sizeof *a->hits) != 0;
        }
    }
    return NULL;
}

/* Threads that go through lists together, with other k and other lists each, find what each of them finds alone. */
static void together_as_alone(void **unused)
{
    (void)unused;
    enum { N = 5000 };
    static searcher threads[TOGETHER];
    anl_search *s;
    make_vectors(N);
    anl_index *x = build(N);
    assert_int_equal(anl_search_new(&s, x, ANL_SEARCH_NATIVE), 0);
    anl_search_competing_only(s);
    assert_int_equal(anl_search_together(s, TOGETHER), 0);
    for (int i = 0; i < TOGETHER; ++i) {
        searcher *t = &threads[i];
        t->search = s;
        t->number = i;
        assert_int_equal(anl_search_scratch_new(&t->scratch, s), 0);
        for (int q = 0; q < TOGETHER_Q; ++q) {
            memcpy(t->queries[q], vectors[random_below(N)], D);
            for (int j = 0; j < 5; ++j) t->queries[q][random_below(D)] *= -1;
        }
    }
    for (int i = 0; i < TOGETHER; ++i) assert_int_equal(pthread_create(&threads[i].thread, NULL, search_together, &threads[i]), 0);
    for (int i = 0; i < TOGETHER; ++i) assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
    for (int i = 0; i < TOGETHER; ++i) {
        assert_int_equal(threads[i].differ, 0);
        anl_search_scratch_free(threads[i].scratch);
    }
    anl_search_free(s);
    anl_index_free(x);
}

/* Lists that a query knows are gone through, on both paths alike, whether they are the nearest or not. */
static void both_paths_go_through_known_lists(void **unused)
{
    (void)unused;
    enum { N = 5000, Q = 40, K = 20, KNOWN = 3 };
    static anl_hit hits[3][Q * K];
    static anl_neighbours near[3][Q];
    int differ = 0;
    make_vectors(N);
    anl_index *x = build(N);
    assert_in_range(x->nlist, 2 * KNOWN, N);
    for (int how = 0; how < 3; ++how) { /* native, FAISS, and the nearest lists instead */
        anl_search *s;
        anl_search_scratch *sc;
        anl_neighbours *list[Q];
        uint32_t lists[KNOWN];
        for (int i = 0; i < KNOWN; ++i) lists[i] = (uint32_t)(2 * i + 1);
        assert_int_equal(anl_search_new(&s, x, how == 1 ? ANL_SEARCH_FAISS : ANL_SEARCH_NATIVE), 0);
        assert_int_equal(anl_search_scratch_new(&sc, s), 0);
        for (int q = 0; q < Q; ++q) {
            list[q] = &near[how][q];
            near[how][q] = (anl_neighbours){.query = vectors[q], .hits = hits[how] + q * K, .k = K};
            if (how < 2) near[how][q].lists = lists, near[how][q].lists_cap = near[how][q].n_lists = KNOWN;
        }
        assert_int_equal(anl_search_wave(s, sc, list, Q, KNOWN), 0);
        anl_search_scratch_free(sc);
        anl_search_free(s);
    }
    for (int q = 0; q < Q; ++q) {
        const size_t bytes = (size_t)near[0][q].n * sizeof(anl_hit);
        assert_int_equal(near[0][q].n, near[1][q].n);
        assert_memory_equal(near[0][q].hits, near[1][q].hits, bytes);
        differ += near[0][q].n != near[2][q].n || memcmp(near[0][q].hits, near[2][q].hits, bytes);
    }
    assert_in_range(differ, Q / 2, Q);
    anl_index_free(x);
}

/* However many queries are searched, and in however many lists: memory for them is that of a part of them. */
static void waves_take_bounded_memory(void **unused)
{
    (void)unused;
    enum { N = 5000, MANY = 20000, K = 4, THREADS = 512, MOST = 3 * (ANL_BYTES_TOGETHER / THREADS) };
    anl_neighbours *found = calloc(MANY, sizeof *found), **list = calloc(MANY, sizeof(anl_neighbours *));
    anl_hit *hits = calloc((size_t)MANY * K, sizeof *hits);
    anl_search *s;
    anl_search_scratch *sc;
    assert_true(found && list && hits);
    make_vectors(N);
    anl_index *x = build(N);
    assert_int_equal(anl_search_new(&s, x, ANL_SEARCH_NATIVE), 0);
    assert_int_equal(anl_search_together(s, THREADS), 0);
    assert_int_equal(anl_search_scratch_new(&sc, s), 0);
    for (int q = 0; q < MANY; ++q) {
        found[q] = (anl_neighbours){.query = vectors[q % N], .hits = hits + q * K, .k = K};
        list[q] = &found[q];
    }
    const struct mallinfo2 before = mallinfo2();
    assert_int_equal(anl_search_wave(s, sc, list, MANY, x->nlist), 0);
    const struct mallinfo2 after = mallinfo2();
    assert_true(after.uordblks + after.hblkhd < before.uordblks + before.hblkhd + MOST);
    for (int q = 0; q < MANY; ++q) {
        assert_int_equal(found[q].n, found[q % N].n);
        assert_memory_equal(found[q].hits, found[q % N].hits, (size_t)found[q].n * sizeof *hits);
    }
    anl_search_scratch_free(sc);
    anl_search_free(s);
    anl_index_free(x);
    free(found);
    free(list);
    free(hits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(both_paths_are_exact),        cmocka_unit_test(widening_is_exact),
                                       cmocka_unit_test(lists_kept_lead_to_the_same), cmocka_unit_test(both_paths_go_through_known_lists),
                                       cmocka_unit_test(together_as_alone),           cmocka_unit_test(waves_take_bounded_memory)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
