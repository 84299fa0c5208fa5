/** Two pipes that one process may write in turns: while one of them is waited for, what comes of the other is kept, so that neither side waits
 *  for ever. */
#ifndef ANL_PIPE_H
#define ANL_PIPE_H

#include <stddef.h>
#include <sys/types.h>

/** All zero to begin with, but for its descriptor, which stays its owner's. */
typedef struct anl_pipe {
    int fd;
    int ended, error; /**< error: errno of a read in advance; 0: none. Both are behind what is kept */
    char *kept;       /**< bytes [begin, end) of it are read and not yet taken */
    size_t begin, end, cap;
    struct anl_pipe *beside; /**< the other one, of which bytes may be kept; NULL: there is none */
} anl_pipe;

/** A descriptor of a FIFO, in whatever order its writer opens it and others: nothing is waited for. -1 with errno, as open(2). */
int anl_pipe_open(const char *path);

/** Waits until one of two can be read, or has ended, and says which: 0 or 1. */
int anl_pipe_first(const anl_pipe *one, const anl_pipe *two);

/** Waits until `p` can be read, or has ended; meanwhile keeps what comes of `other`, up to 16 MiB, unless that is NULL. 0, or -1 with
 *  errno. */
int anl_pipe_await(const anl_pipe *p, anl_pipe *other);

/** Keeps `n` bytes that others have read of it: 0, or -1 with errno. */
int anl_pipe_keep(anl_pipe *p, const char *from, size_t n);

/** Up to `room` bytes, those that are there, one at least: their number, 0 at the end, or -1 with errno. */
ssize_t anl_pipe_take(anl_pipe *p, void *to, size_t room);

/** Forgets what is kept. */
void anl_pipe_free(anl_pipe *p);

#endif
