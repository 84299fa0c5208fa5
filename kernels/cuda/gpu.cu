// A GPU and its streams, loading, memory, errors: the table that the program gets.
#include "gpu.cuh"
#include "module.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <new>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace anl
{

// ---- errors ----

static thread_local char message[512];

int fail(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return code;
}

int check(cudaError_t e, const char *what)
{
    if (e == cudaSuccess) return ANL_OK;
    cudaGetLastError(); // an allocation that failed is dealt with; a lost GPU fails again
    return fail(e == cudaErrorMemoryAllocation ? ANL_ENOMEM : ANL_EIO, "GPU: %s: %s", what, cudaGetErrorString(e));
}

int check(cublasStatus_t e, const char *what)
{
    if (e == CUBLAS_STATUS_SUCCESS) return ANL_OK;
    return fail(e == CUBLAS_STATUS_ALLOC_FAILED ? ANL_ENOMEM : ANL_EIO, "GPU: %s: cuBLAS: %s", what, cublasGetStatusString(e));
}

int enter(const anl_gpu *g)
{
    return check(cudaSetDevice(g->device), "cannot use the device");
}

// ---- times ----

void mark(anl_gpu_stream *s, cudaEvent_t *e)
{
    *e = nullptr;
    if (!s->gpu->timed) return;
    if (!s->spare.empty()) {
        *e = s->spare.back();
        s->spare.pop_back();
    } else if (cudaEventCreate(e) != cudaSuccess)
        *e = nullptr;
    if (*e) cudaEventRecord(*e, s->stream);
}

void mark_end(anl_gpu_stream *s, family of, cudaEvent_t begin)
{
    interval i{of, begin, nullptr};
    if (!begin) return;
    mark(s, &i.end);
    try {
        s->spare.reserve(s->spare.size() + 2 * s->measured.size() + 2); // where they go when their time is added up
        if (i.end) s->measured.push_back(i);
    } catch (const std::bad_alloc &) { // one time less
    }
}

// Adds up the times of what the stream has done; all of it is done.
static void add_times(anl_gpu_stream *s)
{
    for (const interval &i : s->measured) {
        float ms = 0;
        if (cudaEventElapsedTime(&ms, i.begin, i.end) == cudaSuccess) {
            s->gpu->times[i.of].nanoseconds += (uint64_t)(ms * 1e6);
            ++s->gpu->times[i.of].times;
        }
        s->spare.push_back(i.begin);
        s->spare.push_back(i.end);
    }
    s->measured.clear();
}

static void tell_times(const anl_gpu *g, char *text, size_t size)
{
    static const char *const names[] = {"tokens and table",
                                        "norms",
                                        "attention",
                                        "ReLU",
                                        "pooling and length",
                                        "light sums",
                                        "products",
                                        "scores",
                                        "votes",
                                        "traceback",
                                        "choice of lists",
                                        "queries by list",
                                        "nearest entries",
                                        "scans of lists",
                                        "sorting",
                                        "embedding, whole calls",
                                        "light embedding, whole calls",
                                        "search, whole calls",
                                        "scores, whole calls",
                                        "votes, whole calls",
                                        "traceback, whole calls"};
    static_assert(sizeof names / sizeof *names == FAMILIES, "a name for each");
    size_t used = 0;
    *text = 0;
    for (int f = 0; f < FAMILIES && used < size; ++f)
        if (g->times[f].times.load())
            used += (size_t)snprintf(text + used, size - used, "%s\t%.3f ms\t%llu times\n", names[f], g->times[f].nanoseconds.load() * 1e-6,
                                     (unsigned long long)g->times[f].times.load());
}

int finish(anl_gpu_stream *s, const char *what)
{
    const cudaError_t launched = cudaGetLastError(), waited = cudaStreamSynchronize(s->stream);
    const cublasStatus_t multiplied = s->blas_status;
    s->blas_status = CUBLAS_STATUS_SUCCESS;
    if (waited == cudaSuccess) add_times(s);
    if (launched != cudaSuccess || waited != cudaSuccess) return check(launched != cudaSuccess ? launched : waited, what);
    return check(multiplied, what);
}

// ---- products ----

int start_products(anl_gpu_stream *s)
{
    if (s->blas) return ANL_OK;
    cublasStatus_t e = cublasCreate(&s->blas);
    if (e == CUBLAS_STATUS_SUCCESS) e = cublasSetStream(s->blas, s->stream);
    return check(e, "start");
}

// cuBLAS counts by columns: a row-major matrix is its transpose there. This is the form, "TN", that has int8 kernels everywhere.
void multiply(anl_gpu_stream *s, const int8_t *w, int n, int k, const int8_t *x, int rows, int32_t *y)
{
    const int32_t one = 1, nil = 0;
    const cublasStatus_t e = timed(s, PRODUCTS, [&] {
        return cublasGemmEx(s->blas, CUBLAS_OP_T, CUBLAS_OP_N, n, rows, k, &one, w, CUDA_R_8I, k, x, CUDA_R_8I, k, &nil, y, CUDA_R_32I, n,
                            CUBLAS_COMPUTE_32I, CUBLAS_GEMM_DEFAULT);
    });
    if (s->blas_status == CUBLAS_STATUS_SUCCESS) s->blas_status = e;
}

// ---- memory ----

// Bytes that are free, of those that may be used.
static size_t free_memory(const anl_gpu *g)
{
    size_t available = 0, total = 0;
    const size_t used = g->model_memory.size + g->lists_memory.size + g->reference_memory.size;
    if (cudaMemGetInfo(&available, &total) != cudaSuccess) cudaGetLastError(); // then nothing is, and nothing fits
    return std::min(available, g->most > used ? g->most - used : 0);
}

// What a stream may take, lest the first ones leave nothing to the others; a quarter is left to cuBLAS and the driver.
static size_t share(const anl_gpu *g)
{
    return g->room / 4 * 3 / std::max(1, g->streams.load());
}

int slab::reserve(size_t need, size_t spare)
{
    void *got = nullptr;
    const size_t most = shared ? share(shared) : SIZE_MAX;
    cudaError_t e = cudaErrorMemoryAllocation;
    if (need <= size) return ANL_OK;
    if (need <= most) release(); // else a smaller call may do with what is there
    spare = need < most ? std::min(spare, most - need) : 0;
    if (need <= most) e = on_host ? cudaHostAlloc(&got, need + spare, cudaHostAllocDefault) : cudaMalloc(&got, need + spare);
    if (e == cudaErrorMemoryAllocation && spare) {
        cudaGetLastError();
        return reserve(need, 0);
    }
    if (e == cudaSuccess) {
        p = static_cast<char *>(got);
        size = need + spare;
    }
    return check(e, on_host ? "page-locked memory (fewer threads or --device cpu may help)"
                            : "memory (fewer threads or --device cpu may help)");
}

void slab::release()
{
    if (p) on_host ? cudaFreeHost(p) : cudaFree(p);
    p = nullptr;
    size = 0;
}

// ---- sequences ----

// Bits 0, 1 and 2 of 32 bytes, a word each.
static void gather_bits(const uint8_t *bytes, uint32_t plane[3])
{
#ifdef __SSE2__
    const __m128i low = _mm_loadu_si128((const __m128i *)bytes), high = _mm_loadu_si128((const __m128i *)(bytes + 16));
    for (int b = 0; b < 3; ++b)
        plane[b] = (uint32_t)_mm_movemask_epi8(_mm_slli_epi16(low, 7 - b)) | (uint32_t)_mm_movemask_epi8(_mm_slli_epi16(high, 7 - b)) << 16;
#else
    plane[0] = plane[1] = plane[2] = 0;
    for (int j = 0; j < 32; j += 8) {
        uint64_t eight;
        memcpy(&eight, bytes + j, 8);
        for (int b = 0; b < 3; ++b) plane[b] |= (uint32_t)((eight >> b & 0x0101010101010101u) * 0x0102040810204080u >> 56) << j;
    }
#endif
}

sequence pack(uint32_t *words, size_t *used, const uint8_t *bases, int32_t len)
{
    uint32_t *to = words + *used;
    sequence s{(uint32_t)*used, len, 2, 0};
    uint8_t all = 0;
    for (int32_t i = 0; i < len; ++i) all |= bases[i];
    s.planes += all > 3;
    for (int32_t i = 0; i < len; i += 32, to += s.planes) {
        uint8_t rest[32] = {0};
        uint32_t plane[3];
        if (len - i < 32) memcpy(rest, bases + i, (size_t)(len - i));
        gather_bits(len - i < 32 ? rest : bases + i, plane);
        memcpy(to, plane, (size_t)s.planes * sizeof *plane);
    }
    *used = (size_t)(to - words);
    return s;
}

// ---- loading ----

// Copies arrays to the GPU; without a place to copy to it only counts.
struct loader {
    carver room;
    cudaError_t e;
    template <class T> const T *put(const T *from, size_t n)
    {
        T *to = room.take<T>(n);
        if (to && e == cudaSuccess) e = cudaMemcpy(to, from, n * sizeof(T), cudaMemcpyHostToDevice);
        return to;
    }
};

static linear put_linear(loader &l, const anl_linear_packed &from)
{
    const int8_t *w = static_cast<const int8_t *>(from.w);
    std::vector<int32_t> init(from.init, from.init + from.n);
    for (int o = 0; o < from.n; ++o)
        for (int i = 0; i < from.k; ++i) init[o] += 128 * w[(size_t)o * from.k + i];
    return {from.n,
            from.k,
            l.put(w, (size_t)from.n * from.k),
            l.put(init.data(), init.size()),
            l.put(from.scale, from.n),
            l.put(from.shift, from.n)};
}

static model put_model(loader &l, const anl_gpu_model &m)
{
    model to{};
    const size_t heads = (size_t)m.d / ANL_ENCODER_HEAD;
    to.d = m.d;
    to.layers = m.layers;
    to.none = m.none;
    to.rank = l.put(m.rank, ANL_KMERS);
    to.table = l.put(m.table, (size_t)(m.none + 1) * m.d);
    to.norm_scale = m.norm_scale;
    for (int i = 0; i < m.layers; ++i) {
        const anl_encode_layer &from = m.layer[i];
        to.layers_of[i] = {put_linear(l, from.qkv),
                           put_linear(l, from.o),
                           put_linear(l, from.up),
                           put_linear(l, from.down),
                           l.put(from.attention.scale, heads),
                           l.put(from.attention.bias, heads)};
    }
    to.gate = l.put(m.gate, m.d);
    to.gate_scale = m.gate_scale;
    to.gate_bias = m.gate_bias;
    to.mean = l.put(m.mean, m.d);
    to.pool_length = (double)m.pool_scale * sqrt((double)m.d);
    to.radius = m.radius;
    to.out = put_linear(l, m.out);
    if (m.light)
        to.light = {l.put(m.light->table, (size_t)(m.none + 1) * m.d), l.put(m.light->weight, ANL_ENCODER_PLACES), m.light->pool_length,
                    put_linear(l, m.light->up), put_linear(l, m.light->out)};
    return to;
}

static lists put_lists(loader &l, const anl_gpu_lists &x)
{
    const size_t d = x.d, entries = x.list_begin[x.nlist], lists = anl_panels_padded((size_t)x.nlist),
                 rows = lists + anl_panels_padded((size_t)x.n_groups);
    std::vector<int8_t> centroids(rows * d);
    std::vector<int32_t> lengths(rows);
    for (size_t r = 0; r < rows; ++r) {
        anl_panel_get(r < lists ? x.centroids : x.groups, r < lists ? r : r - lists, d, &centroids[r * d]);
        for (size_t c = 0; c < d; ++c) lengths[r] += centroids[r * d + c] * centroids[r * d + c];
    }
    return {x.d,
            x.nlist,
            (int)rows,
            l.put(centroids.data(), rows * d),
            l.put(lengths.data(), rows),
            l.put(x.codes, entries * d),
            l.put(x.bias, entries),
            l.put(x.list_begin, (size_t)x.nlist + 1),
            l.put(x.ids, entries),
            x.n_windows,
            x.n_groups,
            x.looked,
            (int)lists,
            x.n_groups ? l.put(x.group_of, (size_t)x.nlist) : nullptr};
}

// *n_runs: those of N, where they are read once.
static reference put_reference(loader &l, const anl_gpu_reference &r, const int64_t **n_runs)
{
    const size_t contigs = (size_t)r.n_contigs + 1, bases = (size_t)r.contig_begin[r.n_contigs], words = (bases + 31) / 32;
    uint2 *planes = l.room.take<uint2>(words + 1);
    uint32_t *unknown = l.room.take<uint32_t>(words + 1);
    if (planes && l.e == cudaSuccess) l.e = cudaMemcpy(planes, r.bases, (bases + 3) / 4, cudaMemcpyHostToDevice);
    *n_runs = l.put(r.n_runs, 2 * (size_t)r.n_n_runs);
    return {
        (int64_t)words, planes, unknown, r.n_contigs, r.window, r.stride, l.put(r.contig_begin, contigs), l.put(r.window_begin, contigs)};
}

// Loads what `put` puts into a slab.
template <class Loaded, class Put> static int load(const anl_gpu *g, slab &memory, Loaded *to, const char *what, Put put)
try {
    int rc = enter(g);
    if (rc) return rc;
    loader counting{{nullptr, 0}, cudaSuccess};
    put(counting);
    memory.release();
    const size_t available = free_memory(g);
    rc = counting.room.at <= available ? memory.reserve(counting.room.at, 0) : ANL_ENOMEM;
    if (rc == ANL_ENOMEM)
        return fail(ANL_ENOMEM, "%s needs %zu MiB, and %zu MiB of the GPU are free (--device cpu does without)", what,
                    (counting.room.at >> 20) + 1, available >> 20);
    if (rc) return rc;
    loader copying{{memory.p, 0}, cudaSuccess};
    *to = put(copying);
    // Streams that do not wait for the default one must find everything in place.
    return check(copying.e == cudaSuccess ? cudaDeviceSynchronize() : copying.e, what);
} catch (const std::bad_alloc &) {
    return fail(ANL_ENOMEM, "out of memory");
}

// ---- the table ----

static const char *error()
{
    return message;
}

static const char *name(const anl_gpu *g)
{
    return g->name;
}

static void close(anl_gpu *g)
{
    if (!enter(g)) {
        g->model_memory.release();
        g->lists_memory.release();
        g->reference_memory.release();
    }
    delete g;
}

static int open(anl_gpu **out, int device)
{
    anl_gpu *g = new (std::nothrow) anl_gpu{};
    if (!g) return fail(ANL_ENOMEM, "out of memory");
    cudaDeviceProp p;
    const char *most = getenv("ANNEAL_GPU_MEMORY"), *timed = getenv("ANNEAL_GPU_TIMES");
    g->device = device;
    g->most = most && *most ? strtoull(most, nullptr, 10) : SIZE_MAX;
    g->timed = timed && !strcmp(timed, "1");
    // A thread that waits leaves its core to others.
    int rc = check(cudaInitDevice(device, cudaDeviceScheduleBlockingSync, cudaInitDeviceFlagsAreValid), "start");
    if (!rc) rc = enter(g);
    if (!rc) rc = check(cudaGetDeviceProperties(&p, device), "properties");
    if (!rc) memcpy(g->name, p.name, sizeof g->name - 1);
    if (!rc) g->major = p.major;
    if (!rc && p.major < ANL_GPU_LEAST_MAJOR)
        rc = fail(ANL_EINVAL, "GPU: %s has compute capability %d.%d, and 8.0 is needed: use --device cpu", p.name, p.major, p.minor);
    if (!rc) rc = prepare_search();
    if (rc) {
        delete g;
        return rc;
    }
    *out = g;
    return ANL_OK;
}

static int load_model(anl_gpu *g, const anl_gpu_model *m)
{
    if (m->layers > ANL_ENCODER_MAX_LAYERS) return fail(ANL_EINVAL, "GPU: a model of %d layers", m->layers);
    return load(g, g->model_memory, &g->model, "the model", [&](loader &l) { return put_model(l, *m); });
}

static int load_lists(anl_gpu *g, const anl_gpu_lists *x)
{
    int rc = load(g, g->lists_memory, &g->lists, "the index", [&](loader &l) { return put_lists(l, *x); });
    if (!rc) rc = lay_codes(const_cast<int8_t *>(g->lists.codes), x->list_begin[x->nlist] * x->d);
    return rc ? rc : check(cudaDeviceSynchronize(), "the index");
}

static int load_reference(anl_gpu *g, const anl_gpu_reference *r)
{
    const int64_t *runs = nullptr;
    int rc = load(g, g->reference_memory, &g->reference, "the reference", [&](loader &l) { return put_reference(l, *r, &runs); });
    if (!rc) rc = lay_reference(g->reference, r->contig_begin[r->n_contigs], runs, r->n_n_runs);
    return rc ? rc : check(cudaDeviceSynchronize(), "the reference");
}

static void stream_free(anl_gpu_stream *s)
{
    --s->gpu->streams;
    if (!enter(s->gpu)) {
        if (s->gpu->timed && cudaStreamSynchronize(s->stream) == cudaSuccess) add_times(s);
        for (cudaEvent_t e : s->spare) cudaEventDestroy(e);
        s->device.release();
        s->host.release();
        if (s->blas) cublasDestroy(s->blas);
        cudaStreamDestroy(s->stream);
    }
    delete s;
}

static int stream_new(anl_gpu_stream **out, anl_gpu *g)
{
    anl_gpu_stream *s = new (std::nothrow) anl_gpu_stream{};
    if (!s) return fail(ANL_ENOMEM, "out of memory");
    s->gpu = g;
    s->host.on_host = true;
    s->device.shared = g;
    int rc = enter(g);
    if (!rc) rc = check(cudaStreamCreateWithFlags(&s->stream, cudaStreamNonBlocking), "stream");
    if (rc) {
        delete s;
        return rc;
    }
    g->room = free_memory(g);
    ++g->streams;
    *out = s;
    return ANL_OK;
}

// Whole calls.

static int timed_embed(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    return timed(s, CALL_EMBED, [&] { return embed(s, seqs, lens, n, out); });
}

static int timed_embed_light(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out)
{
    return timed(s, CALL_LIGHT, [&] { return embed_light(s, seqs, lens, n, out); });
}

static int timed_search(anl_gpu_stream *s, const anl_gpu_search_params *p, anl_gpu_query *queries, size_t n)
{
    return timed(s, CALL_SEARCH, [&] { return search(s, p, queries, n); });
}

static int timed_sw(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n,
                    anl_sw_result *results)
{
    return timed(s, CALL_SCORES, [&] { return sw(s, p, jobs, order, n, results); });
}

static int timed_sw_places(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_read *reads, const anl_sw_place *places, size_t n,
                           anl_sw_result *results)
{
    return timed(s, CALL_SCORES, [&] { return sw_places(s, p, reads, places, n, results); });
}

static int timed_vote(anl_gpu_stream *s, const anl_gpu_vote_params *p, anl_gpu_segment *segments, size_t n, anl_place *room)
{
    return timed(s, CALL_VOTES, [&] { return vote(s, p, segments, n, room); });
}

static int timed_trace(anl_gpu_stream *s, const anl_gpu_trace_params *p, const anl_sw_read *reads, const anl_gpu_trace_job *jobs, size_t n,
                       anl_gpu_traced *results)
{
    return timed(s, CALL_TRACES, [&] { return trace(s, p, reads, jobs, n, results); });
}

} // namespace anl

extern "C" const anl_gpu_table *anl_cuda_gpu(void)
{
    static const anl_gpu_table table = {anl::error,
                                        anl::open,
                                        anl::close,
                                        anl::name,
                                        anl::load_model,
                                        anl::load_lists,
                                        anl::load_reference,
                                        anl::stream_new,
                                        anl::stream_free,
                                        anl::timed_embed,
                                        anl::timed_embed_light,
                                        anl::timed_search,
                                        anl::timed_sw,
                                        anl::timed_sw_places,
                                        anl::timed_vote,
                                        anl::timed_trace,
                                        anl::nearest_centroids,
                                        anl::tell_times};
    return &table;
}
