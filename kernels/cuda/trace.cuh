// What a warp does to trace an alignment: a diagonal in words of 32 bases, a lane each; the cells of a band, one or two columns of it a lane; CIGAR and
// MD. All lanes come to the same numbers; what is told of the alignment lies in shared memory. Internal to trace.cu.
#ifndef ANL_CUDA_TRACE_CUH
#define ANL_CUDA_TRACE_CUH

#include "reference.cuh"

namespace anl
{

enum {
    CELL_BITS = 5, // what is kept of a cell: anl_sw_kernels.band_row's `from`,
    CELL_ROWS = 6, // of so many rows in a word
    CELL_MASK = (1 << CELL_BITS) - 1,
    BAND_OPEN = ANL_GPU_IN_BAND + 1, // for anl_gpu_traced.how: the band has not been looked at yet
};
static_assert(sizeof(anl_gpu_traced) == WARP * sizeof(uint32_t), "a word a lane");
static_assert((ANL_ENCODER_MAX_LEN + 31) / 32 <= WARP, "a word of the read a lane");

// An alignment that is asked for, and its read.
struct trace_job {
    sequence read;
    int64_t begin;
    int32_t len, at, enough, dlo, dhi;
    uint32_t reverse;
};

static __host__ __device__ inline int width_of(int32_t dlo, int32_t dhi)
{
    return dhi - dlo < ANL_GPU_TRACE_BAND ? dhi - dlo + 1 : ANL_GPU_TRACE_BAND + 1;
}

// Word i of the read, or of its reverse complement.
__device__ static inline bases32 oriented_word(const uint32_t *words, const trace_job &j, int i)
{
    const bases32 none{0, 0, ~0u};
    if (!j.reverse) return word_of(words, j.read, i);
    const int at = j.read.len - 32 * (i + 1); // what becomes the last of these 32 bases
    if (at <= -32) return none;
    const bases32 b = from_bit(at < 0 ? none : word_of(words, j.read, at / 32), word_of(words, j.read, at < 0 ? 0 : at / 32 + 1), at & 31);
    return {~__brev(b.low), ~__brev(b.high), __brev(b.unknown)};
}

// ---- a diagonal ----

// In lane l, of bases 32 l to 32 l + 31 of the read: which differ from the reference's, N included, which are N on either side, and the reference's.
struct diagonal {
    uint32_t differ, unknown;
    bases32 target;
};

// The one on which base 0 of the read lies at joined coordinate `first`; `own` is the lane's word of the read.
__device__ static diagonal load_diagonal(const reference &r, const trace_job &j, const bases32 &own, int64_t first)
{
    const int64_t at = first + 32 * own_lane();
    const bases32 none{0, 0, ~0u};
    const bases32 target = 32 * own_lane() < j.read.len ? from_bit(word_of(r, at >> 5), word_of(r, (at >> 5) + 1), (int)(at & 31)) : none;
    const uint32_t unknown = own.unknown | target.unknown;
    return {(own.low ^ target.low) | (own.high ^ target.high) | unknown, unknown, target};
}

// The bits of word `word` that are of bases [begin, end).
__device__ static inline uint32_t bits_within(int word, int begin, int end)
{
    const int from = begin - 32 * word, to = end - 32 * word;
    return (from > 0 ? ~0u << from : ~0u) & (to < 32 ? ~(~0u << to) : ~0u);
}

// Where an alignment lies on the read, and its total.
struct extent {
    int32_t total, begin, end;
};

// A stretch of equal bases goes on to `end`.
__device__ static inline void stretch_to(const anl_gpu_trace_params &p, int32_t *sum, int begin, int *at, int end, int len, extent *best)
{
    *sum += (end - *at) * p.score.match;
    *at = end;
    const int32_t total = *sum + (end == len ? p.clip3 : 0);
    if (end > begin && total > best->total) *best = {total, begin, end};
}

// As anl_extend_differ.
__device__ static extent best_along(const anl_gpu_trace_params &p, const diagonal &d, int len)
{
    extent best{0, 0, 0};
    int32_t sum = p.clip5;
    int begin = 0, at = 0;
    for (int word = 0; 32 * word < len; ++word) {
        const uint32_t unknown = __shfl_sync(~0u, d.unknown, word);
        uint32_t left = __shfl_sync(~0u, d.differ, word) & bits_within(word, 0, len);
        for (; left; left &= left - 1) {
            const int bit = __ffs((int)left) - 1, here = 32 * word + bit;
            stretch_to(p, &sum, begin, &at, here, len, &best);
            sum -= unknown >> bit & 1 ? 1 : p.score.mismatch;
            at = here + 1;
            if (sum <= 0) {
                sum = 0;
                begin = at;
            }
        }
    }
    stretch_to(p, &sum, begin, &at, len, len, &best);
    return best;
}

// ---- MD ----

struct md_writer {
    char *to;
    int n, equal, nm; // bytes so far; equal bases since the last that is told; edit distance
};

__device__ static inline void put(md_writer *w, char c)
{
    if (own_lane() == 0 && w->n < ANL_GPU_TRACE_MD) w->to[w->n] = c;
    ++w->n;
}

// How many bases were equal: fewer than 1,000.
__device__ static void put_equal(md_writer *w)
{
    static_assert(ANL_ENCODER_MAX_LEN < 1000, "three digits");
    if (w->equal >= 100) put(w, (char)('0' + w->equal / 100));
    if (w->equal >= 10) put(w, (char)('0' + w->equal / 10 % 10));
    put(w, (char)('0' + w->equal % 10));
    w->equal = 0;
}

__device__ static inline char letter_of(const bases32 &b, int i)
{
    return (char)(0x4e54474341ull >> 8 * base_of(b, i)); // ACGTN
}

// Columns of bases [begin, end) of the read.
__device__ static void tell_columns(md_writer *w, const diagonal &d, int begin, int end)
{
    for (int word = begin / 32; 32 * word < end; ++word) {
        uint32_t left = __shfl_sync(~0u, d.differ, word) & bits_within(word, begin, end);
        if (!left) continue;
        const bases32 target{__shfl_sync(~0u, d.target.low, word), __shfl_sync(~0u, d.target.high, word),
                             __shfl_sync(~0u, d.target.unknown, word)};
        for (; left; left &= left - 1) {
            const int bit = __ffs((int)left) - 1;
            w->equal += 32 * word + bit - begin;
            begin = 32 * word + bit + 1;
            put_equal(w);
            put(w, letter_of(target, bit));
            ++w->nm;
        }
    }
    w->equal += end - begin;
}

// `len` bases of the reference from joined coordinate `at` on are deleted.
__device__ static void tell_deletion(md_writer *w, const reference &r, int64_t at, int len)
{
    put_equal(w);
    put(w, '^');
    w->nm += len;
    for (int i = 0; i < len; ++i, ++at) put(w, letter_of(word_of(r, at >> 5), (int)(at & 31)));
}

// ---- what is told ----

// Empties it.
__device__ static inline void clear_told(anl_gpu_traced *told)
{
    reinterpret_cast<uint32_t *>(told)[own_lane()] = 0;
    __syncwarp();
}

// Copies it to its place: all of it, or, where CIGAR or MD of an alignment do not fit, that it is left.
__device__ static void give_told(anl_gpu_traced *told, bool fits, anl_gpu_traced *to)
{
    __syncwarp(); // it is all there
    reinterpret_cast<uint32_t *>(to)[own_lane()] = fits ? reinterpret_cast<const uint32_t *>(told)[own_lane()] : 0;
}

// The ends of an alignment, which lies on the stretch from tbeg on.
__device__ static void tell_ends(const anl_gpu_trace_params &p, int len, anl_gpu_traced *told, int how, const extent &on_read, int tbeg,
                                 int tend)
{
    if (own_lane()) return;
    told->how = how;
    told->total = on_read.total;
    told->score = on_read.total - (on_read.begin == 0 ? p.clip5 : 0) - (on_read.end == len ? p.clip3 : 0);
    told->qbeg = on_read.begin;
    told->qend = on_read.end;
    told->tbeg = tbeg;
    told->tend = tend;
}

// Ends MD and tells the numbers that come of it; whether CIGAR and MD fit.
__device__ static bool end_description(md_writer *w, int n_cigar, anl_gpu_traced *told)
{
    put_equal(w);
    if (own_lane() == 0) {
        told->nm = w->nm;
        told->n_cigar = n_cigar;
    }
    return w->n < ANL_GPU_TRACE_MD;
}

// ---- a band ----

// A word of shared memory for every lane and column of it, of every CELL_ROWS rows.
static __host__ __device__ inline size_t band_words(int rows, int columns)
{
    return (size_t)((rows + CELL_ROWS - 1) / CELL_ROWS) * (size_t)columns * WARP;
}

// Where the best alignment ends.
struct band_end {
    int32_t total; // 0: nothing aligns
    int q, b;      // row and column
};

// The columns of a lane, `lane * COLUMNS` and those behind it, on their way from row to row.
template <int COLUMNS> struct band_lane {
    int32_t h[COLUMNS], insertion[COLUMNS];
    uint32_t differ[COLUMNS], unknown[COLUMNS]; // of 32 rows
    uint32_t kept[COLUMNS];                     // of CELL_ROWS rows
    int32_t total;                              // of the best column so far,
    uint32_t at;                                // row and column of which are here: ANL_GPU_TRACE_BAND times row plus column
};

// What the rows from `q` on, a multiple of 32, are compared by.
template <int COLUMNS>
__device__ static void load_rows(const reference &r, const trace_job &j, const bases32 &own, int q, band_lane<COLUMNS> *l)
{
    const int word = q / 32;
    const bases32 query{__shfl_sync(~0u, own.low, word), __shfl_sync(~0u, own.high, word), __shfl_sync(~0u, own.unknown, word)};
    const int64_t first = j.begin + q + j.dlo + own_lane() * COLUMNS;
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c) {
        const int64_t at = first + c;
        const bases32 target = from_bit(word_of(r, at >> 5), word_of(r, (at >> 5) + 1), (int)(at & 31));
        l->unknown[c] = query.unknown | target.unknown;
        l->differ[c] = (query.low ^ target.low) | (query.high ^ target.high);
    }
}

