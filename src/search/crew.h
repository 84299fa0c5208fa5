/** Threads that meet to do their work together. Internal to src/search. */
#ifndef ANL_CREW_H
#define ANL_CREW_H

typedef struct anl_crew anl_crew;

/** For at most `most` members at a time. 0 or ANL_ENOMEM. */
int anl_crew_new(anl_crew **out, int most);
void anl_crew_free(anl_crew *c);

/** The calling thread is a member until it leaves. A member that leaves does not wait. */
void anl_crew_join(anl_crew *c);
void anl_crew_leave(anl_crew *c);

/** Work of a thread on what all n guests of a meeting bring. */
typedef void anl_crew_work(void *own, void *const *guests, int n);

/** Brings `own`, waits until every member has brought something or has left, does `work` beside the others, and waits until all have done it.
 *  What a guest has written before is seen by all, and so is afterwards what they have written. */
void anl_crew_meet(anl_crew *c, void *own, anl_crew_work *work);

#endif
