/* What text may stand in SAM: the fields of a record's tags and of a read group. htslib alone takes "XX:i:abc" for a zero. */
#ifndef ANL_TAGS_H
#define ANL_TAGS_H

/* 1 when `text` is one tag or more, TAG:TYPE:VALUE with tabs between them, as the SAM specification (1.5) has them; else 0. */
int anl_tags_valid(const char *text);

/* 1 when the fields behind "@RG" are TAG:VALUE, each tag once, without control characters (1.3); else 0. */
int anl_read_group_valid(const char *line);

#endif
