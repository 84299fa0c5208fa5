// CUDA on the CPU, as far as kernels/cuda uses it: its code is compiled as it stands, and its kernels run thread by thread. A block's threads
// are fibers that change at barriers and at what a warp does together, in another order every time. It finds wrong results, threads that wait for
// each other and, with sanitizers, memory errors; what is about speed or the memory model it does not show.
#ifndef ANL_STAND_IN_CUDA_RUNTIME_H
#define ANL_STAND_IN_CUDA_RUNTIME_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define __global__
#define __device__
#define __host__
#define __shared__ static thread_local
#define __launch_bounds__(...)

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

struct int2 {
    int x, y;
};

struct uint2 {
    unsigned x, y;
};

struct short4 {
    short x, y, z, w;
};

struct float4 {
    float x, y, z, w;
};

struct int4 {
    int x, y, z, w;
};

struct uint4 {
    unsigned x, y, z, w;
};

extern thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

template <class T> T min(T a, T b)
{
    return b < a ? b : a;
}

template <class T> T max(T a, T b)
{
    return a < b ? b : a;
}

// ---- the host's side ----

enum cudaError_t { cudaSuccess, cudaErrorMemoryAllocation, cudaErrorUnknown };
enum cudaMemcpyKind { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
enum { cudaFuncAttributeMaxDynamicSharedMemorySize, cudaStreamNonBlocking, cudaHostAllocDefault };
enum { cudaDeviceScheduleBlockingSync, cudaInitDeviceFlagsAreValid };
typedef struct stand_in_stream *cudaStream_t;

struct cudaDeviceProp {
    char name[256];
    int major, minor, multiProcessorCount;
};

cudaError_t cudaMalloc(void **p, size_t n); // cudaErrorMemoryAllocation beyond $ANNEAL_STAND_IN_MEMORY bytes; filled with rubbish
cudaError_t cudaFree(void *p);
cudaError_t cudaHostAlloc(void **p, size_t n, unsigned flags);
cudaError_t cudaFreeHost(void *p);
cudaError_t cudaMemGetInfo(size_t *available, size_t *total);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int device);
const char *cudaGetErrorString(cudaError_t e);

static inline cudaError_t cudaGetLastError()
{
    return cudaSuccess;
}

static inline cudaError_t cudaSetDevice(int device)
{
    return device ? cudaErrorUnknown : cudaSuccess;
}

static inline cudaError_t cudaInitDevice(int device, unsigned, unsigned)
{
    return cudaSetDevice(device);
}

static inline cudaError_t cudaDeviceSynchronize()
{
    return cudaSuccess;
}

static inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned)
{
    static char one;
    *s = reinterpret_cast<cudaStream_t>(&one);
    return cudaSuccess;
}

static inline cudaError_t cudaStreamSynchronize(cudaStream_t)
{
    return cudaSuccess;
}

static inline cudaError_t cudaStreamDestroy(cudaStream_t)
{
    return cudaSuccess;
}

static inline cudaError_t cudaMemcpy(void *to, const void *from, size_t n, cudaMemcpyKind)
{
    if (n) memcpy(to, from, n);
    return cudaSuccess;
}

static inline cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n, cudaMemcpyKind kind, cudaStream_t)
{
    return cudaMemcpy(to, from, n, kind);
}

static inline cudaError_t cudaMemsetAsync(void *to, int byte, size_t n, cudaStream_t)
{
    if (n) memset(to, byte, n);
    return cudaSuccess;
}

typedef struct timespec *cudaEvent_t; // when it was recorded: everything before it is done then

static inline cudaError_t cudaEventCreate(cudaEvent_t *e)
{
    *e = new timespec{};
    return cudaSuccess;
}

static inline cudaError_t cudaEventDestroy(cudaEvent_t e)
{
    delete e;
    return cudaSuccess;
}

static inline cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t)
{
    clock_gettime(CLOCK_MONOTONIC, e);
    return cudaSuccess;
}

