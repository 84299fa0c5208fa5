/* How many entries of its lists a read lets through to selection, by the limit that is known when they are gone through, and how many it needs:
 * build/bench_survivors INDEX.anl READS.fq [READS]
 * A line for each wave of light vectors and for the usual number of lists by full vectors: entries gone through; those above the noise; those within reach of the nearest
 * of the nearest 2, 4, 8, 16 lists, or of all; and the share of reads that need more room than 256 (with 8 lists) and 1,024 (noise). */
#include "bench.h"

#include "align_tuning.h"
#include "encoder.h"
#include "index.h"
#include "kernels.h"
#include "reads.h"
#include "search.h"

enum { FIRSTS = 4, BIN = 1024 };

typedef struct tally {
    double entries, noise, best, first[FIRSTS], over_room, over_noise;
} tally;

static const int firsts[FIRSTS] = {2, 4, 8, 16};

static int by_key(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Lists before `before` have been gone through: nothing there counts but for the nearest. */
static void count(const anl_index *x, const uint64_t *lists, int before, int nprobe, const int8_t *query, const uint8_t *biased,
                  int32_t *dots, tally *t)
{
    const int32_t norm = anl_squared_norm(query, x->d), reach = anl_distance_of_drop(norm, ANL_COSINE_DROP_COMPETING);
    const int32_t noise = anl_distance_at(norm, ANL_COSINE_NOISE);
    int32_t limits[FIRSTS + 2] = {0}, best = noise - reach;
    int64_t found[FIRSTS + 2] = {0}, entries = 0;
    for (int pass = 0; pass < 2; ++pass)
        for (int l = 0; l < nprobe; ++l) {
            const uint32_t list = (uint32_t)lists[l];
            const uint64_t first = x->list_begin[list];
            const int32_t n = (int32_t)(x->list_begin[list + 1] - first);
            anl_kernels_get()->scan.dots(biased, 1, x->codes + first * (size_t)x->d, n / 16, x->d, dots);
            for (int32_t j = 0; j < n; ++j) {
                const int32_t dist = norm + anl_scan_value(x->bias[first + (size_t)j], dots[j]);
                if (x->ids[first + (size_t)j] >= (uint32_t)x->n_windows) continue;
                if (!pass && dist < best) best = dist;
                if (pass && l >= before)
                    for (int f = 0; f < FIRSTS + 2; ++f) found[f] += dist <= limits[f];
            }
            if (pass && l >= before) entries += n;
            for (int f = 0; f < FIRSTS && !pass; ++f)
                if (l < before + firsts[f]) limits[f] = best + reach;
            limits[FIRSTS] = best + reach;
            limits[FIRSTS + 1] = noise;
        }
    t->entries += (double)entries;
    for (int f = 0; f < FIRSTS; ++f) t->first[f] += (double)found[f];
    t->best += (double)found[FIRSTS];
    t->noise += (double)found[FIRSTS + 1];
    t->over_room += found[2] > 256;
    t->over_noise += found[FIRSTS + 1] > 1024;
}

static void print(const char *what, const tally *t, int n)
{
    printf("%-22s %9.0f %9.1f", what, t->entries / n, t->noise / n);
    for (int f = 0; f < FIRSTS; ++f) printf(" %8.1f", t->first[f] / n);
    printf(" %8.1f %9.2f%% %9.2f%%\n", t->best / n, 100 * t->over_room / n, 100 * t->over_noise / n);
}

int main(int argc, char **argv)
{
    anl_index *x;
    anl_model *m;
    anl_encoder *e;
    anl_encoder_scratch *s;
    anl_reads *reads;
    anl_batch b;
    if (argc < 3) {
        fprintf(stderr, "usage: bench_survivors INDEX.anl READS.fq [READS]\n");
        return 2;
    }
    const anl_reads_options options = {.path = argv[2]};
    need(!anl_index_open(&x, argv[1]) && !anl_model_open(&m, NULL) && !anl_encoder_new(&e, m) && !anl_encoder_scratch_new(&s, e));
    need(!anl_batch_init(&b) && !anl_reads_open(&reads, &options) && !anl_reads_next(reads, 1 << 20, &b));
    const int most = argc > 3 ? atoi(argv[3]) : 2000, n = b.n < (size_t)most ? (int)b.n : most, usual = anl_search_nprobe(x, 1);
    const size_t d = (size_t)x->d, widest = (size_t)x->longest_list > (size_t)x->nlist ? (size_t)x->longest_list : (size_t)x->nlist;
    int8_t *v = anl_alloc(d, 1);
    uint8_t *biased = anl_alloc(d, 1);
    int32_t *dots = anl_alloc(widest + BIN, sizeof *dots);
    uint64_t *lists = anl_alloc((size_t)x->nlist, sizeof *lists);
    const int waves[][2] = {{0, anl_waves[0]}, {anl_waves[0], anl_waves[1]}, {0, anl_waves[2]}, {anl_waves[2], usual}};
    tally t[4] = {{0}};
    need(v && biased && dots && lists);
    for (int i = 0; i < n; ++i)
        for (int w = 0; w < 4; ++w) {
            const uint8_t *seq = b.reads[i].seq;
            need(!(w < ANL_LIGHT_WAVES ? anl_encoder_embed_light : anl_encoder_embed)(e, s, &seq, &b.reads[i].len, 1, v));
            for (size_t c = 0; c < d; ++c) biased[c] = (uint8_t)(v[c] + ANL_PANEL_OFFSET);
            anl_kernels_get()->scan.dots(biased, 1, x->centroids, (int32_t)anl_panels((size_t)x->nlist), x->d, dots);
            for (int32_t l = 0; l < x->nlist; ++l)
                lists[l] = (uint64_t)((int64_t)anl_scan_value(x->centroid_bias[l], dots[l]) - INT32_MIN) << 32 | (uint32_t)l;
            qsort(lists, (size_t)x->nlist, sizeof *lists, by_key);
            if (waves[w][1] <= x->nlist) count(x, lists, waves[w][0], waves[w][1], v, biased, dots, &t[w]);
        }
    printf("%-22s %9s %9s %8s %8s %8s %8s %8s %10s %10s\n", "a read", "entries", "noise", "2 lists", "4 lists", "8 lists", "16 lists",
           "all", "over 256", "over 1024");
    for (int w = 0; w < 4; ++w) {
        char what[64];
        snprintf(what, sizeof what, "%s, lists %d to %d", w < 3 ? "light" : "full", waves[w][0], waves[w][1]);
        print(what, &t[w], n);
    }
    free(v), free(biased), free(dots), free(lists);
    anl_reads_free(reads), anl_batch_free(&b), anl_encoder_scratch_free(s), anl_encoder_free(e), anl_model_free(m), anl_index_free(x);
    return 0;
}
