/** What a session is made of; anneal.h tells what it is for. */
#ifndef ANL_SESSION_H
#define ANL_SESSION_H

#include "anneal.h"

#include "align.h"

#include <pthread.h>

typedef struct anl_vectors anl_vectors;

struct anl_session {
    anl_aligner *aligner;
    anl_batch batch;
    int paired; /* the batch holds pairs */
    anl_alignment *alignments;
    uint8_t *reference; /* under an alignment */
    char *letters;      /* of a read */
    char *cs;
    size_t cap, reference_cap, letters_cap, cs_cap;
    anl_vectors *vectors; /* NULL until something is embedded or searched */
    int threads;
    pthread_t caller; /* whose parallel regions' threads have been started */
};

/** OpenMP ends the process when it cannot start a thread; here that is an error. Its threads belong to the one that calls. */
int anl_threads_of_session(anl_session *s);

/** The read that an alignment is of. */
const anl_read *anl_read_of_alignment(const anl_session *s, const anl_alignment *a);

/** Sets end, q_begin, q_end, matches, length and ambiguous of an alignment, whose other fields are set. 0 or ANL_ENOMEM. */
int anl_measure_alignment(anl_session *s, anl_alignment *a);

void anl_vectors_free(anl_vectors *v);

#endif
