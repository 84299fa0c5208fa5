/* Training's linear layers on AMX tiles: inputs rounded to bfloat16, sums in float32.
 *
 * A product takes 32 x 32 outputs at a time, as two by two tiles. Tile a holds 16 rows of 16 pairs along what is summed, tile b 16 such pairs
 * of 16 columns. Rows and pairs beyond the end are zeros that the conversions leave behind. */
#include "train_cpu.h"

#include "amx.h"
#include "amx.inc.h"
#include "bf16_pairs.inc.h"

#include <string.h>

static inline int rounded(int n, int to)
{
    return (n + to - 1) / to * to;
}

typedef struct out {
    float *c;
    int ldc, rows, columns; /* `rows` and `columns` are what is there */
    const float *bias;
    anl_train_mode mode;
} out;

/* tile[EDGE][EDGE] to c at row i, column j. */
static void finish(const out *o, const float *tile, int i, int j)
{
    int rows = o->rows - i < EDGE ? o->rows - i : EDGE;
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < EDGE; v += 16) {
            float *c = o->c + (size_t)(i + r) * (size_t)o->ldc + j + v;
            __m512 sum = _mm512_load_ps(tile + r * EDGE + v);
            if (o->bias) sum = _mm512_add_ps(sum, _mm512_loadu_ps(o->bias + j + v));
            if (o->mode == ANL_TRAIN_ADD) sum = _mm512_add_ps(sum, _mm512_loadu_ps(c));
            if (o->mode == ANL_TRAIN_RELU) sum = _mm512_max_ps(sum, _mm512_setzero_ps());
            _mm512_storeu_ps(c, sum);
        }
}

/* c = a b over `count` pairs (a multiple of 16): a[rows rounded to 32][lda], b[count][ldb]. Columns are a multiple of 32. */
static void product(const uint32_t *a, int lda, const uint32_t *b, int ldb, int count, const out *o)
{
    float tile[EDGE * EDGE] __attribute__((aligned(64)));
    const size_t row = (size_t)lda * 4, line = (size_t)ldb * 4, stored = EDGE * sizeof *tile;
    configure(TILE, 4 * TILE);
    for (int j = 0; j < o->columns; j += EDGE)
        for (int i = 0; i < o->rows; i += EDGE) {
            const uint32_t *x = a + (size_t)i * (size_t)lda, *y = b + j;
            _tile_zero(0);
            _tile_zero(1);
            _tile_zero(2);
            _tile_zero(3);
            for (int p = 0; p < count; p += TILE, x += TILE, y += (size_t)TILE * (size_t)ldb) {
                _tile_loadd(4, x, row);
                _tile_loadd(5, x + (size_t)TILE * (size_t)lda, row);
                _tile_loadd(6, y, line);
                _tile_loadd(7, y + TILE, line);
                _tile_dpbf16ps(0, 4, 6);
                _tile_dpbf16ps(1, 4, 7);
                _tile_dpbf16ps(2, 5, 6);
                _tile_dpbf16ps(3, 5, 7);
            }
            _tile_stored(0, tile, stored);
            _tile_stored(1, tile + TILE, stored);
            _tile_stored(2, tile + TILE * EDGE, stored);
            _tile_stored(3, tile + TILE * EDGE + TILE, stored);
            finish(o, tile, i, j);
        }
    _tile_release();
}

