/** The encoder: sequences to int8 vectors. Written once over the kernel table. */
#ifndef ANL_ENCODER_H
#define ANL_ENCODER_H

#include "base.h"
#include "gpu.h"
#include "model.h"

typedef struct anl_encoder anl_encoder;
typedef struct anl_encoder_scratch anl_encoder_scratch; /**< one a thread */

/** Packs the weights for the current kernel level. Takes nothing: `m` must outlive the encoder. */
int anl_encoder_new(anl_encoder **out, const anl_model *m);
void anl_encoder_free(anl_encoder *e);
int anl_encoder_dim(const anl_encoder *e);

/** From here on scratches embed on `gpu`, which must outlive the encoder, or on the CPU again where it is NULL; call before they are made. 0 or
 *  what anl_gpu_load_model says. */
int anl_encoder_use(anl_encoder *e, anl_gpu *gpu);

int anl_encoder_scratch_new(anl_encoder_scratch **out, const anl_encoder *e);
/** The same, for an encoder on a GPU on the caller's stream, which must outlive it; NULL: on one of its own. */
int anl_encoder_scratch_on(anl_encoder_scratch **out, const anl_encoder *e, anl_gpu_stream *stream);
void anl_encoder_scratch_free(anl_encoder_scratch *s);

/** Embeds `n` sequences of base codes 0-4 (ANL_ENCODER_MIN_LEN to ANL_ENCODER_MAX_LEN bp each) into out[n][d].
 *  A sequence and its reverse complement give the same vector; a sequence without any N-free 6-mer gives zeros.
 *  0; on a GPU also ANL_EIO or ANL_ENOMEM. Thread-safe with one scratch per thread. Source: docs/encoder.md. */
int anl_encoder_embed(const anl_encoder *e, anl_encoder_scratch *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out);

/** Either way of embedding. */
typedef int anl_embed_function(const anl_encoder *e, anl_encoder_scratch *s, const uint8_t *const *seqs, const int32_t *lens, int n,
                               int8_t *out);

/** Whether the model has a light encoder. */
int anl_encoder_has_light(const anl_encoder *e);

/** As anl_encoder_embed, by the light encoder: about a tenth of the time. Its vector of a read is near the full encoder's vectors of the
 *  windows that hold the read, and compared with these alone. ANL_EINVAL when the model has none. */
int anl_encoder_embed_light(const anl_encoder *e, anl_encoder_scratch *s, const uint8_t *const *seqs, const int32_t *lens, int n,
                            int8_t *out);

#endif
