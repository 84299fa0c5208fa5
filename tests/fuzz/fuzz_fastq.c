/* FASTQ, FASTA and gzip: any bytes give reads or an error. */
#include "fastq.h"

#include <htslib/hfile.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    anl_text *text = NULL;
    anl_fastq *f = NULL;
    anl_raw_read r = {0};
    char *copy = malloc(size + 1); /* the stream takes it */
    if (!copy) return 0;
    memcpy(copy, data, size);
    hFILE *file = hopen("mem:", "r:", copy, size);
    if (!file) abort();
    if (anl_text_over(&text, file, "fuzz")) { /* compressed otherwise */
        hclose_abruptly(file);
        return 0;
    }
    if (anl_fastq_new(&f, text)) abort();
    while (anl_fastq_next(f, &r) == 1) {
        if (!*r.name || r.len < 0) abort();
        for (int32_t i = 0; i < r.len; ++i)
            if (r.seq[i] > 4 || (r.has_qual && r.qual[i] > 93)) abort();
    }
    anl_raw_read_free(&r);
    anl_fastq_free(f);
    return 0;
}
