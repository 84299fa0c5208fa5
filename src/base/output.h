/** Output files: one way for all of them from the open to the rename.
 *
 * An output stands under the temporary name PATH.tmp.PID until it is complete. anl_output_close then renames it to PATH, so that PATH holds the
 * old file or the whole new one and never a part; when it has returned 0, the bytes and, where the file system can say so, the name are on the
 * disk. Where PATH is a symbolic link, the file behind it is meant. The new file has the permissions of the old one, and a file that may not be
 * written is not replaced. What is there and no regular file (a device, a FIFO, a pipe of the shell, a descriptor's name like /dev/stdout) is
 * written as it is, as other programs do. Temporary files of PATH whose process is gone are removed when it is opened. anl_outputs_remove lets a
 * signal handler clean up; anl_paths_check (path.h) refuses outputs that are inputs. One output belongs to one thread at a time.
 */
#ifndef ANL_OUTPUT_H
#define ANL_OUTPUT_H

#include "base.h"

#include <stdio.h>

typedef struct anl_output anl_output;

typedef enum anl_output_kind {
    ANL_OUTPUT_STREAM, /**< written from the first byte to the last */
    ANL_OUTPUT_SEEKS,  /**< the writer goes back in it: standard output, devices and pipes are refused unless one can go back in them */
} anl_output_kind;

/** Creates the temporary file of `path`; "-" is standard output. 0, ANL_EINVAL, ANL_EIO or ANL_ENOMEM. */
int anl_output_open(anl_output **out, const char *path, anl_output_kind kind);

/** The output as a stream, which is the output's own; NULL (message recorded) when memory is short. */
FILE *anl_output_stream(anl_output *o);

/** For libraries that take a descriptor: another one of the same file, which the caller closes before anl_output_finish. -1 (message recorded)
 *  when there is none to be had. */
int anl_output_descriptor(const anl_output *o);

/** Adds all of the file behind `from` to what was written through descriptors. 0 or ANL_EIO. */
int anl_output_copy(anl_output *o, int from);

/** From now on what a library still writes to such a descriptor goes nowhere: what it puts behind data cut off, as the end of a BAM, would make
 *  them look complete. */
void anl_output_discard(int descriptor);

/** For libraries that open by name: where the bytes go now; NULL for what is written as it is. */
const char *anl_output_temporary(const anl_output *o);

/** What to call the file in messages. */
const char *anl_output_label(const anl_output *o);

/** Records "LABEL: cannot write: " and what errno says, when it is not 0; returns ANL_EIO. */
int anl_output_fail(const anl_output *o);

/** The same for what is written in another way. */
int anl_write_fail(const char *label);

/** Flushes, syncs and closes: the file is complete, but still under its temporary name. 0 or ANL_EIO. */
int anl_output_finish(anl_output *o);

/** Finishes unless that is done, renames into place and syncs the folder. Frees `o` in every case; on failure the temporary file is removed
 *  and what stood at `path` is as it was. 0 or ANL_EIO. */
int anl_output_close(anl_output *o);

/** Frees `o` and removes its temporary file. Accepts NULL. */
void anl_output_abort(anl_output *o);

/** Removes the temporary files of all outputs that are open. Async-signal-safe. */
void anl_outputs_remove(void);

/** A file of the run's own that has no name and ends with the process, however that ends; it lies beside `prefix`, or in $TMPDIR or /tmp when
 *  that is NULL. Returns its descriptor; -1 (message recorded) on failure. */
int anl_scratch_open(const char *prefix);

enum { ANL_SCRATCH_NAME = 40 };

/** A name by which an open scratch file can be written (anl_output_open) and read while its descriptor is open: name[ANL_SCRATCH_NAME]. */
void anl_scratch_name(int descriptor, char *name);

#endif
