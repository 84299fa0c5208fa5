/* What is open of an index file; shared by open.c, which takes the small sections, and check.c, which verifies the large ones. */
#ifndef ANL_INDEX_MAPPING_H
#define ANL_INDEX_MAPPING_H

#include "index.h"
#include "layout.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

struct anl_index_mapping {
    uint8_t *bytes;
    size_t size;
    int descriptor, slot;            /* slot of `mapped` in open.c, -1: none */
    struct timespec opened, written; /* when the file was written last: as it was opened; as it was last verified */
    char *path;
    anl_index_header header;
    anl_arena *arena; /* the tables */
    anl_contig *contigs;

    pthread_mutex_t lock; /* one checks at a time */
    atomic_int state;     /* an anl_check_state; only read without the lock */
    anl_failure failure;  /* of a check that failed */
    pthread_t thread;
    int thread_runs;
    atomic_int stop; /* a check ends early: the index is being freed */
};

typedef enum anl_check_state { ANL_CHECK_OPEN, ANL_CHECK_PASSED, ANL_CHECK_FAILED } anl_check_state;

static inline const void *anl_section(const struct anl_index_mapping *m, int i)
{
    return m->bytes + m->header.section[i].offset;
}

/* Elements of `size` bytes in a section. */
static inline uint64_t anl_section_count(const struct anl_index_mapping *m, int i, size_t size)
{
    return m->header.section[i].size / size;
}

static inline int anl_index_corrupt(const struct anl_index_mapping *m, const char *what)
{
    return anl_fail(ANL_EFORMAT, "%s: corrupt (%s)", m->path, what);
}

/* Whether vector `i` is what fills up a panel. */
int anl_panel_is_padding(const int8_t *panels, size_t i, size_t d, int32_t bias);

/* Whether a section is verified beside the work instead of before it. */
int anl_section_is_large(int i);

/* The checksum of a section. 0, ANL_EFORMAT, ANL_ENOMEM, or ANL_EINTR when the index is being freed. */
int anl_section_sum(const struct anl_index_mapping *m, int i);

/* Ends a check that runs. */
void anl_index_check_end(struct anl_index_mapping *m);

#endif
