/** The untrained sketch: what training starts from, and a usable encoder by itself. */
#ifndef ANL_SKETCH_H
#define ANL_SKETCH_H

#include "model.h"

enum { ANL_SKETCH_TABLE_SD = 29 /**< standard deviation of a 6-mer's elements: four of them and a half fit an int8 */ };

/** A model of `dim` channels and `layers` blocks: random 6-mer vectors, centred for uniform bases, identity at the output.
 *  The blocks have random input weights and zero output weights: they are computed but add nothing until trained. The same seed
 *  gives the same bytes on every machine. Source: docs/encoder.md. Errors as anl_model_new. */
int anl_sketch_new(anl_model **out, int dim, int layers, uint64_t seed);

#endif
