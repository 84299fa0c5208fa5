/* Model files with a right checksum but any contents: read, or refused. */
#include "memory_file.h"
#include "model.h"

#include <string.h>
#include <xxhash.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    anl_model *m = NULL;
    uint8_t *copy = malloc(size + 1);
    if (!copy) return 0;
    memcpy(copy, data, size);
    if (size > 8) {
        const uint64_t sum = XXH3_64bits(copy, size - 8);
        memcpy(copy + size - 8, &sum, 8);
    }
    if (!anl_model_read(&m, memory_file(copy, size)) && anl_model_check(m)) abort();
    anl_model_free(m);
    free(copy);
    return 0;
}
