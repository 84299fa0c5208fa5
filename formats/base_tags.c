#include "base_tags.h"

#include <string.h>

/* How the values follow the read into a record of the reverse strand. */
typedef enum order {
    TURNED,       /* as SEQ and QUAL */
    COMPLEMENTED, /* turned, and the letters complemented */
    KEPT,         /* in the order of sequencing whatever the strand */
    BACKWARDS,    /* likewise, from the last base to the first */
} order;

static const struct {
    char name[3], type;
    uint8_t order;
} base_tags[] = {
    /* the SAM tags specification, which gives them SEQ's encoding and length; Picard turns them by default */
    {"OQ", 'Z', TURNED},
    {"U2", 'Z', TURNED},
    {"E2", 'Z', COMPLEMENTED},
    /* GATK's qualities of insertions and deletions */
    {"BI", 'Z', TURNED},
    {"BD", 'Z', TURNED},
    /* fgbio's consensus reads: what its ZipperBams turns as "Consensus" */
    {"cd", 'B', TURNED},
    {"ce", 'B', TURNED},
    {"ad", 'B', TURNED},
    {"ae", 'B', TURNED},
    {"bd", 'B', TURNED},
    {"be", 'B', TURNED},
    {"aq", 'Z', TURNED},
    {"bq", 'Z', TURNED},
    {"ac", 'Z', COMPLEMENTED},
    {"bc", 'Z', COMPLEMENTED},
    /* Ultima: what its pipelines have Picard's MergeBamAlignment turn */
    {"tp", 'B', TURNED},
    {"ti", 'B', TURNED},
    {"t0", 'Z', TURNED},
    /* PacBio, whose format has aligners leave them in the order of sequencing; ri and rp run from the last base to the first */
    {"ip", 'B', KEPT},
    {"pw", 'B', KEPT},
    {"fi", 'B', KEPT},
    {"fp", 'B', KEPT},
    {"ri", 'B', BACKWARDS},
    {"rp", 'B', BACKWARDS},
    {"dq", 'Z', KEPT},
    {"dt", 'Z', KEPT},
    {"iq", 'Z', KEPT},
    {"mq", 'Z', KEPT},
    {"sq", 'Z', KEPT},
    {"st", 'Z', KEPT},
};

static int entry_of(const anl_tag *tag)
{
    for (int i = 0; i < (int)(sizeof base_tags / sizeof *base_tags); ++i)
        if (base_tags[i].name[0] == tag->name[0] && base_tags[i].name[1] == tag->name[1]) return base_tags[i].type == tag->type ? i : -1;
    return -1;
}

static uint8_t complement_of(uint8_t letter)
{
    static const char from[] = "ACGTURYKMBDHVacgturykmbdhv", to[] = "TGCAAYRMKVHDBtgcaayrmkvhdb"; /* N, S and W are their own */
    const char *at = letter ? strchr(from, letter) : NULL;
    return at ? (uint8_t)to[at - from] : letter;
}

int32_t anl_base_tag_fit(const anl_tag *tag, const anl_held *held, uint8_t *to)
{
    const int e = entry_of(tag);
    if (e < 0) return 0;
    const int array = tag->type == 'B';
    uint32_t count = (uint32_t)tag->size - 1; /* the NUL is no base */
    if (array) memcpy(&count, tag->value + 1, sizeof count);
    if (count != (uint32_t)held->len) return 0;
    const int32_t n = held->end - held->begin;
    const size_t width = !array || !held->len ? 1 : (size_t)(tag->size - 5) / count;
    const uint8_t *from = tag->value + (array ? 5 : 0);
    uint8_t *out = to + (array ? 5 : 0);
    const order how = (order)base_tags[e].order;
    const int turn = held->reverse && (how == TURNED || how == COMPLEMENTED);
    /* the first value that is held, or the last where they are turned */
    int32_t at = turn ? held->len - 1 - held->begin : held->begin;
    if (how == KEPT && held->reverse) at = held->len - held->end;
    if (how == BACKWARDS && !held->reverse) at = held->len - held->end;
    for (int32_t i = 0; i < n; ++i, at += turn ? -1 : 1) {
        memcpy(out + (size_t)i * width, from + (size_t)at * width, width);
        if (turn && how == COMPLEMENTED) out[i] = complement_of(out[i]);
    }
    if (!array) {
        out[n] = 0;
        return n + 1;
    }
    to[0] = tag->value[0];
    memcpy(to + 1, &n, sizeof n);
    return 5 + n * (int32_t)width;
}
