#include "adapter.h"

#include "align_tuning.h"

/* What adapters begin with, as kits' makers publish it. */
static const char *const adapters[] = {
    "AGATCGGAAGAGCACACG", /* Illumina TruSeq, first mate */
    "AGATCGGAAGAGCGTCGT", /* and second */
    "CTGTCTCTTATACACATC", /* Illumina Nextera, both mates */
    "TGGAATTCTCGGGTGCCA", /* Illumina small RNA */
    "AAGTCGGAGGCCAAGCGG", /* MGI, first mate */
    "AAGTCGGATCGTAGCCAT", /* and second */
};

enum {
    ADAPTERS = sizeof adapters / sizeof *adapters,
    KEY = ANL_ADAPTER_KEY,
};

#define LOW_BITS 0x5555555555555555u /* one of each base */

static uint64_t code_of(const char *text)
{
    uint64_t code = 0;
    for (int32_t i = 0; i < KEY; ++i) code = code << 2 | (uint64_t)(text[i] == 'T' ? 3 : text[i] == 'G' ? 2 : text[i] == 'C');
    return code;
}

int32_t anl_adapter_begin(const uint8_t *read, int32_t len)
{
    uint64_t keys[ADAPTERS], code = 0;
    for (int32_t k = 0; k < ADAPTERS; ++k) keys[k] = code_of(adapters[k]);
    /* `code`: the KEY bases from i - KEY + 1 on; behind the read's end come bases that do not count. */
    for (int32_t i = 0; i < len + KEY - ANL_ADAPTER_LEAST; ++i) {
        const int32_t behind = i < len ? 0 : i - len + 1;
        code = code << 2 | (i < len ? read[i] & 3 : 0);
        if (i < KEY - 1) continue;
        for (int32_t k = 0; k < ADAPTERS; ++k) {
            const uint64_t bits = ((code ^ keys[k]) & (((uint64_t)1 << 2 * KEY) - 1)) >> 2 * behind, differ = (bits | bits >> 1) & LOW_BITS;
            if (!(differ & (differ - 1))) return i - KEY + 1; /* one bit at most */
        }
    }
    return len;
}
