// Votes of a warp: where on a stretch of the reference a sequence shares k-mers with it. Internal to vote.cu.
//
// There is no table of k-mers: with bases as bit planes a lane compares a whole diagonal, 32 bases in a few instructions, and 32 lanes 32 diagonals
// that lie beside each other, whose words of the reference are the same two. So nothing waits for a random access, and all lanes do the same.
#ifndef ANL_CUDA_VOTE_CUH
#define ANL_CUDA_VOTE_CUH

#include "reference.cuh"
#include "votes.h"

namespace anl
{

enum {
    WORDS = (ANL_ENCODER_MAX_LEN + 31) / 32,                 // of the longest sequence
    ROUNDS = (2 * ANL_GPU_VOTE_REACH + 1 + WARP - 1) / WARP, // of 32 diagonals
    REGION = ROUNDS + WORDS + 1,                             // words of the longest stretch, at most a warp
    NOWHERE = ROUNDS * WARP,                                 // no diagonal
};
static_assert((int)REGION <= (int)WARP, "a word a lane");

// Four words, so that a load takes all.
struct alignas(16) bases_line {
    uint32_t low, high, unknown, none;
};

// A warp's part of the block's shared memory.
struct voting_room {
    bases_line strand[2][WORDS]; // the sequence and its reverse complement; what is behind its end is unknown
    bases_line region[REGION];
    uint16_t votes[2][ROUNDS * WARP]; // of each strand's diagonals
};

// As anl_vote, but for diagonals: they count from the first one.
struct warp_vote {
    int votes, other, at, lo, hi;
    bool reverse, straight;
};

__device__ static inline bases_line line_of(const bases32 &b)
{
    return {b.low, b.high, b.unknown, 0};
}

__device__ static inline bases32 bases_in(const bases_line &b)
{
    return {b.low, b.high, b.unknown};
}

__device__ static inline int words_of(int len)
{
    return (len + 31) / 32;
}

// Where k-mers begin of which all bases are in `equal`; `next` holds what the word behind this one left, and then what this one leaves.
__device__ static inline uint32_t kmer_starts(uint32_t equal, uint32_t next[4])
{
    static_assert(ANL_KMER_K == 9, "1 + 1 + 2 + 4 + 1");
#pragma unroll
    for (int step = 0; step < 4; ++step) {
        const uint32_t before = equal;
        equal &= __funnelshift_r(before, next[step], step == 3 ? 1 : 1 << step);
        next[step] = before;
    }
    return equal;
}

// ---- loading ----

// A sequence that was packed, on both strands.
__device__ static void load_strands(voting_room *room, const uint32_t *words, const sequence &s)
{
    const int lane = own_lane();
    __syncwarp(); // of the sequence before
    if (lane < WORDS) room->strand[0][lane] = line_of(word_of(words, s, lane));
    __syncwarp();
    if (lane >= WORDS) return;
    const int at = s.len - 32 * (lane + 1); // what becomes the last of these 32 bases
    bases32 b{0, 0, ~0u};
    if (at > -32) {
        const bases32 none{0, 0, ~0u}, low = at < 0 ? none : bases_in(room->strand[0][at / 32]);
        const int next = at < 0 ? 0 : at / 32 + 1;
        b = from_bit(low, next < WORDS ? bases_in(room->strand[0][next]) : none, at & 31);
    }
    room->strand[1][lane] = bases_line{~__brev(b.low), ~__brev(b.high), __brev(b.unknown), 0};
}

// Its k-mers without N.
__device__ static int count_kmers(const voting_room *room, int words)
{
    uint32_t next[4] = {0, 0, 0, 0};
    int n = 0;
    for (int w = words - 1; w >= 0; --w) n += __popc(kmer_starts(~room->strand[0][w].unknown, next));
    return n;
}

// `words` words of the reference from the one on that holds `begin`; what is not of [low, high), a contig, is unknown, and what lies behind them.
__device__ static void load_region(voting_room *room, const reference &r, int64_t begin, int words, int64_t low, int64_t high)
{
    const int lane = own_lane();
    const int64_t word = (begin >> 5) + lane, before = low - word * 32, left = high - word * 32;
    __syncwarp(); // of the region before
    if (lane < REGION) {
        bases32 b = lane < words && left > 0 && before < 32 ? word_of(r, word) : bases32{0, 0, ~0u};
        if (before > 0) b.unknown |= before < 32 ? ~(~0u << before) : ~0u;
        if (left < 32) b.unknown |= left > 0 ? ~0u << left : ~0u;
        room->region[lane] = line_of(b);
    }
    __syncwarp();
}

// ---- counting ----

// The votes of a lane's diagonal, which begins at bit `bit` of the region, on both strands.
__device__ static void count_diagonal(const voting_room *room, int words, int bit, int votes[2])
{
    const int first = bit / 32, shift = bit % 32;
    uint32_t next[2][4] = {{0, 0, 0, 0}, {0, 0, 0, 0}};
    bases32 behind = bases_in(room->region[first + words]);
    votes[0] = votes[1] = 0;
#pragma unroll 2
    for (int w = words - 1; w >= 0; --w) {
        const bases32 at = bases_in(room->region[first + w]), t = from_bit(at, behind, shift);
        behind = at;
#pragma unroll
        for (int strand = 0; strand < 2; ++strand) {
            const bases_line q = room->strand[strand][w];
            const uint32_t equal = ~((t.low ^ q.low) | (t.high ^ q.high) | t.unknown | q.unknown);
            votes[strand] += __popc(kmer_starts(equal, next[strand]));
        }
    }
}

// The diagonal with the most votes, the lowest of equals, as votes << 16 | 0xffff less where it is; 0 if none has votes.
__device__ static inline uint32_t vote_key(int votes, int at)
{
    return votes ? (uint32_t)votes << 16 | (0xffffu - (uint32_t)at) : 0;
}

// Bits 0 to 31 of the region, where the first of n diagonals begins. The same as anl_voter_count of src/extend/vote.c gives.
__device__ static warp_vote count_region(voting_room *room, int words, int bit, int n)
{
    const int lane = own_lane();
    uint32_t top[2] = {0, 0};
    for (int at = lane; at < (n + WARP - 1) / WARP * WARP; at += WARP) {
        int votes[2];
        count_diagonal(room, words, bit + at, votes);
#pragma unroll
        for (int strand = 0; strand < 2; ++strand) {
            room->votes[strand][at] = (uint16_t)(at < n ? votes[strand] : 0);
            top[strand] = max(top[strand], at < n ? vote_key(votes[strand], at) : 0u);
        }
    }
    const uint32_t best[2] = {__reduce_max_sync(~0u, top[0]), __reduce_max_sync(~0u, top[1])};
    warp_vote v{};
    v.reverse = best[1] >> 16 > best[0] >> 16;
    const uint32_t most = v.reverse ? best[1] : best[0];
    if (!most) return v;
    v.at = (int)(0xffff - (most & 0xffff));
    unsigned sum = 0, other = (v.reverse ? best[0] : best[1]) >> 16, lo = (unsigned)v.at, hi = (unsigned)v.at;
    __syncwarp(); // all votes are there
    for (int at = lane; at < n; at += WARP) {
        const unsigned votes = room->votes[v.reverse][at];
        const int off = abs(at - v.at);
        if (off <= ANL_KMER_K)
            sum += votes;
        else
            other = max(other, votes);
        if (votes < ANL_VOTES_SUPPORT || off > ANL_VOTES_REACH) continue;
        lo = min(lo, (unsigned)at);
        hi = max(hi, (unsigned)at);
    }
    v.votes = (int)__reduce_add_sync(~0u, sum);
    v.other = (int)__reduce_max_sync(~0u, other);
    v.lo = (int)__reduce_min_sync(~0u, lo);
    v.hi = (int)__reduce_max_sync(~0u, hi);
    v.straight = v.lo == v.hi;
    return v;
}

// The lowest of a strand's n diagonals with so many votes, farther than `beyond` from `from`.
__device__ static int find_votes(const voting_room *room, int strand, int votes, int n, int from, int beyond)
{
    unsigned found = NOWHERE;
    for (int at = own_lane(); at < n; at += WARP)
        if (room->votes[strand][at] == votes && abs(at - from) > beyond) found = min(found, (unsigned)at);
    return (int)__reduce_min_sync(~0u, found);
}

// As anl_voter_second of the region that was counted last.
__device__ static bool find_second(const voting_room *room, const warp_vote &best, int kmers, int n, warp_vote *second)
{
    if (!best.other || ANL_VOTES_COPY * (best.votes + best.other - kmers) < best.votes) return false;
    *second = warp_vote{};
    second->votes = best.other;
    second->other = room->votes[best.reverse][best.at];
    second->reverse = best.reverse;
    second->at = find_votes(room, best.reverse, best.other, n, best.at, ANL_KMER_K);
    if (second->at == NOWHERE) {
        second->reverse = !best.reverse;
        second->at = find_votes(room, second->reverse, best.other, n, 0, -1);
    }
    second->lo = second->hi = second->at;
    return true;
}

// Bases of the sequence of `len` that differ from the region where its diagonal begins at bit `bit`.
__device__ static int count_differences(const voting_room *room, int words, int len, int bit, bool reverse)
{
    const int lane = own_lane(), at = bit / 32 + lane;
    unsigned n = 0;
    if (lane < words) {
        const bases32 t = from_bit(bases_in(room->region[at]), bases_in(room->region[at + 1]), bit % 32);
        const bases_line q = room->strand[reverse][lane];
        n = (unsigned)__popc((t.low ^ q.low) | (t.high ^ q.high) | t.unknown | q.unknown);
    }
    return (int)__reduce_add_sync(~0u, n) - (words * 32 - len); // what is behind the end is unknown
}

} // namespace anl

#endif
