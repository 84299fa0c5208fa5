/** What file a name means: behind symbolic links, among the descriptors of this process, or the same as another name. */
#ifndef ANL_PATH_H
#define ANL_PATH_H

#include "base.h"

/** N of /proc/self/fd/N, /dev/fd/N, /dev/stdout and /dev/stderr, which mean a descriptor and not the file that it is of; -1: another name. */
int anl_path_descriptor(const char *path);

/** The file behind the symbolic links of `path`, which need not exist: out[size]; a name of a descriptor stays as it is. 0 or ANL_EINVAL (too
 *  long, or links in a circle). */
int anl_path_resolve(const char *path, char *out, size_t size);

/** Refuses a run that would write over what it reads: no output may be the same file (device and inode, or folder and name where there is none yet)
 *  as an input or as another output. "-" is standard input or output; NULL is passed over. Devices and pipes are all right. 0 or ANL_EINVAL,
 *  with a message that names the output. */
int anl_paths_check(const char *const *outputs, int n_outputs, const char *const *inputs, int n_inputs);

#endif
