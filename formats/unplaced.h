/** Reads and pairs that found no place, as FASTQ. */
#ifndef ANL_UNPLACED_H
#define ANL_UNPLACED_H

#include "alignments.h"

typedef struct anl_unplaced anl_unplaced;

/** The file for mates `number` (1, 2) of `path`, in out[size]: with the number in place of the last % of its name. 1; 0 where there is none and
 *  one file takes all, or ANL_EINVAL. */
int anl_unplaced_name(const char *path, int number, char *out, size_t size);

/** `path`: one file for all, mates of a pair one after the other; with a % in its name one for first mates, with a 1 in its place, and one for
 *  second mates, with a 2, and no single reads. 0 or the first error. */
int anl_unplaced_open(anl_unplaced **out, const char *path);

/** Appends the reads of those records[n] that say that a read, or both mates of a pair, are unmapped, to what is to be written to each file. Threads may
 *  do so at once, and others write. ANL_EINVAL: a single read, and there are files for mates alone; or ANL_ENOMEM. */
int anl_unplaced_collect(const anl_unplaced *u, const anl_record *records, size_t n, anl_bytes to[2]);

/** Writes what was collected. */
int anl_unplaced_write(anl_unplaced *u, const anl_bytes from[2]);

/** As anl_output_finish, anl_output_close and anl_output_abort, for all files. */
int anl_unplaced_finish(anl_unplaced *u);
int anl_unplaced_close(anl_unplaced *u);
void anl_unplaced_abort(anl_unplaced *u);

#endif
