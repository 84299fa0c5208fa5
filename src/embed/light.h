/** The light encoder: no blocks, a sum of table rows and one hidden layer. The encoder owns it; docs/encoder.md has the formulas. */
#ifndef ANL_LIGHT_H
#define ANL_LIGHT_H

#include "encode.h"
#include "model.h"

typedef struct anl_light_encoder anl_light_encoder;

/** Packs the light part of `m`, which has one, into the arena. Borrows the kernels, the model and the ranks of k-mers. 0 or ANL_ENOMEM. */
int anl_light_encoder_new(anl_light_encoder **out, anl_arena *arena, const anl_encode_kernels *k, const anl_model *m, const uint16_t *rank);

/** As the GPU takes it: the model's own weights. */
anl_encode_light anl_light_encoder_plain(const anl_light_encoder *e);

typedef struct anl_light_scratch anl_light_scratch; /**< one a thread */

/** In the arena. 0 or ANL_ENOMEM. */
int anl_light_scratch_new(anl_light_scratch **out, anl_arena *arena, const anl_light_encoder *e);

/** As anl_encoder_embed(). */
void anl_light_encoder_embed(const anl_light_encoder *e, anl_light_scratch *s, const uint8_t *const *seqs, const int32_t *lens, int n,
                             int8_t *out);

#endif
