/** Writes alignments as SAM, BAM, CRAM or PAF through htslib, in input order or sorted by coordinate. */
#ifndef ANL_ALIGNMENTS_H
#define ANL_ALIGNMENTS_H

#include "bytes.h"
#include "duplicate_counts.h"
#include "read.h"

/** One SAM record to be. Coordinates are 0-based; strings and arrays are borrowed. */
typedef struct anl_record {
    const anl_read *read;
    uint16_t flag; /**< SAM flags; with 0x10 SEQ and QUAL are written reverse-complemented */
    uint8_t mapq;
    uint8_t hard_clip; /**< clips, which `cigar` holds as S, are written as H, without their bases in SEQ and QUAL */
    uint8_t no_seq;    /**< SEQ and QUAL are written as * (secondary records) */
    int32_t tid;       /**< contig, -1: none */
    int32_t mate_tid;  /**< RNEXT, -1: none */
    int64_t pos;       /**< leftmost reference base, -1: none */
    int64_t mate_pos;  /**< PNEXT, -1: none */
    int64_t tlen;
    const uint32_t *cigar; /**< BAM packing; NULL with n_cigar 0 when unmapped */
    int32_t n_cigar;
    int32_t nm;     /**< edit distance, -1: no tag */
    int32_t as;     /**< alignment score, INT32_MIN: no tag */
    int32_t xs;     /**< best other score, INT32_MIN: no tag */
    int32_t mq;     /**< MAPQ of the mate, -1: no tag */
    int32_t alt;    /**< better score of an ALT place, of which `as` is the share in tag pa; 0: no tag */
    const char *md; /**< NULL: no tag */
    const char *mc; /**< CIGAR of the mate, NULL: no tag */
    const char *sa; /**< NULL: no tag */
    const char *xa; /**< NULL: no tag */
} anl_record;

typedef enum anl_format { ANL_SAM, ANL_BAM, ANL_CRAM, ANL_SAM_GZ, ANL_PAF } anl_format; /* SAM_GZ: in BGZF; PAF: mapped records only */
typedef enum anl_cs_form { ANL_CS_NONE, ANL_CS_SHORT, ANL_CS_LONG } anl_cs_form;

/** A source of reads. */
typedef struct anl_lane {
    const char *read_group; /**< full "@RG\tID:x..." line (real tabs) or NULL; its ID becomes the RG tag */
    const char *header;     /**< header lines of its input to keep, or NULL; its read groups give way to read_group */
} anl_lane;

typedef struct anl_alignments_options {
    const char *path; /**< "-" or NULL: standard output */
    anl_format format;
    int sort;                 /**< 1: by coordinate, and an index file (.bai/.csi/.crai) is written unless to stdout or as plain SAM;
                                   *   mates have the tag ms, by which samtools markdup tells the better of two pairs */
    int threads;              /**< compression threads, at least 1 */
    int csi;                  /**< the index of a BAM is .csi, whatever the contigs' lengths */
    size_t sort_memory;       /**< bytes of records held before spilling to disk; 0: 768 MiB */
    int mark_duplicates;      /**< of sorted output: flag 0x400, as samtools markdup sets it by default */
    int32_t optical_distance; /**< of clusters, as markdup -d: duplicates have the tag dt; 0: they have none */
    anl_cs_form cs;           /**< tag cs */
    int paf_md;               /**< tag MD in PAF, too */
    int comment_tags;         /**< -C: append those tab-separated parts of a read's comment that are SAM tags */
    int umi_from_name;        /**< tag RX: what follows the last : or _ of a read's name, where that is bases and + or - */
    const char *header_lines; /**< whole lines to add to the header, each ended; or NULL */
    const anl_lane
        *lanes; /**< of which the records will be, n_lanes of them; borrowed while anl_alignments_open runs. None: one without both */
    int n_lanes;
    const char *command_line; /**< for @PG CL */
    const char *version;      /**< for @PG VN */
    const char *reference;    /**< FASTA for CRAM, whose contigs must be those of the index; NULL: the CRAM holds the bases itself */
    int without_seq;          /**< 1: records with no_seq may come, of which htslib cannot infer the reference for a CRAM */
    void (*progress)(void *data, int64_t done,
                     int64_t total); /**< told of sorted records while they are merged and written; NULL: nobody */
    void *progress_data;
} anl_alignments_options;

typedef struct anl_alignments anl_alignments;

/** Opens a temporary file beside `path` and writes the header. 0, ANL_EINVAL, ANL_EIO or ANL_ENOMEM. */
int anl_alignments_open(anl_alignments **out, const anl_alignments_options *options, const anl_contig *contigs, int32_t n_contigs);

/** The records that follow are of that lane; at first they are of lane 0. */
void anl_alignments_lane(anl_alignments *w, int lane);

/** What is written of some records, in the form of the output; zero at first, and after anl_encoded_clear, which keeps the memory. */
typedef struct anl_encoded {
    anl_bytes bytes;
    int64_t records, left_out, without_umi; /**< what anl_alignments_left_out and anl_alignments_without_umi count */
} anl_encoded;

void anl_encoded_clear(anl_encoded *e);

/** What a thread has of its own to make records what is written of them. It is of the lane that `w` had when it was made. 0 or ANL_ENOMEM. */
typedef struct anl_pen anl_pen;
int anl_pen_new(anl_pen **out, const anl_alignments *w);
void anl_pen_free(anl_pen *p);

/** Appends `n` records to `to`; 0.2 us a record of 150 bp. Threads may encode at once, each with a pen of its own, and others write. 0, ANL_EINVAL
 *  (MD does not fit the CIGAR, which cs needs) or ANL_ENOMEM. */
int anl_pen_encode(anl_pen *p, const anl_record *records, size_t n, anl_encoded *to);

/** Writes encoded records, those of each call behind those of the call before. */
int anl_alignments_put(anl_alignments *w, const anl_encoded *e);

/** Encodes and writes `n` records. */
int anl_alignments_write(anl_alignments *w, const anl_record *records, size_t n);

/** Reads written without a tag RX because their name holds no UMI; counted with umi_from_name. */
int64_t anl_alignments_without_umi(const anl_alignments *w);

/** Parts of comments that were left out so far because they are no SAM tags. */
int64_t anl_alignments_left_out(const anl_alignments *w);

/** What marking duplicates has counted so far, of each of *n libraries; borrowed. *n is 0 where nothing is marked. */
const anl_duplicate_counts *anl_alignments_duplicates(const anl_alignments *w, int *n);

/** Sorts and merges when asked, builds the index, flushes and syncs: the files are complete, but still under temporary names. */
int anl_alignments_finish(anl_alignments *w);

/** Finishes unless that is done, and renames into place. Frees `w` in every case; on failure the temporary files are removed and
 *  nothing is left at `path`. */
int anl_alignments_close(anl_alignments *w);

/** Frees `w` and removes its temporary files. Accepts NULL. */
void anl_alignments_abort(anl_alignments *w);

#endif
