// The encoder's forward pass (docs/encoder.md, src/encoder.c). Sums are sums of integers; the float steps are those of encode_common.h,
// compiled without contraction, so that every byte is the CPU's. cuBLAS leaves the sums of a linear layer in memory; whoever needs the outputs
// scales and rounds them.
#include "encode_common.h"
#include "gpu.cuh"
#include "ptx.cuh"

#include <string.h>

namespace anl
{

enum {
    PART_SEQS = 16384,
    THREADS = 128,
    GROUP = ANL_TOKEN_KMERS,
    HEAD = ANL_ENCODER_HEAD,
    MOST_TOKENS = ANL_ENCODER_MAX_TOKENS,
    KMER = ANL_KMER
};

template <class T> __device__ static T warp_sum(T v)
{
    for (int i = WARP / 2; i; i /= 2) v += __shfl_xor_sync(~0u, v, i);
    return v;
}

// Words of four bytes of a row that a lane takes, at most: word w of 0.. is word w * WARP + lane of the row.
enum { LANE_WORDS = ANL_ENCODER_MAX_DIM / 4 / WARP };

// ---- tokens and table: a warp a sequence ----

// First base of k-mer j of token t, or -1. Left half from the left, right half its mirror image: src/tokens.c.
__device__ static int kmer_start(int t, int j, int len)
{
    const int tokens = ANL_TOKEN_COUNT(len), n = len - KMER + 1, half = tokens / 2, shift = (GROUP * tokens - n) / 2;
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

// The warp's sequence as rows of the table, rows[tokens * GROUP] in shared memory; *valid: k-mers counted.
__device__ static void find_rows(const model &m, const sequence &s, const uint32_t *words, uint16_t *rows, int32_t *valid)
{
    int count = 0;
    const int lane = threadIdx.x % WARP;
    for (int i = lane; i < ANL_TOKEN_COUNT(s.len) * GROUP; i += WARP) {
        const int start = kmer_start(i / GROUP, i % GROUP, s.len), row = start < 0 ? m.none : row_of(m, s, words + s.at, start);
        rows[i] = (uint16_t)row;
        count += row != m.none;
    }
    count = warp_sum(count);
    if (lane == 0) *valid = count;
    __syncwarp();
}

// Four neighbouring channels of a token; `column` is the table's, whose rows have d bytes.
__device__ static void token_sums(const int8_t *column, const uint16_t *rows, int d, int32_t sum[4])
{
    for (int c = 0; c < 4; ++c) sum[c] = 0;
#pragma unroll
    for (int j = 0; j < GROUP; ++j) {
        const int32_t four = __ldg(reinterpret_cast<const int32_t *>(column + rows[j] * d));
#pragma unroll
        for (int c = 0; c < 4; ++c) sum[c] = dot_bytes(1u << 8 * c, four, sum[c]); // a byte with its sign
    }
}

// The sequence of this warp, or -1.
__device__ static int own_sequence(int n)
{
    const int i = blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP;
    return i < n ? i : -1;
}

// x[tokens][d], 16 times the sums of rows; valid[n] k-mers counted.
__global__ void gather_kernel(const sequence *seqs, int n, const uint32_t *words, model m, int16_t *x, int32_t *valid)
{
    __shared__ uint16_t all_rows[THREADS / WARP][MOST_TOKENS * GROUP];
    const int at = own_sequence(n);
    if (at < 0) return;
    const sequence s = seqs[at];
    uint16_t *rows = all_rows[threadIdx.x / WARP];
    find_rows(m, s, words, rows, valid + at);
    for (int c = threadIdx.x % WARP * 4; c < m.d; c += WARP * 4)
        for (int t = 0; t < ANL_TOKEN_COUNT(s.len); ++t) {
            int32_t sum[4];
            token_sums(m.table + c, rows + t * GROUP, m.d, sum);
            *reinterpret_cast<short4 *>(x + (size_t)(s.first + t) * m.d + c) =
                short4{(short)(sum[0] * 16), (short)(sum[1] * 16), (short)(sum[2] * 16), (short)(sum[3] * 16)};
        }
}

// ---- what becomes of a layer's sums ----

__device__ static int32_t scaled(const linear &l, int o, int32_t sum)
{
    const float v = (float)(sum + l.init[o]) * l.scale[o];
    return rne(v + l.shift[o]);
}

// Four neighbouring outputs of a row from output o on, a multiple of 4.
__device__ static void scaled_four(const linear &l, const int32_t *sums, size_t row, int o, int32_t to[4])
{
    const int4 y = *reinterpret_cast<const int4 *>(sums + row * l.n + o), init = __ldg(reinterpret_cast<const int4 *>(l.init + o));
    const float4 scale = __ldg(reinterpret_cast<const float4 *>(l.scale + o)), shift = __ldg(reinterpret_cast<const float4 *>(l.shift + o));
    const float v[4] = {(float)(y.x + init.x) * scale.x, (float)(y.y + init.y) * scale.y, (float)(y.z + init.z) * scale.z,
                        (float)(y.w + init.w) * scale.w};
    to[0] = rne(v[0] + shift.x);
    to[1] = rne(v[1] + shift.y);
    to[2] = rne(v[2] + shift.z);
    to[3] = rne(v[3] + shift.w);
}

__device__ static uint32_t bytes_of(const int32_t v[4])
{
    return (uint32_t)(uint8_t)v[0] | (uint32_t)(uint8_t)v[1] << 8 | (uint32_t)(uint8_t)v[2] << 16 | (uint32_t)(uint8_t)v[3] << 24;
}

// The same, limited, less `offset`, as bytes of a word.
__device__ static uint32_t four(const linear &l, const int32_t *sums, size_t row, int o, int32_t low, int32_t high, int32_t offset)
{
    int32_t v[4];
    scaled_four(l, sums, row, o, v);
    for (int i = 0; i < 4; ++i) v[i] = clamp(v[i], low, high) - offset;
    return bytes_of(v);
}

// A thread four outputs.
__global__ void relu_kernel(linear l, const int32_t *sums, int rows, uint32_t *out)
{
    const uint32_t at = blockIdx.x * THREADS + threadIdx.x, words = l.n / 4; // of a part there are less than 2^27
    if (at < rows * words) out[at] = four(l, sums, at / words, (int)(at % words) * 4, 0, 255, 128);
}

__device__ static int32_t to_int16(int32_t v)
{
    return clamp(v, INT16_MIN, INT16_MAX);
}

// Of a lane's words of a row: their sum and the sum of their squares.
struct row_sums {
    int32_t sum;
    int64_t squares;
    __device__ void add(const int32_t v[4])
    {
        for (int i = 0; i < 4; ++i) {
            sum += v[i];
            squares += v[i] * v[i];
        }
    }
};

// A warp a row: adds a layer's outputs to x, if there are sums, and leaves the row's norm in out, if there is one. All of a row is read before
// any of it is written: a load behind a store to the same line waits for it.
__global__ void norm_kernel(linear l, const int32_t *sums, int16_t *x, int rows, int d, float scale, int8_t *out)
{
    const int t = blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP, lane = threadIdx.x % WARP;
    if (t >= rows) return;
    const size_t row = (size_t)t * d;
    int32_t v[LANE_WORDS][4] = {};
    row_sums all{0, 0};
#pragma unroll
    for (int w = 0; w < LANE_WORDS; ++w) {
        const int c = (w * WARP + lane) * 4;
        if (c >= d) continue;
        const short4 four = *reinterpret_cast<const short4 *>(x + row + c);
        v[w][0] = four.x, v[w][1] = four.y, v[w][2] = four.z, v[w][3] = four.w;
        if (sums) {
            int32_t more[4];
            scaled_four(l, sums, (size_t)t, c, more);
            for (int i = 0; i < 4; ++i) v[w][i] = to_int16(v[w][i] + to_int16(more[i]));
        }
        all.add(v[w]);
    }
    float mean = 0, factor = 0;
    if (out) norm_factors(warp_sum(all.sum), warp_sum((long long)all.squares), d, scale, &mean, &factor);
#pragma unroll
    for (int w = 0; w < LANE_WORDS; ++w) {
        const int c = (w * WARP + lane) * 4;
        if (c >= d) continue;
        if (sums) *reinterpret_cast<short4 *>(x + row + c) = short4{(short)v[w][0], (short)v[w][1], (short)v[w][2], (short)v[w][3]};
        if (!out) continue;
        int32_t to[4];
        for (int i = 0; i < 4; ++i) to[i] = clamp(rne(((float)v[w][i] - mean) * factor), -127, 127);
        *reinterpret_cast<uint32_t *>(out + row + c) = bytes_of(to);
    }
}

// ---- attention: a block a sequence, some warps a head, a thread a token ----

enum { WORDS = HEAD / 4 };

// A head's queries, keys and values in shared memory. Values have four tokens to a word: [tokens / 4][HEAD].
struct head_memory {
    int4 *queries, *keys; // [tokens][HEAD / 16]
    uint8_t *values;
    __device__ head_memory(int4 *shared, int longest, int head)
    {
        shared += (size_t)head * words(longest);
        queries = shared;
        keys = queries + longest * (HEAD / 16);
        values = reinterpret_cast<uint8_t *>(keys + longest * (HEAD / 16));
    }
    static __host__ __device__ int words(int longest) // of 16 bytes
    {
        return 2 * longest * (HEAD / 16) + (longest + 3) / 4 * (HEAD / 4);
    }
};

static __host__ __device__ int head_threads(int longest)
{
    return (longest + WARP - 1) / WARP * WARP;
}

// Outputs of `qkv` of the tokens from `first` on, as bytes.
__device__ static void load_head(const linear &qkv, const int32_t *sums, int first, int tokens, int head, const head_memory &to, int thread,
                                 int threads)
{
    const int d = qkv.n / 3;
    for (int w = thread; w < tokens * WORDS; w += threads) {
        const int c = w % WORDS, t = w / WORDS, o = head * HEAD + c * 4;
        const size_t row = (size_t)(first + t);
        reinterpret_cast<uint32_t *>(to.queries)[w] = four(qkv, sums, row, o, -127, 127, 0);
        reinterpret_cast<uint32_t *>(to.keys)[w] = four(qkv, sums, row, d + o, -127, 127, 0);
        const uint32_t value = four(qkv, sums, row, 2 * d + o, -127, 127, 0);
        for (int i = 0; i < 4; ++i) to.values[(t / 4 * HEAD + c * 4 + i) * 4 + t % 4] = (uint8_t)(value >> 8 * i);
    }
}

__device__ static float logit(const int4 q[HEAD / 16], const int4 *k, float scale, float bias)
{
    int32_t sum = 0;
#pragma unroll
    for (int i = 0; i < HEAD / 16; ++i) {
        const int4 key = k[i];
        sum = __dp4a(q[i].w, key.w, __dp4a(q[i].z, key.z, __dp4a(q[i].y, key.y, __dp4a(q[i].x, key.x, sum))));
    }
    const float l = (float)sum * scale;
    return l + bias;
}

// The weights of four tokens from j on, a byte each; none behind the last.
__device__ static uint32_t weights(const int4 q[HEAD / 16], const head_memory &h, int j, int tokens, float scale, const float *bias,
                                   float most)
{
    uint32_t four = 0;
#pragma unroll
    for (int i = 0; i < 4; ++i)
        if (j + i < tokens) four |= (uint32_t)rne(exp2_255(logit(q, h.keys + (j + i) * (HEAD / 16), scale, bias[j + i]) - most)) << 8 * i;
    return four;
}

__global__ void attend_kernel(const sequence *seqs, linear qkv, const int32_t *sums, const float *scales,
                              const float (*biases)[ANL_ENCODE_BIASES], int longest, int8_t *out)
{
    extern __shared__ int4 shared[];
    const sequence s = seqs[blockIdx.x];
    const int tokens = ANL_TOKEN_COUNT(s.len), threads = head_threads(longest), head = threadIdx.x / threads, i = threadIdx.x % threads,
              d = qkv.n / 3;
    const head_memory h(shared, longest, head);
    load_head(qkv, sums, s.first, tokens, head, h, i, threads);
    __syncthreads();
    if (i >= tokens) return;
    const float scale = scales[head], *bias = biases[head] + MOST_TOKENS - i;
    int4 q[HEAD / 16];
    int32_t sum = 0, total[HEAD] = {};
    float most = 0;
#pragma unroll
    for (int c = 0; c < HEAD / 16; ++c) q[c] = h.queries[i * (HEAD / 16) + c];
    for (int j = 0; j < tokens; ++j) {
        const float l = logit(q, h.keys + j * (HEAD / 16), scale, bias[j]);
        if (j == 0 || l > most) most = l;
    }
    const int4 *values = reinterpret_cast<const int4 *>(h.values);
    for (int j = 0; j < tokens; j += 4, values += HEAD / 4) {
        const uint32_t p = weights(q, h, j, tokens, scale, bias, most);
        sum = dot_bytes(p, 0x01010101, sum);
#pragma unroll
        for (int c = 0; c < HEAD / 4; ++c) {
            const int4 v = values[c];
            total[4 * c] = dot_bytes(p, v.x, total[4 * c]);
            total[4 * c + 1] = dot_bytes(p, v.y, total[4 * c + 1]);
            total[4 * c + 2] = dot_bytes(p, v.z, total[4 * c + 2]);
            total[4 * c + 3] = dot_bytes(p, v.w, total[4 * c + 3]);
        }
    }
    const float inverse = 1.0f / (float)sum;
    uint32_t *to = reinterpret_cast<uint32_t *>(out + (size_t)(s.first + i) * d + head * HEAD);
#pragma unroll
    for (int c = 0; c < WORDS; ++c) {
        int32_t v[4];
        for (int k = 0; k < 4; ++k) v[k] = rne((float)total[4 * c + k] * inverse);
        to[c] = bytes_of(v);
    }
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

__global__ void pool_kernel(const sequence *seqs, const int16_t *x, const int32_t *valid, model m, int8_t *out)
{
    __shared__ int32_t gates[MOST_TOKENS];
    const sequence s = seqs[blockIdx.x];
    const int tokens = ANL_TOKEN_COUNT(s.len), d = m.d, c = threadIdx.x, lane = c % WARP;
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
    const float share = kmers ? 1.0f / (float)(128 / GROUP * kmers) : 0, mean = (float)pooled * share;
    const int32_t centred = to_fixed((mean - m.mean[c]) * 16.0f);
    const float factor = unit(m.pool_length, block_sum((int64_t)centred * centred));
    out[(size_t)blockIdx.x * d + c] = (int8_t)to_int8((float)centred * factor);
}

__global__ void length_kernel(linear l, const int32_t *sums, const int32_t *valid, double radius, int8_t *out)
{
    const size_t at = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    const float y = (float)scaled(l, threadIdx.x, sums[at]);
    const int64_t v = to_fixed(y);
    const float factor = unit(radius, block_sum(v * v));
    out[at] = (int8_t)(valid[blockIdx.x] ? to_int8(y * factor) : 0);
}

// ---- the light encoder ----

// The weighted sum of a sequence's rows, brought to its length: a[n][d]. A warp a sequence.
__global__ void weigh_kernel(const sequence *seqs, int n, const uint32_t *words, model m, int8_t *a, int32_t *valid)
{
    __shared__ uint16_t all_rows[THREADS / WARP][MOST_TOKENS * GROUP];
    const int at = own_sequence(n), lane = threadIdx.x % WARP;
    if (at < 0) return;
    const sequence s = seqs[at];
    uint16_t *rows = all_rows[threadIdx.x / WARP];
    const int tokens = ANL_TOKEN_COUNT(s.len);
    find_rows(m, s, words, rows, valid + at);
    int32_t v[LANE_WORDS][4] = {};
    int64_t squares = 0;
#pragma unroll
    for (int w = 0; w < LANE_WORDS; ++w) {
        const int c = (w * WARP + lane) * 4;
        if (c >= m.d) continue;
        for (int t = 0; t < tokens; ++t) {
            int32_t sum[4];
            token_sums(m.light.table + c, rows + t * GROUP, m.d, sum);
            for (int i = 0; i < 4; ++i) v[w][i] += m.light.weight[abs(2 * t - (tokens - 1))] * sum[i];
        }
        for (int i = 0; i < 4; ++i) {
            const int64_t limited = clamp(v[w][i], -UNIT_MOST, UNIT_MOST);
            squares += limited * limited;
        }
    }
    const float factor = unit(m.light.pool_length, warp_sum((long long)squares));
#pragma unroll
    for (int w = 0; w < LANE_WORDS; ++w) {
        const int c = (w * WARP + lane) * 4;
        if (c >= m.d) continue;
        int32_t to[4];
        for (int i = 0; i < 4; ++i) to[i] = to_int8((float)v[w][i] * factor);
        *reinterpret_cast<uint32_t *>(a + (size_t)at * m.d + c) = bytes_of(to);
    }
}

// joined[n][d + hidden]: the sum and the hidden layer, the latter less 128. A thread four bytes.
__global__ void join_kernel(linear up, const int32_t *sums, const int8_t *a, int n, uint32_t *joined)
{
    const int d = up.k, words = (d + up.n) / 4;
    const uint32_t at = blockIdx.x * THREADS + threadIdx.x; // of a part there are less than 2^21
    if (at >= (uint32_t)(n * words)) return;
    const size_t row = at / words;
    const int i = (int)(at % words) * 4;
    joined[at] = i < d ? *reinterpret_cast<const uint32_t *>(a + row * d + i) : four(up, sums, row, i - d, 0, 255, 128);
}

// ---- the pass ----

// What is copied to the GPU comes first, so that one copy does.
struct embed_memory {
    int n, tokens, longest, d; // longest: tokens of a sequence
    size_t words;
    sequence *seqs;
    uint32_t *planes;
    int16_t *x;    // [tokens][d]
    int8_t *a;     // [tokens][d] or [tokens][2 d], at the end [n][d]: inputs of a layer; room for product_rows()
    int32_t *sums; // [tokens][up to 3 d] what comes of them; likewise
    int32_t *valid;
    int8_t *out;
    void lay(carver &c)
    {
        const size_t t = tokens, rows = product_rows(tokens), w = d;
        seqs = c.take<sequence>(n);
        planes = c.take<uint32_t>(words);
        x = c.take<int16_t>(t * w);
        a = c.take<int8_t>(2 * rows * w);
        sums = c.take<int32_t>(3 * rows * w);
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

static void run_norm(anl_gpu_stream *s, const model &m, const linear &l, const int32_t *sums, const embed_memory &g, int8_t *out)
{
    timed(s, NORMS, [&] {
        norm_kernel<<<blocks_for(g.tokens, THREADS / WARP), THREADS, 0, s->stream>>>(l, sums, g.x, g.tokens, m.d, m.norm_scale, out);
    });
}

// From the norm of x in a to the norm of the new x in a, or to x alone behind the last layer.
static void run_layer(anl_gpu_stream *s, const model &m, const layer &l, const embed_memory &g, bool last)
{
    const int rows = product_rows(g.tokens), heads = m.d / HEAD;
    const size_t shared = (size_t)heads * head_memory::words(g.longest) * sizeof(int4);
    const size_t words = (size_t)g.tokens * l.up.n / 4;
    multiply(s, l.qkv.w, l.qkv.n, l.qkv.k, g.a, rows, g.sums);
    timed(s, ATTENTION, [&] {
        attend_kernel<<<g.n, heads * head_threads(g.longest), shared, s->stream>>>(g.seqs, l.qkv, g.sums, l.scale, l.bias, g.longest, g.a);
    });
    multiply(s, l.o.w, l.o.n, l.o.k, g.a, rows, g.sums);
    run_norm(s, m, l.o, g.sums, g, g.a);
    multiply(s, l.up.w, l.up.n, l.up.k, g.a, rows, g.sums);
    timed(s, LAYERS, [&] {
        relu_kernel<<<blocks_for(words, THREADS), THREADS, 0, s->stream>>>(l.up, g.sums, g.tokens, reinterpret_cast<uint32_t *>(g.a));
    });
    multiply(s, l.down.w, l.down.n, l.down.k, g.a, rows, g.sums);
    run_norm(s, m, l.down, g.sums, g, last ? nullptr : g.a);
}

static int embed_part(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    const model &m = s->gpu->model;
    embed_memory g{};
    embed_host h{};
    g.n = h.n = n;
    g.d = h.d = m.d;
    for (int i = 0; i < n; ++i) {
        const int tokens = ANL_TOKEN_COUNT(lens[i]);
        g.tokens += tokens;
        if (tokens > g.longest) g.longest = tokens;
        h.words = g.words += most_words(lens[i]);
    }
    int rc = place(s->device, g);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    size_t used = 0;
    for (int i = 0, first = 0; i < n; ++i) {
        h.seqs[i] = pack(h.planes, &used, seqs[i], lens[i]);
        h.seqs[i].first = first;
        first += ANL_TOKEN_COUNT(lens[i]);
    }
    cudaMemcpyAsync(g.seqs, h.seqs, (size_t)((char *)(h.planes + used) - (char *)h.seqs), cudaMemcpyHostToDevice, s->stream);
    timed(s, TOKENS,
          [&] { gather_kernel<<<blocks_for(n, THREADS / WARP), THREADS, 0, s->stream>>>(g.seqs, n, g.planes, m, g.x, g.valid); });
    run_norm(s, m, m.out, nullptr, g, g.a);
    for (int i = 0; i < m.layers; ++i) run_layer(s, m, m.layers_of[i], g, i + 1 == m.layers);
    timed(s, POOLING, [&] { pool_kernel<<<n, m.d, 0, s->stream>>>(g.seqs, g.x, g.valid, m, g.a); });
    multiply(s, m.out.w, m.out.n, m.out.k, g.a, product_rows(n), g.sums);
    timed(s, POOLING, [&] { length_kernel<<<n, m.d, 0, s->stream>>>(m.out, g.sums, g.valid, m.radius, g.out); });
    cudaMemcpyAsync(h.out, g.out, (size_t)n * m.d, cudaMemcpyDeviceToHost, s->stream);
    rc = finish(s, "embedding");
    if (!rc) memcpy(out, h.out, (size_t)n * m.d);
    return rc;
}

struct light_memory {
    int n, d, hidden;
    size_t words;
    sequence *seqs;
    uint32_t *planes;
    int8_t *a, *joined; // [n][d], [n][d + hidden]; room for product_rows()
    int32_t *sums;      // [n][d] or [n][hidden]; likewise
    int32_t *valid;
    int8_t *out;
    void lay(carver &c)
    {
        const size_t rows = product_rows(n), w = d, h = hidden;
        seqs = c.take<sequence>(n);
        planes = c.take<uint32_t>(words);
        a = c.take<int8_t>(rows * w);
        joined = c.take<int8_t>(rows * (w + h));
        sums = c.take<int32_t>(rows * (w > h ? w : h));
        valid = c.take<int32_t>(n);
        out = c.take<int8_t>(n * w);
    }
};

static int light_part_of(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    const model &m = s->gpu->model;
    const linear &up = m.light.up, &last = m.light.out;
    light_memory g{};
    embed_host h{};
    g.n = h.n = n;
    g.d = h.d = m.d;
    g.hidden = up.n;
    for (int i = 0; i < n; ++i) h.words = g.words += most_words(lens[i]);
    int rc = place(s->device, g);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    size_t used = 0;
    for (int i = 0; i < n; ++i) h.seqs[i] = pack(h.planes, &used, seqs[i], lens[i]);
    cudaMemcpyAsync(g.seqs, h.seqs, (size_t)((char *)(h.planes + used) - (char *)h.seqs), cudaMemcpyHostToDevice, s->stream);
    timed(s, LIGHT, [&] { weigh_kernel<<<blocks_for(n, THREADS / WARP), THREADS, 0, s->stream>>>(g.seqs, n, g.planes, m, g.a, g.valid); });
    multiply(s, up.w, up.n, up.k, g.a, product_rows(n), g.sums);
    timed(s, LIGHT, [&] {
        join_kernel<<<blocks_for((size_t)n * last.k / 4, THREADS), THREADS, 0, s->stream>>>(up, g.sums, g.a, n,
                                                                                            reinterpret_cast<uint32_t *>(g.joined));
    });
    multiply(s, last.w, last.n, last.k, g.joined, product_rows(n), g.sums);
    timed(s, POOLING, [&] { length_kernel<<<n, m.d, 0, s->stream>>>(last, g.sums, g.valid, m.radius, g.out); });
    cudaMemcpyAsync(h.out, g.out, (size_t)n * m.d, cudaMemcpyDeviceToHost, s->stream);
    rc = finish(s, "embedding");
    if (!rc) memcpy(out, h.out, (size_t)n * m.d);
    return rc;
}

int embed_light(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    int rc = enter(s->gpu);
    if (!rc) rc = start_products(s);
    return rc ? rc : in_parts((size_t)n, PART_SEQS, [&](size_t i, size_t k) {
        return light_part_of(s, seqs + i, lens + i, (int)k, out + i * s->gpu->model.d);
    });
}

int embed(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    int rc = enter(s->gpu);
    if (!rc) rc = start_products(s);
    return rc ? rc : in_parts((size_t)n, PART_SEQS, [&](size_t i, size_t m) {
        return embed_part(s, seqs + i, lens + i, (int)m, out + i * s->gpu->model.d);
    });
}

} // namespace anl
