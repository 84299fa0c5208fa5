#include "crew.h"

#include "base.h"

#include <pthread.h>
#include <stdlib.h>

struct anl_crew {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a meeting has begun or ended */
    int members;
    int n, done;          /* guests of the meeting that is to be or is; those that have done their work */
    int is_on;            /* everybody is there */
    unsigned long number; /* of meetings that are over */
    void **guests;        /* [most] */
};

int anl_crew_new(anl_crew **out, int most)
{
    anl_crew *c = anl_alloc(1, sizeof *c);
    void **guests = anl_alloc((size_t)most, sizeof *guests);
    if (!c || !guests) {
        free(c);
        free(guests);
        return ANL_ENOMEM;
    }
    c->guests = guests;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    *out = c;
    return ANL_OK;
}

void anl_crew_free(anl_crew *c)
{
    if (!c) return;
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c->guests);
    free(c);
}

/* Begins the meeting if nobody is missing. */
static void begin_if_all(anl_crew *c)
{
    if (c->is_on || !c->n || c->n < c->members) return;
    c->is_on = 1;
    c->done = 0;
    pthread_cond_broadcast(&c->changed);
}

void anl_crew_join(anl_crew *c)
{
    pthread_mutex_lock(&c->lock);
    ++c->members;
    pthread_mutex_unlock(&c->lock);
}

void anl_crew_leave(anl_crew *c)
{
    pthread_mutex_lock(&c->lock);
    --c->members;
    begin_if_all(c);
    pthread_mutex_unlock(&c->lock);
}

void anl_crew_meet(anl_crew *c, void *own, anl_crew_work *work)
{
    pthread_mutex_lock(&c->lock);
    while (c->is_on) pthread_cond_wait(&c->changed, &c->lock); /* one that began before this thread was a member */
    const unsigned long number = c->number;
    c->guests[c->n++] = own;
    begin_if_all(c);
    while (!c->is_on) pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);

    work(own, c->guests, c->n);

    pthread_mutex_lock(&c->lock);
    if (++c->done == c->n) {
        c->is_on = c->n = 0;
        ++c->number;
        pthread_cond_broadcast(&c->changed);
    }
    while (c->number == number) pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
}
