/** Building an index: FASTA in, windows embedded, file out. */
#ifndef ANL_INDEX_BUILD_H
#define ANL_INDEX_BUILD_H

#include "base.h"
#include "index.h"
#include "model.h"
#include "option.h"

typedef struct anl_index_options {
    const char *reference, *output;
    const char *model;      /**< NULL: the one anl_model_find finds */
    const char *alt;        /**< file that names the ALT contigs (alt_names.h); NULL: there are none */
    int32_t window, stride; /**< bp; window 20 to 400, stride 1 to window; stride 0: by the size of the reference */
    int32_t unique_k;       /**< of the uniqueness map, ANL_UNIQUE_MIN_K to ANL_UNIQUE_MAX_K; 0: by the size of the reference */
    int threads;
    int device; /**< that embeds: one of ANL_DEVICE_* */
} anl_index_options;

/** ANL_WINDOW, the stride by the size, one thread, on the CPU. */
anl_index_options anl_index_options_default(void);

/** bp between windows of a reference of so many bp, where nobody says; never more than a window. */
int32_t anl_index_stride(int64_t bases);

#define ANL_SECTION_INDEX "Options" /* heading of the options */

/** What sets the fields of anl_index_options but the files': for the command line and for libanneal. */
extern const anl_option_table anl_index_option_table;

/** What was built. */
typedef struct anl_index_report {
    int64_t contigs, bases, windows;
    int64_t alts, alt_names; /**< ALT contigs, and names in the file of them, of which more may be than contigs */
    char semicolon[256];     /**< first contig with a ; in its name, "" for none: entries of the tags SA and XA end with one */
    char gpu[256];           /**< name of the GPU that embedded, "" for the CPU */
} anl_index_report;

/** An index put together contig by contig. Borrows the options (reference, output and model are not looked at) and the model. */
typedef struct anl_index_builder anl_index_builder;
int anl_index_builder_new(anl_index_builder **out, const anl_index_options *o, const anl_model *model);
void anl_index_builder_free(anl_index_builder *b);
/** seq: base codes 0-3, 4 for N; letters: the same in upper-case IUPAC letters, or NULL. Copied. */
int anl_index_builder_add(anl_index_builder *b, const anl_contig *contig, const uint8_t *seq, const uint8_t *letters);
int anl_index_builder_write(anl_index_builder *b, const char *path);

/** Tells `watch` (NULL: nobody) of every stage. 0 or the first error; nothing is left behind then. The bytes written do not depend on the threads. */
int anl_index_build(const anl_index_options *o, const anl_index_watch *watch, anl_index_report *report);

#endif
