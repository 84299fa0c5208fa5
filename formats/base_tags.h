/* Tags that hold a value for each base of the read: they are turned with SEQ, where their makers have it so, and cut with it. */
#ifndef ANL_BASE_TAGS_H
#define ANL_BASE_TAGS_H

#include "tags.h"

/* Which bases of a read a record holds: [begin, end) of `len`, counted in the orientation of the record. */
typedef struct anl_held {
    int32_t len, begin, end;
    int reverse; /* the record holds the reverse complement */
} anl_held;

/* Where the tag has a value for each of held->len bases: its value for those that are held to `to`, which has room for tag->size bytes;
 * returns the bytes written. 0: it is no such tag. The tag comes in the order of sequencing and becomes the record's; for a whole read in
 * reverse the same turns a record's tag into the order of sequencing. */
int32_t anl_base_tag_fit(const anl_tag *tag, const anl_held *held, uint8_t *to);

#endif
