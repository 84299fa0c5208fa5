/** The names of a reference's ALT contigs, from a file. */
#ifndef ANL_ALT_NAMES_H
#define ANL_ALT_NAMES_H

#include "base.h"

typedef struct anl_alt_names anl_alt_names;

/** Reads a file as bwa does its .alt: the first tab-separated field of every line is a name, but lines that begin with @ are a SAM header; so a file of
 *  names alone, one a line, is one, too. Plain, gzip or bgzip. 0, ANL_EIO, ANL_EFORMAT (no name in it) or ANL_ENOMEM. */
int anl_alt_names_open(anl_alt_names **out, const char *path);

/** Whether a contig's name is among them; it then is found. */
int anl_alt_names_take(anl_alt_names *a, const char *name);

/** Names in the file, each counted once, and those of them found. */
int64_t anl_alt_names_count(const anl_alt_names *a);
int64_t anl_alt_names_found(const anl_alt_names *a);

/** Accepts NULL. */
void anl_alt_names_free(anl_alt_names *a);

#endif
