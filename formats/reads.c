#include "reads.h"

#include "base_tags.h"
#include "fasta_index.h"
#include "fastq.h"
#include "header.h"
#include "pipe.h"

#include <errno.h>
#include <htslib/bgzf.h>
#include <htslib/cram.h>
#include <htslib/hfile.h>
#include <htslib/sam.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SEQUENTIAL_SKIP = BAM_FSECONDARY | BAM_FSUPPLEMENTARY,
    FEW_PAIRS = 256,      /* in the time that it takes to start a thread as many are read */
    MOST_PAIRS = 1 << 14, /* that are read at once, whatever a batch may hold: in a hundred times that time */
    MOST_QUALITY = 93 /* Phred (SAM specification, 4.2): more would be no character of SAM, and 232 and 233 a tab and the end of a line */
};

/* One input file: text, or alignments read through htslib. */
typedef struct source {
    char *name;
    anl_fastq *fastq;
    samFile *sam;
    struct hFILE *file; /* until it is known what it holds, and that of sam */
    anl_pipe pipe;
    int is_pipe;  /* and so is the other one */
    int64_t size; /* and its bytes, 0: not known */
    sam_hdr_t *header;
    bam1_t *bam;
    int has_end_block;
    int64_t number, taken; /* records read, and up to the last read that was taken or the end */
    anl_read *reads;       /* from `begin` on those that wait: taken, but not yet given */
    size_t cap, begin, waiting;
    anl_arena *kept;    /* what they point to between two batches */
    anl_failure fault;  /* behind them */
    int ended, is_file; /* is_file: of text, and no pipe */
} source;

struct anl_reads {
    source first, second;
    int has_second, interleaved;
    int at_once;               /* two files are read at the same time */
    int64_t pairs, pair_bases; /* given so far, of two files */
    kstring_t header;          /* lines of the inputs' headers that the output keeps */
};

