/** The pipeline: reads in, records out. */
#ifndef ANL_ALIGN_H
#define ANL_ALIGN_H

#include "find.h"
#include "finish.h"
#include "options.h"
#include "parcels.h"
#include "reads.h"

/** An opened index with its model, ready to align; shared by all threads. */
typedef struct anl_aligner anl_aligner;

/** Opens `index_path` and the model (model_path, or NULL: found as anl_model_find says). ANL_EVERSION when the index was made
 *  with another model. The index's large sections are checked in a thread beside what follows; for FAISS's search and for a GPU, before. */
int anl_aligner_open(anl_aligner **out, const char *index_path, const char *model_path, const anl_align_options *options);
void anl_aligner_free(anl_aligner *a);

/** Waits until the index has been checked: what was aligned with it counts when this returns 0 (index.h, anl_index_check). */
int anl_aligner_check(anl_aligner *a);
const anl_index *anl_aligner_index(const anl_aligner *a);
const anl_encoder *anl_aligner_encoder(const anl_aligner *a); /**< its own threads need scratches of their own */
const char *anl_aligner_gpu(const anl_aligner *a);            /**< name of the GPU in use; NULL: the CPU */
/** Why the CPU aligns although ANL_DEVICE_AUTO found a GPU, as it has too little memory. Else NULL. */
const char *anl_aligner_refused(const anl_aligner *a);

/** What anl_gpu_times says; "" on the CPU. */
void anl_aligner_times(const anl_aligner *a, char *text, size_t size);

/** What a run did so far. */
typedef struct anl_summary {
    anl_counts counts;
    anl_find_counts found; /**< what adaptive search did */
    anl_insert insert;     /**< FR inserts of the last batch that had an estimate */
} anl_summary;

/** Aligns one batch, with an index that may not have been checked yet. records[i] of *n_chunks chunks, in input order, stay valid until the next call. */
int anl_aligner_batch(anl_aligner *a, const anl_batch *batch, const anl_records **chunks, size_t *n_chunks, anl_summary *summary);

/** As anl_aligner_batch, but every thread packs its chunks' records, which are not kept. Its pens are anl_aligner_workers(a) or more.
 *  Where the aligner lags, a batch is reported, to the parcels of that call, by the call for the next one, which looks for its places meanwhile, or, after
 *  the last one, for NULL. Until then the batch must stay. */
int anl_aligner_pack(anl_aligner *a, const anl_batch *batch, anl_parcels *parcels, anl_summary *summary);
int anl_aligner_lags(const anl_aligner *a);                         /**< 1: batches are reported with the next one; it needs more memory */
int anl_aligner_workers(const anl_aligner *a);                      /**< threads that align at once */
const anl_align_options *anl_aligner_options(const anl_aligner *a); /**< as they are in effect */

/** Told by any thread, one at a time, how many reads are done, and about how many there are; 0: not known. */
typedef void anl_progress(void *data, int64_t done, int64_t total);

/** From now on `progress` is told of the reads that batches take, from none; NULL: nobody is. */
void anl_aligner_watch(anl_aligner *a, anl_progress *progress, void *data);

/** So many reads there are, about, in all batches together; 0: not known. */
void anl_aligner_expect(anl_aligner *a, int64_t reads);

/** Forgets the insert sizes of the reads so far: those that follow are aligned as by an aligner that was just opened. */
void anl_aligner_restart(anl_aligner *a);

/** Adds the counts of `part` to those of `all`, whose insert sizes stay as they are. */
void anl_summary_add(anl_summary *all, const anl_summary *part);

/** Aligns everything `in` gives and writes the records in input order; returns 0 only when the index has been checked, too. The result does not
 *  depend on the number of threads. 0 or the first error. */
int anl_align(anl_aligner *a, anl_reads *in, const anl_align_output *out, anl_summary *summary, anl_progress *progress, void *data);

#endif
