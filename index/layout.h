/* How an index lies on disk; shared by the writer and the reader. Little-endian. */
#ifndef ANL_INDEX_LAYOUT_H
#define ANL_INDEX_LAYOUT_H

#include <stdint.h>

#define ANL_INDEX_MAGIC "ANLINDEX"
enum {
    ANL_INDEX_VERSION = 2,
    ANL_INDEX_VERSION_ALT = 3,      /* the same with ALT contigs, which a reader of version 2 would take for others */
    ANL_INDEX_ALIGN = 64,           /* bytes: sections begin on a cache line, as loads of 64 bytes like it */
    ANL_INDEX_MOST_LISTS = 1 << 24, /* 64 times those of as many windows as there are numbers for */
};

enum anl_index_section {
    SECTION_CONTIGS, /* anl_index_contig[n_contigs] */
    SECTION_NAMES,   /* their names, NUL-terminated, one after the other */
    SECTION_BASES,
    SECTION_N_RUNS,
    SECTION_CENTROIDS,
    SECTION_CENTROID_BIAS,
    SECTION_LIST_BEGIN,
    SECTION_CODES,
    SECTION_BIAS,
    SECTION_IDS,
    SECTION_UNIQUE, /* bits, in 64-bit words */
    SECTION_LETTERS,
    N_SECTIONS,
};

typedef struct anl_index_contig {
    int64_t len;
    uint64_t name; /* offset in SECTION_NAMES */
    char md5[36];
    uint32_t alt; /* 1: an ALT contig; 0 in version 2 */
} anl_index_contig;

typedef struct anl_index_header {
    char magic[8];
    uint32_t version, n_contigs;
    int32_t window, stride, d, nlist;
    int64_t n_entries;
    int32_t unique_k, reserved; /* reserved: 0 */
    uint64_t model_hash;
    char model_name[64];
    struct {
        uint64_t offset, size, checksum;
    } section[N_SECTIONS];
    uint64_t checksum; /* XXH3 of the header before this field */
} anl_index_header;

#endif
