/** Sorting by keys in which the caller packs what it orders by: comparing two of them takes no call. */
#ifndef ANL_SORT_H
#define ANL_SORT_H

#include <stdint.h>

/** A 128-bit number, and what has it. */
typedef struct anl_sort_key {
    uint64_t high, low;
    int32_t number;
} anl_sort_key;

static inline int anl_sort_is_before(const anl_sort_key *a, const anl_sort_key *b)
{
    return ((unsigned __int128)a->high << 64 | a->low) < ((unsigned __int128)b->high << 64 | b->low);
}

/** As unsigned numbers that are in the same order. */
static inline uint64_t anl_sort_of_int64(int64_t x)
{
    return (uint64_t)x ^ UINT64_C(1) << 63;
}

static inline int64_t anl_sort_to_int64(uint64_t x)
{
    return (int64_t)(x ^ UINT64_C(1) << 63);
}

/** The same of numbers that are to descend. */
static inline uint32_t anl_sort_descending(int32_t x)
{
    return (uint32_t)INT32_MAX - (uint32_t)x;
}

/** Ascending; equal keys keep their order. `room` holds n more. */
void anl_sort_keys(anl_sort_key *keys, int32_t n, anl_sort_key *room);

#endif
