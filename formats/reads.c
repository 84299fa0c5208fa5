#include "reads.h"

#include "base_tags.h"
#include "fasta_index.h"
#include "fastq.h"
#include "header.h"

#include <errno.h>
#include <htslib/bgzf.h>
#include <htslib/cram.h>
#include <htslib/hfile.h>
#include <htslib/sam.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    SEQUENTIAL_SKIP = BAM_FSECONDARY | BAM_FSUPPLEMENTARY,
    MOST_QUALITY = 93 /* Phred (SAM specification, 4.2): more would be no character of SAM, and 232 and 233 a tab and the end of a line */
};

/* One input file: text, or alignments read through htslib. */
typedef struct source {
    char *name;
    anl_fastq *fastq;
    samFile *sam;
    struct hFILE *file; /* that of sam */
    int64_t size;       /* and its bytes, 0: not known */
    sam_hdr_t *header;
    bam1_t *bam;
    int has_end_block;
    int64_t number;
    int waiting; /* reads taken, but not yet given */
    int ended;
} source;

struct anl_reads {
    source first, second;
    int has_second, interleaved;
    anl_batch kept;   /* reads that wait for the next batch */
    kstring_t header; /* lines of the inputs' headers that the output keeps */
};

static void source_close(source *s)
{
    anl_fastq_free(s->fastq);
    if (s->bam) bam_destroy1(s->bam);
    if (s->header) sam_hdr_destroy(s->header);
    if (s->sam) hts_close(s->sam);
    free(s->name);
}

/* BGZF and CRAM end with a block that says so: without it reads may be missing behind any other one, and htslib would only warn. */
static int fail_no_end(const source *s)
{
    return anl_fail(ANL_EFORMAT, "%s: truncated, or padded: it does not end with an end-of-file block", s->name);
}

/* Whether the end that was met lacks that block. A pipe shows it only then. */
static int end_is_missing(const source *s)
{
    if (!s->has_end_block) return 0;
    return hts_get_format(s->sam)->format == cram ? cram_eof(s->sam->fp.cram) == 2 : s->sam->is_bgzf && s->sam->fp.bgzf->no_eof_block;
}

static int open_alignments(source *s, struct hFILE *file, const char *path, const char *reference)
{
    s->sam = hts_hopen(file, path, "r");
    if (!s->sam) {
        hclose_abruptly(file);
        return anl_fail(ANL_EFORMAT, "%s: cannot read as SAM, BAM or CRAM", s->name);
    }
    struct stat st;
    s->file = file;
    s->size = stat(path, &st) || !S_ISREG(st.st_mode) ? 0 : st.st_size;
    int rc = reference ? anl_fasta_index_make(reference) : ANL_OK;
    if (rc) return rc;
    if (reference && hts_set_fai_filename(s->sam, reference)) return anl_fail(ANL_EIO, "%s: cannot use as reference", reference);
    if (!(s->header = sam_hdr_read(s->sam))) return anl_fail(ANL_EFORMAT, "%s: no SAM header", s->name);
    const htsFormat *format = hts_get_format(s->sam);
    const int end = format->compression == bgzf || format->format == cram ? hts_check_EOF(s->sam) : 3; /* 0: none, 3: the format has none */
    s->has_end_block = end != 3;
    if (!end) return fail_no_end(s);
    return (s->bam = bam_init1()) ? ANL_OK : anl_fail(ANL_ENOMEM, "out of memory");
}

static int source_open(source *s, const char *path, const anl_reads_options *o)
{
    htsFormat format;
    if (!(s->name = strdup(strcmp(path, "-") ? path : "standard input"))) return anl_fail(ANL_ENOMEM, "out of memory");
    errno = 0;
    struct hFILE *file = hopen(path, "r");
    if (!file) return anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    /* FASTQ starts with @ as SAM does; htslib tells them apart by what follows. */
    if (hts_detect_format(file, &format) == 0 && format.category == sequence_data && format.format != fastq_format &&
        format.format != fasta_format)
        return open_alignments(s, file, path, o->reference);
    anl_text *text;
    int rc = anl_text_over(&text, file, path);
    if (rc) {
        hclose_abruptly(file);
        return rc;
    }
    if (o->ahead) anl_text_go_ahead(text);
    rc = anl_fastq_new(&s->fastq, text);
    if (rc) anl_text_free(text);
    return rc;
}

