// The encoder's forward pass (docs/encoder.md, src/encoder.c). Sums are sums of integers; the float steps are those of encode_common.h,
// compiled without contraction, so that every byte is the CPU's.
#include "../encode_common.h"
#include "tile.cuh"

#include <string.h>

namespace anl {

enum { PART_SEQS = 16384, THREADS = 128, GROUP = ANL_ENCODE_GROUP, HEAD = ANL_ENCODE_HEAD, MOST_TOKENS = ANL_ENCODE_MAX_TOKENS, KMER = 6 };

static __host__ __device__ int token_count(int len)
{
    return (len - KMER + GROUP) / GROUP;
}

template <class T> __device__ static T warp_sum(T v)
{
    for (int i = WARP / 2; i; i /= 2) v += __shfl_xor_sync(~0u, v, i);
    return v;
}

// ---- tokens and table: a block a sequence ----

// First base of k-mer j of token t, or -1. Left half from the left, right half its mirror image: src/tokens.c.
__device__ static int kmer_start(int t, int j, int len)
{
    const int tokens = token_count(len), n = len - KMER + 1, half = tokens / 2, shift = (GROUP * tokens - n) / 2;
    const bool left = t < half, right = t >= tokens - half;
    const int to = GROUP * ((left ? t : right ? tokens - 1 - t : half) + 1) - shift, from = max(to - GROUP, 0);
    const int begin = right ? n - to : from, end = left ? to : n - from;
    return begin + j < end ? begin + j : -1;
}

// Row of the table for the k-mer that starts at a base.
__device__ static int row_of(const model &m, const sequence &s, const uint32_t *bits, int start)
{
    uint32_t code = 0;
    for (int i = start; i < start + KMER; ++i) {
        const uint32_t *at = bits + i / 32 * s.planes;
        if (s.planes == 3 && at[2] >> i % 32 & 1) return m.none;
        code = code << 2 | (at[1] >> i % 32 & 1) << 1 | (at[0] >> i % 32 & 1);
    }
    return m.rank[code];
}

// x[tokens][d], 16 times the sums of rows; valid[n] k-mers counted.
__global__ void gather_kernel(const sequence *seqs, const uint32_t *words, model m, int16_t *x, int32_t *valid)
{
    __shared__ uint16_t rows[MOST_TOKENS * GROUP];
    __shared__ int count;
    const sequence s = seqs[blockIdx.x];
    const int tokens = token_count(s.len);
    if (threadIdx.x == 0) count = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < tokens * GROUP; i += blockDim.x) {
        const int start = kmer_start(i / GROUP, i % GROUP, s.len), row = start < 0 ? m.none : row_of(m, s, words + s.at, start);
        rows[i] = (uint16_t)row;
        if (row != m.none) atomicAdd(&count, 1);
    }
    __syncthreads();
    if (threadIdx.x == 0) valid[blockIdx.x] = count;
    const int8_t *column = m.table + threadIdx.x;
    for (int t = 0; t < tokens; ++t) {
        int sum = 0;
        for (int j = 0; j < GROUP; ++j) sum += column[rows[t * GROUP + j] * m.d];
        x[(size_t)(s.first + t) * m.d + threadIdx.x] = (int16_t)(sum * 16);
    }
}

// ---- norm: a warp a row ----

__global__ void norm_kernel(const int16_t *x, int rows, int d, float scale, uint8_t *out)
{
    const int t = blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP, lane = threadIdx.x % WARP;
    if (t >= rows) return;
    int32_t sum = 0;
    int64_t squares = 0;
    float mean, factor;
    x += (size_t)t * d;
    for (int c = lane; c < d; c += WARP) {
        sum += x[c];
        squares += x[c] * x[c];
    }
    norm_factors(warp_sum(sum), warp_sum((long long)squares), d, scale, &mean, &factor);
    for (int c = lane; c < d; c += WARP) out[(size_t)t * d + c] = (uint8_t)(clamp(rne(((float)x[c] - mean) * factor), -127, 127) + 128);
}

