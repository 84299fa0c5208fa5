/** Options as tables. One row says what an option is called, what it takes, where that goes and what it is for; parsing, --help, the man
 *  page, the completions of shells and libanneal's settings all read it.
 *
 * Nothing here prints. Functions return 0, or ANL_EINVAL with one line that begins with what the option was called.
 */
#ifndef ANL_OPTION_H
#define ANL_OPTION_H

#include "base.h"

typedef enum anl_option_kind {
    ANL_OPTION_FLAG,   /**< takes nothing; the int becomes 1 */
    ANL_OPTION_INT,    /**< a whole number; int32_t */
    ANL_OPTION_SIZE,   /**< a whole number that K, M or G (thousands, millions, billions) may follow; int64_t */
    ANL_OPTION_NUMBER, /**< float */
    ANL_OPTION_TWO,    /**< one whole number for both int32_t fields, or two, comma-separated */
    ANL_OPTION_WORD,   /**< one of `words`; an int, which becomes `low` for the first of them, and so on */
    ANL_OPTION_TEXT,   /**< const char *, borrowed */
    ANL_OPTION_FILE,   /**< likewise, the name of a file */
    ANL_OPTION_SET,    /**< what `set` makes of it */
} anl_option_kind;

typedef struct anl_option anl_option;

/** Sets what text says, of an option that was given as `called`; text is NULL when the option takes nothing, or was given nothing that it
 *  may do without. */
typedef int anl_option_setter(const anl_option *o, const char *called, const char *text, void *settings);

struct anl_option {
    const char *section; /**< heading in --help and in the man page */
    char letter, also;   /**< its short names; 0: none */
    const char *name;    /**< its long name, NULL: none */
    const char *arg;     /**< what --help calls its value, NULL: takes none; "[=FORM]": may do without */
    anl_option_kind kind;
    size_t field, second; /**< where in the settings it goes; `second` is of ANL_OPTION_TWO */
    double low, high;     /**< of numbers */
    unsigned given;       /**< bits set in the table's `given` when it is */
    const char *words;    /**< space-separated; of ANL_OPTION_SET what completions offer, or NULL */
    anl_option_setter *set;
    const char *help, *more; /**< --help shows help, the man page both; NULL: no more to say */
    const char *initial;     /**< the default of ANL_OPTION_SET, in words; of others it is read from the settings */
    int repeats;             /**< may be given again to add to it */
};

typedef struct anl_option_table {
    const anl_option *list;
    int n;
    size_t given; /**< where in the settings the unsigned is that takes the `given` bits */
} anl_option_table;

/** The option that is called so: "threads", or "t". NULL: none. */
const anl_option *anl_option_find(const anl_option_table *t, const char *name);

/** Sets one option of the table. */
int anl_option_set(const anl_option_table *t, const anl_option *o, const char *called, const char *text, void *settings);

/** Finds and sets. Of a name that is not there the message says which one is near. */
int anl_options_set(const anl_option_table *t, const char *name, const char *text, void *settings);

/** ANL_EINVAL when a number in the settings is out of its option's range. */
int anl_options_check(const anl_option_table *t, const void *settings);

/** The value that an option has in the settings, as text for "[...]" behind its help, in out[size]; "" where there is nothing to tell. */
void anl_option_show(const anl_option *o, const void *settings, char *out, size_t size);

/** Reads a whole number, which K, M or G may follow where `units`. 1: text is one; 0: it is not. */
int anl_parse_whole(const char *text, int units, int64_t *out);

/** Length of the first of space-separated words; *next: where the one after it begins. 0 at the end. */
size_t anl_word(const char *words, const char **next);

#endif