/* The record's tags, with those that have a value for each base in the order of sequencing, to aux[], which has room for all of them. */
static int take_tags(const source *s, anl_read *r, uint8_t *aux, int reverse)
{
    const uint8_t *at = bam_get_aux(s->bam), *end = at + bam_get_l_aux(s->bam);
    const anl_held whole = {r->len, 0, r->len, reverse};
    anl_tag tag;
    int more;
    while ((more = anl_tag_next(&at, end, &tag)) > 0) {
        uint8_t *to = aux + r->aux_len;
        memcpy(to, tag.value - 3, 3);
        if (!anl_base_tag_fit(&tag, &whole, to + 3)) memcpy(to + 3, tag.value, (size_t)tag.size);
        r->aux_len += 3 + tag.size;
    }
    if (more < 0)
        return anl_fail(ANL_EFORMAT, "%s: record %lld '%.100s': a tag is malformed or holds a control character", s->name,
                        (long long)s->number, r->name);
    if (r->aux_len) r->aux = aux;
    return ANL_OK;
}

/* Bases and, unless qual is NULL, qualities in the order of sequencing. */
static void take_bases(const bam1_t *b, uint8_t *seq, uint8_t *qual)
{
    static const uint8_t code_of[16] = {4, 0, 1, 4, 2, 4, 4, 4, 3, 4, 4, 4, 4, 4, 4, 4};
    const int32_t len = b->core.l_qseq;
    const int reverse = bam_is_rev(b) != 0;
    for (int32_t i = 0; i < len; ++i) {
        const int32_t at = reverse ? len - 1 - i : i;
        const uint8_t base = code_of[bam_seqi(bam_get_seq(b), at)];
        seq[i] = reverse && base < 4 ? 3 - base : base;
        if (qual) qual[i] = bam_get_qual(b)[at];
    }
}

/* An unaligned or aligned record as the sequencer gave it. */
static int take_bam(source *s, anl_arena *arena, anl_read *r)
{
    const bam1_t *b = s->bam;
    const size_t len = (size_t)b->core.l_qseq, name = strlen(bam_get_qname(b)) + 1;
    int rc = anl_read_name_check(s->name, s->number, bam_get_qname(b));
    uint8_t *at = rc ? NULL : anl_arena_alloc(arena, name + 2 * len + (size_t)bam_get_l_aux(b) + 1, 1);
    if (!at) return rc ? rc : ANL_ENOMEM;
    *r = (anl_read){.name = memcpy(at, bam_get_qname(b), name), .seq = at + name, .len = b->core.l_qseq};
    uint8_t *qual = len && bam_get_qual(b)[0] != 0xff ? at + name + len : NULL;
    for (size_t i = 0; i < len && qual; ++i)
        if (bam_get_qual(b)[i] > MOST_QUALITY)
            return anl_fail(ANL_EFORMAT, "%s: record %lld '%.100s': a quality over %d", s->name, (long long)s->number, r->name,
                            MOST_QUALITY);
    take_bases(b, at + name, qual);
    r->qual = qual;
    r->qc_fail = (b->core.flag & BAM_FQCFAIL) != 0;
    r->mate = !(b->core.flag & BAM_FPAIRED) ? 0 : b->core.flag & BAM_FREAD2 ? 2 : 1;
    return take_tags(s, r, at + name + 2 * len, bam_is_rev(b) != 0);
}

static int read_bam(source *s, anl_arena *arena, anl_read *r)
{
    for (;;) {
        const int got = sam_read1(s->sam, s->header, s->bam);
        if (got == -1) return end_is_missing(s) ? fail_no_end(s) : 0;
        if (got < -1)
            return anl_fail(ANL_EFORMAT, "%s: truncated or corrupt behind record %lld%s", s->name, (long long)s->number,
                            hts_get_format(s->sam)->format == cram ? ", or its reference is not found (--reference)" : "");
        ++s->number;
        if (s->bam->core.flag & SEQUENTIAL_SKIP) continue;
        int rc = take_bam(s, arena, r);
        return rc ? rc : 1;
    }
}

/* Makes `n` reads of the source wait behind those of the batch: 1, or 0 where the file has no more, or an error. Of two files every second place
 * is the other's. */
