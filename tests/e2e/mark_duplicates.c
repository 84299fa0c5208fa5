/* mark_duplicates IN OUT [DISTANCE]: marks the duplicates of a sorted file as anneal does while it sorts; prints what it counted. */
#include "duplicates.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct writer {
    samFile *file;
    sam_hdr_t *header;
} writer;

static int put(void *data, bam1_t *b)
{
    writer *w = data;
    return sam_write1(w->file, w->header, b) < 0 ? ANL_EIO : ANL_OK;
}

static void print_counts(const anl_duplicates *d)
{
    int n;
    const anl_duplicate_counts *c = anl_duplicates_counts(d, &n);
    for (int i = 0; i < n; ++i)
        printf("%s\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\n", c[i].library, (long long)c[i].records,
               (long long)c[i].excluded, (long long)c[i].paired, (long long)c[i].single, (long long)c[i].pair_duplicates,
               (long long)c[i].single_duplicates, (long long)c[i].pair_optical, (long long)c[i].single_optical,
               (long long)anl_library_size(&c[i]));
}

int main(int argc, char **argv)
{
    samFile *in = argc > 2 ? sam_open(argv[1], "r") : NULL;
    writer w = {argc > 2 ? sam_open(argv[2], "wb") : NULL, in ? sam_hdr_read(in) : NULL};
    bam1_t *b = bam_init1();
    if (!in || !w.file || !w.header || !b || sam_hdr_write(w.file, w.header) < 0) return 2;
    const anl_duplicates_options options = {argc > 3 ? atol(argv[3]) : 0, put, &w};
    anl_duplicates *d = NULL;
    int rc = anl_duplicates_new(&d, w.header, &options), got = 0;
    while (!rc && (got = sam_read1(in, w.header, b)) >= 0) rc = anl_duplicates_add(d, b);
    if (!rc) rc = anl_duplicates_finish(d);
    if (rc || got < -1 || sam_close(w.file) < 0) {
        fprintf(stderr, "mark_duplicates: %s\n", anl_error());
        return 1;
    }
    print_counts(d);
    anl_duplicates_free(d);
    bam_destroy1(b);
    sam_hdr_destroy(w.header);
    sam_close(in);
    return 0;
}
