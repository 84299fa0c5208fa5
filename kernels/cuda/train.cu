// Training on a GPU: the table of kernels/train.h over CUDA and cuBLAS. Matrix products use TF32 inputs and float32 sums; sums over tokens go
// through atomics, so the last bits of a gradient may differ from run to run.
#include "module.h"

#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <stdio.h>

namespace
{

enum { WARP = 32, THREADS = 256, HEAD = ANL_ENCODER_HEAD, MOST = ANL_ENCODER_MAX_TOKENS, ROW = MOST + 1, CHUNK_SEQS = 1 << 20 };

cublasHandle_t blas;
cublasStatus_t blas_status = CUBLAS_STATUS_SUCCESS; // the first failure since the last status()

void note(cublasStatus_t s)
{
    if (blas_status == CUBLAS_STATUS_SUCCESS) blas_status = s;
}

// A launch that failed is told by cudaGetLastError alone, what failed while it ran by waiting.
const char *status()
{
    const cudaError_t launched = cudaGetLastError(), waited = cudaDeviceSynchronize();
    const cublasStatus_t multiplied = blas_status;
    blas_status = CUBLAS_STATUS_SUCCESS;
    if (launched != cudaSuccess) return cudaGetErrorString(launched);
    if (waited != cudaSuccess) return cudaGetErrorString(waited);
    return multiplied == CUBLAS_STATUS_SUCCESS ? nullptr : cublasGetStatusString(multiplied);
}

unsigned blocks_for(size_t n)
{
    return (unsigned)((n + THREADS - 1) / THREADS);
}

// ---- memory ----

void *alloc(size_t bytes)
{
    void *p = nullptr;
    if (bytes == 0) bytes = 1;
    if (cudaMalloc(&p, bytes) != cudaSuccess || cudaMemset(p, 0, bytes) != cudaSuccess) {
        cudaGetLastError(); // the caller is told by the return value
        cudaFree(p);
        return nullptr;
    }
    return p;
}

void release(void *p)
{
    cudaFree(p);
}

void upload(void *to, const void *host, size_t bytes)
{
    cudaMemcpy(to, host, bytes, cudaMemcpyHostToDevice);
}

void download(void *host, const void *from, size_t bytes)
{
    cudaMemcpy(host, from, bytes, cudaMemcpyDeviceToHost);
}

void zero(void *p, size_t bytes)
{
    cudaMemsetAsync(p, 0, bytes);
}

// ---- reductions ----

__device__ float warp_sum(float v)
{
    for (int i = WARP / 2; i; i /= 2) v += __shfl_xor_sync(~0u, v, i);
    return v;
}

// The sum over a block of up to 1,024 threads, a multiple of 32; every thread gets it.
__device__ float block_sum(float v)
{
    __shared__ float part[WARP];
    int lane = threadIdx.x % WARP, warp = threadIdx.x / WARP, warps = blockDim.x / WARP;
    v = warp_sum(v);
    __syncthreads();
    if (lane == 0) part[warp] = v;
    __syncthreads();
    v = 0;
    for (int i = 0; i < warps; ++i) v += part[i];
    return v;
}

// ---- table: a block a token, a thread a channel ----

__global__ void gather_kernel(const float *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], int none, float *x)
{
    int t = blockIdx.x, c = threadIdx.x, d = blockDim.x;
    float sum = 0;
    for (int j = 0; j < ANL_TOKEN_KMERS; ++j)
        if (rows[t][j] != none) sum += table[(size_t)rows[t][j] * d + c];
    x[(size_t)t * d + c] = sum;
}

__global__ void gather_back_kernel(const uint16_t (*rows)[ANL_TOKEN_KMERS], int none, const float *dx, float *d_table)
{
    int t = blockIdx.x, c = threadIdx.x, d = blockDim.x;
    for (int j = 0; j < ANL_TOKEN_KMERS; ++j)
        if (rows[t][j] != none) atomicAdd(&d_table[(size_t)rows[t][j] * d + c], dx[(size_t)t * d + c]);
}

void gather(const float *table, const uint16_t (*rows)[ANL_TOKEN_KMERS], int none, int m, int d, float *x)
{
    gather_kernel<<<m, d>>>(table, rows, none, x);
}

void gather_back(const uint16_t (*rows)[ANL_TOKEN_KMERS], int none, int m, int d, const float *dx, float *d_table)
{
    gather_back_kernel<<<m, d>>>(rows, none, dx, d_table);
}

// ---- norm and unit length: a block a row, a thread a channel ----

