// Runs the blocks of a grid, and has the memory of one GPU.
#include "cuda_runtime.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#include <atomic>
#include <deque>
#include <vector>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED
#endif
#ifdef SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

// Stacks change by jumps, as these cost no system call; but under AddressSanitizer libc's does, and clears what is known of the stack, which stays as it is.
#if defined SANITIZED && !defined __clang__
typedef void *jump_place[5];
#define MARK(place) __builtin_setjmp(place)
#define JUMP(place) __builtin_longjmp(place, 1)
#define PLAIN __attribute__((noinline, no_sanitize_address))
#else
typedef jmp_buf jump_place;
#define MARK(place) _setjmp(place)
#define JUMP(place) _longjmp(place, 1)
#define PLAIN
#endif

thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace stand_in
{

enum { STACK = 64 << 10, SHARED_LINE = 1024 };

struct fiber {
    ucontext_t context;
    jump_place place;
    void *kept; // by AddressSanitizer
    std::vector<char> stack;
    dim3 index;
    unsigned turn; // exchanges so far
    bool runs, done;
};

struct warp {
    char slots[2][LANES * MOST_BYTES];
    const char *what;
    unsigned arrived, turn; // of the exchange in progress
};

// The block that runs on this thread of the host.
struct block_state {
    std::deque<fiber> fibers; // as many as the largest block had
    std::vector<warp> warps;
    std::vector<char> shared;
    ucontext_t first;
    jump_place scheduler;
    const void *bottom; // of the stack of this thread of the host
    size_t size;
    void *kept;
    size_t current, alive, arrived, steps; // steps: barriers passed, exchanges done and threads ended, to see that something happens
    unsigned phase;
    int brought, result;
    uint64_t order;
    run_thread *run;
    void *data;
};

static thread_local block_state b;

[[noreturn]] static void stop(const char *why)
{
    fprintf(stderr, "stand-in: block %u, thread %u: %s\n", blockIdx.x, threadIdx.x, why);
    abort();
}

// AddressSanitizer wants to be told of other stacks: before a change, with room for what it keeps of the stack that is left, and after it.
static void tell_leaving(void **kept, const void *bottom, size_t size)
{
#ifdef SANITIZED
    __sanitizer_start_switch_fiber(kept, bottom, size);
#else
    (void)kept, (void)bottom, (void)size;
#endif
}

static void tell_arrived(void *kept, const void **bottom_before, size_t *size_before)
{
#ifdef SANITIZED
    __sanitizer_finish_switch_fiber(kept, bottom_before, size_before);
#else
    (void)kept, (void)bottom_before, (void)size_before;
#endif
}

// Back to run_block().
PLAIN static void yield()
{
    fiber &f = b.fibers[b.current];
    if (!MARK(f.place)) {
        tell_leaving(&f.kept, b.bottom, b.size);
        JUMP(b.scheduler);
    }
    tell_arrived(b.fibers[b.current].kept, nullptr, nullptr);
}

PLAIN static void resume(fiber &f)
{
    if (!MARK(b.scheduler)) {
        tell_leaving(&b.kept, f.stack.data(), f.stack.size());
        if (f.runs) JUMP(f.place);
        f.runs = true;
        swapcontext(&b.first, &f.context);
    }
    tell_arrived(b.kept, nullptr, nullptr);
}

static void pass_barrier()
{
    b.result = b.brought;
    b.brought = 0;
    b.arrived = 0;
    ++b.phase;
    ++b.steps;
}

int meet(int bring)
{
    const unsigned phase = b.phase;
    b.brought += bring;
    if (++b.arrived == b.alive)
        pass_barrier();
    else
        while (b.phase == phase) yield();
    return b.result;
}

const char *exchange(const char *what, const void *bring, size_t size)
{
    fiber &f = b.fibers[b.current];
    warp &w = b.warps[f.index.x / LANES];
    const unsigned turn = f.turn++;
    char *slots = w.slots[turn % 2];
    if (size > MOST_BYTES) stop("too many bytes");
    if (turn != w.turn) stop("a lane was missing before");
    if (w.arrived && strcmp(w.what, what)) stop("lanes of a warp do different things together");
    w.what = what;
    memcpy(slots + f.index.x % LANES * MOST_BYTES, bring, size);
    if (++w.arrived == LANES) {
        w.arrived = 0;
        ++w.turn;
        ++b.steps;
    } else
        while (w.turn == turn) yield();
    return slots;
}

void need_all(unsigned lanes)
{
    if (lanes != ~0u) stop("a mask of part of the warp");
}

char *shared_memory()
{
    return b.shared.data() + (SHARED_LINE - (uintptr_t)b.shared.data() % SHARED_LINE) % SHARED_LINE;
}

// Runs the fiber's thread of one block after the other.
static void fiber_main()
{
    tell_arrived(nullptr, &b.bottom, &b.size);
    for (;;) {
        b.run(b.data);
        b.fibers[b.current].done = true;
        --b.alive;
        ++b.steps;
        if (b.alive && b.arrived == b.alive) pass_barrier();
        yield();
    }
}

static void make(fiber &f, unsigned thread)
{
    f.index = dim3(thread);
    f.stack.resize(STACK);
    getcontext(&f.context);
    f.context.uc_stack.ss_sp = f.stack.data();
    f.context.uc_stack.ss_size = f.stack.size();
    f.context.uc_link = nullptr;
    makecontext(&f.context, fiber_main, 0);
}

// Threads in turn, from another one on and in another direction every time.
static void run_block(size_t n)
{
    b.alive = n;
    b.arrived = 0;
    b.brought = 0;
    for (warp &w : b.warps) w.arrived = w.turn = 0;
    for (size_t i = 0; i < n; ++i) {
        b.fibers[i].turn = 0;
        b.fibers[i].done = false;
    }
    memset(b.shared.data(), 0xa5, b.shared.size());
    while (b.alive) {
        const size_t before = b.steps;
        b.order = b.order * 6364136223846793005u + 1442695040888963407u;
        const size_t first = (size_t)(b.order >> 33) % n, step = b.order >> 32 & 1 ? 1 : n - 1;
        for (size_t i = 0, at = first; i < n; ++i, at = (at + step) % n) {
            fiber &f = b.fibers[at];
            if (f.done) continue;
            b.current = at;
            threadIdx = f.index;
            resume(f);
        }
        if (b.steps == before) stop("threads wait for each other");
    }
}

void run_grid(dim3 grid, dim3 block, size_t shared, run_thread *run, void *data)
{
    const size_t n = (size_t)block.x * block.y * block.z;
    if (!n || n > 1024 || block.y * block.z != 1 || grid.y > 65535 || grid.z > 65535 || !grid.x || !grid.y || !grid.z) {
        fprintf(stderr, "stand-in: %zu threads in blocks of %u x %u x %u\n", n, grid.x, grid.y, grid.z);
        abort();
    }
    while (b.fibers.size() < n) {
        b.fibers.emplace_back();
        make(b.fibers.back(), (unsigned)b.fibers.size() - 1);
    }
    b.warps.resize((n + LANES - 1) / LANES);
    b.shared.resize(shared + SHARED_LINE);
    b.run = run;
    b.data = data;
    blockDim = block;
    gridDim = grid;
    for (unsigned z = 0; z < grid.z; ++z)
        for (unsigned y = 0; y < grid.y; ++y)
            for (unsigned x = 0; x < grid.x; ++x) {
                blockIdx = dim3(x, y, z);
                run_block(n);
            }
}

} // namespace stand_in

