/* The .fai beside a FASTA, and the .gzi beside a compressed one, through which htslib finds its contigs. */
#ifndef ANL_FASTA_INDEX_H
#define ANL_FASTA_INDEX_H

#include "base.h"

/* Makes them where there is no .fai yet; htslib would write them in place, where a run that is killed leaves half of one for the next. A FASTA
 * that htslib fetches from elsewhere is left to it. 0, ANL_EIO, ANL_EINVAL or ANL_ENOMEM. */
int anl_fasta_index_make(const char *path);

#endif
