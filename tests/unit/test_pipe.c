/* Two pipes: what is kept of one while the other is waited for, and how much. */
#include "files.h"

#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIMIT = 1 << 24, MUCH = LIMIT + (5 << 20), PIECE = 100000 };

static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 2654435761U >> 13);
}

/* Writes MUCH bytes, more than are kept. */
static void *write_much(void *data)
{
    static unsigned char piece[PIECE];
    const int fd = *(const int *)data;
    for (size_t at = 0; at < MUCH;) {
        const size_t n = MUCH - at < PIECE ? MUCH - at : PIECE;
        for (size_t i = 0; i < n; ++i) piece[i] = byte_at(at + i);
        for (size_t done = 0; done < n;) done += (size_t)write(fd, piece + done, n - done);
        at += n;
    }
    close(fd);
    return NULL;
}

/* Writes one byte, a while after the other pipe is full as far as is kept of it, or will be. */
static void *write_late(void *data)
{
    const int fd = *(const int *)data;
    usleep(200000);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    return NULL;
}

static void kept_to_a_limit(void **unused)
{
    (void)unused;
    static char to[PIECE / 3];
    int late[2], much[2];
    pthread_t writers[2];
    assert_int_equal(pipe(late), 0);
    assert_int_equal(pipe(much), 0);
    anl_pipe one = {.fd = late[0]}, two = {.fd = much[0], .beside = &one};
    one.beside = &two;
    assert_int_equal(pthread_create(&writers[0], NULL, write_much, &much[1]), 0);
    assert_int_equal(anl_pipe_first(&one, &two), 1);
    assert_int_equal(pthread_create(&writers[1], NULL, write_late, &late[1]), 0);
    assert_int_equal(anl_pipe_take(&one, to, sizeof to), 1);
    assert_int_equal(*to, 'x');
    assert_true(two.end - two.begin > 0 && two.end - two.begin < LIMIT + (1 << 16));
    size_t at = 0;
    for (ssize_t n; (n = anl_pipe_take(&two, to, sizeof to)); at += (size_t)n) {
        assert_true(n > 0);
        for (ssize_t i = 0; i < n; ++i) assert_int_equal((unsigned char)to[i], byte_at(at + (size_t)i));
    }
    assert_int_equal(at, MUCH);
    assert_int_equal(anl_pipe_take(&one, to, sizeof to), 0);
    for (int i = 0; i < 2; ++i) assert_int_equal(pthread_join(writers[i], NULL), 0);
    anl_pipe_free(&one);
    anl_pipe_free(&two);
    close(late[0]);
    close(much[0]);
}

/* What others read of it comes first; the end, and an error, behind what is kept; room is made where bytes were taken. */
static void order(void **unused)
{
    (void)unused;
    char to[8];
    int fd[2], empty[2];
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(pipe(empty), 0);
    anl_pipe p = {.fd = fd[0]}, other = {.fd = empty[0]};
    assert_int_equal(anl_pipe_keep(&p, "abcde", 5), 0);
    assert_int_equal(anl_pipe_take(&p, to, 4), 4);
    assert_int_equal(anl_pipe_keep(&p, "fg", 2), 0);
    assert_int_equal(write(fd[1], "hi", 2), 2);
    assert_int_equal(anl_pipe_take(&p, to, sizeof to), 3);
    assert_memory_equal(to, "efg", 3);
    assert_int_equal(anl_pipe_take(&p, to, sizeof to), 2);
    assert_memory_equal(to, "hi", 2);
    close(fd[1]);
    assert_int_equal(anl_pipe_await(&p, &other), 0);
    assert_int_equal(anl_pipe_take(&p, to, sizeof to), 0);
    other.ended = 1, other.error = EIO;
    assert_int_equal(anl_pipe_keep(&other, "z", 1), 0);
    assert_int_equal(anl_pipe_take(&other, to, sizeof to), 1);
    assert_int_equal(anl_pipe_take(&other, to, sizeof to), -1);
    assert_int_equal(errno, EIO);
    anl_pipe_free(&p);
    anl_pipe_free(&other);
    close(fd[0]);
    close(empty[0]);
    close(empty[1]);
}

/* A FIFO is opened before it has a writer, and what is read of it then waits. */
static void fifos(void **unused)
{
    (void)unused;
    assert_int_equal(anl_pipe_open(in_folder("none")), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    const int fd = anl_pipe_open(in_folder("fifo"));
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    int to = open(in_folder("fifo"), O_WRONLY);
    pthread_t writer;
    char byte;
    anl_pipe p = {.fd = fd};
    assert_int_equal(pthread_create(&writer, NULL, write_late, &to), 0);
    assert_int_equal(anl_pipe_take(&p, &byte, 1), 1);
    assert_int_equal(anl_pipe_take(&p, &byte, 1), 0);
    assert_int_equal(pthread_join(writer, NULL), 0);
    anl_pipe_free(&p);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(kept_to_a_limit), cmocka_unit_test(order), cmocka_unit_test(fifos)};
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