// The greatest that lanes before this one have; ANL_SW_NOWHERE in the first.
__device__ static inline int32_t most_before(int32_t v)
{
#pragma unroll
    for (int k = 1; k < WARP; k *= 2) v = max(v, __shfl_up_sync(~0u, v, k, WARP));
    v = __shfl_up_sync(~0u, v, 1, WARP);
    return own_lane() ? v : (int32_t)ANL_SW_NOWHERE;
}

// Row q by the recurrences of kernels/sw/band_row.inc.h: to l->kept from bit `shift` on how cells came about.
template <int COLUMNS>
__device__ static void fill_row(const anl_gpu_trace_params &p, const trace_job &j, int q, int shift, band_lane<COLUMNS> *l)
{
    const anl_sw_params &s = p.score;
    const int lane = own_lane(), width = width_of(j.dlo, j.dhi);
    const int32_t start = q ? 0 : p.clip5, bonus = q == j.read.len - 1 ? p.clip3 : 0, nowhere = ANL_SW_NOWHERE;
    int32_t column[COLUMNS], without[COLUMNS], opens[COLUMNS], most = nowhere, h_behind, insertion_behind;
    uint32_t how[COLUMNS];
    bool inside[COLUMNS];
    h_behind = __shfl_sync(~0u, l->h[0], (lane + 1) % WARP);
    insertion_behind = __shfl_sync(~0u, l->insertion[0], (lane + 1) % WARP);
    if (lane == WARP - 1) h_behind = insertion_behind = nowhere;
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c) {
        const int b = lane * COLUMNS + c, t = q + j.dlo + b;
        const bool last = c + 1 == COLUMNS;
        inside[c] = b < width && (uint32_t)t < (uint32_t)j.len;
        const int32_t score = l->unknown[c] >> q % 32 & 1 ? -1 : l->differ[c] >> q % 32 & 1 ? -s.mismatch : s.match;
        const int32_t open = (last ? h_behind : l->h[c + 1 - last]) - s.ins_open - s.ins_extend;
        const int32_t go_on = (last ? insertion_behind : l->insertion[c + 1 - last]) - s.ins_extend;
        how[c] = 0;
        if (go_on > open) how[c] |= ANL_SW_INSERTION_GOES_ON;
        if (l->h[c] <= start) how[c] |= ANL_SW_COLUMN_STARTS;
        column[c] = inside[c] ? max(l->h[c], start) + score : nowhere;
        l->insertion[c] = inside[c] ? max(go_on, open) : nowhere;
        without[c] = max(column[c], l->insertion[c]);
        opens[c] = without[c] + b * s.del_extend;
        most = max(most, opens[c]);
        if (column[c] + bonus > l->total) {
            l->total = column[c] + bonus;
            l->at = (uint32_t)(q * ANL_GPU_TRACE_BAND + b);
        }
    }
    most = most_before(most);
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c) {
        // A deletion opens from the best of all cells before it, less its length.
        const int32_t deletion = most - (lane * COLUMNS + c) * s.del_extend - s.del_open, best = max(deletion, without[c]);
        const int32_t reached = max(deletion, column[c]);
        how[c] |= l->insertion[c] > reached ? ANL_SW_INSERTION : deletion > column[c] ? ANL_SW_DELETION : ANL_SW_COLUMN;
        if (deletion - s.del_extend > best - s.del_open - s.del_extend) how[c] |= ANL_SW_DELETION_GOES_ON;
        most = max(most, opens[c]);
        l->h[c] = inside[c] ? best : nowhere;
        l->kept[c] |= how[c] << shift;
    }
}

