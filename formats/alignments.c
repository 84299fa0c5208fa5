#define _GNU_SOURCE /* memfd_create */
#include "alignments.h"

#include "duplicates.h"
#include "fasta_index.h"
#include "lane_header.h"
#include "pen.h"
#include "sort.h"
#include "tags.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <htslib/faidx.h>
#include <htslib/hfile.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    TOLD_EVERY = 4096,       /* sorted records between two words of progress */
    BAI_LONGEST = 1 << 29,   /* bp of a contig: what the bins of a BAI hold (SAM specification, 5.2); beyond it a CSI is written */
    CSI_SHIFT = 14,          /* log2 of the smallest bin of a CSI, bp: that of a BAI and the default of samtools index -c */
    EMBED_MOST = 1 << 26,    /* bp of a genome: htslib takes 21 bytes for each while it infers the reference of sparse reads */
    FETCH = 1 << 20,         /* bp of a FASTA read at once */
    SORT_MEMORY = 768 << 20, /* bytes of records held, the default of samtools sort for one thread: 1.5 million records of 150 bp */
};

struct anl_alignments {
    anl_alignments_options options;
    char **group_ids;           /* of the lanes; NULL: it has none */
    anl_output *output, *index; /* index NULL: none */
    int memory;                 /* descriptor of what htslib has written of a CRAM, -1: of none */
    int descriptor;             /* that htslib writes to */
    struct hFILE *stream;       /* over it */
    samFile *file;              /* over that; NULL: PAF */
    anl_pen_form form;
    sam_hdr_t *header;
    anl_sorter *sorter;
    anl_duplicates *duplicates; /* NULL: none are marked */
    int64_t added, merged;      /* records, of sorted output */
    int64_t left_out, without_umi;
    anl_encoding settings; /* of pens */
};

/* Where a thread of htslib failed, its stream knows why. */
static int fail_write(const anl_alignments *w)
{
    if (w->stream && herrno(w->stream)) errno = herrno(w->stream);
    return anl_output_fail(w->output);
}

static int add_contigs(kstring_t *text, const anl_contig *contigs, int32_t n)
{
    int bad = 0;
    for (int32_t i = 0; i < n && !bad; ++i) {
        bad = ksprintf(text, "@SQ\tSN:%s\tLN:%lld", contigs[i].name, (long long)contigs[i].len) < 0;
        if (*contigs[i].md5) bad |= ksprintf(text, "\tM5:%s", contigs[i].md5) < 0;
        if (contigs[i].alt) bad |= kputs("\tAH:*", text) < 0;
        bad |= kputc('\n', text) < 0;
    }
    return bad;
}

static int make_header(anl_alignments *w, const anl_contig *contigs, int32_t n)
{
    const anl_alignments_options *o = &w->options;
    kstring_t text = KS_INITIALIZE, kept = KS_INITIALIZE, groups = KS_INITIALIZE;
    int rc = anl_lane_headers(o->lanes, o->n_lanes, &groups, &kept);
    int bad = rc || ksprintf(&text, "@HD\tVN:1.6\tSO:%s\n", o->sort ? "coordinate" : "unsorted\tGO:query") < 0;
    if (!bad) bad = add_contigs(&text, contigs, n);
    if (!bad && groups.l) bad = kputs(groups.s, &text) < 0;
    if (!bad && o->header_lines) bad = kputs(o->header_lines, &text) < 0;
    if (!bad && kept.l) bad = kputs(kept.s, &text) < 0;
    if (bad && !rc) rc = anl_fail(ANL_ENOMEM, "out of memory");
    if (!rc && !(w->header = sam_hdr_parse(text.l, text.s)))
        rc = anl_fail(ANL_EINVAL, "the header is not valid SAM: of the input, the read group or the lines given");
    ks_free(&text);
    ks_free(&kept);
    ks_free(&groups);
    if (!rc && sam_hdr_add_pg(w->header, "anneal", "VN", o->version, "CL", o->command_line, NULL) < 0)
        rc = anl_fail(ANL_ENOMEM, "out of memory");
    return rc;
}

static int take_group_ids(anl_alignments *w)
{
    const int n = w->options.n_lanes;
    int rc = ANL_OK;
    if (!(w->group_ids = anl_alloc((size_t)n + 1, sizeof *w->group_ids))) return ANL_ENOMEM;
    for (int i = 0; i < n && !rc; ++i)
        if (w->options.lanes[i].read_group) rc = anl_lane_group_id(w->options.lanes[i].read_group, &w->group_ids[i]);
    return rc;
}

void anl_alignments_lane(anl_alignments *w, int lane)
{
    w->settings.read_group_id = w->group_ids[lane];
}

