/** The align pipeline's five loads on one NVIDIA GPU: embedding, search of the inverted lists, votes, Smith-Waterman scores, traceback; and the nearest
 *  centroids with which an index is built. Each gives the same bytes as the CPU's kernels. docs/gpu.md tells how.
 *
 *  A GPU is shared by all threads; load before streams work. A stream belongs to one thread at a time: calls return when their result is
 *  in the caller's memory, and calls on several streams overlap. Batches of any size may be given; they are cut, and cut smaller when
 *  the GPU's memory is short. Functions return 0, ANL_ENOMEM, or ANL_EIO when the GPU failed: then no result counts.
 */
#ifndef ANL_KERNELS_GPU_H
#define ANL_KERNELS_GPU_H

#include "encode.h"
#include "scan.h"
#include "sw.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct anl_gpu anl_gpu;
typedef struct anl_gpu_stream anl_gpu_stream;

/** What runs: one of these, or GPU n as ANL_DEVICE_GPU + n. */
enum {
    ANL_DEVICE_AUTO = -1, /**< the first GPU if there is one that can, else the CPU */
    ANL_DEVICE_CPU = 0,
    ANL_DEVICE_GPU = 1,
};

enum {
    ANL_GPU_MOST_HITS = 2048,
    ANL_GPU_FAR = 1 << 30,    /**< no vector is so long */
    ANL_GPU_LEAST_MAJOR = 8,  /**< compute capability: products of int8 on tensor cores */
    ANL_GPU_VOTE_REACH = 223, /**< bp beside where a hit says that a segment lies: 14 times 32 diagonals */
    ANL_GPU_TRACE_BAND = 64,  /**< diagonals of the widest band that is traced, */
    ANL_GPU_TRACE_CIGAR = 9,  /**< elements of the longest CIGAR, */
    ANL_GPU_TRACE_MD = 56,    /**< and bytes of the longest MD, its NUL included: with them what is told of an alignment takes 128 bytes */
};

/** An encoder (docs/encoder.md). Weights are int8 [n][k], tokens are of k-mers of 6 bp. Copied. */
typedef struct anl_gpu_model {
    int d, layers;
    const uint16_t *rank; /**< [ANL_KMERS] row of the table for a k-mer */
    const int8_t *table;  /**< [none + 1][d], the last row zero */
    int none;             /**< row that stands for no k-mer */
    float norm_scale;
    const anl_encode_layer *layer; /**< [layers] */
    const int16_t *gate;           /**< [d] */
    float gate_scale, gate_bias;
    const float *mean; /**< [d] */
    float pool_scale;
    anl_linear_packed out;
    float radius;
    const anl_encode_light *light; /**< NULL: none */
} anl_gpu_model;

/** Inverted lists, laid out as index/index.h says. Copied. */
typedef struct anl_gpu_lists {
    int32_t d, nlist;
    const int8_t *centroids;
    const int32_t *centroid_bias;
    const uint64_t *list_begin;
    const int8_t *codes;
    const int32_t *bias;
    const uint32_t *ids;
    uint32_t n_windows; /**< ids from here on are no entry's: padding, or of an index not yet checked */
    int32_t n_groups,
        looked; /**< of lists, up to ANL_GPU_MOST_GROUPS, and into how many of its nearest a rough query looks; 0: there are none */
    const int8_t *groups;     /**< panels of their own centroids */
    const uint32_t *group_of; /**< [nlist] */
} anl_gpu_lists;

/** A reference, its contigs and their windows, as index/index.h says. Copied. */
typedef struct anl_gpu_reference {
    int32_t n_contigs, window, stride;
    const int64_t *contig_begin, *window_begin; /**< [n_contigs + 1] */
    const uint8_t *bases;                       /**< 2 bits a base, */
    const int64_t *n_runs;                      /**< [2 * n_n_runs] and where they are N */
    int64_t n_n_runs;
} anl_gpu_reference;

/** Centroids of which the nearest is sought, group by group: of a vector those of its nearest groups alone count (src/search/nearest.h). A group
 *  is filled up to a multiple of 16 rows; of what fills it up the number is UINT32_MAX and the length ANL_GPU_FAR. */
typedef struct anl_gpu_coarse {
    int32_t d, n_groups;
    int32_t probes;          /**< groups that a vector looks into, of equally near ones the first; n_groups: all */
    int32_t rows;            /**< of vectors: centroids and, unless all groups count, the groups' own filled up; a multiple of 16 */
    const int8_t *vectors;   /**< [rows][d] */
    const int32_t *lengths;  /**< [rows] squared */
    const int32_t *begin;    /**< [n_groups + 1] first row of each group's centroids; the last: of the groups' own */
    const uint32_t *numbers; /**< [begin[n_groups]] */
} anl_gpu_coarse;

