#include "sort.h"

#include <errno.h>
#include <htslib/hfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Runs are read once and soon: level 1 of zlib, as samtools sort has it. */
static const char RUN_MODE[] = "wb1";

typedef struct entry {
    uint64_t contig_pos; /* contig + 1 wraps unplaced to the end; then position, then strand */
    uint64_t order;
    bam1_t *bam;
} entry;

/* A spilled run. Its file has no name, so that it ends with the process, however that ends. */
typedef struct spilled {
    int file;  /* descriptor, -1: closed */
    int level; /* merges behind it */
} spilled;

struct anl_sorter {
    char *label, *beside;
    const sam_hdr_t *header;
    size_t memory, used;
    entry *entries;
    size_t n, cap;
    uint64_t order;
    spilled *runs; /* in the order of the records; levels never ascend */
    size_t n_runs, runs_cap, most_runs;
};

/* Runs that may be open at once: each takes a descriptor, and 0.2 MB when they are merged. */
static size_t most_runs(void)
{
    enum { OTHERS = 128, LEAST = 4, MOST = 1000 };
    struct rlimit limit;
    const size_t all = getrlimit(RLIMIT_NOFILE, &limit) ? 256 : limit.rlim_cur > 2 * MOST ? 2 * MOST : (size_t)limit.rlim_cur;
    const size_t ours = all > 2 * OTHERS ? all - OTHERS : all / 2;
    return ours < LEAST ? LEAST : ours > MOST ? MOST : ours;
}

int anl_sorter_new(anl_sorter **out, const anl_output *to, size_t memory, const sam_hdr_t *header)
{
    const char *beside = anl_output_temporary(to);
    anl_sorter *s = anl_alloc(1, sizeof *s);
    if (!s || !(s->label = strdup(anl_output_label(to))) || (beside && !(s->beside = strdup(beside)))) {
        anl_sorter_free(s);
        return anl_fail(ANL_ENOMEM, "out of memory");
    }
    s->memory = memory;
    s->most_runs = most_runs();
    s->header = header;
    *out = s;
    return ANL_OK;
}

static void drop_entries(anl_sorter *s)
{
    for (size_t i = 0; i < s->n; ++i) bam_destroy1(s->entries[i].bam);
    s->n = s->used = 0;
}

void anl_sorter_free(anl_sorter *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n_runs; ++i)
        if (s->runs[i].file >= 0) close(s->runs[i].file);
    drop_entries(s);
    free(s->runs);
    free(s->entries);
    free(s->label);
    free(s->beside);
    free(s);
}

static uint64_t key_of(const bam1_t *b)
{
    const uint64_t contig = b->core.tid < 0 ? UINT32_MAX : (uint32_t)b->core.tid;
    return contig << 32 | (uint64_t)((b->core.pos + 1) << 1 | (bam_is_rev(b) != 0));
}

