/** Bytes that a file is made of, in memory that grows and is filled again. */
#ifndef ANL_BYTES_H
#define ANL_BYTES_H

#include <stddef.h>

typedef struct anl_bytes {
    char *at; /**< released by free() */
    size_t n, cap;
} anl_bytes;

#endif
