/* Index files with right checksums but any contents: refused, or good for aligning. */
#include "crafted.h"
#include "memory_file.h"
#include "output.h"
#include "sketch.h"

/* The model that tests/fuzz/run makes its index with, in a scratch file; its hash to *hash. */
static const char *make_model(uint64_t *hash)
{
    static char name[ANL_SCRATCH_NAME];
    anl_model *m = NULL;
    if (anl_sketch_new(&m, 32, 1, 1)) abort();
    anl_scratch_name(anl_scratch_open(NULL), name);
    if (anl_model_save(m, name)) abort();
    *hash = anl_model_hash(m);
    anl_model_free(m);
    return name;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *model;
    static uint64_t hash;
    uint8_t *copy = malloc(size + 1);
    if (!copy) return 0;
    if (!model) model = make_model(&hash);
    memcpy(copy, data, size);
    if (size >= sizeof(anl_index_header)) memcpy(copy + offsetof(anl_index_header, model_hash), &hash, sizeof hash);
    mend(copy, size);
    align_crafted(memory_file(copy, size), model);
    free(copy);
    return 0;
}
