/** Shared vocabulary of every folder: status codes, the error message, checked allocation, arena, contig.
 *
 * Functions return 0 or a negative ANL_E* code; anl_fail() records a one-line message for the calling thread.
 * The library never prints and never exits.
 */
#ifndef ANL_BASE_H
#define ANL_BASE_H

#include "anneal_codes.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ANL_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define ANL_PRINTF(a, b)
#endif

/** Records the one-line message (no newline, no "anneal:" prefix) for this thread and returns `code`. */
int anl_fail(int code, const char *fmt, ...) ANL_PRINTF(2, 3);

/** The message of this thread's last failure; "" when there was none. Valid until this thread fails again. */
const char *anl_error(void);

/** Starts the `n` OpenMP threads that the calling thread's parallel regions will use. OpenMP ends the process when it cannot start
 *  one: here, before there is anything to lose, it is an error. 0 or ANL_ENOMEM. */
int anl_threads_start(int n);

/** `n` zeroed elements of `size` bytes; NULL (message recorded) when the product overflows or memory is short. */
void *anl_alloc(size_t n, size_t size);

/** As anl_alloc, aligned to 64 bytes, released by free(). */
void *anl_alloc_aligned(size_t n, size_t size);

/** Grows *array (elements of `size` bytes, capacity *cap) to hold at least `need`; doubles. 0 or ANL_ENOMEM. */
int anl_grow(void *array, size_t *cap, size_t need, size_t size);

/** A failure carried out of a parallel region: the first one recorded wins by lowest `rank`. */
typedef struct anl_failure {
    int code; /**< 0 while nothing failed */
    long rank;
    char message[512];
} anl_failure;

/** Keeps this thread's error in *f when it is the lowest rank so far. Thread-safe. */
void anl_failure_keep(anl_failure *f, int code, long rank);

/** Whether one of a lower rank is kept: what comes behind it need not be done. Thread-safe. */
int anl_failure_is_before(const anl_failure *f, long rank);

/** Makes a kept failure this thread's own error; returns its code (0 when none). */
int anl_failure_raise(const anl_failure *f);

/** Bump allocator: everything is released together by reset or free, or what came last by going back. Not thread-safe. */
typedef struct anl_arena anl_arena;
anl_arena *anl_arena_new(void);
void *anl_arena_alloc(anl_arena *a, size_t n, size_t size); /**< 16-byte aligned, not zeroed; NULL when memory is short */

/** anl_grow for an array in an arena, of which the first `n` elements are in use: they are moved to a larger one when *cap < need. The old one
 *  stays until the arena is reset; as capacities double, all of them together are no larger than the last. 0 or ANL_ENOMEM. */
int anl_arena_grow(anl_arena *a, void *array, size_t n, size_t *cap, size_t need, size_t size);

/** How full an arena is. */
typedef struct anl_arena_mark {
    void *block;
    size_t used;
} anl_arena_mark;

anl_arena_mark anl_arena_now(const anl_arena *a);
void anl_arena_return(anl_arena *a, anl_arena_mark to); /**< releases what came after; no reset may lie between */
void anl_arena_reset(anl_arena *a);                     /**< everything is released, its memory kept */
void anl_arena_release(anl_arena *a);                   /**< the same, and its memory given back */

void anl_arena_free(anl_arena *a);

/** One reference sequence. Strings are owned by whoever owns the table. */
typedef struct anl_contig {
    const char *name; /**< first word of the FASTA header, legal in SAM */
    int64_t len;      /**< bp */
    char md5[33];     /**< M5 of the upper-case sequence, hexadecimal */
    uint8_t alt;      /**< 1: an ALT contig, another form of what the primary assembly has */
} anl_contig;

/** The first character that SAM does not allow in the name (specification, section 1.2.1), its end where it is empty; NULL: it is legal. */
const char *anl_contig_name_fault(const char *name);

#ifdef __cplusplus
}
#endif
#endif