__global__ void norm_kernel(const float *x, float *a, float *inverse)
{
    int d = blockDim.x;
    size_t at = (size_t)blockIdx.x * d + threadIdx.x;
    float centred = x[at] - block_sum(x[at]) / d, by = rsqrtf(block_sum(centred * centred) / d + 1e-6f);
    a[at] = centred * by;
    if (threadIdx.x == 0) inverse[blockIdx.x] = by;
}

__global__ void norm_back_kernel(const float *a, const float *inverse, const float *da, float *dx)
{
    int d = blockDim.x;
    size_t at = (size_t)blockIdx.x * d + threadIdx.x;
    float mean = block_sum(da[at]) / d, along = block_sum(da[at] * a[at]) / d;
    dx[at] += (da[at] - mean - a[at] * along) * inverse[blockIdx.x];
}

__global__ void unit_kernel(const float *y, float *e, float *inverse)
{
    size_t at = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    float by = rsqrtf(block_sum(y[at] * y[at]) + 1e-12f);
    e[at] = y[at] * by;
    if (threadIdx.x == 0) inverse[blockIdx.x] = by;
}

__global__ void unit_back_kernel(const float *e, const float *inverse, const float *de, float *dy)
{
    size_t at = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    float along = block_sum(e[at] * de[at]);
    dy[at] = (de[at] - e[at] * along) * inverse[blockIdx.x];
}

void norm(const float *x, int m, int d, float *a, float *inverse)
{
    norm_kernel<<<m, d>>>(x, a, inverse);
}

void norm_back(const float *a, const float *inverse, const float *da, int m, int d, float *dx)
{
    norm_back_kernel<<<m, d>>>(a, inverse, da, dx);
}

void unit(const float *y, int n, int d, float *e, float *inverse)
{
    unit_kernel<<<n, d>>>(y, e, inverse);
}

void unit_back(const float *e, const float *inverse, const float *de, int n, int d, float *dy)
{
    unit_back_kernel<<<n, d>>>(e, inverse, de, dy);
}

// ---- linear layers ----

__global__ void bias_kernel(const float *bias, int n, size_t count, int relu, float *y)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    float v = y[i] + (bias ? bias[i % n] : 0);
    y[i] = relu && v < 0 ? 0 : v;
}

// A block adds 64 rows of every column that its threads have. Rows go by x: of y a grid has 65,535 blocks, 4.19 M tokens.
__global__ void column_sums_kernel(const float *dy, int m, int n, float *db)
{
    int o = blockIdx.y * blockDim.x + threadIdx.x, begin = blockIdx.x * 64, end = min(m, begin + 64);
    if (o >= n) return;
    float sum = 0;
    for (int t = begin; t < end; ++t) sum += dy[(size_t)t * n + o];
    atomicAdd(&db[o], sum);
}

__global__ void relu_back_kernel(const float *y, size_t count, float *dy)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count && y[i] <= 0) dy[i] = 0;
}

size_t packed_size(int n, int k)
{
    return (size_t)n * k * sizeof(float);
}

void pack(const float *w, int n, int k, void *packed)
{
    cudaMemcpyAsync(packed, w, packed_size(n, k), cudaMemcpyDeviceToDevice);
}

size_t linear_work(int, int, int)
{
    return 0;
}

// cuBLAS counts by columns: a row-major matrix is its transpose there.
void linear(const anl_train_linear *l, const float *a, int m, anl_train_mode mode, float *y, void *)
{
    const float one = 1, beta = mode == ANL_TRAIN_ADD;
    size_t count = (size_t)m * l->n;
    note(cublasSgemm(blas, CUBLAS_OP_T, CUBLAS_OP_N, l->n, m, l->k, &one, static_cast<const float *>(l->packed), l->k, a, l->k, &beta, y,
                     l->n));
    if (l->bias || mode == ANL_TRAIN_RELU) bias_kernel<<<blocks_for(count), THREADS>>>(l->bias, l->n, count, mode == ANL_TRAIN_RELU, y);
}

void linear_back(const anl_train_linear *l, const float *a, const float *dy, int m, float *da, float *dw, float *db, void *)
{
    const float one = 1, nil = 0;
    int n = l->n, k = l->k;
    if (da) note(cublasSgemm(blas, CUBLAS_OP_N, CUBLAS_OP_N, k, m, n, &one, static_cast<const float *>(l->packed), k, dy, n, &nil, da, k));
    note(cublasSgemm(blas, CUBLAS_OP_N, CUBLAS_OP_T, k, n, m, &one, a, k, dy, n, &one, dw, k));
    if (db) column_sums_kernel<<<dim3((unsigned)(m + 63) / 64, blocks_for((size_t)n)), THREADS>>>(dy, m, n, db);
}