static int contig_md5(const faidx_t *fai, const anl_contig *contig, char *hex)
{
    unsigned char digest[16];
    hts_md5_context *md5 = hts_md5_init();
    int rc = md5 ? ANL_OK : anl_fail(ANL_ENOMEM, "out of memory");
    for (int64_t at = 0; at < contig->len && !rc; at += FETCH) {
        hts_pos_t n;
        char *bases = faidx_fetch_seq64(fai, contig->name, at, at + FETCH - 1, &n);
        for (hts_pos_t i = 0; bases && i < n; ++i) bases[i] = (char)toupper((unsigned char)bases[i]);
        if (bases)
            hts_md5_update(md5, bases, (unsigned long)n);
        else
            rc = anl_fail(ANL_EIO, "cannot read contig '%.100s'", contig->name);
        free(bases);
    }
    if (!rc) hts_md5_final(digest, md5);
    if (!rc) hts_md5_hex(hex, digest);
    if (md5) hts_md5_destroy(md5);
    return rc;
}

/* A FASTA that is not the index's would only be found out when the CRAM is read. */
static int check_reference(const char *path, const anl_contig *contigs, int32_t n)
{
    int rc = anl_fasta_index_make(path);
    if (rc) return rc;
    faidx_t *fai = fai_load(path);
    if (!fai) return anl_fail(ANL_EIO, "%s: cannot use as reference", path);
    for (int32_t i = 0; i < n && !rc; ++i) {
        char md5[33];
        if (faidx_seq_len(fai, contigs[i].name) != contigs[i].len)
            rc = anl_fail(ANL_EINVAL, "%s: has no contig '%.100s' of %lld bp, as the index has", path, contigs[i].name,
                          (long long)contigs[i].len);
        else if (*contigs[i].md5 && !(rc = contig_md5(fai, &contigs[i], md5)) && strcmp(md5, contigs[i].md5))
            rc = anl_fail(ANL_EINVAL, "%s: contig '%.100s' has other bases than the index", path, contigs[i].name);
    }
    fai_destroy(fai);
    return rc;
}

/* A CRAM refers to the FASTA, if there is one. Else, as samtools has it, sorted records have what their MD says of the reference embedded;
 * other records are stored base by base, which htslib reads, but htsjdk does not. MD and NM come back as they are, whatever the reader. */
static int set_up_cram(const anl_alignments *w, const anl_contig *contigs, int32_t n)
{
    const anl_alignments_options *o = &w->options;
    int64_t bases = 0;
    for (int32_t i = 0; i < n; ++i) bases += contigs[i].len;
    int bad = hts_set_opt(w->file, CRAM_OPT_STORE_MD, 1) || hts_set_opt(w->file, CRAM_OPT_STORE_NM, 1);
    if (!bad && o->reference)
        bad = hts_set_fai_filename(w->file, o->reference);
    else if (!bad && o->sort && !o->without_seq && bases <= EMBED_MOST)
        bad = hts_set_opt(w->file, CRAM_OPT_EMBED_REF, 2);
    else if (!bad)
        bad = hts_set_opt(w->file, CRAM_OPT_NO_REF, 1);
    return bad ? anl_fail(ANL_EIO, "%s: cannot use as reference", o->reference ? o->reference : "CRAM") : ANL_OK;
}

/* The index of sorted output; plain SAM cannot have one. htslib opens it by name. */
static int start_index(anl_alignments *w, const anl_contig *contigs, int32_t n)
{
    const anl_alignments_options *o = &w->options;
    int64_t longest = 0;
    char path[PATH_MAX];
    for (int32_t i = 0; i < n; ++i)
        if (contigs[i].len > longest) longest = contigs[i].len;
    const int csi = o->csi || longest > BAI_LONGEST || o->format == ANL_SAM_GZ;
    const char *ending = o->format == ANL_CRAM ? ".crai" : csi ? ".csi" : ".bai";
    if (snprintf(path, sizeof path, "%s%s", o->path, ending) >= (int)sizeof path) return anl_fail(ANL_EINVAL, "%s: name too long", o->path);
    int rc = anl_output_open(&w->index, path, ANL_OUTPUT_STREAM);
    if (rc) return rc;
    const char *temporary = anl_output_temporary(w->index);
    const char *name = temporary ? temporary : anl_output_label(w->index); /* htslib keeps the pointer */
    return sam_idx_init(w->file, w->header, csi ? CSI_SHIFT : 0, name) < 0
               ? anl_fail(ANL_EIO, "%s: cannot index", anl_output_label(w->output))
               : ANL_OK;
}

