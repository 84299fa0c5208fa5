#include "duplicate_key.h"

#include <ctype.h>
#include <stdlib.h>

/* The first and the last base of a read as if its clips were aligned, 1-based. */
typedef struct extent {
    int64_t begin, end;
} extent;

static int is_clip(uint32_t op)
{
    return bam_cigar_op(op) == BAM_CSOFT_CLIP || bam_cigar_op(op) == BAM_CHARD_CLIP;
}

static extent extent_of(const bam1_t *b)
{
    const uint32_t *cigar = bam_get_cigar(b);
    const int n = (int)b->core.n_cigar;
    extent e = {b->core.pos + 1, bam_endpos(b)};
    for (int i = 0; i < n && is_clip(cigar[i]); ++i) e.begin -= bam_cigar_oplen(cigar[i]);
    for (int i = n - 1; i >= 0 && is_clip(cigar[i]); --i) e.end += bam_cigar_oplen(cigar[i]);
    return e;
}

static extent extent_of_mate(int64_t pos, const char *cigar)
{
    extent e = {pos + 1, pos};
    int aligned = 0;
    for (const char *c = cigar; isdigit((unsigned char)*c); ++c) {
        char *op;
        const int64_t n = strtol(c, &op, 10);
        const int clip = *op == 'S' || *op == 'H';
        if (!*op) break;
        if (clip && !aligned) e.begin -= n;
        if (clip ? aligned : *op != 'I' && *op != 'P') e.end += n;
        aligned |= !clip;
        c = op;
    }
    return e;
}

enum { FACING_FF, FACING_RR, FACING_FR, FACING_RF };

anl_duplicate_key anl_duplicate_key_single(const bam1_t *b, int32_t library)
{
    const extent e = extent_of(b);
    const int reverse = bam_is_rev(b);
    return (anl_duplicate_key){
        .at = reverse ? e.end : e.begin, .ref = b->core.tid, .library = library, .facing = reverse ? FACING_RR : FACING_FF};
}

/* Whether the read is the left one of its pair, on which it depends which of its ends is that of the template. */
static int is_leftmost(const bam1_t *b, extent own, extent mate)
{
    if (b->core.tid != b->core.mtid) return b->core.tid < b->core.mtid;
    const int reverse = bam_is_rev(b) != 0, mate_reverse = bam_is_mrev(b) != 0;
    return (reverse ? own.end : own.begin) <= (reverse == mate_reverse ? (reverse ? mate.end : mate.begin)
                                               : reverse               ? mate.begin
                                                                       : mate.end);
}

int anl_duplicate_key_pair(anl_duplicate_key *key, const bam1_t *b, int32_t library)
{
    const uint8_t *tag = bam_aux_get(b, "MC");
    const char *cigar = tag ? bam_aux2Z(tag) : NULL;
    if (!cigar) return anl_fail(ANL_EINVAL, "read '%.100s': has no tag MC, without which duplicates cannot be told", bam_get_qname(b));
    const extent own = extent_of(b), mate = extent_of_mate(b->core.mpos, cigar);
    const int reverse = bam_is_rev(b) != 0, left = is_leftmost(b, own, mate);
    *key = (anl_duplicate_key){.ref = b->core.tid, .mate_ref = b->core.mtid, .library = library, .pair = 1, .leftmost = (uint8_t)left};
    if (reverse == (bam_is_mrev(b) != 0)) { /* of FF and RR the strand of read 1, as the template's ends do not tell it */
        key->at = left ? own.begin : own.end;
        key->mate_at = left ? mate.end : mate.begin;
        key->facing = (reverse ^ !left ^ !(b->core.flag & BAM_FREAD1)) ? FACING_RR : FACING_FF;
    } else {
        key->at = reverse ? own.end : own.begin;
        key->mate_at = reverse ? mate.begin : mate.end;
        key->facing = reverse == left ? FACING_RF : FACING_FR;
    }
    return ANL_OK;
}

int anl_duplicate_key_equal(const anl_duplicate_key *a, const anl_duplicate_key *b)
{
    return a->at == b->at && a->mate_at == b->mate_at && a->ref == b->ref && a->mate_ref == b->mate_ref && a->library == b->library &&
           a->pair == b->pair && a->leftmost == b->leftmost && a->facing == b->facing;
}

uint64_t anl_duplicate_key_hash(const anl_duplicate_key *key)
{
    const uint64_t parts[] = {(uint64_t)key->at, (uint64_t)key->mate_at, (uint64_t)(uint32_t)key->ref << 32 | (uint32_t)key->mate_ref,
                              (uint64_t)(uint32_t)key->library << 3 | (uint64_t)(key->leftmost << 2 | key->facing)};
    uint64_t h = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; ++i) {
        h = (h ^ parts[i]) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return h;
}
