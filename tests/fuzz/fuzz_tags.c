/* Tags of a BAM record, any bytes: refused, or carried into a record, turned and clipped, that htslib can print. */
#include "base_tags.h"
#include "sam_encode.h"

#include <stdlib.h>
#include <string.h>

enum { REVERSE = 1, NO_SEQ = 2, WHOLE = 4, SETTINGS = 4 };

static int are_tags(const uint8_t *at, size_t n)
{
    const uint8_t *end = at + n;
    anl_tag tag;
    int more;
    while ((more = anl_tag_next(&at, end, &tag)) > 0) anl_tag_of_alignment(&tag);
    return more == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seq[256] = {0, 1, 1, 2, 4, 1, 3, 0, 1, 2, 1, 0, 3, 1};
    if (size < SETTINGS || !are_tags(data + SETTINGS, size - SETTINGS)) return 0;
    const int32_t len = data[0], begin = data[1] % (len + 1), end = begin + data[2] % (len - begin + 1);
    uint8_t *aux = malloc(size - SETTINGS); /* its end is the end of what may be read */
    if (!aux) return 0;
    memcpy(aux, data + SETTINGS, size - SETTINGS);
    const anl_read read = {.name = "r", .seq = seq, .len = len, .aux = aux, .aux_len = (int32_t)(size - SETTINGS)};
    const uint32_t cigar[3] = {(uint32_t)begin << 4 | BAM_CSOFT_CLIP, (uint32_t)(end - begin) << 4 | BAM_CMATCH,
                               (uint32_t)(len - end) << 4 | BAM_CSOFT_CLIP};
    const anl_record record = {.read = &read,
                               .flag = data[3] & REVERSE ? BAM_FREVERSE : 0,
                               .hard_clip = 1,
                               .no_seq = (data[3] & NO_SEQ) != 0,
                               .cigar = cigar,
                               .n_cigar = 3,
                               .tid = -1,
                               .pos = -1,
                               .mate_tid = -1,
                               .mate_pos = -1,
                               .nm = -1,
                               .as = INT32_MIN,
                               .xs = INT32_MIN,
                               .mq = -1};
    anl_encoding e = {.tags_of_whole = (data[3] & WHOLE) != 0};
    bam1_t *b = bam_init1();
    sam_hdr_t *header = sam_hdr_init();
    kstring_t line = KS_INITIALIZE;
    if (!b || !header) abort();
    if (len && !anl_sam_encode(&e, &record, b) &&
        (!are_tags(bam_get_aux(b), (size_t)bam_get_l_aux(b)) || sam_format1(header, b, &line) < 0))
        abort();
    ks_free(&line);
    anl_encoding_clear(&e);
    sam_hdr_destroy(header);
    bam_destroy1(b);
    free(aux);
    return 0;
}