static void source_close(source *s)
{
    anl_fastq_free(s->fastq);
    if (s->bam) bam_destroy1(s->bam);
    if (s->header) sam_hdr_destroy(s->header);
    if (s->sam)
        hts_close(s->sam);
    else if (s->file)
        hclose_abruptly(s->file);
    anl_pipe_free(&s->pipe);
    anl_arena_free(s->kept);
    free(s->reads);
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

static int begin_alignments(source *s, const char *path, const char *reference)
{
    s->sam = hts_hopen(s->file, path, "r");
    if (!s->sam) return anl_fail(ANL_EFORMAT, "%s: cannot read as SAM, BAM or CRAM", s->name);
    struct stat st;
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

/* `as_pipe`: a pipe, and another one is opened beside it. */
static int source_open(source *s, const char *path, int as_pipe)
{
    const int is_input = !strcmp(path, "-");
    if (!(s->name = strdup(is_input ? "standard input" : path))) return anl_fail(ANL_ENOMEM, "out of memory");
    errno = 0;
    s->is_pipe = as_pipe;
    if (as_pipe && !is_input) {
        const int fd = s->pipe.fd = anl_pipe_open(path);
        if (fd >= 0 && !(s->file = hdopen(fd, "r"))) close(fd);
    } else {
        s->pipe.fd = STDIN_FILENO;
        s->file = hopen(path, "r");
    }
    return s->file ? ANL_OK : anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
}

/* Finds what it holds. What comes of a pipe beside it meanwhile waits there, if it is known to be text. */
static int source_begin(source *s, const char *path, source *beside, const anl_reads_options *o)
{
    htsFormat format;
    if (s->is_pipe && anl_pipe_await(&s->pipe, beside->fastq ? &beside->pipe : NULL)) return anl_fail(ANL_ENOMEM, "out of memory");
    /* FASTQ starts with @ as SAM does; htslib tells them apart by what follows. */
    if (hts_detect_format(s->file, &format) == 0 && format.category == sequence_data && format.format != fastq_format &&
        format.format != fasta_format)
        return begin_alignments(s, path, o->reference);
    anl_text *text;
    int rc = anl_text_over(&text, s->file, path);
    if (rc) return rc;
    s->file = NULL;
    if (o->ahead) anl_text_go_ahead(text);
    s->is_file = anl_text_is_file(text);
    if (s->is_pipe) rc = anl_text_through(text, &s->pipe);
    if (!rc) rc = anl_fastq_new(&s->fastq, text);
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

/* Whether nothing more is read of it. */
static int is_through(const source *s)
{
    return s->ended || s->fault.code;
}

/* Makes one more read wait: its bp + 1, or 0 where the file has no more or a fault, which is kept, so that reads before it are given first. */
static int64_t take(source *s, anl_arena *arena)
{
    if (is_through(s)) return 0;
    if (!s->waiting) s->begin = 0;
    const size_t to = s->begin + s->waiting;
    int rc = anl_grow(&s->reads, &s->cap, to + 1, sizeof *s->reads);
    if (!rc) rc = s->fastq ? anl_fastq_next(s->fastq, arena, &s->reads[to]) : read_bam(s, arena, &s->reads[to]);
    if (rc < 0) {
        anl_failure_keep(&s->fault, rc, 0);
        return 0;
    }
    s->taken = s->fastq ? anl_fastq_number(s->fastq) : s->number;
    s->ended = !rc;
    s->waiting += (size_t)rc;
    return rc ? (int64_t)s->reads[to].len + 1 : 0;
}

/* Makes `n` reads wait: 1, or 0 where the file has no more, or an error. */
static int look_ahead(source *s, anl_arena *arena, size_t n)
{
    while (s->waiting < n && take(s, arena)) continue;
    return s->waiting >= n ? 1 : anl_failure_raise(&s->fault);
}

/* One of two files, as far as it is read while the other one is. */
typedef struct side {
    source *s;
    anl_arena *arena;
    size_t reads;
    int64_t bases;
} side;

static void *read_side(void *data)
{
    const side *one = data;
    int64_t bases = 0, more = 1;
    while (more && one->s->waiting < one->reads && bases < one->bases) bases += more = take(one->s, one->arena);
    return NULL;
}

/* Makes about as many pairs wait as `bases` bp will be, by those before: each file in a thread of its own. What is one too many waits for the
 * next batch. */
static void read_at_once(anl_reads *r, anl_batch *b, int64_t bases)
{
    const int64_t wanted = r->pairs ? bases / (r->pair_bases / r->pairs) : 0;
    const size_t pairs = (size_t)(wanted < MOST_PAIRS ? wanted : MOST_PAIRS);
    if (pairs < FEW_PAIRS || r->first.waiting + r->second.waiting > pairs || is_through(&r->first) || is_through(&r->second)) return;
    side one = {&r->first, b->arena, pairs, bases}, two = {&r->second, b->mates, pairs, bases};
    pthread_t thread;
    if (pthread_create(&thread, NULL, read_side, &two)) return; /* they are read one by one */
    read_side(&one);
    pthread_join(thread, NULL);
}

/* Number of the next record to be given, or of the last one at the end. */
static int64_t number_of(const source *s)
{
    return s->taken - (s->waiting ? (int64_t)s->waiting - 1 : 0);
}

static const anl_read *next_read(const source *s)
{
    return &s->reads[s->begin];
}

/* Puts the next read into the batch, with the first `name_len` characters of its name. */
static int give(source *s, anl_batch *b, int mate, size_t name_len)
{
    const int rc = anl_grow(&b->reads, &b->cap, b->n + 1, sizeof *b->reads);
    if (rc) return rc;
    anl_read *to = &b->reads[b->n++];
    *to = s->reads[s->begin++];
    ((char *)to->name)[name_len] = 0; /* in the arena of the batch, and nobody's yet */
    to->mate = (uint8_t)mate;
    --s->waiting;
    return ANL_OK;
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
    const int one = look_ahead(&r->first, b->arena, 1), two = one < 0 ? 0 : look_ahead(&r->second, b->mates, 1);
    if (one < 0 || two < 0) return one < 0 ? one : two;
    if (one != two)
        return anl_fail(ANL_EFORMAT, "%s: ends after %lld reads, but %s goes on", one ? r->second.name : r->first.name,
                        (long long)number_of(one ? &r->second : &r->first), one ? r->first.name : r->second.name);
    if (!one) return 0;
    const char *a = next_read(&r->first)->name, *c = next_read(&r->second)->name;
    const size_t name = shared_name(a, c);
    if (!name)
        return anl_fail(ANL_EFORMAT, "%s: record %lld: mates have different names: '%.100s' and '%.100s'", r->second.name,
                        (long long)number_of(&r->second), a, c);
    int rc = give(&r->first, b, 1, name);
    if (!rc) rc = give(&r->second, b, 2, name);
    return rc ? rc : 1;
}

/* Length of the name that the next two reads of an interleaved file share, 0 when they are no mates. Reads that are numbered look like mates
 * at x.1 and x.2: then the read behind them is x.2 again or another x. */
static int interleaved_name(source *s, anl_arena *arena, size_t *name)
{
    int rc = look_ahead(s, arena, 2);
    const char *first = next_read(s)->name;
    *name = rc == 1 ? shared_name(first, next_read(s)[1].name) : 0;
    const size_t n = strlen(first);
    if (rc < 0 || !*name || *name == n) return rc < 0 ? rc : ANL_OK;
    rc = look_ahead(s, arena, 3);
    if (first[n - 1] != '1' || (rc == 1 && !strncmp(next_read(s)[2].name, first, n - 1))) *name = 0;
    return rc < 0 ? rc : ANL_OK;
}

/* A BAM's flags say that the next read has a mate, which has to follow. */
static int flagged_name(source *s, anl_arena *arena, size_t *name)
{
    const int rc = look_ahead(s, arena, 2);
    if (rc < 0) return rc;
    const anl_read *one = next_read(s), *two = one + 1;
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
    int rc = look_ahead(s, b->arena, 1);
    if (rc != 1) return rc;
    size_t name = 0;
    const int flagged = next_read(s)->mate;
    if (flagged)
        rc = flagged_name(s, b->arena, &name);
    else if (r->interleaved)
        rc = interleaved_name(s, b->arena, &name);
    if (rc < 0) return rc;
    if (!name) return (rc = give(s, b, 0, strlen(next_read(s)->name))) ? rc : 1;
    if ((rc = give(s, b, 1, name)) || (rc = give(s, b, 2, name))) return rc;
    if (flagged == 2) { /* the second of the pair stood first */
        anl_read *pair = &b->reads[b->n - 2], swap = pair[0];
        pair[0] = pair[1];
        pair[1] = swap;
        pair[0].mate = 1;
        pair[1].mate = 2;
    }
    return 1;
}

/* Moves what the reads that wait point to into an arena that holds nothing else. */
static int move_waiting(source *s, anl_arena *to)
{
    int rc = ANL_OK;
    anl_arena_reset(to);
    for (size_t i = 0; i < s->waiting && !rc; ++i) rc = anl_read_copy(&s->reads[s->begin + i], to, &s->reads[i]);
    s->begin = 0;
    return rc;
}

static int keep_header(anl_reads *r, const source *s)
{
    const char *text = s->header ? sam_hdr_str(s->header) : "";
    return text ? anl_header_keep(&r->header, text) : anl_fail(ANL_ENOMEM, "out of memory");
}

static int is_pipe(const char *path)
{
    struct stat st;
    return !(strcmp(path, "-") ? stat(path, &st) : fstat(STDIN_FILENO, &st)) && S_ISFIFO(st.st_mode);
}

/* Two pipes, which one process may write in turns: both are open before anything is read, and the one that has something is read first. */
static int open_pipes(anl_reads *r, const anl_reads_options *o)
{
    source *one = &r->first, *two = &r->second;
    int rc = source_open(one, o->path, 1);
    if (!rc) rc = source_open(two, o->mates, 1);
    if (rc) return rc;
    if (anl_pipe_first(&one->pipe, &two->pipe)) {
        rc = source_begin(two, o->mates, one, o);
        if (!rc) rc = source_begin(one, o->path, two, o);
    } else {
        rc = source_begin(one, o->path, two, o);
        if (!rc) rc = source_begin(two, o->mates, one, o);
    }
    if (rc || !one->fastq || !two->fastq) return rc;
    one->pipe.beside = &two->pipe;
    two->pipe.beside = &one->pipe;
    return ANL_OK;
}

static int open_in_turn(anl_reads *r, const anl_reads_options *o)
{
    int rc = source_open(&r->first, o->path, 0);
    if (!rc) rc = source_begin(&r->first, o->path, NULL, o);
    if (!rc && o->mates) rc = source_open(&r->second, o->mates, 0);
    if (!rc && o->mates) rc = source_begin(&r->second, o->mates, NULL, o);
    return rc;
}

int anl_reads_open(anl_reads **out, const anl_reads_options *options)
{
    anl_reads *r = anl_alloc(1, sizeof *r);
    if (!r) return ANL_ENOMEM;
    hts_set_log_level(HTS_LOG_OFF); /* what goes wrong is told once, in our own line */
    r->has_second = options->mates != NULL;
    r->interleaved = options->interleaved;
    int rc = (r->first.kept = anl_arena_new()) && (r->second.kept = anl_arena_new()) ? ANL_OK : ANL_ENOMEM;
    if (!rc) rc = options->mates && is_pipe(options->path) && is_pipe(options->mates) ? open_pipes(r, options) : open_in_turn(r, options);
    r->at_once = options->ahead && r->first.is_file && r->second.is_file;
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
    b->n = 0;
    int rc = move_waiting(&r->first, b->arena);
    if (!rc) rc = move_waiting(&r->second, b->mates);
    while (!rc && bases < max_bases) {
        const size_t before = b->n;
        int64_t more = 0;
        if (r->at_once && (!r->first.waiting || !r->second.waiting)) read_at_once(r, b, max_bases - bases);
        rc = r->has_second ? next_pair(r, b) : next_of_one(r, b);
        if (rc < 0) {
            r->first.waiting = r->second.waiting = 0; /* they are in the batch, which is the caller's */
            return rc;
        }
        if (rc == 0) break;
        for (size_t i = before; i < b->n; ++i) more += b->reads[i].len + 1; /* so that empty reads end a batch too */
        bases += more;
        r->pair_bases += more;
        r->pairs += r->has_second;
        rc = ANL_OK;
    }
    if (!rc) rc = move_waiting(&r->first, r->first.kept);
    return rc ? rc : move_waiting(&r->second, r->second.kept);
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
    ks_free(&r->header);
    free(r);
}

int anl_batch_init(anl_batch *b)
{
    *b = (anl_batch){.arena = anl_arena_new(), .mates = anl_arena_new()};
    return b->arena && b->mates ? ANL_OK : ANL_ENOMEM;
}

void anl_batch_free(anl_batch *b)
{
    free(b->reads);
    anl_arena_free(b->arena);
    anl_arena_free(b->mates);
    *b = (anl_batch){0};
}
