/** "Did you mean ...?" */
#ifndef ANL_NEAR_H
#define ANL_NEAR_H

/** The nearest of the words looked at. Begin with {.word = ...}. */
typedef struct anl_near {
    const char *word; /**< what was typed */
    const char *best; /**< NULL: nothing is near */
    int halves;       /**< its distance, in halves of a letter */
} anl_near;

/** Looks at one word that could have been meant: near are those that differ by at most three letters (inserted, deleted, changed or swapped
 *  with their neighbour; a third of the word at most), in case alone, or that go on where the word ends. Borrowed. */
void anl_near_look(anl_near *n, const char *candidate);

#endif
