/** splitmix64 (Steele, Lea and Flood, OOPSLA 2014): every state is a good seed, so numbers can be drawn by their place. */
#ifndef ANL_RNG_H
#define ANL_RNG_H

#include <stdint.h>

static inline uint64_t anl_rng_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/** The state for item `i` of stream `s`. */
static inline uint64_t anl_rng_at(uint64_t seed, uint64_t s, uint64_t i)
{
    uint64_t state = seed;
    state = anl_rng_next(&state) ^ s;
    state = anl_rng_next(&state) ^ i;
    return anl_rng_next(&state);
}

/** Uniform in [0, n), n > 0 (Lemire's multiplication; the bias is below n / 2^64). */
static inline uint64_t anl_rng_below(uint64_t *state, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)anl_rng_next(state) * n) >> 64);
}

/** Uniform in [0, 1). */
static inline float anl_rng_unit(uint64_t *state)
{
    return (float)(anl_rng_next(state) >> 40) * 0x1p-24f;
}

/** n base codes; one in 100 is 4 (N). */
static inline void anl_rng_bases(uint64_t *state, uint8_t *seq, int n)
{
    for (int i = 0; i < n; ++i) seq[i] = anl_rng_below(state, 100) ? (uint8_t)anl_rng_below(state, 4) : 4;
}

#endif