// All rows, to `cells`; of equal ends that in the first row, then in the first column.
template <int COLUMNS>
__device__ static band_end fill_band(const anl_gpu_trace_params &p, const reference &r, const trace_job &j, const bases32 &own,
                                     uint32_t *cells)
{
    band_lane<COLUMNS> l{};
#pragma unroll
    for (int c = 0; c < COLUMNS; ++c) l.h[c] = l.insertion[c] = ANL_SW_NOWHERE;
    for (int q = 0, row = 0; q < j.read.len; ++q) {
        if (q % 32 == 0) load_rows(r, j, own, q, &l);
        fill_row(p, j, q, CELL_BITS * row, &l);
        if (++row < CELL_ROWS && q + 1 < j.read.len) continue;
        row = 0;
#pragma unroll
        for (int c = 0; c < COLUMNS; ++c, cells += WARP) {
            cells[own_lane()] = l.kept[c];
            l.kept[c] = 0;
        }
    }
    __syncwarp(); // cells are written
    const uint32_t most = __reduce_max_sync(~0u, (uint32_t)l.total);
    const uint32_t at = __reduce_min_sync(~0u, (uint32_t)l.total == most ? l.at : ~0u);
    return {(int32_t)most, (int)(at / ANL_GPU_TRACE_BAND), (int)(at % ANL_GPU_TRACE_BAND)};
}