static inline cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t begin, cudaEvent_t end)
{
    *ms = (float)((double)(end->tv_sec - begin->tv_sec) * 1e3 + (double)(end->tv_nsec - begin->tv_nsec) * 1e-6);
    return cudaSuccess;
}

template <class Kernel> cudaError_t cudaFuncSetAttribute(Kernel *, int, int)
{
    return cudaSuccess;
}

// ---- launching: kernel<<<grid, block, shared, stream>>>(arguments) is made launch(kernel, grid, block, shared, stream)(arguments) ----

namespace stand_in
{

typedef void run_thread(void *data);

// Runs every thread of every block of a grid.
void run_grid(dim3 grid, dim3 block, size_t shared, run_thread *run, void *data);

// The block's dynamic shared memory.
char *shared_memory();

template <class Kernel> struct launcher {
    Kernel *kernel;
    dim3 grid, block;
    size_t shared;
    template <class... Arguments> void operator()(Arguments... arguments) const
    {
        auto one = [&] { kernel(arguments...); };
        run_grid(
            grid, block, shared, [](void *data) { (*static_cast<decltype(one) *>(data))(); }, &one);
    }
};

template <class Kernel> launcher<Kernel> launch(Kernel *kernel, dim3 grid, dim3 block, size_t shared = 0, cudaStream_t = nullptr)
{
    return {kernel, grid, block, shared};
}

// ---- what threads do together ----

// Waits for the block; how many of its threads brought a 1.
int meet(int bring);

enum { LANES = 32, MOST_BYTES = 64 };

// Waits for the warp, all of whose lanes call it with the same `what`; the bytes that each lane brought, MOST_BYTES apart, until the next call but one.
const char *exchange(const char *what, const void *bring, size_t size);

template <class T> T lane_value(const char *all, int lane)
{
    T v;
    memcpy(&v, all + lane * MOST_BYTES, sizeof v);
    return v;
}

static inline int own_lane()
{
    return (int)(threadIdx.x % LANES);
}

void need_all(unsigned lanes); // ends the program if a mask is not that of the whole warp

} // namespace stand_in

static inline void __syncthreads()
{
    stand_in::meet(0);
}

static inline int __syncthreads_or(int v)
{
    return stand_in::meet(v != 0) != 0;
}

static inline int __syncthreads_count(int v)
{
    return stand_in::meet(v != 0);
}

static inline void __syncwarp(unsigned lanes = ~0u)
{
    stand_in::need_all(lanes);
    stand_in::exchange("syncwarp", "", 1);
}

template <class T> T __shfl_sync(unsigned lanes, T v, int from, int width = stand_in::LANES)
{
    stand_in::need_all(lanes);
    return stand_in::lane_value<T>(stand_in::exchange("shfl", &v, sizeof v), stand_in::own_lane() / width * width + from % width);
}

template <class T> T __shfl_xor_sync(unsigned lanes, T v, int by)
{
    stand_in::need_all(lanes);
    return stand_in::lane_value<T>(stand_in::exchange("shfl_xor", &v, sizeof v), stand_in::own_lane() ^ by);
}

// Groups of `width` lanes; the first ones of each keep their own.
template <class T> T __shfl_up_sync(unsigned lanes, T v, unsigned by, int width)
{
    stand_in::need_all(lanes);
    const char *all = stand_in::exchange("shfl_up", &v, sizeof v);
    const int lane = stand_in::own_lane();
    return stand_in::lane_value<T>(all, lane % width < (int)by ? lane : lane - (int)by);
}

static inline unsigned __ballot_sync(unsigned lanes, int v)
{
    stand_in::need_all(lanes);
    const char *all = stand_in::exchange("ballot", &v, sizeof v);
    unsigned bits = 0;
    for (int i = 0; i < stand_in::LANES; ++i) bits |= (unsigned)(stand_in::lane_value<int>(all, i) != 0) << i;
    return bits;
}

