#include "read.h"

int anl_read_name_check(const char *file, int64_t record, const char *name)
{
    size_t n = 0;
    int at_sign = 0;
    for (; name[n]; ++n) {
        if (name[n] < '!' || name[n] > '~')
            return anl_fail(ANL_EFORMAT, "%s: record %lld: the name has a character that SAM does not allow", file, (long long)record);
        at_sign |= name[n] == '@';
    }
    const char *fault = at_sign ? "the name has an '@', which SAM does not allow"
                        : n > 254 ? "the name is longer than the 254 characters that SAM allows" : NULL;
    return fault ? anl_fail(ANL_EFORMAT, "%s: record %lld '%.100s': %s", file, (long long)record, name, fault) : ANL_OK;
}

uint32_t anl_read_hash(const anl_read *read)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (const char *c = read->name; *c; ++c) h = (h ^ (uint8_t)*c) * 16777619u;
    return h ^ h >> 15;
}