static int by_key(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    if (x->contig_pos != y->contig_pos) return x->contig_pos < y->contig_pos ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static int fail_run(const anl_sorter *s, const char *what)
{
    return anl_fail(ANL_EIO, "%s: cannot %s sorted records: %s", s->label, what, strerror(errno ? errno : EIO));
}

static int new_run(anl_sorter *s, int level)
{
    int rc = anl_grow(&s->runs, &s->runs_cap, s->n_runs + 1, sizeof *s->runs);
    if (rc) return rc;
    const int file = anl_scratch_open(s->beside);
    if (file < 0) return ANL_EIO;
    s->runs[s->n_runs++] = (spilled){file, level};
    return ANL_OK;
}

/* Opens a run, and closes `fd` with it. */
static samFile *open_run(const anl_sorter *s, int fd, const char *mode)
{
    hFILE *file = fd >= 0 && lseek(fd, 0, SEEK_SET) == 0 ? hdopen(fd, *mode == 'w' ? "w" : "r") : NULL;
    samFile *f = file ? hts_hopen(file, s->label, mode) : NULL;
    if (file && !f)
        hclose_abruptly(file);
    else if (!file && fd >= 0)
        close(fd);
    return f;
}

/* The last run, to be written. */
static samFile *write_run(anl_sorter *s)
{
    errno = 0;
    samFile *f = open_run(s, dup(s->runs[s->n_runs - 1].file), RUN_MODE);
    if (!f || !sam_hdr_write(f, s->header)) return f;
    sam_close(f);
    return NULL;
}

static int spill(anl_sorter *s)
{
    int rc = new_run(s, 0);
    if (rc) return rc;
    qsort(s->entries, s->n, sizeof *s->entries, by_key);
    samFile *f = write_run(s);
    int bad = !f;
    for (size_t i = 0; i < s->n && !bad; ++i) bad = sam_write1(f, s->header, s->entries[i].bam) < 0;
    if ((f && sam_close(f) < 0) || bad) return fail_run(s, "write");
    drop_entries(s);
    return ANL_OK;
}

/* A run being merged; the records still in memory are the last one. */
typedef struct run {
    samFile *file;
    sam_hdr_t *header;
    bam1_t *bam; /* next of the run; NULL when it is used up */
    uint64_t key;
    size_t at;
} run;

static int run_next(anl_sorter *s, run *r)
{
    if (!r->file) {
        r->bam = r->at < s->n ? s->entries[r->at].bam : NULL;
        r->key = r->bam ? s->entries[r->at++].contig_pos : 0;
        return ANL_OK;
    }
    const int got = sam_read1(r->file, r->header, r->bam);
    if (got >= 0) {
        r->key = key_of(r->bam);
        return ANL_OK;
    }
    bam_destroy1(r->bam);
    r->bam = NULL;
    return got == -1 ? ANL_OK : fail_run(s, "read back");
}

static int run_open(anl_sorter *s, size_t number, run *r)
{
    errno = 0;
    r->file = open_run(s, s->runs[number].file, "r");
    s->runs[number].file = -1;
    if (!r->file || !(r->header = sam_hdr_read(r->file)) || !(r->bam = bam_init1())) return fail_run(s, "read back");
    return run_next(s, r);
}

/* Restores the heap below node i: smallest key first, of equals the earlier run. */
static void sift(int *heap, int n, int i, const run *runs)
{
    for (;;) {
        int least = i;
        for (int child = 2 * i + 1; child <= 2 * i + 2 && child < n; ++child) {
            const run *a = &runs[heap[child]], *b = &runs[heap[least]];
            if (a->key < b->key || (a->key == b->key && heap[child] < heap[least])) least = child;
        }
        if (least == i) return;
        const int swap = heap[i];
        heap[i] = heap[least];
        heap[least] = swap;
        i = least;
    }
}

static int merge(anl_sorter *s, run *runs, int *heap, int n, int (*put)(void *, bam1_t *), void *data)
{
    int live = 0, rc = ANL_OK;
    for (int i = 0; i < n; ++i)
        if (runs[i].bam) heap[live++] = i;
    for (int i = live / 2; i >= 0; --i) sift(heap, live, i, runs);
    while (live && !rc) {
        run *r = &runs[heap[0]];
        rc = put(data, r->bam);
        if (!rc) rc = run_next(s, r);
        if (!r->bam) heap[0] = heap[--live];
        sift(heap, live, 0, runs);
    }
    return rc;
}

/* Merges the runs from `first` on and, after them, the records in memory. */
static int merge_runs(anl_sorter *s, size_t first, int (*put)(void *, bam1_t *), void *data)
{
    const int n_runs = (int)(s->n_runs - first), n = n_runs + 1;
    run *runs = anl_alloc((size_t)n, sizeof *runs);
    int *heap = anl_alloc((size_t)n, sizeof *heap);
    int rc = runs && heap ? ANL_OK : ANL_ENOMEM;
    for (int i = 0; i < n_runs && !rc; ++i) rc = run_open(s, first + (size_t)i, &runs[i]);
    if (!rc) rc = run_next(s, &runs[n - 1]);
    if (!rc) rc = merge(s, runs, heap, n, put, data);
    for (int i = 0; runs && i < n_runs; ++i) {
        if (runs[i].bam) bam_destroy1(runs[i].bam);
        if (runs[i].header) sam_hdr_destroy(runs[i].header);
        if (runs[i].file) sam_close(runs[i].file);
    }
    free(runs);
    free(heap);
    return rc;
}

/* A run that others are merged into. */
typedef struct target {
    const anl_sorter *sorter;
    samFile *file;
} target;

static int put_into_run(void *data, bam1_t *b)
{
    const target *t = data;
    return sam_write1(t->file, t->sorter->header, b) < 0 ? fail_run(t->sorter, "write") : ANL_OK;
}

/* Makes one run of the last ones, at least half of those that may be open, and of whole levels: so no record is rewritten often. Nothing
 * is in memory. */
static int merge_last(anl_sorter *s)
{
    size_t first = s->n_runs;
    int level = 0;
    while (first && (s->n_runs - first < s->most_runs / 2 || s->runs[first - 1].level == level)) level = s->runs[--first].level;
    target t = {s, NULL};
    int rc = new_run(s, level + 1);
    if (!rc && !(t.file = write_run(s))) rc = fail_run(s, "write");
    if (rc) return rc;
    const spilled merged = s->runs[--s->n_runs];
    rc = merge_runs(s, first, put_into_run, &t);
    if (sam_close(t.file) < 0 && !rc) rc = fail_run(s, "write");
    for (size_t i = first; i < s->n_runs; ++i)
        if (s->runs[i].file >= 0) close(s->runs[i].file); /* not come to: an error */
    s->runs[first] = merged;
    s->n_runs = first + 1;
    return rc;
}

int anl_sorter_add(anl_sorter *s, const bam1_t *b)
{
    int rc = anl_grow(&s->entries, &s->cap, s->n + 1, sizeof *s->entries);
    bam1_t *copy = rc ? NULL : bam_dup1(b);
    if (!copy) return anl_fail(ANL_ENOMEM, "out of memory");
    s->entries[s->n++] = (entry){key_of(b), s->order++, copy};
    s->used += sizeof *copy + (size_t)copy->l_data + sizeof(entry);
    if (s->used > s->memory) rc = spill(s);
    return rc || s->n_runs < s->most_runs ? rc : merge_last(s);
}

int anl_sorter_finish(anl_sorter *s, int (*put)(void *data, bam1_t *b), void *data)
{
    qsort(s->entries, s->n, sizeof *s->entries, by_key);
    return merge_runs(s, 0, put, data);
}
