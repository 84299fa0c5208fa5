#include "base.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local char message[512];

int anl_fail(int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    return code;
}

const char *anl_error(void)
{
    return message;
}

static void *wait_for_all(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

int anl_threads_start(int n)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t *threads = anl_alloc((size_t)n, sizeof *threads);
    if (!threads) return ANL_ENOMEM;
    int started = 0, ok = 1;
    pthread_mutex_lock(&lock); /* all of them have to exist at once */
    while (started < n - 1 && (ok = !pthread_create(&threads[started], NULL, wait_for_all, &lock))) ++started;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < started; ++i) pthread_join(threads[i], NULL);
    free(threads);
    if (!ok) return anl_fail(ANL_ENOMEM, "cannot start %d threads: not enough memory, or the limit of processes is reached", n);
#pragma omp parallel num_threads(n)
    {
#pragma omp barrier
    }
    return ANL_OK;
}

void *anl_alloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p) anl_fail(ANL_ENOMEM, "out of memory (%zu elements of %zu bytes)", n, size);
    return p;
}

void *anl_alloc_aligned(size_t n, size_t size)
{
    size_t bytes;
    void *p = NULL;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - 64 || !(p = aligned_alloc(64, (bytes + 64) / 64 * 64))) {
        anl_fail(ANL_ENOMEM, "out of memory (%zu elements of %zu bytes)", n, size);
        return NULL;
    }
    memset(p, 0, (bytes + 64) / 64 * 64);
    return p;
}

/* The capacity that follows `cap`: twice as much, at least `need` and `least`. */
static size_t next_capacity(size_t cap, size_t need, size_t least)
{
    const size_t twice = cap > SIZE_MAX / 2 ? need : cap * 2, to = twice < need ? need : twice;
    return to < least ? least : to;
}

int anl_grow(void *array, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap) return ANL_OK;
    const size_t to = next_capacity(*cap, need, 16);
    size_t bytes;
    void *old, *p;
    memcpy(&old, array, sizeof old);
    if (__builtin_mul_overflow(to, size, &bytes) || !(p = realloc(old, bytes)))
        return anl_fail(ANL_ENOMEM, "out of memory (%zu elements of %zu bytes)", to, size);
    memcpy(array, &p, sizeof p);
    *cap = to;
    return ANL_OK;
}

void anl_failure_keep(anl_failure *f, int code, long rank)
{
#pragma omp critical(anl_failure)
    if (f->code == 0 || rank < f->rank) {
        f->code = code;
        f->rank = rank;
        snprintf(f->message, sizeof f->message, "%s", message);
    }
}

int anl_failure_is_before(const anl_failure *f, long rank)
{
    int before;
#pragma omp critical(anl_failure)
    before = f->code != 0 && f->rank < rank;
    return before;
}

int anl_failure_raise(const anl_failure *f)
{
    return f->code ? anl_fail(f->code, "%s", f->message) : ANL_OK;
}

typedef struct block {
    struct block *next;
    size_t cap, used;
    _Alignas(16) unsigned char data[];
} block;

struct anl_arena {
    block *first, *current;
};

anl_arena *anl_arena_new(void)
{
    return anl_alloc_aligned(1, sizeof(anl_arena)); /* those of two threads are not in one line of a cache */
}

void *anl_arena_alloc(anl_arena *a, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2) {
        anl_fail(ANL_ENOMEM, "out of memory (%zu elements of %zu bytes)", n, size);
        return NULL;
    }
    bytes = (bytes + 15) & ~(size_t)15;
    block *b = a->current;
    while (b && b->cap - b->used < bytes) {
        b = b->next;
        if (b) b->used = 0;
    }
    if (!b) {
        size_t cap = bytes > ((size_t)1 << 20) ? bytes : ((size_t)1 << 20);
        b = malloc(sizeof(block) + cap);
        if (!b) {
            anl_fail(ANL_ENOMEM, "out of memory (%zu bytes)", cap);
            return NULL;
        }
        b->cap = cap;
        b->used = 0;
        b->next = a->current ? a->current->next : NULL;
        if (a->current)
            a->current->next = b;
        else
            a->first = b;
    }
    a->current = b;
    void *p = b->data + b->used;
    b->used += bytes;
    return p;
}

int anl_arena_grow(anl_arena *a, void *array, size_t n, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap) return ANL_OK;
    const size_t to = next_capacity(*cap, need, 4); /* few: there may be an array for every read */
    void *old, *p = anl_arena_alloc(a, to, size);
    if (!p) return ANL_ENOMEM;
    memcpy(&old, array, sizeof old);
    if (n) memcpy(p, old, n * size);
    memcpy(array, &p, sizeof p);
    *cap = to;
    return ANL_OK;
}

anl_arena_mark anl_arena_now(const anl_arena *a)
{
    return (anl_arena_mark){a->current, a->current ? a->current->used : 0};
}

void anl_arena_return(anl_arena *a, anl_arena_mark to)
{
    a->current = to.block ? to.block : a->first;
    if (a->current) a->current->used = to.used;
}

void anl_arena_reset(anl_arena *a)
{
    a->current = a->first;
    if (a->first) a->first->used = 0;
}

void anl_arena_release(anl_arena *a)
{
    for (block *b = a->first, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    a->first = a->current = NULL;
}

void anl_arena_free(anl_arena *a)
{
    if (!a) return;
    anl_arena_release(a);
    free(a);
}

const char *anl_contig_name_fault(const char *name)
{
    if (!*name || *name == '*' || *name == '=') return name;
    for (; *name; ++name)
        if (*name < '!' || *name > '~' || strchr("\\,\"`'()[]{}<>", *name)) return name;
    return NULL;
}
