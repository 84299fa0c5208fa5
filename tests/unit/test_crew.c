/* Threads that meet: everybody's work is done once at every meeting, whoever comes, leaves or comes late. */
#include "random.h"

#include "crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { THREADS = 5, PARTS = 37 /* of a thread's work at a meeting */ };

typedef struct task {
    atomic_int next, done; /* part of it that nobody has begun; those that are done */
} task;

static anl_crew *crew;
static int all_from_the_start;
static atomic_int wrong;

static void share(void *own, void *const *guests, int n)
{
    int seen = 0;
    for (int g = 0; g < n; ++g) {
        task *t = guests[g];
        seen += guests[g] == own;
        while (t->next++ < PARTS) ++t->done;
    }
    wrong += seen != 1 || n > THREADS;
}

static void *meet_often(void *number)
{
    const int own = *(int *)number;
    for (int round = 0; round < 20; ++round) {
        if (!all_from_the_start || !round) anl_crew_join(crew);
        for (int m = 0; m < 10 + own; ++m) { /* some leave earlier than others */
            task t = {0};
            anl_crew_meet(crew, &t, share);
            wrong += t.done != PARTS;
            if (own == m % THREADS) sched_yield();
        }
        if (!all_from_the_start) anl_crew_leave(crew);
    }
    if (all_from_the_start) anl_crew_leave(crew);
    return NULL;
}

static void everything_is_done_once(void **unused)
{
    (void)unused;
    int numbers[THREADS];
    pthread_t threads[THREADS];
    for (all_from_the_start = 0; all_from_the_start < 2; ++all_from_the_start) {
        wrong = 0;
        assert_int_equal(anl_crew_new(&crew, THREADS), 0);
        for (int i = 0; i < THREADS; ++i) {
            numbers[i] = i;
            assert_int_equal(pthread_create(&threads[i], NULL, meet_often, &numbers[i]), 0);
        }
        for (int i = 0; i < THREADS; ++i) assert_int_equal(pthread_join(threads[i], NULL), 0);
        anl_crew_free(crew);
        assert_int_equal(wrong, 0);
    }
}

static anl_crew *pair;
static int brought[2];
static atomic_int together, is_there;

static void look(void *own, void *const *guests, int n)
{
    (void)own;
    for (int g = 0; g < n; ++g) together += n == 2 && *(int *)guests[g] == 1;
}

static void *wait_for_other(void *which)
{
    int *own = which;
    ++is_there;
    while (is_there < 2) sched_yield(); /* both are members */
    *own = 1;
    anl_crew_meet(pair, own, look);
    anl_crew_leave(pair);
    return NULL;
}

/* Both members are at one meeting, and each sees what the other has written before. */
static void members_wait_for_each_other(void **unused)
{
    (void)unused;
    assert_int_equal(anl_crew_new(&pair, 2), 0);
    for (int round = 0; round < 200; ++round) {
        pthread_t other;
        brought[0] = brought[1] = 0;
        together = is_there = 0;
        anl_crew_join(pair);
        anl_crew_join(pair);
        assert_int_equal(pthread_create(&other, NULL, wait_for_other, &brought[1]), 0);
        wait_for_other(&brought[0]);
        assert_int_equal(pthread_join(other, NULL), 0);
        assert_int_equal(together, 4);
    }
    anl_crew_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_is_done_once), cmocka_unit_test(members_wait_for_each_other)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
