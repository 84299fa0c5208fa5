#include "pipe.h"

#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECE = 1 << 16, /* bytes: what a pipe holds */
    MOST = 1 << 24   /* bytes that are kept: programs write chunks of some MB in turns, but of two programs one may be slow for long */
};

int anl_pipe_open(const char *path)
{
    const int fd = open(path, O_RDONLY | O_NONBLOCK), flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (fd < 0 || (flags >= 0 && !fcntl(fd, F_SETFL, flags & ~O_NONBLOCK))) return fd;
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Waits until one of them can be read: 1, 2, or both together. `two` may be NULL. */
static int wait_for(const anl_pipe *one, const anl_pipe *two)
{
    struct pollfd at[2] = {{.fd = one->fd, .events = POLLIN}, {.fd = two ? two->fd : -1, .events = POLLIN}};
    int n;
    do n = poll(at, 2, -1);
    while (n < 0 && (errno == EINTR || errno == EAGAIN));
    return n < 0 ? 1 : (at[0].revents != 0) + 2 * (at[1].revents != 0); /* what is wrong is told by who reads */
}

static ssize_t read_there(int fd, void *to, size_t room)
{
    ssize_t n;
    do n = read(fd, to, room);
    while (n < 0 && errno == EINTR);
    return n;
}

int anl_pipe_first(const anl_pipe *one, const anl_pipe *two)
{
    return !(wait_for(one, two) & 1);
}

/* Room for `n` bytes behind those that are kept. */
static int make_room(anl_pipe *p, size_t n)
{
    if (p->begin > p->end / 2) { /* so seldom that a byte is moved once on average */
        memmove(p->kept, p->kept + p->begin, p->end - p->begin);
        p->end -= p->begin;
        p->begin = 0;
    }
    if (!anl_grow(&p->kept, &p->cap, p->end + n, 1)) return 0;
    errno = ENOMEM;
    return -1;
}

int anl_pipe_keep(anl_pipe *p, const char *from, size_t n)
{
    if (make_room(p, n)) return -1;
    if (n) memcpy(p->kept + p->end, from, n);
    p->end += n;
    return 0;
}

/* Keeps what is there. */
static int keep_some(anl_pipe *p)
{
    if (make_room(p, PIECE)) return -1;
    const ssize_t got = read_there(p->fd, p->kept + p->end, PIECE);
    if (got > 0) p->end += (size_t)got;
    p->error = got < 0 ? errno : 0;
    p->ended = got <= 0;
    return 0;
}

int anl_pipe_await(const anl_pipe *p, anl_pipe *other)
{
    for (;;) {
        const int may_keep = other && !other->ended && other->end - other->begin < MOST;
        if (wait_for(p, may_keep ? other : NULL) & 1) return 0;
        if (keep_some(other)) return -1;
    }
}

ssize_t anl_pipe_take(anl_pipe *p, void *to, size_t room)
{
    if (p->begin < p->end) {
        const size_t kept = p->end - p->begin, n = kept < room ? kept : room;
        memcpy(to, p->kept + p->begin, n);
        p->begin += n;
        if (n == kept) p->begin = p->end = 0;
        return (ssize_t)n;
    }
    errno = p->error;
    if (p->ended) return p->error ? -1 : 0;
    if (anl_pipe_await(p, p->beside)) return -1;
    const ssize_t got = read_there(p->fd, to, room);
    p->ended = got == 0;
    return got;
}

void anl_pipe_free(anl_pipe *p)
{
    free(p->kept);
}
