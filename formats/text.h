/** Lines of a text file: plain, gzip (of any number of members, zeros behind them allowed) or bgzip; "-" is standard input. */
#ifndef ANL_TEXT_H
#define ANL_TEXT_H

#include "base.h"
#include "pipe.h"

typedef struct anl_text anl_text;

/** 0, ANL_EIO, ANL_EFORMAT (compressed otherwise: the message says what to type) or ANL_ENOMEM. */
int anl_text_open(anl_text **out, const char *path);
/** The same over an open stream, which is taken on success. */
struct hFILE;
int anl_text_over(anl_text **out, struct hFILE *file, const char *path);

/** From here on, before the first line, it takes what comes through `pipe`, behind what the stream holds of it: 0 or ANL_ENOMEM. */
int anl_text_through(anl_text *t, anl_pipe *pipe);

/** Whether it may be read ahead of need: a file, no pipe, whose next bytes may never come. */
int anl_text_is_file(const anl_text *t);

/** From the next line on a thread of its own inflates the text ahead of who reads it, if it is a gzip file and no pipe. Lines and errors stay the
 *  same. */
void anl_text_go_ahead(anl_text *t);

void anl_text_free(anl_text *t);

/** What is wrong with lines that hold a carriage return: readers would take the whole file for the first name. */
#define ANL_TEXT_CR_ALONE "lines end with a carriage return alone; convert them, as with tr '\\r' '\\n'"

/** Next line without its end (LF or CRLF): 1, with *line NUL-terminated and valid until the next call; 0 at the end; ANL_EIO or
 *  ANL_EFORMAT (truncated or corrupt gzip) or ANL_ENOMEM. */
int anl_text_line(anl_text *t, char **line, size_t *len);

/** The next byte without taking it, or -1 at the end or on an error, which anl_text_line then reports. */
int anl_text_peek(anl_text *t);

/** What lies unread in memory, *n bytes, perhaps none, with which no line need end; valid until the next call. Nothing after an error. */
const char *anl_text_window(const anl_text *t, size_t *n);
/** Takes `n` bytes of the window, which are `lines` whole lines and not the first one of the file. */
void anl_text_skip(anl_text *t, size_t n, int lines);

/** The share of the file that has been read, 0 to 1, by the bytes that lie on the disk; 0 where the size is not known, as of a pipe. */
double anl_text_share(const anl_text *t);

/** What to call the file in messages. */
const char *anl_text_name(const anl_text *t);

/** Number of the line last given, from 1. */
int64_t anl_text_number(const anl_text *t);

#endif
