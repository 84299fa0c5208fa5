/* Base modifications (tags MM, ML and MN) of a segment of a read. */
#ifndef ANL_BASE_MODS_H
#define ANL_BASE_MODS_H

#include "tags.h"

#include <htslib/kstring.h>

/* Cuts `mm`, the text of MM, and ml[n_ml], the probabilities of ML (or none, NULL), to bases [begin, end) of seq[len], base codes in the
 * order of sequencing, as MM counts them. Appends to `new_mm` and `new_ml`. 1; 0 where MM and ML do not describe this sequence (nothing of
 * what was appended holds then); or ANL_ENOMEM. */
int anl_base_mods_cut(const char *mm, const uint8_t *ml, uint32_t n_ml, const uint8_t *seq, int32_t len, int32_t begin, int32_t end,
                      kstring_t *new_mm, kstring_t *new_ml);

#endif