// ---- linear layers: a block 64 rows; what becomes of two neighbouring outputs ----

struct to_s8 {
    int8_t *out;
    __device__ void operator()(size_t at, int32_t a, int32_t b) const
    {
        *reinterpret_cast<char2 *>(out + at) = char2{(signed char)clamp(a, -127, 127), (signed char)clamp(b, -127, 127)};
    }
};

struct to_u8 {
    uint8_t *out;
    __device__ void operator()(size_t at, int32_t a, int32_t b) const
    {
        *reinterpret_cast<uchar2 *>(out + at) = uchar2{(uint8_t)clamp(a, 0, 255), (uint8_t)clamp(b, 0, 255)};
    }
};

struct to_s32 {
    int32_t *out;
    __device__ void operator()(size_t at, int32_t a, int32_t b) const
    {
        *reinterpret_cast<int2 *>(out + at) = int2{a, b};
    }
};

struct add_s16 {
    int16_t *x;
    __device__ static int16_t add(int16_t x, int32_t y)
    {
        return (int16_t)clamp(x + clamp(y, INT16_MIN, INT16_MAX), INT16_MIN, INT16_MAX);
    }
    __device__ void operator()(size_t at, int32_t a, int32_t b) const
    {
        short2 *to = reinterpret_cast<short2 *>(x + at);
        *to = short2{add(to->x, a), add(to->y, b)};
    }
};

__device__ static int32_t scaled(const linear &l, int o, int32_t sum)
{
    const float v = (float)(sum + l.init[o]) * l.scale[o];
    return rne(v + l.shift[o]);
}

template <class Store> __global__ void linear_kernel(linear l, const uint8_t *a, int rows, Store store)
{
    extern __shared__ uint4 tile[];
    const int first = blockIdx.x * TILE;
    tile_load(tile, l.k, [&](int r) { return first + r < rows ? a + (size_t)(first + r) * l.k : nullptr; });
    tile_dots(tile, l.k, l.w, 0, l.n / 16, [&](int r, int o, int32_t y0, int32_t y1) {
        if (first + r < rows) store((size_t)(first + r) * l.n + o, scaled(l, o, y0), scaled(l, o + 1, y1));
    });
}

template <class Store> static void run_linear(cudaStream_t stream, const linear &l, const uint8_t *a, int rows, Store store)
{
    linear_kernel<Store><<<(rows + TILE - 1) / TILE, TILE_THREADS, tile_bytes(l.k), stream>>>(l, a, rows, store);
}

// ---- attention: a block of 64 threads a sequence and head, a thread a token ----

__device__ static float logit(const int32_t *q, const int32_t *k, float scale, float bias)
{
    int32_t sum = 0;
    for (int c = 0; c < HEAD / 4; ++c) sum = __dp4a(q[c], k[c], sum);
    const float l = (float)sum * scale;
    return l + bias;
}