/** A query, and how far it has been searched. */
typedef struct anl_gpu_query {
    const int8_t *vector; /**< [d] */
    int32_t limit;        /**< squared distance beyond which nothing counts, */
    int32_t reach;        /**< nor what is farther by more than this than the nearest entry found; INT32_MAX: all that counts does */
    int32_t before;       /**< so many of its nearest lists are left out; at most nprobe */
    uint32_t *lists;      /**< [rank] its nearest lists in order */
    anl_hit *hits;        /**< room for k: what is found, ascending by (dist, window), */
    int32_t n;            /**< and how many */
} anl_gpu_query;

enum {
    ANL_GPU_ROUGH = 8, /**< lists of a rough query at most, which any groups hold into which it may look, as none is empty */
    ANL_GPU_MOST_GROUPS = 1024
};

/** What is asked for all queries of a call. */
typedef struct anl_gpu_search_params {
    int k;         /**< neighbours wanted, 1 to ANL_GPU_MOST_HITS */
    int nprobe;    /**< nearest lists looked through, those left out included, 1 to nlist */
    int rank;      /**< nearest lists that `lists` of a query tells, at most nlist and 1,024; may be 0 */
    int is_ranked; /**< 1: `lists` are known, nprobe of them or more, and read; 0: they are found and written */
    int is_rough; /**< 1: those of its nearest groups count alone when a query's lists are found, if there are groups; rank and nprobe are at
                      most ANL_GPU_ROUGH */
} anl_gpu_search_params;

/** A place where a sequence may lie, as votes say it. Ungapped and whole it would lie on diagonal `start`. */
typedef struct anl_place {
    int64_t start;  /**< joined coordinate of base 0 of the oriented sequence; may lie outside the contig */
    int32_t lo, hi; /**< diagonals beside `start` that have votes, too: lo <= 0 <= hi, bp */
    int32_t votes, contig;
    int32_t other;   /**< the most votes on a diagonal that is not this place's, in the region that voted */
    uint16_t differ; /**< at least so many of the sequence's bases differ on diagonal `start` */
    uint8_t reverse;
    uint8_t straight; /**< the whole sequence voted, and no diagonal within a gap of this one has support */
} anl_place;

/** How hits vote: what src/align/core/locate.h says of anl_locate_params, and two numbers of bp that follow from it. */
typedef struct anl_gpu_vote_params {
    int32_t min_votes, copies, min_on_contig;
    int32_t reach; /**< so far on either side of where a hit says that the segment lies diagonals vote; at most ANL_GPU_VOTE_REACH */
    int32_t clear; /**< a straight place lies by more than this within them */
} anl_gpu_vote_params;

/** A segment of a sequence, whose hits have not voted yet, and what they vote for. */
typedef struct anl_gpu_segment {
    const uint8_t *bases;              /**< codes 0 to 4 */
    int32_t len, offset, sequence_len; /**< bp; at most ANL_ENCODER_MAX_LEN of the segment */
    const anl_hit *hits;
    int32_t n, n_alike;  /**< hits, 1 or more, and how many of them look like the nearest */
    int32_t crowd;       /**< so many places are enough, 1 to 32; 0: none are, */
    int32_t crowd_least; /**< of those that have so many votes, */
    int32_t same_within; /**< those with starts within so many bp counting as one */
    anl_place *places;   /**< out: in the order in which they are found; differ is exact if it is the whole sequence, else 0 */
    int32_t n_places;    /**< out */
    uint8_t crowded;     /**< out: they were enough */
} anl_gpu_segment;

typedef struct anl_gpu_trace_params {
    anl_sw_params score;
    int32_t clip5, clip3; /**< as in anl_extend_params (src/extend/extend.h) */
} anl_gpu_trace_params;

/** An alignment that is asked for, of a read or its reverse complement on a stretch of the reference: that without gaps on diagonal `at`, if its total
 *  is enough, else the best one in a band. A diagonal is a position on the stretch minus one on the read. */
typedef struct anl_gpu_trace_job {
    int64_t begin;    /**< joined coordinate of the stretch, which is of one contig */
    int32_t len;      /**< bp of it */
    uint32_t read;    /**< its number among those of the call */
    int32_t at;       /**< the whole read lies on the stretch there, if that is looked at */
    int32_t enough;   /**< INT32_MIN: any total is; INT32_MAX: none, it is not looked at */
    int32_t dlo, dhi; /**< the band, dlo <= dhi; may reach beyond the stretch */
    uint8_t reverse;
} anl_gpu_trace_job;

/** What has become of it. */
typedef enum anl_gpu_trace_end {
    ANL_GPU_LEFT,     /**< nothing: the band is wider than ANL_GPU_TRACE_BAND, CIGAR or MD are longer than there is room for */
    ANL_GPU_STRAIGHT, /**< the one on the diagonal */
    ANL_GPU_IN_BAND,
} anl_gpu_trace_end;