// How cell (q, b) came about.
template <int COLUMNS> __device__ static inline uint32_t cell(const uint32_t *cells, int q, int b)
{
    const uint32_t word = cells[(q / CELL_ROWS * COLUMNS + b % COLUMNS) * WARP + b / COLUMNS];
    return word >> q % CELL_ROWS * CELL_BITS & CELL_MASK;
}

// A CIGAR from its end on.
struct cigar_writer {
    uint32_t *to;
    int n;
    uint32_t last; // element, which is not there yet; 0: there is none
};

__device__ static inline void push(cigar_writer *w, uint32_t op, int len)
{
    if (w->last && (w->last & 15) == op) {
        w->last += (uint32_t)len << 4;
        return;
    }
    if (w->last && own_lane() == 0 && w->n < ANL_GPU_TRACE_CIGAR) w->to[w->n] = w->last;
    w->n += w->last != 0;
    w->last = (uint32_t)len << 4 | op;
}

enum { CIGAR_M, CIGAR_I, CIGAR_D }; // as src/base/cigar.h

// As walk_back of src/extend/extend.c, but columns in a row are seen by 32 lanes at once. Returns the cell in which the alignment begins.
template <int COLUMNS> __device__ static band_end walk_back(const uint32_t *cells, const band_end &from, cigar_writer *w)
{
    band_end at = from;
    uint32_t state = ANL_SW_COLUMN;
    for (;;) {
        const uint32_t here = cell<COLUMNS>(cells, at.q, at.b);
        if (!state) state = here & ANL_SW_SOURCE;
        if (state == ANL_SW_COLUMN) {
            const int q = at.q - own_lane();
            const uint32_t above = q >= 0 ? cell<COLUMNS>(cells, q, at.b) : 0;
            const uint32_t others = ~__ballot_sync(~0u, own_lane() == 0 || (above & ANL_SW_SOURCE) == ANL_SW_COLUMN);
            const int run = others ? __ffs((int)others) - 1 : WARP;
            const uint32_t starts = __ballot_sync(~0u, (above & ANL_SW_COLUMN_STARTS) && own_lane() < run);
            const int len = starts ? __ffs((int)starts) : run;
            push(w, CIGAR_M, len);
            at.q -= len;
            state = 0;
            if (!starts) continue;
            ++at.q;
            return at;
        }
        if (state == ANL_SW_DELETION) {
            push(w, CIGAR_D, 1);
            --at.b;
            if (!(cell<COLUMNS>(cells, at.q, at.b) & ANL_SW_DELETION_GOES_ON)) state = 0;
        } else {
            push(w, CIGAR_I, 1);
            --at.q;
            ++at.b;
            if (!(here & ANL_SW_INSERTION_GOES_ON)) state = 0;
        }
    }
}

// Turns the CIGAR round, in shared memory.
__device__ static void end_cigar(cigar_writer *w)
{
    const int lane = own_lane();
    if (lane == 0 && w->n < ANL_GPU_TRACE_CIGAR) w->to[w->n] = w->last;
    ++w->n;
    __syncwarp();
    const uint32_t element = w->n <= ANL_GPU_TRACE_CIGAR && lane < w->n ? w->to[w->n - 1 - lane] : 0;
    __syncwarp();
    if (lane < ANL_GPU_TRACE_CIGAR) w->to[lane] = element;
    __syncwarp();
}

} // namespace anl

#endif
