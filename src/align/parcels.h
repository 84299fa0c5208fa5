/** What is written of a batch, made by the threads that align it while they have it at hand: the writer only puts it out, and reads and records
 *  are done with before. */
#ifndef ANL_PARCELS_H
#define ANL_PARCELS_H

#include "histograms.h"
#include "unplaced.h"

/** Where results go. */
typedef struct anl_align_output {
    anl_alignments *alignments;
    anl_unplaced *unplaced;     /**< NULL: reads that found no place are not written once more */
    anl_histograms *histograms; /**< NULL: nobody wants them */
    int hits_only;              /**< records flagged unmapped are left out of `alignments` */
} anl_align_output;

/** Of a chunk of reads. */
typedef struct anl_parcel {
    anl_encoded alignments;
    anl_bytes unplaced[2];
} anl_parcel;

/** Of the chunks of a batch, in input order. Its memory is kept for the next one. */
typedef struct anl_parcels {
    const anl_align_output *out;
    anl_pen *const *pens; /**< of the threads */
    int at_once;          /**< one thread packs them in order: each is written when it is packed, and its memory is the next one's */
    anl_parcel *list;
    size_t n, cap;
} anl_parcels;

/** Makes room for `n` chunks, and empties them. 0 or ANL_ENOMEM. */
int anl_parcels_expect(anl_parcels *p, size_t n);

/** Packs a chunk's records, in the thread that `pens[thread]` is of; records[n] are changed. Threads may do so at once, each with another chunk. 0, or an
 *  error of anl_pen_encode, of anl_unplaced_collect or, at once, of writing. */
int anl_parcels_pack(anl_parcels *p, int thread, size_t chunk, anl_record *records, size_t n);

/** Writes all of them in order. */
int anl_parcels_write(const anl_parcels *p);

/** Frees what they hold. */
void anl_parcels_free(anl_parcels *p);

#endif