// ---- memory ----

static std::atomic<size_t> used;

static size_t memory()
{
    const char *limit = getenv("ANNEAL_STAND_IN_MEMORY");
    return limit ? (size_t)strtoull(limit, nullptr, 10) : (size_t)4 << 30;
}

enum { LINE = 256 };

cudaError_t cudaMalloc(void **p, size_t n)
{
    if (used + n > memory()) return cudaErrorMemoryAllocation;
    char *at = static_cast<char *>(aligned_alloc(LINE, (n + 2 * LINE - 1) / LINE * LINE));
    if (!at) return cudaErrorMemoryAllocation;
    memcpy(at, &n, sizeof n);
    memset(at + LINE, 0xa5, n);
    used += n;
    *p = at + LINE;
    return cudaSuccess;
}

cudaError_t cudaFree(void *p)
{
    size_t n;
    if (!p) return cudaSuccess;
    memcpy(&n, static_cast<char *>(p) - LINE, sizeof n);
    used -= n;
    free(static_cast<char *>(p) - LINE);
    return cudaSuccess;
}

cudaError_t cudaHostAlloc(void **p, size_t n, unsigned)
{
    *p = aligned_alloc(LINE, (n + LINE - 1) / LINE * LINE);
    return *p ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t cudaFreeHost(void *p)
{
    free(p);
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *available, size_t *total)
{
    *total = memory();
    *available = used < *total ? *total - used : 0;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *p, int)
{
    *p = {};
    strcpy(p->name, "stand-in");
    p->major = 9;
    return cudaSuccess;
}

const char *cudaGetErrorString(cudaError_t e)
{
    return e == cudaErrorMemoryAllocation ? "out of memory" : "unknown error";
}
