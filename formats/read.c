#include "read.h"

uint32_t anl_read_hash(const anl_read *read)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (const char *c = read->name; *c; ++c) h = (h ^ (uint8_t)*c) * 16777619u;
    return h ^ h >> 15;
}
