/* An index of a few contigs and of vectors many of which are equal or near, in a file: for tests of the file and of the search through it. */
#ifndef ANL_TEST_INDEX_FILE_H
#define ANL_TEST_INDEX_FILE_H

#include "random.h"

#include "cluster.h"
#include "index.h"

enum { D = 64, CONTIG = 40000, UNIQUE_K = 20 };

static char folder[] = "/tmp/anneal-test-XXXXXX", path[64];

static int8_t vectors[8192][D];
static uint32_t windows[8192];
static uint8_t bases[CONTIG / 4 + 8];
static uint64_t unique[CONTIG / 64];
static uint64_t letters[] = {110 << 8 | 'R', 112 << 8 | 'Y', 5000 << 8 | 'B'};

/* Vectors of one length, many of them equal, so that ties are everywhere. */
static inline void make_vectors(int n)
{
    for (int i = 0; i < n; ++i) {
        windows[i] = (uint32_t)i;
        if (i > 20 && random_below(3) == 0) {
            memcpy(vectors[i], vectors[random_below((uint32_t)i)], D);
            continue;
        }
        for (int c = 0; c < D; ++c) vectors[i][c] = random_below(2) ? 40 : -40;
        if (random_below(2) && i) { /* near another one */
            memcpy(vectors[i], vectors[random_below((uint32_t)i)], D);
            for (int j = 0; j < 6; ++j) vectors[i][random_below(D)] *= -1;
        }
    }
}

static anl_contig contigs[] = {{"chr1", CONTIG - 10, "0123456789abcdef0123456789abcdef", 0},
                               {"chr2", 10, "0123456789abcdef0123456789abcdef", 0}};

static inline void write_index(int n, int unique_k)
{
    static const int64_t runs[] = {100, 200, 5000, 5001};
    for (size_t i = 0; i < sizeof bases; ++i) bases[i] = (uint8_t)random_below(256);
    anl_lists lists;
    const anl_index_parts parts = {.contigs = contigs,
                                   .n_contigs = 2,
                                   .bases = bases,
                                   .n_bases = CONTIG,
                                   .n_runs = runs,
                                   .n_n_runs = 2,
                                   .letters = letters,
                                   .n_letters = 3,
                                   .window = 100,
                                   .stride = 5,
                                   .d = D,
                                   .vectors = vectors[0],
                                   .windows = windows,
                                   .n_entries = n,
                                   .lists = &lists,
                                   .model_hash = 42,
                                   .model_name = "test",
                                   .unique_k = unique_k,
                                   .unique = unique};
    anl_output *to;
    assert_int_equal(anl_lists_build(&lists, vectors[0], n, D, &(anl_nearest_on){NULL, 1}, &parts.watch), 0);
    assert_int_equal(anl_output_open(&to, path, ANL_OUTPUT_SEEKS), 0);
    assert_int_equal(anl_index_write(to, &parts, 2), 0);
    anl_lists_free(&lists);
    assert_int_equal(anl_output_close(to), 0);
}

/* Any bits, but none of a k-mer across the end of a contig. */
static inline void make_unique(void)
{
    for (int i = 0; i < CONTIG; ++i) {
        const int end = i < CONTIG - 10 ? CONTIG - 10 : CONTIG;
        if (i % 64 == 0) unique[i / 64] = 0;
        unique[i / 64] |= (uint64_t)(i + UNIQUE_K <= end && random_below(3)) << i % 64;
    }
}

static inline anl_index *build(int n)
{
    anl_index *x;
    make_unique();
    write_index(n, UNIQUE_K);
    assert_int_equal(anl_index_open(&x, path), 0);
    return x;
}

static inline int set_up(void **unused)
{
    (void)unused;
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/x.anl", folder);
    return 0;
}

static inline int tear_down(void **unused)
{
    (void)unused;
    unlink(path);
    return rmdir(folder); /* fails when a temporary file was left behind */
}

#endif
