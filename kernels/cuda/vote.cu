// Votes at the hits of segments, as anl_locate_vote of src/align/core/locate.c has them: a warp takes a segment and goes through its hits in order,
// as a hit that a place explains does not vote.
#include "vote.cuh"

#include <string.h>

#include <algorithm>

namespace anl
{

enum {
    THREADS = 128,
    BLOCKS = 6, // of a multiprocessor, at least: 80 registers
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

// What tells a place from another one.
struct spot {
    int64_t start;
    int32_t contig, reverse;
};

// What a warp knows of its segment, in shared memory: a copy in every lane's registers would leave room for few warps.
struct warp_segment {
    voting_room room;
    voting_segment s;
    spot crowd[WARP], best; // places that have nearly all votes, and the one with the most
};

// How far it has got, the same in all lanes.
struct progress {
    anl_place *places; // found so far
    int n, words, kmers;
    int crowd, most; // places of warp_segment.crowd; votes of warp_segment.best
    bool tied;       // another place has as many
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
__device__ static bool is_same(const warp_segment *w, const spot &a, const anl_place &b)
{
    return a.contig == b.contig && a.reverse == b.reverse && is_near(a.start, b.start, w->s.same_within);
}

__device__ static void count_place(warp_segment *w, progress *p, const anl_place &place)
{
    const int lane = own_lane();
    const bool known = __any_sync(~0u, lane < p->crowd && is_same(w, w->crowd[lane], place));
    const bool joins = place.votes >= w->s.crowd_least && p->crowd < w->s.crowd && !known, leads = !p->n || place.votes > p->most;
    if (leads)
        p->tied = false;
    else if (place.votes == p->most)
        p->tied |= !is_same(w, w->best, place);
    __syncwarp(); // all have seen them
    const spot own{place.start, place.contig, place.reverse};
    if (joins && lane == 0) w->crowd[p->crowd] = own;
    if (leads && lane == 0) w->best = own;
    if (leads) p->most = place.votes;
    p->crowd += joins;
    __syncwarp();
}

// Whether a place of the segment puts it within a stride of `expected`; where a contig must hold so much of it, it is put where that begins to.
__device__ static bool is_explained(const anl_gpu_vote_params &params, const reference &r, const warp_segment *w, const progress &p,
                                    int contig, int64_t expected)
{
    bool known = false;
    for (int i = own_lane(); i < p.n; i += WARP) {
        const anl_place &place = p.places[i];
        if (place.contig != contig) continue;
        const int64_t at = place.start + bases_before(w->s, place.reverse);
        known |= is_near(params.min_on_contig ? max(at, r.contig_begin[contig]) : at, expected, r.stride);
    }
    return __any_sync(~0u, known);
}

// Diagonals that are voted on: the first one's coordinate and where it begins in the region, how many, and their contig.
struct diagonals {
    int64_t first, low, high;
    int bit, n, contig;
};

// Keeps the place that a vote gives, if its contig holds enough of it.
__device__ static void keep_place(const anl_gpu_vote_params &params, warp_segment *w, progress *p, const warp_vote &vote,
                                  const diagonals &d)
{
    const int64_t at = d.first + vote.at;
    const int len = w->s.bases.len;
    anl_place place{};
    if (min(at + len, d.high) - max(at, d.low) < params.min_on_contig) return;
    place.start = at - bases_before(w->s, vote.reverse);
    place.lo = vote.lo - vote.at;
    place.hi = vote.hi - vote.at;
    place.votes = vote.votes;
    place.other = vote.other;
    place.contig = d.contig;
    place.reverse = vote.reverse;
    place.straight = vote.straight && vote.at > params.clear && d.n - 1 - vote.at > params.clear && w->s.whole;
    if (w->s.whole) place.differ = (uint16_t)count_differences(&w->room, p->words, len, d.bit + vote.at, vote.reverse);
    if (w->s.crowd) count_place(w, p, place);
    if (own_lane() == 0) p->places[p->n] = place;
    ++p->n;
    __syncwarp(); // all see it
}

__device__ static void vote_at(const anl_gpu_vote_params &params, const reference &r, warp_segment *w, progress *p, int contig,
                               int64_t expected)
{
    if (is_explained(params, r, w, *p, contig, expected)) return;
    const int64_t first = expected - params.reach;
    const diagonals d{first, r.contig_begin[contig], r.contig_begin[contig + 1], (int)(first & 31), 2 * params.reach + 1, contig};
    load_region(&w->room, r, d.first, (d.bit + d.n - 1) / 32 + p->words + 1, d.low, d.high);
    const warp_vote vote = count_region(&w->room, p->words, d.bit, d.n);
    warp_vote copy;
    if (vote.votes < params.min_votes) return;
    keep_place(params, w, p, vote, d);
    if (params.copies && find_second(&w->room, vote, p->kmers, d.n, &copy)) keep_place(params, w, p, copy, d);
}

// All hits of a segment; true where its places were enough before the last one.
__device__ static bool vote_all(const anl_gpu_vote_params &params, const reference &r, const uint32_t *windows, warp_segment *w,
                                progress *p)
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
            if (h >= w->s.n_alike && p->tied && p->crowd == w->s.crowd) return true;
            vote_at(params, r, w, p, __shfl_sync(~0u, contig, h - first), __shfl_sync(~0u, expected, h - first));
        }
    }
    return false;
}

__global__ void __launch_bounds__(THREADS, BLOCKS) vote_kernel(anl_gpu_vote_params params, reference r, voting_memory_there m)
{
    __shared__ warp_segment segments[THREADS / WARP];
    warp_segment *w = &segments[threadIdx.x / WARP];
    const int i = (int)(blockIdx.x * (THREADS / WARP) + threadIdx.x / WARP), lane = own_lane();
    if (i >= m.n) return;
    if (lane == 0) w->s = m.segments[i];
    __syncwarp();
    progress p{m.places + (size_t)w->s.first * m.each, 0, words_of(w->s.bases.len), 0, 0, 0, false};
    load_strands(&w->room, m.planes, w->s.bases);
    __syncwarp();
    p.kmers = count_kmers(&w->room, p.words);
    const bool crowded = vote_all(params, r, m.windows + w->s.first, w, &p);
    uint32_t to = 0;
    if (lane == 0) {
        to = atomicAdd(m.used, (uint32_t)p.n);
        m.results[i] = voting_result{to, (uint32_t)p.n, crowded};
    }
    to = __shfl_sync(~0u, to, 0);
    for (int k = lane; k < p.n; k += WARP) m.out[to + k] = p.places[k];
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
