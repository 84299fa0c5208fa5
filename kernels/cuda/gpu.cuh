// What the files of the align pipeline on the GPU share: the GPU, a stream, memory, errors. Internal to kernels/cuda.
#ifndef ANL_CUDA_GPU_CUH
#define ANL_CUDA_GPU_CUH

#include "gpu.h"
#include "base.h"

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <atomic>
#include <vector>

namespace anl
{

enum { WARP = 32 };

// ---- errors ----

// Records the message of this thread and returns the code.
int fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

// 0, or ANL_ENOMEM or ANL_EIO with a message.
int check(cudaError_t e, const char *what);
int check(cublasStatus_t e, const char *what);

// ---- memory ----

// One allocation that grows, on the GPU or page-locked on the host.
struct slab {
    bool on_host;
    const anl_gpu *shared; // with its other streams: no more than a share; NULL: as much as there is
    char *p;
    size_t size;
    int reserve(size_t need, size_t spare); // with room to spare if there is; contents are lost; ANL_ENOMEM
    void release();
};

// Cuts arrays from a slab, each on a 256-byte line. Without a base it only counts.
struct carver {
    char *base;
    size_t at;
    template <class T> T *take(size_t n)
    {
        at = (at + 255) / 256 * 256;
        T *p = base ? reinterpret_cast<T *>(base + at) : nullptr;
        at += n * sizeof(T);
        return p;
    }
};

// Places a struct whose member lay(carver &) takes its arrays.
template <class Memory> int place(slab &s, Memory &m)
{
    carver counting{nullptr, 0};
    m.lay(counting);
    const int rc = s.reserve(counting.at, counting.at / 4); // batches differ a little
    carver placing{s.p, 0};
    if (!rc) m.lay(placing);
    return rc;
}

// Does [0, n) in parts of at most `most`, halved while memory is short.
template <class Part> int in_parts(size_t n, size_t most, Part part)
{
    for (size_t i = 0; i < n;) {
        const size_t m = n - i < most ? n - i : most;
        const int rc = part(i, m);
        if (rc == ANL_ENOMEM && m > 1) {
            most = m / 2;
            continue;
        }
        if (rc) return rc;
        i += m;
    }
    return ANL_OK;
}

// ---- times ----

// What times are told of: kernels by what they do, and whole calls, in which kernels wait for the host.
enum family {
    TOKENS,
    NORMS,
    ATTENTION,
    LAYERS,
    POOLING,
    LIGHT,
    PRODUCTS,
    SCORES,
    VOTES,
    TRACES,
    CHOICE,
    GROUPS,
    NEAREST,
    SCANS,
    SORTS,
    CALL_EMBED,
    CALL_LIGHT,
    CALL_SEARCH,
    CALL_SCORES,
    CALL_VOTES,
    CALL_TRACES,
    FAMILIES
};

struct family_time {
    std::atomic<uint64_t> nanoseconds, times;
};

// Two events around what a stream did.
struct interval {
    family of;
    cudaEvent_t begin, end;
};

// ---- what is loaded ----

// A linear layer whose inputs are the CPU's unsigned bytes less 128: cuBLAS multiplies signed bytes only.
struct linear {
    int n, k;
    const int8_t *w;     // [n][k]
    const int32_t *init; // [n] the CPU's, and 128 times the sum of the output's weights
    const float *scale, *shift;
};

struct layer {
    linear qkv, o, up, down;
    const float *scale;
    const float (*bias)[ANL_ENCODE_BIASES];
};

struct light_part {
    const int8_t *table, *weight;
    double pool_length;
    linear up, out; // up.n: 0 when the model has none
};

struct model {
    int d, layers, none;
    const uint16_t *rank;
    const int8_t *table;
    float norm_scale;
    layer layers_of[ANL_ENCODER_MAX_LAYERS];
    const int16_t *gate;
    float gate_scale, gate_bias;
    const float *mean;
    double pool_length, radius; // lengths that vectors are scaled to
    linear out;
    light_part light;
};

struct lists {
    int d, nlist, centroid_rows;     // nlist, up to a multiple of 16, and behind them the groups' own, likewise
    const int8_t *centroids;         // [centroid_rows][d]
    const int32_t *centroid_lengths; // [centroid_rows] squared
    const int8_t *codes;             // as tile.cuh says
    const int32_t *bias;             // the rest as index/index.h says
    const uint64_t *list_begin;
    const uint32_t *ids;
    uint32_t n_windows;              // ids from here on are no entry's
    int n_groups, looked, group_row; // as module.h says; the first row of theirs
    const uint32_t *group_of;        // [nlist]
};

// The reference and its windows, as index/index.h says, but for the bases.
struct reference {
    int64_t words;     // of 32 bases
    uint2 *planes;     // [words + 1] low and high bits of the bases of each
    uint32_t *unknown; // [words + 1] which of them are N, or behind the last one
    int n_contigs, window, stride;
    const int64_t *contig_begin, *window_begin; // [n_contigs + 1]
};

// ---- sequences on their way to the GPU ----

// Bases as bit planes: for every 32 bases a word of their low bits, one of their high bits and, if there is an N, one that marks Ns.
struct sequence {
    uint32_t at;    // first word
    int32_t len;    // bp
    int32_t planes; // 2 or 3
    int32_t first;  // first token (embedding only)
};

static inline size_t most_words(int32_t len)
{
    return (size_t)(len + 31) / 32 * 3;
}

// Packs a sequence behind *used words of `words`.
sequence pack(uint32_t *words, size_t *used, const uint8_t *bases, int32_t len);

} // namespace anl

