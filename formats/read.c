#include "read.h"

#include <string.h>
#define XXH_STATIC_LINKING_ONLY /* a state on the stack */
#include <xxhash.h>

enum { BLOCK = 256 };

int anl_read_name_check(const char *file, int64_t record, const char *name)
{
    size_t n = 0;
    int at_sign = 0;
    for (; name[n]; ++n) {
        if (name[n] < '!' || name[n] > '~')
            return anl_fail(ANL_EFORMAT, "%s: record %lld: the name has a character that SAM does not allow", file, (long long)record);
        at_sign |= name[n] == '@';
    }
    const char *fault = at_sign   ? "the name has an '@', which SAM does not allow"
                        : n > 254 ? "the name is longer than the 254 characters that SAM allows"
                                  : NULL;
    return fault ? anl_fail(ANL_EFORMAT, "%s: record %lld '%.100s': %s", file, (long long)record, name, fault) : ANL_OK;
}

int anl_read_copy(const anl_read *from, anl_arena *arena, anl_read *to)
{
    const size_t name = strlen(from->name) + 1, comment = from->comment ? strlen(from->comment) + 1 : 0, len = (size_t)from->len;
    const size_t qual = from->qual ? len : 0, aux = (size_t)from->aux_len;
    uint8_t *at = anl_arena_alloc(arena, name + comment + len + qual + aux + 1, 1);
    if (!at) return ANL_ENOMEM;
    *to = *from;
    to->name = memcpy(at, from->name, name);
    at += name;
    if (comment) to->comment = memcpy(at, from->comment, comment);
    at += comment;
    to->seq = len ? memcpy(at, from->seq, len) : at;
    at += len;
    if (from->qual) to->qual = qual ? memcpy(at, from->qual, qual) : at;
    at += qual;
    to->aux = aux ? memcpy(at, from->aux, aux) : NULL;
    return ANL_OK;
}

static uint8_t complement(uint8_t base)
{
    return base > 3 ? base : 3 - base;
}

/* Whether the reverse complement is the one of the two that comes first in the alphabet. */
static int reverse_is_first(const anl_read *read)
{
    for (int32_t i = 0; i < read->len; ++i) {
        const uint8_t forward = read->seq[i], reverse = complement(read->seq[read->len - 1 - i]);
        if (forward != reverse) return reverse < forward;
    }
    return 0;
}

uint64_t anl_read_hash(const anl_read *read)
{
    if (!reverse_is_first(read)) return XXH3_64bits(read->seq, (size_t)read->len);
    XXH3_state_t state;
    uint8_t block[BLOCK];
    XXH3_64bits_reset(&state);
    for (int32_t left = read->len; left;) {
        const int32_t n = left < BLOCK ? left : BLOCK;
        for (int32_t i = 0; i < n; ++i) block[i] = complement(read->seq[--left]);
        XXH3_64bits_update(&state, block, (size_t)n);
    }
    return XXH3_64bits_digest(&state);
}

uint64_t anl_read_hash_both(uint64_t one, uint64_t other)
{
    const uint64_t both[2] = {one < other ? one : other, one < other ? other : one};
    return XXH3_64bits(both, sizeof both);
}
