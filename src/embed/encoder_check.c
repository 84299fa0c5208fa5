#include "encoder_check.h"

#include "rng.h"

#include <stdlib.h>
#include <string.h>

enum { SEQS = 256 /* of every length there is, near enough, and more than one block */ };

typedef struct sequences {
    uint8_t bases[SEQS][ANL_ENCODER_MAX_LEN];
    const uint8_t *seq[SEQS];
    int32_t len[SEQS];
} sequences;

static void make_sequences(sequences *s)
{
    uint64_t state = 1;
    const int range = ANL_ENCODER_MAX_LEN - ANL_ENCODER_MIN_LEN;
    for (int i = 0; i < SEQS; ++i) {
        s->len[i] = ANL_ENCODER_MIN_LEN + range * i / (SEQS - 1);
        s->seq[i] = s->bases[i];
        anl_rng_bases(&state, s->bases[i], s->len[i]);
    }
}

/* What the full encoder and, if there is one, the light encoder make of them: out[2][SEQS][d]. */
static int embed(const anl_encoder *e, anl_encoder_scratch *scratch, const sequences *s, int8_t *out)
{
    int rc = anl_encoder_embed(e, scratch, s->seq, s->len, SEQS, out);
    if (!rc && anl_encoder_has_light(e)) rc = anl_encoder_embed_light(e, scratch, s->seq, s->len, SEQS, out + SEQS * anl_encoder_dim(e));
    return rc;
}

int anl_encoder_check_gpu(const anl_encoder *gpu, anl_encoder_scratch *scratch, const anl_model *m)
{
    const size_t bytes = 2 * SEQS * (size_t)m->dim;
    anl_encoder *cpu = NULL;
    anl_encoder_scratch *of_cpu = NULL;
    sequences *s = anl_alloc(1, sizeof *s);
    int8_t *out = anl_alloc(2 * bytes, 1);
    int rc = s && out ? anl_encoder_new(&cpu, m) : ANL_ENOMEM;
    if (!rc) rc = anl_encoder_scratch_new(&of_cpu, cpu);
    if (!rc) {
        make_sequences(s);
        rc = embed(cpu, of_cpu, s, out);
    }
    if (!rc) rc = embed(gpu, scratch, s, out + bytes);
    if (!rc && memcmp(out, out + bytes, bytes)) rc = anl_gpu_differs("embed");
    anl_encoder_scratch_free(of_cpu);
    anl_encoder_free(cpu);
    free(s);
    free(out);
    return rc;
}