/* Where htslib writes to. Its writer of CRAM crashes or recurses for ever where it cannot write: it writes to memory, and we write that. */
static int open_descriptor(anl_alignments *w)
{
    errno = 0;
    if (w->options.format != ANL_CRAM)
        w->descriptor = anl_output_descriptor(w->output);
    else if ((w->memory = memfd_create("cram", MFD_CLOEXEC)) < 0 || (w->descriptor = fcntl(w->memory, F_DUPFD_CLOEXEC, 0)) < 0)
        fail_write(w);
    return w->descriptor < 0 ? ANL_EIO : ANL_OK;
}

static int open_stream(anl_alignments *w)
{
    static const char *const modes[] = {"w", "wb", "wc", "wz"};
    int rc = open_descriptor(w);
    if (rc) return rc;
    errno = 0;
    if (!(w->stream = hdopen(w->descriptor, "w"))) {
        close(w->descriptor);
        return fail_write(w);
    }
    if (w->options.format == ANL_PAF) return ANL_OK;
    w->file = hts_hopen(w->stream, anl_output_label(w->output), modes[w->options.format]);
    return w->file ? ANL_OK : fail_write(w);
}

static int open_file(anl_alignments *w, const anl_contig *contigs, int32_t n)
{
    const anl_alignments_options *o = &w->options;
    int rc = o->format == ANL_CRAM && o->reference ? check_reference(o->reference, contigs, n) : ANL_OK;
    if (rc) return rc;
    rc = anl_output_open(&w->output, o->path, ANL_OUTPUT_STREAM);
    if (!rc) rc = open_stream(w);
    if (!rc && !w->file) w->form = ANL_PEN_PAF;
    if (rc || !w->file) return rc;
    w->form = o->format == ANL_SAM && !o->sort ? ANL_PEN_SAM : ANL_PEN_RECORDS;
    if (o->threads > 1 && w->form == ANL_PEN_RECORDS && hts_set_threads(w->file, o->threads))
        return anl_fail(ANL_ENOMEM, "out of memory: cannot start %d compression threads", o->threads);
    if (o->format == ANL_CRAM && (rc = set_up_cram(w, contigs, n))) return rc;
    if (sam_hdr_write(w->file, w->header) < 0) return fail_write(w);
    return o->sort && anl_output_temporary(w->output) && o->format != ANL_SAM ? start_index(w, contigs, n) : ANL_OK;
}

/* Writes what memory holds, which then holds nothing. */
static int empty_memory(const anl_alignments *w)
{
    if (w->memory < 0 || lseek(w->memory, 0, SEEK_CUR) == 0) return ANL_OK;
    int rc = anl_output_copy(w->output, w->memory);
    errno = 0;
    return rc || (!ftruncate(w->memory, 0) && !lseek(w->memory, 0, SEEK_SET)) ? rc : fail_write(w);
}

static int put(void *data, bam1_t *b)
{
    anl_alignments *w = data;
    errno = 0;
    return sam_write1(w->file, w->header, b) < 0 ? fail_write(w) : empty_memory(w);
}

int anl_alignments_open(anl_alignments **out, const anl_alignments_options *options, const anl_contig *contigs, int32_t n_contigs)
{
    anl_alignments *w = anl_alloc(1, sizeof *w);
    if (!w) return ANL_ENOMEM;
    w->memory = w->descriptor = -1;
    hts_set_log_level(HTS_LOG_OFF); /* what goes wrong is told once, in our own line */
    w->options = *options;
    if (!w->options.path) w->options.path = "-";
    int rc = take_group_ids(w);
    if (!rc) rc = make_header(w, contigs, n_contigs);
    w->settings = (anl_encoding){.read_group_id = w->group_ids ? *w->group_ids : NULL,
                                 .comment_tags = options->comment_tags,
                                 .cs = options->cs,
                                 .mate_scores = options->sort,
                                 .umi_from_name = options->umi_from_name,
                                 .tags_of_whole = options->format == ANL_PAF,
                                 .header = w->header};
    if (!rc) rc = open_file(w, contigs, n_contigs);
    if (!rc && options->sort)
        rc = anl_sorter_new(&w->sorter, w->output, options->sort_memory ? options->sort_memory : SORT_MEMORY, w->header);
    if (!rc && options->sort && options->mark_duplicates) {
        const anl_duplicates_options marking = {options->optical_distance, put, w};
        rc = anl_duplicates_new(&w->duplicates, w->header, &marking);
    }
    if (rc) {
        anl_alignments_abort(w);
        return rc;
    }
    *out = w;
    return ANL_OK;
}