__global__ void attend_kernel(const sequence *seqs, const int8_t *qkv, int d, const float *scales, const float (*biases)[128], uint8_t *out)
{
    __shared__ int32_t k[MOST_TOKENS][HEAD / 4], v[MOST_TOKENS][HEAD / 4];
    const sequence s = seqs[blockIdx.x];
    const int m = token_count(s.len), h = blockIdx.y, i = threadIdx.x, words = d / 4, stride = 3 * words;
    const int32_t *from = reinterpret_cast<const int32_t *>(qkv + (size_t)s.first * 3 * d + h * HEAD);
    for (int w = i; w < m * (HEAD / 4); w += blockDim.x) {
        const int32_t *at = from + w / (HEAD / 4) * stride + w % (HEAD / 4);
        k[w / (HEAD / 4)][w % (HEAD / 4)] = at[words];
        v[w / (HEAD / 4)][w % (HEAD / 4)] = at[2 * words];
    }
    __syncthreads();
    if (i >= m) return;
    const float scale = scales[h], *bias = biases[h] + MOST_TOKENS - i;
    int32_t q[HEAD / 4], sum = 0, total[HEAD] = {};
    float most = 0;
    for (int c = 0; c < HEAD / 4; ++c) q[c] = from[i * stride + c];
    for (int j = 0; j < m; ++j) {
        const float l = logit(q, k[j], scale, bias[j]);
        if (j == 0 || l > most) most = l;
    }
    for (int j = 0; j < m; ++j) {
        const int32_t p = rne(exp2_255(logit(q, k[j], scale, bias[j]) - most));
        sum += p;
#pragma unroll
        for (int c = 0; c < HEAD; ++c) total[c] += p * (int8_t)(v[j][c / 4] >> c % 4 * 8);
    }
    const float inverse = 1.0f / (float)sum;
    uint8_t *to = out + (size_t)(s.first + i) * d + h * HEAD;
#pragma unroll
    for (int c = 0; c < HEAD; ++c) to[c] = (uint8_t)(rne((float)total[c] * inverse) + 128);
}

// ---- pooling and length: a block a sequence, a thread a channel ----

// The sum over the block, to every thread.
__device__ static int64_t block_sum(int64_t v)
{
    __shared__ unsigned long long sum;
    if (threadIdx.x == 0) sum = 0;
    __syncthreads();
    v = warp_sum((long long)v);
    if (threadIdx.x % WARP == 0) atomicAdd(&sum, (unsigned long long)v);
    __syncthreads();
    return (int64_t)sum;
}

__global__ void pool_kernel(const sequence *seqs, const int16_t *x, const int32_t *valid, model m, uint8_t *out)
{
    __shared__ int32_t gates[MOST_TOKENS];
    const sequence s = seqs[blockIdx.x];
    const int tokens = token_count(s.len), d = m.d, c = threadIdx.x, lane = c % WARP;
    x += (size_t)s.first * d;
    for (int t = c / WARP; t < tokens; t += d / WARP) {
        int32_t dot = 0;
        for (int i = lane; i < d; i += WARP) dot += x[(size_t)t * d + i] * m.gate[i];
        dot = warp_sum(dot);
        const float z = (float)dot * m.gate_scale;
        if (lane == 0) gates[t] = gate_of(z + m.gate_bias);
    }
    __syncthreads();
    int32_t pooled = 0;
    for (int t = 0; t < tokens; ++t) pooled += gates[t] * x[(size_t)t * d + c];
    const int kmers = valid[blockIdx.x];
    const float share = kmers ? 1.0f / (float)(16 * kmers) : 0, mean = (float)pooled * share;
    const int32_t centred = to_fixed((mean - m.mean[c]) * 16.0f);
    const float factor = unit(m.pool_length, block_sum((int64_t)centred * centred));
    out[(size_t)blockIdx.x * d + c] = (uint8_t)(to_int8((float)centred * factor) + 128);
}

__global__ void length_kernel(const int32_t *y, const int32_t *valid, double radius, int8_t *out)
{
    const size_t at = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    const int64_t v = to_fixed((float)y[at]);
    const float factor = unit(radius, block_sum(v * v));
    out[at] = (int8_t)(valid[blockIdx.x] ? to_int8((float)y[at] * factor) : 0);
}

// ---- the pass ----

