// Votes at the hits of segments, as anl_locate_vote of src/align/core/locate.c has them. There hits vote in order, and one that a place explains
// does not. Here they go in rounds, in which all vote beside each other, a warp a hit, but for those that places of earlier rounds explain; then a
// warp a segment goes through what they said in order, and keeps what counts. A round is four times as long as the one before it: so little
// is said in vain where a segment's first hits are enough, and hits of one segment, of which there may be 2,048, do not wait for each other.
#include "vote.cuh"

#include <string.h>

#include <algorithm>

namespace anl
{

enum {
    THREADS = 128,
    BLOCKS = 8, // of a multiprocessor, at least: 64 registers
    PART_SEGMENTS = 1 << 16,
    HIT_ROUNDS = 5,
    FIRST_ROUND = 16, // hits of a segment in it
};

// Where a segment's hits of a round end, if it has so many.
__host__ __device__ static inline int32_t round_end(int round)
{
    return round == HIT_ROUNDS - 1 ? INT32_MAX : FIRST_ROUND << 2 * round;
}

// A segment on its way.
struct voting_segment {
    sequence bases;
    int32_t before, behind;     // bases of the sequence on either side of it
    uint32_t first[HIT_ROUNDS]; // of its hits of each round
    uint32_t room;              // places before its own, if every hit gave all that it may
    int32_t n, n_alike;         // hits, and those that look like the nearest
    int32_t crowd, crowd_least, same_within;
    int32_t whole; // 1: it is the whole sequence
};

struct voting_hit {
    uint32_t window, segment;
};

// Where a hit expects its segment, or a place puts it.
struct alignas(16) spot {
    int64_t at;
    int32_t contig;
};

// How far a segment has got.
struct voting_state {
    int32_t n;          // places kept
    int32_t best, most; // the first one with the most votes, and these
    int32_t crowd;      // places that have nearly all votes, as far as they are counted
    int32_t next;       // the hit behind the last one that gave a place
    bool tied, stopped; // another place has as many votes; further hits do not count
};

// What has become of it.
struct voting_result {
    uint32_t first, n, crowded; // places
};

struct voting_memory {
    int n;
    size_t words, n_hits, each; // each: places that a hit may give
    voting_segment *segments;
    voting_hit *hits; // by rounds
    uint32_t *planes; // [words]
    voting_result *results;
    uint32_t *used; // places in
    anl_place *out;
    void lay(carver &c)
    {
        segments = c.take<voting_segment>(n);
        hits = c.take<voting_hit>(n_hits);
        planes = c.take<uint32_t>(words);
        results = c.take<voting_result>(n);
        used = c.take<uint32_t>(1);
        out = c.take<anl_place>(n_hits * each);
    }
};

struct voting_memory_there : voting_memory {
    voting_state *states; // [n]
    int32_t *crowds;      // [n * WARP] numbers of the places that each one's state counts as its crowd
    spot *expected;       // [n_hits]
    anl_place *said;      // [n_hits * each] what a hit gives, if it counts; without votes: nothing
    anl_place *places;    // [n_hits * each] those that are kept, and
    spot *put;            // where they put their segments
    void lay(carver &c)
    {
        voting_memory::lay(c);
        states = c.take<voting_state>(n);
        crowds = c.take<int32_t>((size_t)n * WARP);
        expected = c.take<spot>(n_hits);
        said = c.take<anl_place>(n_hits * each);
        places = c.take<anl_place>(n_hits * each);
        put = c.take<spot>(n_hits * each);
    }
};

// ---- where hits are ----

// As anl_index_window_pos and anl_index_contig_at.
__device__ static int range_of(const int64_t *begin, int n, int64_t value)
{
    int lo = 0, hi = n;
    while (hi - lo > 1) {
        const int mid = lo + (hi - lo) / 2;
        if (begin[mid] <= value)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

__device__ static int64_t window_pos(const reference &r, int64_t window)
{
    const int c = range_of(r.window_begin, r.n_contigs, window);
    const int64_t begin = r.contig_begin[c], last = r.contig_begin[c + 1] - begin - r.window, pos = (window - r.window_begin[c]) * r.stride;
    return begin + min(pos, max(last, (int64_t)0));
}

__device__ static spot expected_at(const reference &r, int64_t window, int len)
{
    const int64_t pos = window_pos(r, window);
    return {pos + (r.window - len) / 2, range_of(r.contig_begin, r.n_contigs, pos)};
}

__device__ static bool is_near(int64_t a, int64_t b, int64_t within)
{
    return (a < b ? b - a : a - b) <= within;
}

__device__ static bool explains(const reference &r, const spot &put, const spot &expected)
{
    return put.contig == expected.contig && is_near(put.at, expected.at, r.stride);
}

// ---- what a hit says ----

// Whether a place kept in an earlier round explains it: asked by a warp.
__device__ static bool is_explained(const reference &r, const spot *put, int n, const spot &expected)
{
    bool known = false;
    for (int i = own_lane(); i < n; i += WARP) known |= explains(r, put[i], expected);
    return __any_sync(~0u, known);
}

// Bases of the sequence before the segment, on its strand.
__device__ static int bases_before(const voting_segment &s, bool reverse)
{
    return reverse ? s.behind : s.before;
}

// Diagonals that are voted on: the first one's coordinate and where it begins in the region, how many, and their contig.
struct diagonals {
    int64_t first, low, high;
    int bit, n, contig;
};

// The place that a vote gives, without votes if its contig holds too little of it.
__device__ static anl_place place_of(const anl_gpu_vote_params &params, const voting_room *room, const voting_segment &s,
                                     const warp_vote &vote, const diagonals &d)
{
    const int64_t at = d.first + vote.at;
    const int len = s.bases.len;
    anl_place place{};
    if (min(at + len, d.high) - max(at, d.low) < params.min_on_contig) return place;
    place.start = at - bases_before(s, vote.reverse);
    place.lo = vote.lo - vote.at;
    place.hi = vote.hi - vote.at;
    place.votes = vote.votes;
    place.other = vote.other;
    place.contig = d.contig;
    place.reverse = vote.reverse;
    place.straight = vote.straight && vote.at > params.clear && d.n - 1 - vote.at > params.clear && s.whole;
    if (s.whole) place.differ = (uint16_t)count_differences(room, words_of(len), len, d.bit + vote.at, vote.reverse);
    return place;
}

// Lets k-mers vote where a hit expects the segment, by a warp. place[1]: the copy, if two are asked for.
__device__ static void vote_at(const anl_gpu_vote_params &params, const reference &r, voting_room *room, const uint32_t *planes,
                               const voting_segment &s, const spot &expected, anl_place place[2])
{
    const int words = words_of(s.bases.len);
    const int64_t first = expected.at - params.reach;
    const diagonals d{
        first,          r.contig_begin[expected.contig], r.contig_begin[expected.contig + 1], (int)(first & 31), 2 * params.reach + 1,
        expected.contig};
    load_strands(room, planes, s.bases);
    load_region(room, r, d.first, (d.bit + d.n - 1) / 32 + words + 1, d.low, d.high);
    const warp_vote vote = count_region(room, words, d.bit, d.n);
    warp_vote copy;
    if (vote.votes < params.min_votes) return;
    place[0] = place_of(params, room, s, vote, d);
    if (params.copies && find_second(room, vote, count_kmers(room, words), d.n, &copy)) place[1] = place_of(params, room, s, copy, d);
}

// Hits [begin, end), a warp each.
__global__ void __launch_bounds__(THREADS, BLOCKS)
    hit_kernel(anl_gpu_vote_params params, reference r, voting_memory_there m, uint32_t begin, uint32_t end)
{
    __shared__ voting_room rooms[THREADS / WARP];
    const uint32_t i = begin + blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP;
    if (i >= end) return;
    const voting_hit hit = m.hits[i];
    const voting_segment &s = m.segments[hit.segment];
    const voting_state &state = m.states[hit.segment];
    const spot expected = expected_at(r, hit.window, s.bases.len);
    anl_place place[2] = {};
    if (!state.stopped && !is_explained(r, m.put + s.room, state.n, expected))
        vote_at(params, r, &rooms[threadIdx.x / WARP], m.planes, s, expected, place);
    if (own_lane()) return;
    m.expected[i] = expected;
    m.said[i * m.each] = place[0];
    if (m.each > 1) m.said[i * m.each + 1] = place[1];
}

// ---- what counts of it ----

// What tells a place from another one.
struct place_mark {
    int64_t start;
    int32_t contig, reverse;
};

// What a warp knows of its segment, in shared memory: nothing that takes turns waits for the GPU's memory.
struct warp_segment {
    voting_segment s;
    place_mark crowd[WARP], best;
    spot expected[WARP];     // by the hits in hand,
    anl_place said[2][WARP]; // what they said,
    spot put[2][WARP];       // and where that puts the segment
};

__device__ static place_mark mark_of(const anl_place &p)
{
    return {p.start, p.contig, p.reverse};
}

// The same place is found again from windows that it does not fill.
__device__ static bool is_same(const place_mark &a, const place_mark &b, int within)
{
    return a.contig == b.contig && a.reverse == b.reverse && is_near(a.start, b.start, within);
}

// Place number p->n.
__device__ static void count_place(warp_segment *w, voting_state *p, int32_t *crowd, const anl_place &place)
{
    const voting_segment &s = w->s;
    const int lane = own_lane();
    const place_mark own = mark_of(place);
    const bool known = __any_sync(~0u, lane < p->crowd && is_same(w->crowd[lane], own, s.same_within));
    const bool joins = place.votes >= s.crowd_least && p->crowd < s.crowd && !known, leads = !p->n || place.votes > p->most;
    if (leads)
        p->tied = false;
    else if (place.votes == p->most)
        p->tied |= !is_same(w->best, own, s.same_within);
    __syncwarp(); // all have seen them
    if (lane == 0 && joins) {
        w->crowd[p->crowd] = own;
        crowd[p->crowd] = p->n;
    }
    if (lane == 0 && leads) w->best = own;
    if (leads) {
        p->best = p->n;
        p->most = place.votes;
    }
    p->crowd += joins;
    __syncwarp();
}

// Where a place puts its segment; where a contig must hold so much of it, that is where the contig begins to.
__device__ static spot put_by(const anl_gpu_vote_params &params, const reference &r, const voting_segment &s, const anl_place &place)
{
    const int64_t at = place.start + bases_before(s, place.reverse);
    return {params.min_on_contig ? max(at, r.contig_begin[place.contig]) : at, place.contig};
}

__device__ static bool is_crowded(const voting_segment &s, const voting_state &p)
{
    return p.tied && p.crowd == s.crowd;
}

// Up to 32 of a segment's hits: the number of the first among its own, and among all.
struct hits_in_hand {
    int first, n;
    size_t at;
};

// Takes in hand what they said, a lane a hit. Whether that is anything.
__device__ static bool take(const anl_gpu_vote_params &params, const reference &r, const voting_memory_there &m, warp_segment *w,
                            const hits_in_hand &hits)
{
    const int lane = own_lane();
    bool any = false;
    w->expected[lane] = lane < hits.n ? m.expected[hits.at + lane] : spot{0, -1};
    for (size_t k = 0; k < m.each; ++k) {
        const anl_place place = lane < hits.n ? m.said[(hits.at + lane) * m.each + k] : anl_place{};
        w->said[k][lane] = place;
        if (place.votes) w->put[k][lane] = put_by(params, r, w->s, place);
        any |= place.votes != 0;
    }
    __syncwarp();
    return any;
}

// Which of the hits in hand places [begin, end) explain, as bits: a lane a place.
__device__ static uint32_t explained(const reference &r, const warp_segment *w, const spot *put, int begin, int end)
{
    uint32_t known = 0;
    for (int i = begin + own_lane(); i < end; i += WARP) {
        const spot own = put[i];
#pragma unroll 8
        for (int h = 0; h < WARP; ++h) known |= (uint32_t)explains(r, own, w->expected[h]) << h;
    }
    return __reduce_or_sync(~0u, known);
}

// Keeps what counts of it. Places before number `before` are of earlier rounds.
__device__ static void keep_places(const anl_gpu_vote_params &params, const reference &r, const voting_memory_there &m, warp_segment *w,
                                   int segment, voting_state *p, int before, const hits_in_hand &hits)
{
    const int lane = own_lane();
    const uint32_t room = w->s.room;
    bool counts = take(params, r, m, w, hits);
    counts &= !(explained(r, w, m.put + room, before, p->n) >> lane & 1);
    for (uint32_t left; (left = __ballot_sync(~0u, counts)) != 0;) {
        const int h = __ffs((int)left) - 1;
        p->stopped = hits.first + h >= w->s.n_alike && is_crowded(w->s, *p);
        if (p->stopped) break;
        for (size_t k = 0; k < m.each; ++k) {
            const anl_place &place = w->said[k][h];
            if (!place.votes) continue;
            if (w->s.crowd) count_place(w, p, m.crowds + (size_t)segment * WARP, place);
            if (lane == 0) m.places[room + p->n] = place;
            if (lane == 0) m.put[room + p->n] = w->put[k][h];
            counts &= !explains(r, w->put[k][h], w->expected[lane]);
            ++p->n;
        }
        counts &= lane != h;
        p->next = hits.first + h + 1;
    }
    __syncwarp(); // all see what was kept, and are done with what was in hand
}

// Gives out the places of a segment.
__device__ static void give(const voting_memory_there &m, const voting_segment &s, int segment, const voting_state &p)
{
    const int lane = own_lane();
    uint32_t to = 0;
    if (lane == 0) {
        to = atomicAdd(m.used, (uint32_t)p.n);
        m.results[segment] = voting_result{to, (uint32_t)p.n, p.stopped || (is_crowded(s, p) && max(p.next, s.n_alike) < s.n)};
    }
    to = __shfl_sync(~0u, to, 0);
    for (int k = lane; k < p.n; k += WARP) m.out[to + k] = m.places[s.room + k];
}

// A warp a segment.
__global__ void keep_kernel(anl_gpu_vote_params params, reference r, voting_memory_there m, int round, bool is_last)
{
    __shared__ warp_segment segments[THREADS / WARP];
    warp_segment *w = &segments[threadIdx.x / WARP];
    const int i = (int)(blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP), lane = own_lane();
    if (i >= m.n) return;
    if (lane == 0) w->s = m.segments[i];
    __syncwarp();
    const voting_segment &s = w->s;
    const anl_place *places = m.places + s.room;
    voting_state p = m.states[i];
    if (lane < p.crowd) w->crowd[lane] = mark_of(places[m.crowds[(size_t)i * WARP + lane]]);
    if (lane == 0 && p.n) w->best = mark_of(places[p.best]);
    __syncwarp();
    const int first = round ? round_end(round - 1) : 0, n = min(s.n, round_end(round)) - first, before = p.n;
    for (int k = 0; k < n && !p.stopped; k += WARP)
        keep_places(params, r, m, w, i, &p, before, {first + k, min(n - k, (int)WARP), s.first[round] + (size_t)k});
    if (lane == 0) m.states[i] = p;
    if (is_last) give(m, s, i, p);
}

// ---- the call ----

static void pack_segments(const anl_gpu_segment *segments, const voting_memory &h, size_t *used)
{
    size_t hits = 0;
    for (int i = 0; i < h.n; ++i) {
        const anl_gpu_segment &s = segments[i];
        voting_segment &to = h.segments[i];
        to.bases = pack(h.planes, used, s.bases, s.len);
        to.before = s.offset;
        to.behind = s.sequence_len - s.offset - s.len;
        to.room = (uint32_t)(hits * h.each);
        to.n = s.n;
        to.n_alike = s.n_alike;
        to.crowd = s.crowd;
        to.crowd_least = s.crowd_least;
        to.same_within = s.same_within;
        to.whole = s.len == s.sequence_len;
        hits += (size_t)s.n;
    }
}

// The hits of a round behind the `at` of those before it; where they end.
static size_t pack_round(const anl_gpu_segment *segments, const voting_memory &h, int round, size_t at)
{
    for (int i = 0; i < h.n; ++i) {
        const anl_gpu_segment &s = segments[i];
        const int32_t end = std::min(s.n, round_end(round));
        h.segments[i].first[round] = (uint32_t)at;
        for (int32_t k = round ? round_end(round - 1) : 0; k < end; ++k) h.hits[at++] = {s.hits[k].window, (uint32_t)i};
    }
    return at;
}

// Places go to `room`, behind its first *given.
static int vote_part(anl_gpu_stream *s, const anl_gpu_vote_params *p, anl_gpu_segment *segments, size_t n, anl_place *room, size_t *given)
{
    voting_memory_there g{};
    voting_memory h{};
    g.n = h.n = (int)n;
    g.each = h.each = p->copies ? 2 : 1;
    for (size_t i = 0; i < n; ++i) {
        g.words += most_words(segments[i].len);
        g.n_hits += (size_t)segments[i].n;
    }
    h.words = g.words;
    h.n_hits = g.n_hits;
    if (std::max(g.words, g.n_hits * g.each) > UINT32_MAX) return fail(ANL_ENOMEM, "GPU: votes of %zu hits", g.n_hits);
    int rc = place(s->device, g);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    size_t used = 0, ends[HIT_ROUNDS] = {};
    int rounds = 0;
    pack_segments(segments, h, &used);
    for (size_t at = 0; at < h.n_hits; ++rounds) at = ends[rounds] = pack_round(segments, h, rounds, at);
    cudaMemsetAsync(g.used, 0, sizeof *g.used, s->stream);
    cudaMemsetAsync(g.states, 0, n * sizeof *g.states, s->stream);
    cudaMemcpyAsync(g.segments, h.segments, (size_t)((char *)(h.planes + used) - (char *)h.segments), cudaMemcpyHostToDevice, s->stream);
    timed(s, VOTES, [&] {
        for (int i = 0; i < rounds; ++i) {
            const size_t begin = i ? ends[i - 1] : 0;
            hit_kernel<<<blocks_for(ends[i] - begin, THREADS / WARP), THREADS, 0, s->stream>>>(*p, s->gpu->reference, g, (uint32_t)begin,
                                                                                               (uint32_t)ends[i]);
            keep_kernel<<<blocks_for(n, THREADS / WARP), THREADS, 0, s->stream>>>(*p, s->gpu->reference, g, i, i == rounds - 1);
        }
    });
    cudaMemcpyAsync(h.results, g.results, (size_t)((char *)(g.used + 1) - (char *)g.results), cudaMemcpyDeviceToHost, s->stream);
    rc = finish(s, "votes");
    if (rc) return rc;
    const size_t places = *h.used;
    cudaMemcpyAsync(h.out, g.out, places * sizeof *h.out, cudaMemcpyDeviceToHost, s->stream);
    rc = finish(s, "places");
    for (size_t i = 0; i < n && !rc; ++i) {
        segments[i].places = room + *given + h.results[i].first;
        segments[i].n_places = (int32_t)h.results[i].n;
        segments[i].crowded = (uint8_t)h.results[i].crowded;
    }
    if (!rc && places) memcpy(room + *given, h.out, places * sizeof *room);
    *given += places;
    return rc;
}

int vote(anl_gpu_stream *s, const anl_gpu_vote_params *p, anl_gpu_segment *segments, size_t n, anl_place *room)
{
    size_t given = 0;
    if (n && !s->gpu->reference.words) return fail(ANL_EINVAL, "GPU: there is no reference on it");
    if (p->reach > ANL_GPU_VOTE_REACH) return fail(ANL_EINVAL, "GPU: votes on diagonals %d bp away", p->reach);
    const int rc = enter(s->gpu);
    return rc ? rc : in_parts(n, PART_SEGMENTS, [&](size_t i, size_t m) { return vote_part(s, p, segments + i, m, room, &given); });
}

} // namespace anl