/** An alignment as anl_extension (src/extend/extend.h) has it; all 0 behind CIGAR and MD, and everything but `how` where nothing aligns. */
typedef struct anl_gpu_traced {
    int32_t how; /**< anl_gpu_trace_end */
    int32_t total, score, qbeg, qend, tbeg, tend, nm, n_cigar;
    uint32_t cigar[ANL_GPU_TRACE_CIGAR]; /**< with M for columns */
    char md[ANL_GPU_TRACE_MD];           /**< with N for any other letter (anl_index_spell_md) */
} anl_gpu_traced;

/** Reads "auto", "cpu", "cuda" or "cuda:N", given as the value of an option that was `called` so. 0 or ANL_EINVAL. */
int anl_device_parse(const char *called, const char *text, int *device);

/** *out is NULL when the CPU is to be used. ANL_EINVAL when a GPU is asked for that is not there. */
int anl_gpu_open(anl_gpu **out, int device);
void anl_gpu_free(anl_gpu *g);
const char *anl_gpu_name(const anl_gpu *g);

/** How long the GPU worked on what: lines of name, milliseconds and how often, tab-separated, with \n, cut where text[size] ends; "" unless
 *  $ANNEAL_GPU_TIMES was 1 when it was opened. What a stream does counts when its call has returned, whole calls when the next one has or the
 *  stream is freed. */
void anl_gpu_times(const anl_gpu *g, char *text, size_t size);

/** ANL_EIO, for a self-test that found other bytes than the CPU's: the GPU does not `what` ("embed") as the CPU does. */
int anl_gpu_differs(const char *what);

/** Copies a model, lists or a reference to the GPU, instead of those there before. ANL_ENOMEM when they do not fit what is free, or what of $ANNEAL_GPU_MEMORY
 *  bytes is left, if that was set when the GPU was opened. */
int anl_gpu_load_model(anl_gpu *g, const anl_gpu_model *m);
int anl_gpu_load_lists(anl_gpu *g, const anl_gpu_lists *x);
int anl_gpu_load_reference(anl_gpu *g, const anl_gpu_reference *r);

int anl_gpu_stream_new(anl_gpu_stream **out, anl_gpu *g);
void anl_gpu_stream_free(anl_gpu_stream *s);

/** Embeds n sequences of base codes 0-4, 20 to 400 bp each, into out[n][d]. */
int anl_gpu_embed(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out);

/** As anl_gpu_embed, by the light encoder of the model loaded, which has one. */
int anl_gpu_embed_light(anl_gpu_stream *s, const uint8_t *const *seqs, const int32_t *lens, int n, int8_t *out);

/** The k nearest entries that count of each query's nprobe nearest lists, but for those left out. */
int anl_gpu_search(anl_gpu_stream *s, const anl_gpu_search_params *p, anl_gpu_query *queries, size_t n);

/** Of each of n vectors the nearest centroid that counts, of equally near ones the lowest number, to nearest[n], its squared distance to far[n]
 *  unless that is NULL. */
int anl_gpu_nearest(anl_gpu_stream *s, const anl_gpu_coarse *c, const int8_t *const *vectors, size_t n, uint32_t *nearest, int32_t *far);

/** results[order[i]] of jobs[order[i]], i < n; lengths are positive. Neighbours in the order should be alike in size. */
int anl_gpu_sw(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_job *jobs, const uint32_t *order, size_t n, anl_sw_result *results);

/** results[n] of places[n] on the reference loaded; lengths are positive. A part of the places should have a part of the reads: all between the
 *  least and the greatest `read` of it are copied. */
int anl_gpu_sw_places(anl_gpu_stream *s, const anl_sw_params *p, const anl_sw_read *reads, const anl_sw_place *places, size_t n,
                      anl_sw_result *results);

/** Lets k-mers vote at the hits of n segments, each one's in order, by the rules of anl_locate_vote (src/align/core/locate.h), on the reference loaded.
 *  `room` holds a place for every hit, two with copies. */
int anl_gpu_vote(anl_gpu_stream *s, const anl_gpu_vote_params *p, anl_gpu_segment *segments, size_t n, anl_place *room);

/** results[n] of jobs[n] on the reference loaded, by the rules of anl_extend and anl_extend_ungapped_trace (src/extend/extend.h). Reads have 1 to
 *  ANL_ENCODER_MAX_LEN bp; jobs of one read should follow each other. */
int anl_gpu_trace(anl_gpu_stream *s, const anl_gpu_trace_params *p, const anl_sw_read *reads, const anl_gpu_trace_job *jobs, size_t n,
                  anl_gpu_traced *results);

#ifdef __cplusplus
}
#endif
#endif
