/* Training's linear layers with vdpbf16ps: inputs rounded to bfloat16, sums in float32.
 *
 * Every product is c[i][j] += sum over pairs p of x(i, p) . w[p][j], where x(i, p) is a pair of bfloat16 in 32 bits that is broadcast and
 * w[p] a row of such pairs. What differs between the forward pass and the two gradients is where the pairs run: along the inputs, the
 * outputs or the tokens. */
#include "train_cpu.h"

#include "bf16_pairs.inc.h"

enum { ROWS = 6, VECS = 4 };

/* Pairs to be broadcast: pair p of row i at p[i * row + p * pair]. */
typedef struct pairs {
    const uint32_t *p;
    ptrdiff_t row, pair;
} pairs;

typedef struct tile_out {
    float *c;
    ptrdiff_t ldc;
    const float *bias; /* of the tile's first column, or NULL */
    anl_train_mode mode;
} tile_out;

static inline __attribute__((always_inline)) void finish(tile_out out, int r, int v, __m512 acc)
{
    float *c = out.c + r * out.ldc + 16 * v;
    if (out.bias) acc = _mm512_add_ps(acc, _mm512_loadu_ps(out.bias + 16 * v));
    if (out.mode == ANL_TRAIN_ADD) acc = _mm512_add_ps(acc, _mm512_loadu_ps(c));
    if (out.mode == ANL_TRAIN_RELU) acc = _mm512_max_ps(acc, _mm512_setzero_ps());
    _mm512_storeu_ps(c, acc);
}

/* `rows` x 16 `vecs` outputs; both are constants where it is inlined. */
static inline __attribute__((always_inline)) void tile(int rows, int vecs, pairs x, const uint32_t *w, ptrdiff_t ldw, int count,
                                                       tile_out out)
{
    __m512 acc[ROWS][VECS];
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vecs; ++v) acc[r][v] = _mm512_setzero_ps();
    for (int p = 0; p < count; ++p, w += ldw, x.p += x.pair) {
        __m512bh b[VECS];
        for (int v = 0; v < vecs; ++v) b[v] = (__m512bh)_mm512_loadu_si512(w + 16 * v);
        for (int r = 0; r < rows; ++r) {
            __m512bh a = (__m512bh)_mm512_set1_epi32((int)x.p[r * x.row]);
            for (int v = 0; v < vecs; ++v) acc[r][v] = _mm512_dpbf16_ps(acc[r][v], a, b[v]);
        }
    }
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vecs; ++v) finish(out, r, v, acc[r][v]);
}

static void column(int vecs, int m, pairs x, const uint32_t *w, ptrdiff_t ldw, int count, tile_out out)
{
    for (; m >= ROWS; m -= ROWS, x.p += ROWS * x.row, out.c += ROWS * out.ldc) {
        if (vecs == 4)
            tile(ROWS, 4, x, w, ldw, count, out);
        else
            tile(ROWS, 2, x, w, ldw, count, out);
    }
    for (; m > 0; --m, x.p += x.row, out.c += out.ldc) {
        if (vecs == 4)
            tile(1, 4, x, w, ldw, count, out);
        else
            tile(1, 2, x, w, ldw, count, out);
    }
}

/* c[m][n] from pairs x(m, count) and w[count][n]; n a multiple of 32. */
static void product(int m, int n, pairs x, const uint32_t *w, int count, tile_out out)
{
    for (int j = 0; j < n; j += 64) {
        column(n - j >= 64 ? 4 : 2, m, x, w + j, n, count, out);
        out.c += 64;
        if (out.bias) out.bias += 64;
    }
}

/* ---- layers ---- */

static size_t linear_work(int n, int k, int m)
{
    return pairs_size(m, k) + 2 * pairs_size(m, n) + 128;
}

static void linear(const anl_train_linear *l, const float *a, int m, anl_train_mode mode, float *y, void *work)
{
    int n = l->n, k = l->k;
    to_rows(a, (size_t)m * (size_t)k, work);
    product(m, n, (pairs){work, k / 2, 1}, l->packed, k / 2, (tile_out){y, n, l->bias, mode});
}

static void linear_back(const anl_train_linear *l, const float *a, const float *dy, int m, float *da, float *dw, float *db, void *work)
{
    int n = l->n, k = l->k;
    uint32_t *by_rows = work, *dy_pairs = by_rows + (size_t)m * (size_t)n / 2, *a_pairs = dy_pairs + (size_t)(m + 1) / 2 * (size_t)n;
    if (da) {
        const uint32_t *backward = (const uint32_t *)l->packed + (size_t)n * (size_t)k / 2;
        to_rows(dy, (size_t)m * (size_t)n, by_rows);
        product(m, k, (pairs){by_rows, n / 2, 1}, backward, n / 2, (tile_out){da, k, NULL, ANL_TRAIN_SET});
    }
    to_pairs(dy, m, n, dy_pairs);
    to_pairs(a, m, k, a_pairs);
    product(n, k, (pairs){dy_pairs, 1, n}, a_pairs, (m + 1) / 2, (tile_out){dw, k, NULL, ANL_TRAIN_ADD});
    if (db) sum_columns(dy, m, n, db);
}

void anl_train_products_avx512(anl_train_kernels *t)
{
    t->name = "bf16";
    t->packed_size = packed_size;
    t->pack = pack;
    t->linear_work = linear_work;
    t->linear = linear;
    t->linear_back = linear_back;
}