struct anl_gpu {
    int device;
    int major; // of its compute capability
    char name[256];
    std::atomic<int> streams;
    std::atomic<size_t> room; // bytes that were free when the last stream was made
    size_t most;              // bytes that may be used: $ANNEAL_GPU_MEMORY, or all
    bool timed;               // $ANNEAL_GPU_TIMES is 1
    anl::family_time times[anl::FAMILIES];
    anl::slab model_memory, lists_memory, reference_memory;
    anl::model model;
    anl::lists lists;
    anl::reference reference; // words: 0 where there is none
};

struct anl_gpu_stream {
    anl_gpu *gpu;
    cudaStream_t stream;
    cublasHandle_t blas;        // NULL before the first product
    cublasStatus_t blas_status; // the first failure of a product since the last finish()
    anl::slab device, host;
    std::vector<anl::interval> measured; // times not added up yet; empty unless the GPU is timed
    std::vector<cudaEvent_t> spare;
};

namespace anl
{

// Puts an event of the stream to *e if the GPU is timed, else NULL.
void mark(anl_gpu_stream *s, cudaEvent_t *e);

// From `begin` on until now the stream has done work of a family, if begin is an event.
void mark_end(anl_gpu_stream *s, family of, cudaEvent_t begin);

// Launches; the time of what is launched counts for the family. Does not change what `launch` returns.
template <class Launch> auto timed(anl_gpu_stream *s, family of, Launch launch)
{
    struct ending {
        anl_gpu_stream *s;
        family of;
        cudaEvent_t begin;
        ~ending()
        {
            mark_end(s, of, begin);
        }
    } e{s, of, nullptr};
    mark(s, &e.begin);
    return launch();
}

// Blocks for n of what a block has `each` of.
static inline unsigned blocks_for(size_t n, int each)
{
    return (unsigned)((n + (size_t)each - 1) / (size_t)each);
}

// Makes the stream's GPU current for this thread.
int enter(const anl_gpu *g);

// Waits for the stream; the first failure of anything launched on it.
int finish(anl_gpu_stream *s, const char *what);

// Rows that a product of `rows` rows needs room for: cuBLAS has int8 kernels for fewer than 32 only on some GPUs.
static inline int product_rows(int rows)
{
    return (rows + 31) / 32 * 32;
}

// Lets the stream multiply, and again is no work.
int start_products(anl_gpu_stream *s);

// y[rows][n] = x[rows][k] times w[n][k] transposed; rows from product_rows(), n and k multiples of 16. Failures wait for finish().
void multiply(anl_gpu_stream *s, const int8_t *w, int n, int k, const int8_t *x, int rows, int32_t *y);

int embed(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out);
int embed_light(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out);
int search(anl_gpu_stream *s, const anl_gpu_search_params *p, anl_gpu_query *queries, size_t n);
int sw(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n, anl_sw_result *results);
int sw_places(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_read *reads, const anl_sw_place *places, size_t n,
              anl_sw_result *results);
int vote(anl_gpu_stream *s, const anl_gpu_vote_params *p, anl_gpu_segment *segments, size_t n, anl_place *room);
int trace(anl_gpu_stream *s, const anl_gpu_trace_params *p, const anl_sw_read *reads, const anl_gpu_trace_job *jobs, size_t n,
          anl_gpu_traced *results);
int nearest_centroids(anl_gpu_stream *s, const anl_gpu_coarse *c, const int8_t *const *vectors, size_t n, uint32_t *nearest, int32_t *far);

// Lays out the codes of lists, on the GPU, as the scan reads them. Does not wait.
int lay_codes(int8_t *codes, size_t bytes);

// Makes bit planes of the bases of a reference that were copied, in place, and marks what is N; runs are on the GPU. Does not wait.
int lay_reference(const reference &r, int64_t bases, const int64_t *runs, int64_t n_runs);

// Lets the search kernels have the shared memory that they need.
int prepare_search();

} // namespace anl

#endif
