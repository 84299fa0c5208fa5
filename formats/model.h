/** The model file: shape, scales, int8 weights, checksum and provenance of one encoder. */
#ifndef ANL_MODEL_H
#define ANL_MODEL_H
#include "base.h"

typedef struct anl_model anl_model;

int anl_model_read(anl_model **out, const char *path);
void anl_model_free(anl_model *m);

#endif