static int look_ahead(anl_reads *r, source *s, anl_batch *b, int n)
{
    while (s->waiting < n && !s->ended) {
        const size_t to = b->n + (r->has_second ? 2 * (size_t)s->waiting + (s == &r->second) : (size_t)s->waiting);
        int rc = anl_grow(&b->reads, &b->cap, to + 1, sizeof *b->reads);
        if (!rc) rc = s->fastq ? anl_fastq_next(s->fastq, b->arena, &b->reads[to]) : read_bam(s, b->arena, &b->reads[to]);
        if (rc < 0) return rc;
        if (rc)
            ++s->waiting;
        else
            s->ended = 1;
    }
    return s->waiting >= n;
}

/* Number of the next record to be given, or of the last one at the end. */
static int64_t number_of(const source *s)
{
    return (s->fastq ? anl_fastq_number(s->fastq) : s->number) - (s->waiting ? s->waiting - 1 : 0);
}

/* Gives the read behind those of the batch, with the first `name_len` characters of its name. */
static void give(source *s, anl_batch *b, int mate, size_t name_len)
{
    anl_read *read = &b->reads[b->n++];
    ((char *)read->name)[name_len] = 0; /* in the arena of the batch, and nobody's yet */
    read->mate = (uint8_t)mate;
    --s->waiting;
}

/* Length of the name that two mates share: all of it, or what is left without .1 and .2, _1 and _2 or :1 and :2 as the SRA writes them (/1 and
 * /2 are gone already). 0: they are no mates' names. */
static size_t shared_name(const char *a, const char *b)
{
    const size_t n = strlen(a);
    if (!strcmp(a, b)) return n;
    if (n < 3 || strlen(b) != n || strncmp(a, b, n - 1) || !strchr("._:/", a[n - 2])) return 0;
    return (a[n - 1] == '1' && b[n - 1] == '2') || (a[n - 1] == '2' && b[n - 1] == '1') ? n - 2 : 0;
}

/* From two files: the next read of each. */
static int next_pair(anl_reads *r, anl_batch *b)
{
    const int one = look_ahead(r, &r->first, b, 1), two = one < 0 ? 0 : look_ahead(r, &r->second, b, 1);
    if (one < 0 || two < 0) return one < 0 ? one : two;
    if (one != two)
        return anl_fail(ANL_EFORMAT, "%s: ends after %lld reads, but %s goes on", one ? r->second.name : r->first.name,
                        (long long)number_of(one ? &r->second : &r->first), one ? r->first.name : r->second.name);
    if (!one) return 0;
    const char *a = b->reads[b->n].name, *c = b->reads[b->n + 1].name;
    const size_t name = shared_name(a, c);
    if (!name)
        return anl_fail(ANL_EFORMAT, "%s: record %lld: mates have different names: '%.100s' and '%.100s'", r->second.name,
                        (long long)number_of(&r->second), a, c);
    give(&r->first, b, 1, name);
    give(&r->second, b, 2, name);
    return 1;
}

/* Length of the name that the next two reads of an interleaved file share, 0 when they are no mates. Reads that are numbered look like mates
 * at x.1 and x.2: then the read behind them is x.2 again or another x. */
static int interleaved_name(anl_reads *r, anl_batch *b, size_t *name)
{
    int rc = look_ahead(r, &r->first, b, 2);
    const char *first = b->reads[b->n].name;
    *name = rc == 1 ? shared_name(first, b->reads[b->n + 1].name) : 0;
    const size_t n = strlen(first);
    if (rc < 0 || !*name || *name == n) return rc < 0 ? rc : ANL_OK;
    rc = look_ahead(r, &r->first, b, 3);
    if (first[n - 1] != '1' || (rc == 1 && !strncmp(b->reads[b->n + 2].name, first, n - 1))) *name = 0;
    return rc < 0 ? rc : ANL_OK;
}

/* A BAM's flags say that the next read has a mate, which has to follow. */
static int flagged_name(anl_reads *r, anl_batch *b, size_t *name)
{
    source *s = &r->first;
    const int rc = look_ahead(r, s, b, 2);
    if (rc < 0) return rc;
    const anl_read *one = &b->reads[b->n], *two = one + 1;
    *name = rc && two->mate && two->mate != one->mate ? shared_name(one->name, two->name) : 0;
    return *name ? ANL_OK
                 : anl_fail(ANL_EFORMAT,
                            "%s: record %lld '%.100s': its mate does not follow; collate the file by name, or pipe 'samtools fastq' in for "
                            "single reads",
                            s->name, (long long)number_of(s), one->name);
}