void relu_back(const float *y, size_t count, float *dy)
{
    relu_back_kernel<<<blocks_for(count), THREADS>>>(y, count, dy);
}

// ---- attention: a block of 64 threads for a sequence and head, a thread a token ----

// Rows of 32 channels of one sequence and head.
struct head_tile {
    float v[MOST][HEAD + 1];
};

__device__ void load(head_tile &to, const float *from, int stride, int m)
{
    for (int i = threadIdx.x; i < m * HEAD; i += blockDim.x) to.v[i / HEAD][i % HEAD] = from[(size_t)(i / HEAD) * stride + i % HEAD];
}

__device__ float dot(const float *a, const float *b)
{
    float s = 0;
    for (int c = 0; c < HEAD; ++c) s += a[c] * b[c];
    return s;
}

// Row i of the weights, by thread i.
__device__ void weights_row(const head_tile &q, const head_tile &k, int i, int m, float slope, float *p)
{
    float most = -INFINITY, total = 0;
    for (int j = 0; j < m; ++j) {
        p[j] = dot(q.v[i], k.v[j]) * 0.176776695f - slope * abs(i - j);
        most = fmaxf(most, p[j]);
    }
    for (int j = 0; j < m; ++j) total += p[j] = expf(p[j] - most);
    for (int j = 0; j < m; ++j) p[j] /= total;
}

__global__ void attend_kernel(const float *qkv, const int32_t *first, int d, const float *slope, float *out)
{
    __shared__ head_tile q, k, v;
    __shared__ float p[MOST][ROW];
    int s = blockIdx.x, h = blockIdx.y, i = threadIdx.x, m = first[s + 1] - first[s], stride = 3 * d;
    size_t begin = (size_t)(first[s] - first[0]);
    const float *at = qkv + begin * stride + h * HEAD;
    load(q, at, stride, m);
    load(k, at + d, stride, m);
    load(v, at + 2 * d, stride, m);
    __syncthreads();
    if (i >= m) return;
    weights_row(q, k, i, m, slope[h], p[i]);
    for (int c = 0; c < HEAD; ++c) {
        float sum = 0;
        for (int j = 0; j < m; ++j) sum += p[i][j] * v.v[j][c];
        out[(begin + i) * d + h * HEAD + c] = sum;
    }
}

struct attend_back_memory {
    head_tile q, k, v, go;
    float p[MOST][ROW], dp[MOST][ROW];
};

__global__ void attend_back_kernel(const float *qkv, const int32_t *first, int d, const float *slope, const float *d_out, float *d_qkv,
                                   float *d_slope)
{
    extern __shared__ float raw[];
    attend_back_memory &s = *reinterpret_cast<attend_back_memory *>(raw);
    const float scale = 0.176776695f;
    int seq = blockIdx.x, h = blockIdx.y, i = threadIdx.x, m = first[seq + 1] - first[seq], stride = 3 * d;
    size_t begin = (size_t)(first[seq] - first[0]);
    const float *at = qkv + begin * stride + h * HEAD;
    load(s.q, at, stride, m);
    load(s.k, at + d, stride, m);
    load(s.v, at + 2 * d, stride, m);
    load(s.go, d_out + begin * d + h * HEAD, d, m);
    __syncthreads();
    float along = 0, by_slope = 0;
    if (i < m) {
        weights_row(s.q, s.k, i, m, slope[h], s.p[i]);
        for (int j = 0; j < m; ++j) {
            s.dp[i][j] = dot(s.go.v[i], s.v.v[j]);
            along += s.p[i][j] * s.dp[i][j];
        }
        for (int j = 0; j < m; ++j) {
            s.dp[i][j] = s.p[i][j] * (s.dp[i][j] - along);
            by_slope -= s.dp[i][j] * abs(i - j);
        }
    }
    by_slope = block_sum(by_slope); // also makes every row visible
    if (i == 0) atomicAdd(&d_slope[h], by_slope);
    if (i >= m) return;
    float *to = d_qkv + (begin + i) * stride + h * HEAD;
    for (int c = 0; c < HEAD; ++c) {
        float dq = 0, dk = 0, dv = 0;
        for (int j = 0; j < m; ++j) {
            dq += s.dp[i][j] * s.k.v[j][c];
            dk += s.dp[j][i] * s.q.v[j][c];
            dv += s.p[j][i] * s.go.v[j][c];
        }
        to[c] = dq * scale;
        to[d + c] = dk * scale;
        to[2 * d + c] = dv;
    }
}

