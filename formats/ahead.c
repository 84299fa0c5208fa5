#include "ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 4, BLOCK = 1 << 18 /* bytes: hundreds of short reads, as many as a reader asks for */ };

struct anl_ahead {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    anl_ahead_make *make;
    void *data;
    unsigned made, taken; /* blocks, under the lock; made - taken of them are full */
    int ended, stop;
    size_t used; /* bytes taken of the block that is taken */
    ssize_t size[BLOCKS];
    anl_failure failure;
    char bytes[BLOCKS][BLOCK];
};

/* Waits until a block is free: 1, or 0 when it is to stop. */
static int wait_for_room(anl_ahead *a)
{
    pthread_mutex_lock(&a->lock);
    while (a->made - a->taken == BLOCKS && !a->stop) pthread_cond_wait(&a->changed, &a->lock);
    const int go_on = !a->stop;
    pthread_mutex_unlock(&a->lock);
    return go_on;
}

static void *run(void *data)
{
    anl_ahead *a = data;
    ssize_t n = 1;
    while (n > 0 && wait_for_room(a)) {
        const unsigned block = a->made % BLOCKS;
        n = a->make(a->data, a->bytes[block], BLOCK);
        if (n < 0) anl_failure_keep(&a->failure, (int)n, 0);
        a->size[block] = n;
        pthread_mutex_lock(&a->lock);
        if (n > 0)
            ++a->made;
        else
            a->ended = 1;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

anl_ahead *anl_ahead_start(anl_ahead_make *make, void *data)
{
    anl_ahead *a = anl_alloc(1, sizeof *a);
    if (!a) return NULL;
    a->make = make;
    a->data = data;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    if (!pthread_create(&a->thread, NULL, run, a)) return a;
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    free(a);
    return NULL;
}

ssize_t anl_ahead_take(anl_ahead *a, char *to, size_t room)
{
    pthread_mutex_lock(&a->lock);
    while (a->made == a->taken && !a->ended) pthread_cond_wait(&a->changed, &a->lock);
    const int is_empty = a->made == a->taken;
    pthread_mutex_unlock(&a->lock);
    if (is_empty) return anl_failure_raise(&a->failure);
    const unsigned block = a->taken % BLOCKS;
    const size_t left = (size_t)a->size[block] - a->used, n = left < room ? left : room;
    memcpy(to, a->bytes[block] + a->used, n);
    a->used += n;
    if (n == left) {
        a->used = 0;
        pthread_mutex_lock(&a->lock);
        ++a->taken;
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
    }
    return (ssize_t)n;
}

void anl_ahead_free(anl_ahead *a)
{
    if (!a) return;
    pthread_mutex_lock(&a->lock);
    a->stop = 1;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    free(a);
}