static inline int __any_sync(unsigned lanes, int v)
{
    return __ballot_sync(lanes, v) != 0;
}

template <class Fold> unsigned reduce(unsigned lanes, unsigned v, Fold fold)
{
    stand_in::need_all(lanes);
    const char *all = stand_in::exchange("reduce", &v, sizeof v);
    unsigned result = stand_in::lane_value<unsigned>(all, 0);
    for (int i = 1; i < stand_in::LANES; ++i) result = fold(result, stand_in::lane_value<unsigned>(all, i));
    return result;
}

static inline unsigned __reduce_add_sync(unsigned lanes, unsigned v)
{
    return reduce(lanes, v, [](unsigned a, unsigned b) { return a + b; });
}

static inline unsigned __reduce_min_sync(unsigned lanes, unsigned v)
{
    return reduce(lanes, v, min<unsigned>);
}

static inline unsigned __reduce_max_sync(unsigned lanes, unsigned v)
{
    return reduce(lanes, v, max<unsigned>);
}

static inline unsigned __reduce_or_sync(unsigned lanes, unsigned v)
{
    return reduce(
        lanes, v, +[](unsigned a, unsigned b) { return a | b; });
}

template <class T, class U> T atomicAdd(T *at, U by)
{
    const T before = *at;
    *at = (T)(before + (T)by);
    return before;
}

template <class T> T atomicMin(T *at, T v)
{
    const T before = *at;
    if (v < before) *at = v;
    return before;
}

template <class T> T atomicOr(T *at, T bits)
{
    const T before = *at;
    *at = before | bits;
    return before;
}

template <class T> T __ldg(const T *at)
{
    return *at;
}

static inline int __dp4a(int a, int b, int sum)
{
    for (int i = 0; i < 32; i += 8) sum += (int8_t)(a >> i) * (int8_t)(b >> i);
    return sum;
}

static inline int __popc(unsigned v)
{
    return __builtin_popcount(v);
}

static inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned by)
{
    return (unsigned)(((uint64_t)high << 32 | low) >> (by & 31));
}

static inline unsigned __brev(unsigned v)
{
    unsigned to = 0;
    for (int i = 0; i < 32; ++i) to |= (v >> i & 1) << (31 - i);
    return to;
}

static inline int __ffs(int v)
{
    return __builtin_ffs(v);
}

static inline int __vimax3_s32(int a, int b, int c)
{
    return max(max(a, b), c);
}

static inline int __viaddmax_s32(int a, int b, int c)
{
    return max(a + b, c);
}

static inline int __viaddmax_s32_relu(int a, int b, int c)
{
    return max(max(a + b, c), 0);
}

// Both halves of words by themselves.
template <class Do> unsigned halves(unsigned a, unsigned b, unsigned c, Do half)
{
    const unsigned low = (uint16_t)half((int16_t)a, (int16_t)b, (int16_t)c),
                   high = (uint16_t)half((int16_t)(a >> 16), (int16_t)(b >> 16), (int16_t)(c >> 16));
    return high << 16 | low;
}

static inline unsigned __vadd2(unsigned a, unsigned b)
{
    return halves(a, b, 0, [](int16_t x, int16_t y, int16_t) { return (int16_t)(x + y); });
}

static inline unsigned __vmaxs2(unsigned a, unsigned b)
{
    return halves(a, b, 0, [](int16_t x, int16_t y, int16_t) { return max(x, y); });
}

static inline unsigned __viaddmax_s16x2(unsigned a, unsigned b, unsigned c)
{
    return halves(a, b, c, [](int16_t x, int16_t y, int16_t z) { return max((int16_t)(x + y), z); });
}

static inline unsigned __viaddmax_s16x2_relu(unsigned a, unsigned b, unsigned c)
{
    return __vmaxs2(__viaddmax_s16x2(a, b, c), 0);
}

#endif