void attend(const float *qkv, const int32_t *first, int n, int d, const float *slope, float *out)
{
    attend_kernel<<<dim3(n, d / HEAD), MOST>>>(qkv, first, d, slope, out);
}

void attend_back(const float *qkv, const int32_t *first, int n, int d, const float *slope, const float *d_out, float *d_qkv, float *d_slope)
{
    attend_back_kernel<<<dim3(n, d / HEAD), MOST, sizeof(attend_back_memory)>>>(qkv, first, d, slope, d_out, d_qkv, d_slope);
}

// ---- pooling: a block a sequence, a thread a channel ----

__device__ float gate_of(float z)
{
    return 2 / (1 + expf(-2 * z));
}

__global__ void pool_kernel(const float *x, const int32_t *first, const float *share, const float *gate, const float *bias,
                            const float *mean, float *c)
{
    int s = blockIdx.x, i = threadIdx.x, d = blockDim.x;
    float sum = 0;
    for (int t = first[s] - first[0]; t < first[s + 1] - first[0]; ++t) {
        float v = x[(size_t)t * d + i];
        sum += gate_of(block_sum(v * gate[i]) + *bias) * v;
    }
    c[(size_t)s * d + i] = sum * share[s] - mean[i];
}

__global__ void pool_back_kernel(const float *x, const int32_t *first, const float *share, const float *gate, const float *bias,
                                 const float *dc, float *dx, float *d_gate, float *d_bias, float *d_mean)
{
    int s = blockIdx.x, i = threadIdx.x, d = blockDim.x;
    float g_c = dc[(size_t)s * d + i], by_gate = 0, by_bias = 0;
    for (int t = first[s] - first[0]; t < first[s + 1] - first[0]; ++t) {
        float v = x[(size_t)t * d + i], g = gate_of(block_sum(v * gate[i]) + *bias);
        float dz = block_sum(v * g_c) * share[s] * g * (2 - g);
        dx[(size_t)t * d + i] = g * share[s] * g_c + dz * gate[i];
        by_gate += dz * v;
        by_bias += dz;
    }
    atomicAdd(&d_gate[i], by_gate);
    atomicAdd(&d_mean[i], -g_c);
    if (i == 0) atomicAdd(d_bias, by_bias);
}

void pool(const float *x, const int32_t *first, const float *share, int n, int d, const float *gate, const float *bias, const float *mean,
          float *c)
{
    pool_kernel<<<n, d>>>(x, first, share, gate, bias, mean, c);
}

void pool_back(const float *x, const int32_t *first, const float *share, int n, int d, const float *gate, const float *bias,
               const float *dc, float *dx, float *d_gate, float *d_bias, float *d_mean)
{
    pool_back_kernel<<<n, d>>>(x, first, share, gate, bias, dc, dx, d_gate, d_bias, d_mean);
}

// ---- loss: a block a row of the logits ----

struct scores {
    double loss;
    unsigned long long best;
};

// Logits to e^((l - 1) / temperature), sums of rows and columns.
__global__ void contrast_kernel(anl_train_contrast c, float *e, float *row_sum, float *column_sum)
{
    int i = blockIdx.x;
    float total = 0, *row = e + (size_t)i * c.n;
    for (int j = threadIdx.x; j < c.n; j += blockDim.x) {
        int64_t away = c.place[j] - c.place[i];
        float v = away > -c.apart && away < c.apart && i != j ? 0 : expf((row[j] - 1) * c.inverse_temperature);
        row[j] = v;
        total += v;
        atomicAdd(&column_sum[j], v);
    }
    total = block_sum(total);
    if (threadIdx.x == 0) row_sum[i] = total;
}

// The score, then the gradient by the logits in place.
__global__ void contrast_back_kernel(anl_train_contrast c, float *e, const float *row_sum, const float *column_sum, scores *score)
{
    int i = blockIdx.x;
    float *row = e + (size_t)i * c.n, own = row[i], better = 0, by = c.inverse_temperature / c.n;
    for (int j = threadIdx.x; j < c.n; j += blockDim.x) better += row[j] > own;
    better = block_sum(better); // nobody changes the row before all have seen it
    for (int j = threadIdx.x; j < c.n; j += blockDim.x)
        row[j] = row[j] * 0.5f * (1 / row_sum[i] + 1 / column_sum[j]) * by - (i == j ? by : 0);
    if (threadIdx.x) return;
    atomicAdd(&score->loss, 0.5 * (log((double)row_sum[i]) + log((double)column_sum[i])) - log((double)own));
    if (better == 0) atomicAdd(&score->best, 1ull);
}

