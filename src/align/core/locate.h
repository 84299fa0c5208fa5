/** Where a read may lie: segments of it are embedded, their nearest windows searched, and at every hit shared k-mers vote for strand and
 *  diagonal. One module for short reads, segments of split reads and long reads; its numbers for each stand in align_tuning.h.
 *
 *  The steps are apart, and a segment keeps what they found: search may go on, wave by wave, and only hits that are new vote again. */
#ifndef ANL_LOCATE_H
#define ANL_LOCATE_H

#include "context.h"

/** How one use of the module searches and votes. */
typedef struct anl_locate_params {
    int32_t k;             /**< neighbours fetched for a segment at first, */
    int32_t k_factor;      /**< so many times as many where they are saturated, */
    int32_t k_most;        /**< until there are so many; never more, whatever k is */
    int32_t copies;        /**< 1: of two copies of a segment that lie side by side both are places; 0: the better one */
    int32_t together;      /**< 1: all segments get more neighbours, once most are saturated; 0: each for itself */
    int32_t min_votes;     /**< shared k-mers that make a place */
    int32_t weak;          /**< short reads: places with less than 1/weak of a read's most votes are not scored */
    int32_t min_on_contig; /**< bp of a segment that its contig must hold at a place; 0: any */
    int32_t crowd; /**< so many places with nearly all votes, two of them with the most, are enough (anl_segment.crowded); 0: none are */
} anl_locate_params;

typedef struct anl_places {
    anl_place *list;
    int32_t n;
    size_t cap;
} anl_places;

/** A segment of a sequence and what is known of it. */
typedef struct anl_segment {
    int32_t sequence;     /**< number that the caller gave the sequence */
    int32_t sequence_len; /**< bp */
    int32_t offset, len;  /**< bp */
    const uint8_t *bases; /**< the segment's first base */
    anl_neighbours near;  /**< nearest windows found so far */
    const anl_hit *voted; /**< [n_voted] hits that have voted, ascending as near.hits */
    int32_t n_voted;
    anl_places places; /**< found so far */
    uint8_t crowded;   /**< it is the whole sequence, and its places were enough: hits that do not look like the nearest did not vote */
} anl_segment;

typedef struct anl_segments {
    anl_segment *list;
    int32_t n;
    size_t cap;
} anl_segments;

/** Adds `n` segments of `size` bp (ANL_ENCODER_MIN_LEN to ANL_ENCODER_MAX_LEN), evenly spread over bases[len] (codes 0 to 3, more for N);
 *  one segment begins at the first base. 0 or ANL_ENOMEM. */
int anl_locate_cut(anl_segments *to, int32_t sequence, const uint8_t *bases, int32_t len, int32_t size, int32_t n, anl_arena *arena);

/** Embeds which[n] in one batch; what they have found before stays theirs. The vectors live in s->temporary. anl_locate_start comes next.
 *  Errors as `embed`. */
int anl_locate_embed(const anl_context *c, anl_scratch *s, anl_embed_function *embed, anl_segment *const *which, int32_t n);

/** The same for all segments, by the full encoder. */
int anl_locate_embed_all(const anl_context *c, anl_scratch *s, anl_segments *segments);

/** (Re)starts the search of which[n]: room for k neighbours each, no list gone through. 0 or ANL_ENOMEM. */
int anl_locate_start(anl_segment *const *which, int32_t n, int32_t k, anl_arena *arena);

/** The same for segments that are searched in few lists first and then in the usual ones: all of these are chosen at once, and kept,
 *  unless they are many (ANL_RANKED_MOST) or a GPU chooses. */
int anl_locate_start_usual(const anl_context *c, anl_segment *const *which, int32_t n, int32_t k, anl_arena *arena);

/** How many neighbours a segment is searched for, of which the k nearest look alike: two steps of k_factor at once, for going through the lists again
 *  costs more than hits that prove to be too many, but one where all segments are searched for as many. */
int32_t anl_locate_deeper_k(const anl_locate_params *p, int32_t k);

/** Of how many segments a thread holds k neighbours at once, where these are many. */
int32_t anl_locate_at_once(const anl_context *c, int32_t k);

/** One wave: takes which[n], whose search has started, on to their `nprobe` nearest lists. Errors as anl_search_wave. */
int anl_locate_wave(const anl_context *c, anl_scratch *s, anl_segment *const *which, int32_t n, int32_t nprobe);

/** (Re)starts the search of which[n] and takes it through the usual lists, for params->k neighbours: anl_locate_search goes on from there. Errors as
 *  anl_search_wave. */
int anl_locate_usual(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segment *const *which, int32_t n);

/** In how many lists a segment is searched. */
typedef enum anl_effort {
    ANL_EFFORT_USUAL,   /**< anl_search_nprobe of 1 */
    ANL_EFFORT_WIDENED, /**< in more where nothing is near (anl_search_widen) */
    ANL_EFFORT_ALL,     /**< in all of them */
} anl_effort;

/** Searches all segments, or goes on where their search has started, with params->k or with more where they are expected to be saturated (which
 *  changes nothing but the time, if nobody has looked at more than params->k of their hits); then for more neighbours where those found are
 *  saturated. *saturated: segments that still are (may be NULL). Errors as anl_search_wave. */
int anl_locate_search(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segments *segments, anl_effort effort,
                      int32_t *saturated);

/** Whether more neighbours than params allow look alike: the true place may be missing. */
int anl_locate_is_truncated(const anl_locate_params *p, const anl_segment *segment, int32_t d);

/** Lets k-mers vote at every hit that is new since the last call and not explained by a place of this segment, the nearest first; appends
 *  what they find to segment->places, in `arena`. 0 or ANL_ENOMEM. */
int anl_locate_vote(const anl_index *x, anl_voter *v, const anl_locate_params *p, anl_segment *segment, anl_arena *arena);

/** On a GPU: lets all hits of those of segments[n] that have not voted vote in a few calls, for the same places as anl_locate_vote, which then has
 *  nothing to do. Without one nothing. The places live in s->temporary. 0, ANL_ENOMEM or ANL_EIO. */
int anl_locate_vote_ahead(const anl_context *c, anl_scratch *s, const anl_locate_params *p, anl_segment *segments, int32_t n);

/** Whether what a contig has of [begin, begin + len), at most ANL_LONG_READ bp, is so much like other places (ANL_REPEAT_UNIQUE) that a read found there
 *  may belong to one of them; also if it has none of it. */
int anl_locate_is_repeat(const anl_index *x, int32_t contig, int64_t begin, int32_t len);

/** Whether k-mers of ANL_COPY_BP bases in a row of [begin, begin + len), at most ANL_LONG_READ bp of a contig, all occur elsewhere in the reference, too, as
 *  they do in a copy and hardly by chance; also if the contig has none of it. */
int anl_locate_has_copy(const anl_index *x, int32_t contig, int64_t begin, int32_t len);

/** Forgets votes and places, so that all hits vote again. */
void anl_locate_forget(anl_segment *segment);

/** Where the segment lies at one of its places: joined coordinate of its first base in the reference's direction. */
int64_t anl_locate_at(const anl_segment *segment, const anl_place *place);

/** Lets k-mers of bases[len] vote on every diagonal that begins in [begin, end) of one contig (joined coordinates), without embedding or
 *  search; appends the places of every tile. Sequences beyond ANL_VOTE_MAX_READ bp do not vote. 0 or ANL_ENOMEM. */
int anl_locate_region(const anl_index *x, anl_voter *v, const anl_locate_params *p, const uint8_t *bases, int32_t len, int64_t begin,
                      int64_t end, anl_places *to, anl_arena *arena);

#endif