/* From one file: a read, or a pair where -p or the flags of a BAM say so. */
static int next_of_one(anl_reads *r, anl_batch *b)
{
    source *s = &r->first;
    int rc = look_ahead(r, s, b, 1);
    if (rc != 1) return rc;
    size_t name = 0;
    const int flagged = b->reads[b->n].mate;
    if (flagged)
        rc = flagged_name(r, b, &name);
    else if (r->interleaved)
        rc = interleaved_name(r, b, &name);
    if (rc < 0) return rc;
    if (!name) {
        give(s, b, 0, strlen(b->reads[b->n].name));
        return 1;
    }
    give(s, b, 1, name);
    give(s, b, 2, name);
    if (flagged == 2) { /* the second of the pair stood first */
        anl_read *pair = &b->reads[b->n - 2], swap = pair[0];
        pair[0] = pair[1];
        pair[1] = swap;
        pair[0].mate = 1;
        pair[1].mate = 2;
    }
    return 1;
}

/* Moves the reads that wait behind those of a batch. */
static int move_waiting(anl_reads *r, const anl_batch *from, anl_batch *to)
{
    to->n = 0;
    anl_arena_reset(to->arena);
    const size_t n = (size_t)r->first.waiting;
    int rc = anl_grow(&to->reads, &to->cap, n, sizeof *to->reads);
    for (size_t i = 0; i < n && !rc; ++i) rc = anl_read_copy(&from->reads[from->n + i], to->arena, &to->reads[i]);
    return rc;
}

static int keep_header(anl_reads *r, const source *s)
{
    const char *text = s->header ? sam_hdr_str(s->header) : "";
    return text ? anl_header_keep(&r->header, text) : anl_fail(ANL_ENOMEM, "out of memory");
}

int anl_reads_open(anl_reads **out, const anl_reads_options *options)
{
    anl_reads *r = anl_alloc(1, sizeof *r);
    if (!r) return ANL_ENOMEM;
    hts_set_log_level(HTS_LOG_OFF); /* what goes wrong is told once, in our own line */
    r->has_second = options->mates != NULL;
    r->interleaved = options->interleaved;
    int rc = anl_batch_init(&r->kept);
    if (!rc) rc = source_open(&r->first, options->path, options);
    if (!rc && r->has_second) rc = source_open(&r->second, options->mates, options);
    if (!rc) rc = keep_header(r, &r->first);
    if (!rc) rc = keep_header(r, &r->second);
    if (rc) {
        anl_reads_free(r);
        return rc;
    }
    *out = r;
    return ANL_OK;
}

int anl_reads_next(anl_reads *r, int64_t max_bases, anl_batch *b)
{
    int64_t bases = 0;
    int rc = move_waiting(r, &r->kept, b);
    if (rc) return rc;
    while (bases < max_bases) {
        const size_t before = b->n;
        rc = r->has_second ? next_pair(r, b) : next_of_one(r, b);
        if (rc < 0) return rc;
        if (rc == 0) break;
        for (size_t i = before; i < b->n; ++i) bases += b->reads[i].len + 1; /* so that empty reads end a batch too */
    }
    return move_waiting(r, b, &r->kept);
}

double anl_reads_share(const anl_reads *r)
{
    const source *s = &r->first;
    if (s->fastq) return anl_fastq_share(s->fastq);
    return s->size ? (double)htell(s->file) / (double)s->size : 0;
}

const char *anl_reads_header(const anl_reads *r)
{
    return r->header.l ? r->header.s : NULL;
}

void anl_reads_free(anl_reads *r)
{
    if (!r) return;
    source_close(&r->first);
    source_close(&r->second);
    anl_batch_free(&r->kept);
    ks_free(&r->header);
    free(r);
}

int anl_batch_init(anl_batch *b)
{
    *b = (anl_batch){.arena = anl_arena_new()};
    return b->arena ? ANL_OK : ANL_ENOMEM;
}

void anl_batch_free(anl_batch *b)
{
    free(b->reads);
    anl_arena_free(b->arena);
    *b = (anl_batch){0};
}
