#include "paf.h"

#include "cigar.h"

#include <string.h>

/* Lengths in bp that columns 2 to 4, 10 and 11 are made of. */
typedef struct extent {
    int64_t first_clip, last_clip, query, block; /* query: aligned bases of the read; block: columns of the alignment */
} extent;

static extent measure(const bam1_t *b)
{
    const uint32_t *cigar = bam_get_cigar(b);
    extent e = {0};
    for (uint32_t i = 0; i < b->core.n_cigar; ++i) {
        const int64_t n = anl_cigar_len_of(cigar[i]);
        const anl_cigar_op op = anl_cigar_op_of(cigar[i]);
        if (anl_cigar_is_clip(op)) {
            *(e.query ? &e.last_clip : &e.first_clip) += n;
            continue;
        }
        if (anl_cigar_takes_query(op)) e.query += n;
        if (op != ANL_CIGAR_N) e.block += n;
    }
    return e;
}

static int append_columns(kstring_t *out, const sam_hdr_t *header, const bam1_t *b)
{
    const bam1_core_t *c = &b->core;
    const extent e = measure(b);
    const int64_t begin = bam_is_rev(b) ? e.last_clip : e.first_clip;
    const uint8_t *nm = bam_aux_get(b, "NM");
    const char *mate = c->flag & BAM_FREAD1 ? "/1" : c->flag & BAM_FREAD2 ? "/2" : "";
    return ksprintf(out, "%s%s\t%lld\t%lld\t%lld\t%c\t%s\t%lld\t%lld\t%lld\t%lld\t%lld\t%d", bam_get_qname(b), mate,
                    (long long)(e.first_clip + e.query + e.last_clip), (long long)begin, (long long)(begin + e.query),
                    bam_is_rev(b) ? '-' : '+', sam_hdr_tid2name(header, c->tid), (long long)sam_hdr_tid2len(header, c->tid),
                    (long long)c->pos, (long long)bam_endpos(b), (long long)(e.block - (nm ? bam_aux2i(nm) : 0)), (long long)e.block,
                    c->qual);
}

static int append_tags(kstring_t *out, const bam1_t *b, int with_md)
{
    static const char left_out[] = "MC MQ XS RG SA XA tp"; /* tp: ours comes first; Ultima has another */
    const uint8_t *at = bam_get_aux(b), *end = b->data + b->l_data;
    while (end - at >= 4) {
        const char tag[3] = {(char)at[0], (char)at[1], 0};
        const size_t before = out->l;
        if (kputc('\t', out) < 0 || !(at = sam_format_aux1(at, at[2], at + 3, end, out))) return -1;
        if (strstr(left_out, tag) || (!with_md && !strcmp(tag, "MD"))) out->l = before;
    }
    return 0;
}

static int append_cigar(kstring_t *out, const bam1_t *b)
{
    const uint32_t *cigar = bam_get_cigar(b);
    int bad = kputs("\tcg:Z:", out) < 0;
    for (uint32_t i = 0; i < b->core.n_cigar && !bad; ++i) {
        const anl_cigar_op op = anl_cigar_op_of(cigar[i]);
        if (!anl_cigar_is_clip(op)) bad = kputuw((unsigned)anl_cigar_len_of(cigar[i]), out) < 0 || kputc(anl_cigar_letter(op), out) < 0;
    }
    return bad;
}

int anl_paf_append(kstring_t *out, const sam_hdr_t *header, const bam1_t *b, int with_md)
{
    if (b->core.flag & BAM_FUNMAP) return ANL_OK;
    const char *type = b->core.flag & BAM_FSECONDARY ? "\ttp:A:S" : "\ttp:A:P";
    const int bad = append_columns(out, header, b) < 0 || kputs(type, out) < 0 || append_tags(out, b, with_md) || append_cigar(out, b) ||
                    kputc('\n', out) < 0;
    return bad ? anl_fail(ANL_ENOMEM, "out of memory") : ANL_OK;
}
