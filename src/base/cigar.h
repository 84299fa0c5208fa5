/** CIGARs as BAM packs them: an array of length << 4 | operation, in the reference's direction. */
#ifndef ANL_CIGAR_MODULE_H
#define ANL_CIGAR_MODULE_H

#include "base.h"

/** In the order of "MIDNSHP=X". */
typedef enum anl_cigar_op {
    ANL_CIGAR_M,  /**< a column: a base of the query on a base of the target, equal or not */
    ANL_CIGAR_I,  /**< insertion: bases of the query alone */
    ANL_CIGAR_D,  /**< deletion: bases of the target alone */
    ANL_CIGAR_N,  /**< skipped target */
    ANL_CIGAR_S,  /**< soft clip: bases of the query that are not aligned */
    ANL_CIGAR_H,  /**< hard clip: such bases that the record leaves out */
    ANL_CIGAR_P,  /**< padding */
    ANL_CIGAR_EQ, /**< a column of equal bases */
    ANL_CIGAR_X,  /**< a column of different bases */
} anl_cigar_op;

enum { ANL_CIGAR_TEXT = 10 /**< most bytes of one element as text: BAM leaves 28 bits for a length */ };

static inline uint32_t anl_cigar_pack(anl_cigar_op op, int32_t len)
{
    return (uint32_t)len << 4 | (uint32_t)op;
}

static inline anl_cigar_op anl_cigar_op_of(uint32_t element)
{
    return (anl_cigar_op)(element & 15);
}

/** bp */
static inline int32_t anl_cigar_len_of(uint32_t element)
{
    return (int32_t)(element >> 4);
}

static inline char anl_cigar_letter(anl_cigar_op op)
{
    return "MIDNSHP=X"[op];
}

static inline int anl_cigar_is_column(anl_cigar_op op)
{
    return op == ANL_CIGAR_M || op == ANL_CIGAR_EQ || op == ANL_CIGAR_X;
}

/** Whether an operation takes aligned bases of the query. */
static inline int anl_cigar_takes_query(anl_cigar_op op)
{
    return op == ANL_CIGAR_I || anl_cigar_is_column(op);
}

static inline int anl_cigar_takes_target(anl_cigar_op op)
{
    return op == ANL_CIGAR_D || op == ANL_CIGAR_N || anl_cigar_is_column(op);
}

static inline int anl_cigar_is_clip(anl_cigar_op op)
{
    return op == ANL_CIGAR_S || op == ANL_CIGAR_H;
}

/** A CIGAR that grows. The array is released by free(). */
typedef struct anl_cigar {
    uint32_t *list;
    size_t cap;
    int32_t n;
} anl_cigar;

/** Appends an element to the array. 0 or ANL_ENOMEM. */
int anl_cigar_append(anl_cigar *c, anl_cigar_op op, int32_t len);

/** Makes a CIGAR longer by `len` >= 0 bp of an operation, which joins the last one when that is the same. 0 or ANL_ENOMEM. */
static inline int anl_cigar_push(anl_cigar *c, anl_cigar_op op, int32_t len)
{
    if (!len) return ANL_OK;
    if (!c->n || anl_cigar_op_of(c->list[c->n - 1]) != op) return anl_cigar_append(c, op, len);
    c->list[c->n - 1] += (uint32_t)len << 4;
    return ANL_OK;
}

/** Turns a CIGAR round. */
void anl_cigar_reverse(uint32_t *cigar, int32_t n);

/** `from` between soft clips of `front` and `back` bp, where these are not 0, to out[n + 2]; returns how many elements that makes. */
int32_t anl_cigar_clip(const uint32_t *from, int32_t n, int32_t front, int32_t back, uint32_t *out);

/** An alignment: a CIGAR, with or without soft clips, and the bases of query and target at which its first operation begins. */
typedef struct anl_cigar_path {
    const uint32_t *cigar;
    int32_t n, q;
    int64_t t;
} anl_cigar_path;

/** Columns of an alignment. */
int64_t anl_cigar_columns(const uint32_t *cigar, int32_t n);

/** Columns, a base of the query on a base of the target, that two alignments of one query on one strand have in common. */
int64_t anl_cigar_shared(anl_cigar_path a, anl_cigar_path b);

/** Writes a CIGAR as text, NUL-terminated; at most ANL_CIGAR_TEXT bytes an element and 1. Returns where the NUL is. */
char *anl_cigar_text(const uint32_t *cigar, int32_t n, char *out);

/** Writes the digits of a number >= 0, without NUL; returns the place behind. */
char *anl_cigar_number(char *out, int32_t value);

#endif