// What is copied to the GPU comes first, so that one copy does.
struct embed_memory {
    int n, tokens, d;
    size_t words;
    sequence *seqs;
    uint32_t *planes;
    size_t input; // bytes
    int16_t *x;
    uint8_t *a;      // [tokens][d] inputs of a layer
    uint8_t *wide;   // [tokens][3 d] or [tokens][2 d]
    uint8_t *pooled; // [n][d]
    int32_t *y, *valid;
    int8_t *out;
    void lay(carver &c)
    {
        const size_t t = tokens, w = d;
        seqs = c.take<sequence>(n);
        planes = c.take<uint32_t>(words);
        input = c.at;
        x = c.take<int16_t>(t * w);
        a = c.take<uint8_t>(t * w);
        wide = c.take<uint8_t>(3 * t * w);
        pooled = c.take<uint8_t>(n * w);
        y = c.take<int32_t>(n * w);
        valid = c.take<int32_t>(n);
        out = c.take<int8_t>(n * w);
    }
};

struct embed_host {
    int n, d;
    size_t words;
    sequence *seqs;
    uint32_t *planes;
    int8_t *out;
    void lay(carver &c)
    {
        seqs = c.take<sequence>(n);
        planes = c.take<uint32_t>(words);
        out = c.take<int8_t>((size_t)n * d);
    }
};

static void run_layer(cudaStream_t stream, const model &m, const layer &l, const embed_memory &g)
{
    const int rows = g.tokens, norm_blocks = (rows + THREADS / WARP - 1) / (THREADS / WARP);
    int8_t *qkv = reinterpret_cast<int8_t *>(g.wide);
    norm_kernel<<<norm_blocks, THREADS, 0, stream>>>(g.x, rows, m.d, m.norm_scale, g.a);
    run_linear(stream, l.qkv, g.a, rows, to_s8{qkv});
    attend_kernel<<<dim3(g.n, m.d / HEAD), MOST_TOKENS, 0, stream>>>(g.seqs, qkv, m.d, l.scale, l.bias, g.a);
    run_linear(stream, l.o, g.a, rows, add_s16{g.x});
    norm_kernel<<<norm_blocks, THREADS, 0, stream>>>(g.x, rows, m.d, m.norm_scale, g.a);
    run_linear(stream, l.up, g.a, rows, to_u8{g.wide});
    run_linear(stream, l.down, g.wide, rows, add_s16{g.x});
}

static int embed_part(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    const model &m = s->gpu->model;
    embed_memory g{};
    embed_host h{};
    g.n = h.n = n;
    g.d = h.d = m.d;
    for (int i = 0; i < n; ++i) {
        g.tokens += token_count(lens[i]);
        h.words = g.words += most_words(lens[i]);
    }
    int rc = place(s->device, g);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    size_t used = 0;
    for (int i = 0, first = 0; i < n; ++i) {
        h.seqs[i] = pack(h.planes, &used, seqs[i], lens[i]);
        h.seqs[i].first = first;
        first += token_count(lens[i]);
    }
    cudaMemcpyAsync(g.seqs, h.seqs, (size_t)((char *)(h.planes + used) - (char *)h.seqs), cudaMemcpyHostToDevice, s->stream);
    gather_kernel<<<n, m.d, 0, s->stream>>>(g.seqs, g.planes, m, g.x, g.valid);
    for (int i = 0; i < m.layers; ++i) run_layer(s->stream, m, m.layers_of[i], g);
    pool_kernel<<<n, m.d, 0, s->stream>>>(g.seqs, g.x, g.valid, m, g.pooled);
    run_linear(s->stream, m.out, g.pooled, n, to_s32{g.y});
    length_kernel<<<n, m.d, 0, s->stream>>>(g.y, g.valid, m.radius, g.out);
    cudaMemcpyAsync(h.out, g.out, (size_t)n * m.d, cudaMemcpyDeviceToHost, s->stream);
    rc = finish(s, "embedding");
    if (!rc) memcpy(out, h.out, (size_t)n * m.d);
    return rc;
}

int embed(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    const int rc = enter(s->gpu);
    return rc ? rc : in_parts((size_t)n, PART_SEQS, [&](size_t i, size_t m) { return embed_part(s, seqs + i, lens + i, (int)m, out + i * s->gpu->model.d); });
}

} // namespace anl
