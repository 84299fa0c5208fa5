/** The shape that all encoders have in common. Kernels, GPU, model file, tokens and training take it from here; docs/encoder.md says what it
 *  means. What changes a model's bytes (k-mer, token, head) is in the model file, too, so that other models are refused. */
#ifndef ANL_ENCODER_SHAPE_H
#define ANL_ENCODER_SHAPE_H

#include <assert.h>

/** Tokens of a sequence of `len` bp, ANL_KMER to ANL_ENCODER_MAX_LEN. */
#define ANL_TOKEN_COUNT(len) (((len)-ANL_KMER + ANL_TOKEN_KMERS) / ANL_TOKEN_KMERS)

enum {
    ANL_KMER = 6, /**< bp of a k-mer */
    ANL_KMERS = 1 << 2 * ANL_KMER,
    ANL_KMER_RANKS = (ANL_KMERS + (1 << ANL_KMER)) / 2, /**< canonical k-mers: 4^(k / 2) are their own reverse complement. Ranks ascend with
                                                                  *   the code of the smaller strand; this rank itself stands for "no k-mer" */
    ANL_TOKEN_KMERS = 8,                                /**< k-mers summed into a token */
    ANL_ENCODER_HEAD = 32,                              /**< channels of an attention head; dimensions are multiples of it */
    ANL_ENCODER_MAX_DIM = 256,                          /**< channels */
    ANL_ENCODER_MAX_LAYERS = 8,
    ANL_ENCODER_MAX_INPUTS = 2 * ANL_ENCODER_MAX_DIM, /**< of a linear layer */
    ANL_ENCODER_MIN_LEN = 20,                         /**< bp of a sequence */
    ANL_ENCODER_MAX_LEN = 400,
    ANL_ENCODER_MAX_TOKENS = 64,                           /**< of a sequence, as far as kernels are concerned */
    ANL_ENCODER_RESIDUAL = 16,                             /**< integers of the residual stream in one unit of the table */
    ANL_ENCODER_OFFSET = 128,                              /**< of signed bytes that are stored unsigned */
    ANL_ENCODER_OPEN_GATE = 128,                           /**< gate of a token that counts as it is */
    ANL_TOKENS_MAX = ANL_TOKEN_COUNT(ANL_ENCODER_MAX_LEN), /**< of the longest sequence */
    ANL_ENCODER_PLACES = ANL_TOKENS_MAX,                   /**< of a token, by twice its distance from the middle (light encoder) */
};

static_assert((int)ANL_TOKENS_MAX <= (int)ANL_ENCODER_MAX_TOKENS, "kernels have no room for the tokens of the longest sequence");
static_assert(ANL_KMER % 2 == 0, "k-mers of an odd length have no reverse complement of their own");

#endif
