#include "reads.h"

#include "fasta_index.h"
#include "fastq.h"

#include <errno.h>
#include <htslib/hfile.h>
#include <htslib/sam.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SEQUENTIAL_SKIP = BAM_FSECONDARY | BAM_FSUPPLEMENTARY };

/* One input file: text, or alignments read through htslib. */
typedef struct source {
    char *name;
    anl_fastq *fastq;
    samFile *sam;
    struct hFILE *file; /* that of sam */
    int64_t size;       /* and its bytes, 0: not known */
    sam_hdr_t *header;
    char *kept; /* lines of the header that the output keeps */
    bam1_t *bam;
    int64_t number;
    anl_raw_read next; /* read, but not yet given */
    int has_next, ended;
} source;

struct anl_reads {
    source first, second;
    int has_second, interleaved;
};

static void source_close(source *s)
{
    anl_fastq_free(s->fastq);
    if (s->bam) bam_destroy1(s->bam);
    if (s->header) sam_hdr_destroy(s->header);
    if (s->sam) hts_close(s->sam);
    anl_raw_read_free(&s->next);
    free(s->kept);
    free(s->name);
}

static int keep_header(source *s)
{
    const char *text = sam_hdr_str(s->header);
    if (!text || !(s->kept = anl_alloc(strlen(text) + 2, 1))) return anl_fail(ANL_ENOMEM, "out of memory");
    char *to = s->kept;
    for (const char *line = text; *line;) {
        const size_t n = strcspn(line, "\n");
        if (!strncmp(line, "@RG\t", 4) || !strncmp(line, "@PG\t", 4) || !strncmp(line, "@CO\t", 4)) {
            memcpy(to, line, n);
            to += n;
            *to++ = '\n';
        }
        line += n + (line[n] == '\n');
    }
    return ANL_OK;
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
    if (!(s->bam = bam_init1())) return anl_fail(ANL_ENOMEM, "out of memory");
    return keep_header(s);
}

static int source_open(source *s, const char *path, const char *reference)
{
    htsFormat format;
    if (!(s->name = strdup(strcmp(path, "-") ? path : "standard input"))) return anl_fail(ANL_ENOMEM, "out of memory");
    errno = 0;
    struct hFILE *file = hopen(path, "r");
    if (!file) return anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    /* FASTQ starts with @ as SAM does; htslib tells them apart by what follows. */
    if (hts_detect_format(file, &format) == 0 && format.category == sequence_data && format.format != fastq_format && format.format != fasta_format)
        return open_alignments(s, file, path, reference);
    anl_text *text;
    int rc = anl_text_over(&text, file, path);
    if (rc) {
        hclose_abruptly(file);
        return rc;
    }
    rc = anl_fastq_new(&s->fastq, text);
    if (rc) anl_text_free(text);
    return rc;
}

/* An unaligned or aligned record as the sequencer gave it. */
static int take_bam(source *s, anl_raw_read *r)
{
    static const uint8_t code_of[16] = {4, 0, 1, 4, 2, 4, 4, 4, 3, 4, 4, 4, 4, 4, 4, 4};
    const bam1_t *b = s->bam;
    const int32_t len = b->core.l_qseq;
    const uint8_t *seq = bam_get_seq(b), *qual = bam_get_qual(b);
    const int reverse = bam_is_rev(b) != 0;
    int rc = anl_raw_read_reserve(r, strlen(bam_get_qname(b)) + 1, (size_t)len, (size_t)bam_get_l_aux(b));
    if (rc) return rc;
    strcpy(r->name, bam_get_qname(b));
    r->comment = NULL;
    r->len = len;
    r->has_qual = len > 0 && qual[0] != 0xff;
    for (int32_t i = 0; i < len; ++i) {
        const int32_t at = reverse ? len - 1 - i : i;
        const uint8_t base = code_of[bam_seqi(seq, at)];
        r->seq[i] = reverse && base < 4 ? 3 - base : base;
        if (r->has_qual) r->qual[i] = qual[at];
    }
    r->aux_len = bam_get_l_aux(b);
    if (r->aux_len) memcpy(r->aux, bam_get_aux(b), (size_t)r->aux_len);
    r->qc_fail = (b->core.flag & BAM_FQCFAIL) != 0;
    r->mate = !(b->core.flag & BAM_FPAIRED) ? 0 : b->core.flag & BAM_FREAD2 ? 2 : 1;
    return ANL_OK;
}

static int read_bam(source *s, anl_raw_read *r)
{
    for (;;) {
        const int got = sam_read1(s->sam, s->header, s->bam);
        if (got == -1) return 0;
        if (got < -1)
            return anl_fail(ANL_EFORMAT, "%s: truncated or corrupt behind record %lld%s", s->name, (long long)s->number,
                            hts_get_format(s->sam)->format == cram ? ", or its reference is not found (--reference)" : "");
        ++s->number;
        if (s->bam->core.flag & SEQUENTIAL_SKIP) continue;
        int rc = take_bam(s, r);
        return rc ? rc : 1;
    }
}

/* Makes s->next hold a read: 1, or 0 at the end, or an error. */
static int look_ahead(source *s)
{
    if (s->has_next) return 1;
    if (s->ended) return 0;
    int rc = s->fastq ? anl_fastq_next(s->fastq, &s->next) : read_bam(s, &s->next);
    if (rc == 0) s->ended = 1;
    s->has_next = rc == 1;
    return rc;
}