static int put_sorted(void *data, bam1_t *b)
{
    anl_alignments *w = data;
    if (w->options.progress && w->merged % TOLD_EVERY == 0) w->options.progress(w->options.progress_data, w->merged, w->added);
    ++w->merged;
    return w->duplicates ? anl_duplicates_add(w->duplicates, b) : put(w, b);
}

static int put_text(anl_alignments *w, const anl_bytes *text)
{
    errno = 0;
    return !text->n || hwrite(w->stream, text->at, text->n) == (ssize_t)text->n ? ANL_OK : fail_write(w);
}

static int add_sorted(void *data, bam1_t *b)
{
    anl_alignments *w = data;
    return anl_sorter_add(w->sorter, b);
}

int anl_alignments_put(anl_alignments *w, const anl_encoded *e)
{
    w->added += e->records;
    w->left_out += e->left_out;
    w->without_umi += e->without_umi;
    if (w->form != ANL_PEN_RECORDS) return put_text(w, &e->bytes);
    return anl_encoded_each(e, w->sorter ? add_sorted : put, w);
}

int anl_pen_new(anl_pen **out, const anl_alignments *w)
{
    return anl_pen_make(out, w->form, w->options.paf_md, &w->settings);
}

int anl_alignments_write(anl_alignments *w, const anl_record *records, size_t n)
{
    anl_pen *pen = NULL;
    anl_encoded e = {0};
    int rc = anl_pen_new(&pen, w);
    if (!rc) rc = anl_pen_encode(pen, records, n, &e);
    if (!rc) rc = anl_alignments_put(w, &e);
    anl_pen_free(pen);
    free(e.bytes.at);
    return rc;
}

int64_t anl_alignments_left_out(const anl_alignments *w)
{
    return w->left_out;
}

int64_t anl_alignments_without_umi(const anl_alignments *w)
{
    return w->without_umi;
}

const anl_duplicate_counts *anl_alignments_duplicates(const anl_alignments *w, int *n)
{
    *n = 0;
    return w->duplicates ? anl_duplicates_counts(w->duplicates, n) : NULL;
}

static int close_stream(anl_alignments *w)
{
    samFile *file = w->file;
    struct hFILE *stream = w->stream;
    w->file = NULL;
    w->stream = NULL;
    errno = 0;
    if ((file ? sam_close(file) : hclose(stream)) == 0) return ANL_OK;
    return w->index && w->memory >= 0 ? anl_output_fail(w->index) : fail_write(w); /* the index of a CRAM is written now */
}

/* What htslib's threads still hold is written before the stream, which knows why they fail, goes. */
static int flush_blocks(const anl_alignments *w)
{
    errno = 0;
    return w->file && w->file->is_bgzf && hts_flush(w->file) < 0 ? fail_write(w) : ANL_OK;
}

static int save_index(const anl_alignments *w)
{
    errno = 0;
    return w->index && sam_idx_save(w->file) < 0 ? anl_output_fail(w->index) : ANL_OK;
}

int anl_alignments_finish(anl_alignments *w)
{
    int rc = w->sorter ? anl_sorter_finish(w->sorter, put_sorted, w) : ANL_OK;
    if (!rc && w->duplicates) rc = anl_duplicates_finish(w->duplicates);
    if (!rc) rc = flush_blocks(w);
    if (!rc) rc = save_index(w);
    if (!rc) rc = close_stream(w);
    if (!rc) rc = empty_memory(w);
    if (!rc && w->index) rc = anl_output_finish(w->index);
    return rc ? rc : anl_output_finish(w->output);
}

int anl_alignments_close(anl_alignments *w)
{
    int rc = w->stream ? anl_alignments_finish(w) : ANL_OK;
    if (!rc && w->index) {
        rc = anl_output_close(w->index);
        w->index = NULL;
    }
    if (!rc) {
        rc = anl_output_close(w->output);
        w->output = NULL;
    }
    anl_alignments_abort(w);
    return rc;
}

void anl_alignments_abort(anl_alignments *w)
{
    if (!w) return;
    if (w->file) {
        anl_output_discard(w->descriptor);
        sam_close(w->file);
    } else if (w->stream) {
        hclose_abruptly(w->stream);
    }
    if (w->memory >= 0) close(w->memory);
    anl_output_abort(w->index);
    anl_output_abort(w->output);
    anl_sorter_free(w->sorter);
    anl_duplicates_free(w->duplicates);
    if (w->header) sam_hdr_destroy(w->header);
    for (int i = 0; w->group_ids && i < w->options.n_lanes; ++i) free(w->group_ids[i]);
    free(w->group_ids);
    free(w);
}