/* 16 x 16 words turned. */
static void turn(const uint32_t *from, int ldf, uint32_t *to, int ldt)
{
    __m512i r[16], t[16];
    for (int i = 0; i < 16; ++i) r[i] = _mm512_loadu_si512(from + (size_t)i * (size_t)ldf);
    for (int i = 0; i < 8; ++i) {
        t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 4; ++i) { /* r[4 i + c]: columns c, 4 + c, 8 + c, 12 + c of rows 4 i .. 4 i + 3 */
        r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
        r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
    }
    for (int c = 0; c < 4; ++c) {
        __m512i a = _mm512_shuffle_i32x4(r[c], r[4 + c], 0x88), b = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0x88);
        __m512i d = _mm512_shuffle_i32x4(r[c], r[4 + c], 0xdd), e = _mm512_shuffle_i32x4(r[8 + c], r[12 + c], 0xdd);
        _mm512_storeu_si512(to + (size_t)c * (size_t)ldt, _mm512_shuffle_i32x4(a, b, 0x88));
        _mm512_storeu_si512(to + (size_t)(4 + c) * (size_t)ldt, _mm512_shuffle_i32x4(d, e, 0x88));
        _mm512_storeu_si512(to + (size_t)(8 + c) * (size_t)ldt, _mm512_shuffle_i32x4(a, b, 0xdd));
        _mm512_storeu_si512(to + (size_t)(12 + c) * (size_t)ldt, _mm512_shuffle_i32x4(d, e, 0xdd));
    }
}

/* ---- layers ---- */

/* Words that hold m rows of k inputs by rows, and their m / 2 pairs, with the zeros that tiles read. */
static size_t rows_words(int m, int k)
{
    return (size_t)rounded(m, EDGE) * (size_t)k / 2;
}

static size_t pairs_words(int m, int k)
{
    return (size_t)rounded(m, EDGE) / 2 * (size_t)k;
}

static size_t linear_work(int n, int k, int m)
{
    return (rows_words(m, k) + rows_words(m, n) + pairs_words(m, k) + 2 * pairs_words(m, n)) * sizeof(uint32_t) + 256;
}

static void rows_with_zeros(const float *a, int m, int k, uint32_t *to)
{
    size_t words = (size_t)m * (size_t)k / 2;
    to_rows(a, (size_t)m * (size_t)k, to);
    memset(to + words, 0, (rows_words(m, k) - words) * sizeof *to);
}

static void pairs_with_zeros(const float *a, int m, int k, uint32_t *to)
{
    size_t words = (size_t)((m + 1) / 2) * (size_t)k;
    to_pairs(a, m, k, to);
    memset(to + words, 0, (pairs_words(m, k) - words) * sizeof *to);
}

static void linear(const anl_train_linear *l, const float *a, int m, anl_train_mode mode, float *y, void *work)
{
    int n = l->n, k = l->k;
    rows_with_zeros(a, m, k, work);
    product(work, k / 2, l->packed, n, k / 2, &(out){y, n, m, n, l->bias, mode});
}

static void linear_back(const anl_train_linear *l, const float *a, const float *dy, int m, float *da, float *dw, float *db, void *work)
{
    int n = l->n, k = l->k, pairs = rounded(m, EDGE) / 2;
    uint32_t *by_rows = work, *a_pairs = by_rows + rows_words(m, n), *dy_pairs = a_pairs + pairs_words(m, k),
             *turned = dy_pairs + pairs_words(m, n);
    if (da) {
        const uint32_t *backward = (const uint32_t *)l->packed + (size_t)n * (size_t)k / 2;
        rows_with_zeros(dy, m, n, by_rows);
        product(by_rows, n / 2, backward, k, n / 2, &(out){da, k, m, k, NULL, ANL_TRAIN_SET});
    }
    pairs_with_zeros(dy, m, n, dy_pairs);
    pairs_with_zeros(a, m, k, a_pairs);
    for (int p = 0; p < pairs; p += TILE)
        for (int o = 0; o < n; o += TILE) turn(dy_pairs + (size_t)p * (size_t)n + o, n, turned + (size_t)o * (size_t)pairs + p, pairs);
    product(turned, pairs, a_pairs, k, pairs, &(out){dw, k, n, k, NULL, ANL_TRAIN_ADD});
    if (db) sum_columns(dy, m, n, db);
}

void anl_train_products_amx(anl_train_kernels *t)
{
    if (!anl_amx_granted(ANL_AMX_BF16)) return;
    t->name = "bf16 on tiles";
    t->packed_size = packed_size;
    t->pack = pack;
    t->linear_work = linear_work;
    t->linear = linear;
    t->linear_back = linear_back;
}