static int64_t number_of(const source *s)
{
    return s->fastq ? anl_fastq_number(s->fastq) : s->number;
}

/* Moves s->next into the batch. */
static int give(source *s, anl_batch *b, int mate)
{
    const anl_raw_read *r = &s->next;
    int rc = anl_grow(&b->reads, &b->cap, b->n + 1, sizeof *b->reads);
    const size_t name = strlen(r->name) + 1, comment = r->comment ? strlen(r->comment) + 1 : 0, len = (size_t)r->len;
    const size_t qual = r->has_qual ? len : 0, aux = (size_t)r->aux_len;
    uint8_t *at = rc ? NULL : anl_arena_alloc(b->arena, name + comment + len + qual + aux + 1, 1);
    if (!at) return ANL_ENOMEM;
    anl_read *to = &b->reads[b->n++];
    *to = (anl_read){.len = r->len, .aux_len = r->aux_len, .mate = (uint8_t)mate, .qc_fail = r->qc_fail};
    to->name = memcpy(at, r->name, name);
    at += name;
    if (comment) to->comment = memcpy(at, r->comment, comment);
    at += comment;
    to->seq = len ? memcpy(at, r->seq, len) : at;
    at += len;
    if (r->has_qual) to->qual = qual ? memcpy(at, r->qual, qual) : at;
    at += qual;
    if (aux) to->aux = memcpy(at, r->aux, aux);
    s->has_next = 0;
    return ANL_OK;
}

/* From two files: the next read of each. */
static int next_pair(anl_reads *r, anl_batch *b)
{
    const int one = look_ahead(&r->first), two = one < 0 ? 0 : look_ahead(&r->second);
    if (one < 0 || two < 0) return one < 0 ? one : two;
    if (one != two)
        return anl_fail(ANL_EFORMAT, "%s: ends after %lld reads, but %s goes on", one ? r->second.name : r->first.name,
                        (long long)number_of(one ? &r->second : &r->first), one ? r->first.name : r->second.name);
    if (!one) return 0;
    if (strcmp(r->first.next.name, r->second.next.name))
        return anl_fail(ANL_EFORMAT, "%s: record %lld: mates have different names: '%.100s' and '%.100s'", r->second.name,
                        (long long)number_of(&r->second), r->first.next.name, r->second.next.name);
    int rc = give(&r->first, b, 1);
    if (!rc) rc = give(&r->second, b, 2);
    return rc ? rc : 1;
}

/* From one file: a read, or a pair where -p or the flags of a BAM say so. */
static int next_of_one(anl_reads *r, anl_batch *b)
{
    source *s = &r->first;
    int rc = look_ahead(s);
    if (rc != 1) return rc;
    const int flagged = s->fastq ? 0 : s->next.mate;
    if ((rc = give(s, b, 0))) return rc;
    if (!flagged && !r->interleaved) return 1;
    anl_read *last = &b->reads[b->n - 1];
    const int64_t number = number_of(s);
    rc = look_ahead(s);
    if (rc < 0) return rc;
    const int same = rc == 1 && !strcmp(last->name, s->next.name) && (!flagged || (s->next.mate && s->next.mate != flagged));
    if (!same) {
        if (!flagged) return 1;
        return anl_fail(ANL_EFORMAT, "%s: record %lld '%.100s': its mate does not follow; collate the file by name", s->name,
                        (long long)number, last->name);
    }
    last->mate = 1;
    if ((rc = give(s, b, 2))) return rc;
    if (flagged == 2) { /* the second of the pair stood first */
        anl_read *pair = &b->reads[b->n - 2], swap = pair[0];
        pair[0] = pair[1];
        pair[1] = swap;
        pair[0].mate = 1;
        pair[1].mate = 2;
    }
    return 1;
}

int anl_reads_open(anl_reads **out, const anl_reads_options *options)
{
    anl_reads *r = anl_alloc(1, sizeof *r);
    if (!r) return ANL_ENOMEM;
    hts_set_log_level(HTS_LOG_OFF); /* what goes wrong is told once, in our own line */
    r->has_second = options->mates != NULL;
    r->interleaved = options->interleaved;
    int rc = source_open(&r->first, options->path, options->reference);
    if (!rc && r->has_second) rc = source_open(&r->second, options->mates, options->reference);
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
    b->n = 0;
    anl_arena_reset(b->arena);
    while (bases < max_bases) {
        const size_t before = b->n;
        int rc = r->has_second ? next_pair(r, b) : next_of_one(r, b);
        if (rc < 0) return rc;
        if (rc == 0) break;
        for (size_t i = before; i < b->n; ++i) bases += b->reads[i].len + 1; /* so that empty reads end a batch too */
    }
    return ANL_OK;
}

double anl_reads_share(const anl_reads *r)
{
    const source *s = &r->first;
    if (s->fastq) return anl_fastq_share(s->fastq);
    return s->size ? (double)htell(s->file) / (double)s->size : 0;
}

const char *anl_reads_header(const anl_reads *r)
{
    return r->first.kept;
}

void anl_reads_free(anl_reads *r)
{
    if (!r) return;
    source_close(&r->first);
    source_close(&r->second);
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
