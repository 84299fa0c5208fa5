// Votes at the hits of segments, as anl_locate_vote of src/align/core/locate.c has them: a warp takes a segment and goes through its hits in order,
// as a hit that a place explains does not vote.
#include "vote.cuh"

#include <string.h>

#include <algorithm>

namespace anl
{

enum {
    THREADS = 128,
    PART_SEGMENTS = 1 << 16,
};

// A segment on its way.
struct voting_segment {
    sequence bases;
    int32_t before, behind; // bases of the sequence on either side of it
    uint32_t first;         // of its hits
    int32_t n, n_alike;     // of them, and of those that look like the nearest
    int32_t crowd, crowd_least, same_within;
    int32_t whole; // 1: it is the whole sequence
};

// What has become of it.
struct voting_result {
    uint32_t first, n, crowded; // places
};

struct voting_memory {
    int n;
    size_t words, hits, each; // each: places that a hit may give
    voting_segment *segments;
    uint32_t *windows; // [hits]
    uint32_t *planes;  // [words]
    voting_result *results;
    uint32_t *used; // places in
    anl_place *out;
    void lay(carver &c)
    {
        segments = c.take<voting_segment>(n);
        windows = c.take<uint32_t>(hits);
        planes = c.take<uint32_t>(words);
        results = c.take<voting_result>(n);
        used = c.take<uint32_t>(1);
        out = c.take<anl_place>(hits * each);
    }
};

// On the GPU also where places wait until all of a segment are there.
struct voting_memory_there : voting_memory {
    anl_place *places; // [hits * each]
    void lay(carver &c)
    {
        voting_memory::lay(c);
        places = c.take<anl_place>(hits * each);
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

// ---- places ----

// The places of a segment that have nearly all votes: a lane each.
struct warp_crowd {
    anl_place own, best;
    int n;
    bool tied;
};

// A segment that a warp is at. All lanes know the same, but for its crowd's own.
struct warp_segment {
    voting_segment s;
    anl_place *places; // found so far
    int n, words, kmers;
    warp_crowd crowd;
};

// Bases of the sequence before the segment, on its strand.
__device__ static int bases_before(const voting_segment &s, bool reverse)
{
    return reverse ? s.behind : s.before;
}

__device__ static bool is_near(int64_t a, int64_t b, int64_t within)
{
    return (a < b ? b - a : a - b) <= within;
}

// The same place is found again from windows that it does not fill.
__device__ static bool is_same(const warp_segment &w, const anl_place &a, const anl_place &b)
{
    return a.contig == b.contig && a.reverse == b.reverse && is_near(a.start, b.start, w.s.same_within);
}

__device__ static void count_place(warp_segment *w, const anl_place &place)
{
    warp_crowd *c = &w->crowd;
    const int lane = own_lane();
    const bool known = __any_sync(~0u, lane < c->n && is_same(*w, c->own, place));
    if (place.votes >= w->s.crowd_least && c->n < w->s.crowd && !known) {
        if (lane == c->n) c->own = place;
        ++c->n;
    }
    if (!w->n || place.votes > c->best.votes) {
        c->best = place;
        c->tied = false;
    } else if (place.votes == c->best.votes)
        c->tied |= !is_same(*w, c->best, place);
}

// Whether a place of the segment puts it within a stride of `expected`; where a contig must hold so much of it, it is put where that begins to.
__device__ static bool is_explained(const anl_gpu_vote_params &p, const reference &r, const warp_segment &w, int contig, int64_t expected)
{
    bool known = false;
    for (int i = own_lane(); i < w.n; i += WARP) {
        const anl_place &place = w.places[i];
        if (place.contig != contig) continue;
        const int64_t at = place.start + bases_before(w.s, place.reverse);
        known |= is_near(p.min_on_contig ? max(at, r.contig_begin[contig]) : at, expected, r.stride);
    }
    return __any_sync(~0u, known);
}

// Diagonals that are voted on: the first one's coordinate and where it begins in the region, how many, and their contig.
struct diagonals {
    int64_t first, low, high;
    int bit, n, contig;
};

// Keeps the place that a vote gives, if its contig holds enough of it.
__device__ static void keep_place(const anl_gpu_vote_params &p, const voting_room *room, warp_segment *w, const warp_vote &vote,
                                  const diagonals &d)
{
    anl_place place{};
    place.start = d.first + vote.at - bases_before(w->s, vote.reverse);
    place.lo = vote.lo - vote.at;
    place.hi = vote.hi - vote.at;
    place.votes = vote.votes;
    place.other = vote.other;
    place.contig = d.contig;
    place.reverse = vote.reverse;
    place.straight = vote.straight && vote.at > p.clear && d.n - 1 - vote.at > p.clear && w->s.whole;
    const int64_t at = d.first + vote.at;
    if (min(at + w->s.bases.len, d.high) - max(at, d.low) < p.min_on_contig) return;
    if (w->s.whole) place.differ = (uint16_t)count_differences(room, w->words, w->s.bases.len, d.bit + vote.at, vote.reverse);
    if (w->s.crowd) count_place(w, place);
    if (own_lane() == 0) w->places[w->n] = place;
    ++w->n;
    __syncwarp(); // all see it
}

__device__ static void vote_at(const anl_gpu_vote_params &p, const reference &r, voting_room *room, warp_segment *w, int contig,
                               int64_t expected)
{
    if (is_explained(p, r, *w, contig, expected)) return;
    const diagonals d{
        expected - p.reach, r.contig_begin[contig], r.contig_begin[contig + 1], (int)((expected - p.reach) & 31), 2 * p.reach + 1, contig};
    load_region(room, r, d.first, d.low, d.high);
    const warp_vote vote = count_region(room, w->words, d.bit, d.n);
    warp_vote copy;
    if (vote.votes < p.min_votes) return;
    keep_place(p, room, w, vote, d);
    if (p.copies && find_second(room, vote, w->kmers, d.n, &copy)) keep_place(p, room, w, copy, d);
}

// All hits of a segment; true where its places were enough before the last one.
__device__ static bool vote_all(const anl_gpu_vote_params &p, const reference &r, const uint32_t *windows, voting_room *room,
                                warp_segment *w)
{
    for (int first = 0; first < w->s.n; first += WARP) {
        const int own = first + own_lane(), last = min(w->s.n, first + WARP);
        int64_t expected = 0;
        int contig = 0;
        if (own < w->s.n) {
            const int64_t pos = window_pos(r, windows[own]);
            contig = range_of(r.contig_begin, r.n_contigs, pos);
            expected = pos + (r.window - w->s.bases.len) / 2;
        }
        for (int h = first; h < last; ++h) {
            if (h >= w->s.n_alike && w->crowd.tied && w->crowd.n == w->s.crowd) return true;
            vote_at(p, r, room, w, __shfl_sync(~0u, contig, h - first), __shfl_sync(~0u, expected, h - first));
        }
    }
    return false;
}

__global__ void __launch_bounds__(THREADS) vote_kernel(anl_gpu_vote_params p, reference r, voting_memory_there m)
{
    __shared__ voting_room rooms[THREADS / WARP];
    voting_room *room = &rooms[threadIdx.x / WARP];
    const int i = (int)(blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP), lane = own_lane();
    if (i >= m.n) return;
    warp_segment w{};
    w.s = m.segments[i];
    w.places = m.places + (size_t)w.s.first * m.each;
    w.words = words_of(w.s.bases.len);
    load_strands(room, m.planes, w.s.bases);
    __syncwarp();
    w.kmers = count_kmers(room, w.words);
    const bool crowded = vote_all(p, r, m.windows + w.s.first, room, &w);
    uint32_t to = 0;
    if (lane == 0) {
        to = atomicAdd(m.used, (uint32_t)w.n);
        m.results[i] = voting_result{to, (uint32_t)w.n, crowded};
    }
    to = __shfl_sync(~0u, to, 0);
    for (int k = lane; k < w.n; k += WARP) m.out[to + k] = w.places[k];
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
        to.first = (uint32_t)hits;
        to.n = s.n;
        to.n_alike = s.n_alike;
        to.crowd = s.crowd;
        to.crowd_least = s.crowd_least;
        to.same_within = s.same_within;
        to.whole = s.len == s.sequence_len;
        for (int32_t k = 0; k < s.n; ++k) h.windows[hits++] = s.hits[k].window;
    }
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
        g.hits += (size_t)segments[i].n;
    }
    h.words = g.words;
    h.hits = g.hits;
    if (std::max(g.words, g.hits * g.each) > UINT32_MAX) return fail(ANL_ENOMEM, "GPU: votes of %zu hits", g.hits);
    int rc = place(s->device, g);
    if (!rc) rc = place(s->host, h);
    if (rc) return rc;
    size_t used = 0;
    pack_segments(segments, h, &used);
    cudaMemsetAsync(g.used, 0, sizeof *g.used, s->stream);
    cudaMemcpyAsync(g.segments, h.segments, (size_t)((char *)(h.planes + used) - (char *)h.segments), cudaMemcpyHostToDevice, s->stream);
    timed(s, VOTES, [&] {
        vote_kernel<<<(unsigned)((n + THREADS / WARP - 1) / (THREADS / WARP)), THREADS, 0, s->stream>>>(*p, s->gpu->reference, g);
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
