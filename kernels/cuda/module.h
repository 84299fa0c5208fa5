/** What the CUDA module offers. It is a library of its own, loaded only when a GPU may be wanted and there is a driver: the program starts
 *  without one, and cuBLAS takes half a gigabyte of address space and more time to load than a small run takes. */
#ifndef ANL_CUDA_MODULE_H
#define ANL_CUDA_MODULE_H

#include "devices.h"
#include "gpu.h"
#include "train.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The functions of gpu.h; error() is the message of this thread's last failure. */
typedef struct anl_gpu_table {
    const char *(*error)(void);
    int (*open)(anl_gpu **out, int device);
    void (*close)(anl_gpu *g);
    const char *(*name)(const anl_gpu *g);
    int (*load_model)(anl_gpu *g, const anl_gpu_model *m);
    int (*load_lists)(anl_gpu *g, const anl_gpu_lists *x);
    int (*load_reference)(anl_gpu *g, const anl_gpu_reference *r);
    int (*stream_new)(anl_gpu_stream **out, anl_gpu *g);
    void (*stream_free)(anl_gpu_stream *s);
    int (*embed)(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out);
    int (*embed_light)(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out);
    int (*search)(anl_gpu_stream *s, const anl_gpu_search_params *p, anl_gpu_query *queries, size_t n);
    int (*sw)(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n, anl_sw_result *results);
    int (*sw_places)(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_read *reads, const anl_sw_place *places, size_t n,
                     anl_sw_result *results);
    int (*vote)(anl_gpu_stream *s, const anl_gpu_vote_params *p, anl_gpu_segment *segments, size_t n, anl_place *room);
    int (*trace)(anl_gpu_stream *s, const anl_gpu_trace_params *p, const anl_sw_read *reads, const anl_gpu_trace_job *jobs, size_t n,
                 anl_gpu_traced *results);
    int (*nearest)(anl_gpu_stream *s, const anl_gpu_coarse *c, const int8_t *const *vectors, size_t n, uint32_t *nearest, int32_t *far);
    void (*times)(const anl_gpu *g, char *text, size_t size);
} anl_gpu_table;

/** The module's table as the program gets it; NULL when there is no module. */
const anl_gpu_table *anl_gpu_module(void);

/** What this build calls its module: the release, and a digest of the headers that program and module are compiled with (kernels/CMakeLists.txt).
 *  A module with another one is not used. */
#define ANL_CUDA_VERSION ANNEAL_MODULE_VERSION

/** The module's own ANL_CUDA_VERSION. */
extern const char anl_cuda_version[];

typedef int anl_cuda_devices_function(anl_device *devices, int most);
typedef const anl_gpu_table *anl_cuda_gpu_function(void);
typedef const anl_train_kernels *anl_cuda_train_function(int device, char *message, size_t size);

/** Fills devices[most]; how many GPUs there are, 0 without a driver. */
anl_cuda_devices_function anl_cuda_devices;

/** The align pipeline's table. */
anl_cuda_gpu_function anl_cuda_gpu;

/** The training table of one GPU, or NULL and why. */
anl_cuda_train_function anl_cuda_train;

#ifdef __cplusplus
}
#endif
#endif
