/* FASTQ, FASTA and gzip: any bytes give reads or an error. */
#include "fastq.h"

#include <htslib/hfile.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    anl_text *text = NULL;
    anl_fastq *f = NULL;
    anl_read r;
    anl_arena *arena = anl_arena_new();
    char *copy = malloc(size + 1); /* the stream takes it */
    if (!copy || !arena) abort();
    memcpy(copy, data, size);
    hFILE *file = hopen("mem:", "r:", copy, size);
    if (!file) abort();
    if (anl_text_over(&text, file, "fuzz")) { /* compressed otherwise */
        hclose_abruptly(file);
        anl_arena_free(arena);
        return 0;
    }
    if (anl_fastq_new(&f, text)) abort();
    while (anl_fastq_next(f, arena, &r) == 1) {
        if (!*r.name || r.len < 0) abort();
        for (int32_t i = 0; i < r.len; ++i)
            if (r.seq[i] > 4 || (r.qual && r.qual[i] > 93)) abort();
    }
    anl_arena_free(arena);
    anl_fastq_free(f);
    return 0;
}