size_t contrast_work(int n, int)
{
    return sizeof(scores) + ((size_t)n * n + 2 * (size_t)n) * sizeof(float);
}

void contrast(const anl_train_contrast *c, anl_train_score *score)
{
    const float one = 1, nil = 0;
    int n = c->n, d = c->d;
    scores *sums = reinterpret_cast<scores *>(c->work), host;
    float *row_sum = reinterpret_cast<float *>(sums + 1), *column_sum = row_sum + n, *e = column_sum + n;
    cudaMemsetAsync(sums, 0, sizeof *sums + 2 * (size_t)n * sizeof(float));
    note(cublasSgemm(blas, CUBLAS_OP_T, CUBLAS_OP_N, n, n, d, &one, c->target, d, c->query, d, &nil, e, n));
    contrast_kernel<<<n, THREADS>>>(*c, e, row_sum, column_sum);
    contrast_back_kernel<<<n, THREADS>>>(*c, e, row_sum, column_sum, sums);
    note(cublasSgemm(blas, CUBLAS_OP_N, CUBLAS_OP_N, d, n, n, &one, c->target, d, e, n, &nil, c->d_query, d));
    note(cublasSgemm(blas, CUBLAS_OP_N, CUBLAS_OP_T, d, n, n, &one, c->query, d, e, n, &nil, c->d_target, d));
    download(&host, sums, sizeof host);
    *score = anl_train_score{host.loss, (int64_t)host.best};
}

// ---- optimiser ----

__global__ void add_kernel(float *to, const float *from, size_t count)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) to[i] += from[i];
}

__global__ void adam_kernel(anl_train_step s, size_t count, const float *gradient, float *weight, float *first, float *second)
{
    size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    float g = gradient[i];
    first[i] = s.beta1 * first[i] + (1 - s.beta1) * g;
    second[i] = s.beta2 * second[i] + (1 - s.beta2) * g * g;
    weight[i] -= s.rate * (first[i] * s.correct1) / (sqrtf(second[i] * s.correct2) + s.epsilon);
}

void add(float *to, const float *from, size_t count)
{
    add_kernel<<<blocks_for(count), THREADS>>>(to, from, count);
}

void adam(const anl_train_step *s, size_t count, const float *gradient, float *weight, float *first, float *second)
{
    adam_kernel<<<blocks_for(count), THREADS>>>(*s, count, gradient, weight, first, second);
}

anl_train_kernels table;

} // namespace

extern "C" const anl_train_kernels *anl_cuda_train(int device, char *message, size_t size)
{
    int n = 0;
    if (cudaGetDeviceCount(&n) != cudaSuccess || n == 0) {
        snprintf(message, size, "no CUDA device");
        return nullptr;
    }
    if (device >= n || cudaSetDevice(device) != cudaSuccess) {
        snprintf(message, size, "no CUDA device %d: there are %d", device, n);
        return nullptr;
    }
    if (cudaFuncSetAttribute(attend_back_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, sizeof(attend_back_memory)) != cudaSuccess) {
        snprintf(message, size, "device %d cannot train: %s", device, cudaGetErrorString(cudaGetLastError()));
        return nullptr;
    }
    if (!blas &&
        (cublasCreate(&blas) != CUBLAS_STATUS_SUCCESS || cublasSetMathMode(blas, CUBLAS_TF32_TENSOR_OP_MATH) != CUBLAS_STATUS_SUCCESS)) {
        snprintf(message, size, "cuBLAS cannot be started on device %d", device);
        return nullptr;
    }
    table = anl_train_kernels{};
    table.name = "cuda";
    table.chunk_seqs = CHUNK_SEQS;
    table.status = status;
    table.alloc = alloc;
    table.release = release;
    table.upload = upload;
    table.download = download;
    table.zero = zero;
    table.gather = gather;
    table.gather_back = gather_back;
    table.norm = norm;
    table.norm_back = norm_back;
    table.packed_size = packed_size;
    table.pack = pack;
    table.linear_work = linear_work;
    table.linear = linear;
    table.linear_back = linear_back;
    table.relu_back = relu_back;
    table.attend = attend;
    table.attend_back = attend_back;
    table.pool = pool;
    table.pool_back = pool_back;
    table.unit = unit;
    table.unit_back = unit_back;
    table.contrast_work = contrast_work;
    table.contrast = contrast;
    table.add = add;
    table.adam = adam;
    return &table;
}
