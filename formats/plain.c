#include "plain.h"

#include <string.h>

/* Bytes that are looked at together: the narrowest vectors of the machines there are, for the compiler. */
typedef uint8_t bytes __attribute__((vector_size(16)));

enum { WIDTH = sizeof(bytes), LONGEST_NAME = 254 /* SAM specification, 1.4 */ };

static inline bytes load(const void *from)
{
    bytes b;
    memcpy(&b, from, WIDTH);
    return b;
}

static inline bytes all(int c)
{
    return (bytes){0} + (uint8_t)c;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest one");

/* The first byte that is not 0, WIDTH where all are. */
static inline size_t first_of(bytes b)
{
    uint64_t half[2];
    memcpy(half, &b, WIDTH);
    return half[0] ? (size_t)__builtin_ctzll(half[0]) / 8 : half[1] ? 8 + (size_t)__builtin_ctzll(half[1]) / 8 : WIDTH;
}

/* A step takes WIDTH bytes to others and tells which are wrong. */
typedef bytes step(const char *from, uint8_t *to);

static inline bytes bases(const char *from, uint8_t *to)
{
    const bytes b = load(from), a = b == all('A'), c = b == all('C'), g = b == all('G'), t = b == all('T');
    const bytes codes = (c & all(1)) | (g & all(2)) | (t & all(3));
    memcpy(to, &codes, WIDTH);
    return ~(a | c | g | t);
}

static inline bytes qualities(const char *from, uint8_t *to)
{
    const bytes b = load(from) - all(ANL_FIRST_QUALITY); /* what is below the first is high */
    memcpy(to, &b, WIDTH);
    return b > all(ANL_LAST_QUALITY - ANL_FIRST_QUALITY);
}

/* Takes n bytes by `take`, the last ones together with some before them once more; fewer than WIDTH are filled up with `valid`. */
static inline int take_all(const char *from, size_t n, uint8_t *to, step *take, char valid)
{
    bytes wrong = {0};
    if (n < WIDTH) {
        char block[WIDTH];
        uint8_t out[WIDTH];
        memset(block, valid, WIDTH);
        memcpy(block, from, n);
        wrong = take(block, out);
        memcpy(to, out, n);
        return first_of(wrong) == WIDTH;
    }
    for (size_t i = 0; i + WIDTH <= n; i += WIDTH) wrong |= take(from + i, to + i);
    if (n % WIDTH) wrong |= take(from + n - WIDTH, to + n - WIDTH);
    return first_of(wrong) == WIDTH;
}

int anl_plain_bases(const char *line, size_t n, uint8_t *to)
{
    return take_all(line, n, to, bases, 'A');
}

int anl_plain_qualities(const char *line, size_t n, uint8_t *to)
{
    return take_all(line, n, to, qualities, ANL_FIRST_QUALITY);
}

/* The first byte that no name has; `end` where that is too near to tell. */
static const char *name_end(const char *at, const char *end)
{
    for (; end - at >= WIDTH; at += WIDTH) {
        const bytes b = load(at);
        const size_t n = first_of((b - all('!') > all('~' - '!')) | (b == all('@')));
        if (n < WIDTH) return at + n;
    }
    return end;
}

/* The first control character that is no tab; `end` where that is too near to tell. */
static const char *comment_end(const char *at, const char *end)
{
    for (; end - at >= WIDTH; at += WIDTH) {
        const bytes b = load(at);
        const size_t n = first_of((b < all(' ')) & (b != all('\t')));
        if (n < WIDTH) return at + n;
    }
    return end;
}

int64_t anl_plain_record(const char *text, size_t n, anl_arena *arena, anl_read *to)
{
    const char *end = text + n, *name = text + 1;
    if (!n || *text != '@') return 0;
    const char *blank = name_end(name, end), *comment = blank;
    while (comment < end && (*comment == ' ' || *comment == '\t')) ++comment;
    const char *line_end = comment > blank ? comment_end(comment, end) : blank;
    if (line_end == end || *line_end != '\n') return 0;
    const char *seq = line_end + 1, *seq_end = memchr(seq, '\n', (size_t)(end - seq));
    size_t name_len = (size_t)(blank - name), comment_size = line_end > comment ? (size_t)(line_end - comment) + 1 : 0;
    const size_t len = seq_end ? (size_t)(seq_end - seq) : 0;
    if (!name_len || name_len > LONGEST_NAME || !len || len > INT32_MAX) return 0;
    if (end - seq_end <= (int64_t)(sizeof "\n+" + len) || seq_end[1] != '+' || seq_end[2] != '\n') return 0;
    const char *qual = seq_end + sizeof "\n+";
    if (qual[len] != '\n') return 0;
    if (name_len > 2 && name[name_len - 2] == '/' && (name[name_len - 1] == '1' || name[name_len - 1] == '2')) name_len -= 2;
    const anl_arena_mark before = anl_arena_now(arena);
    uint8_t *at = anl_arena_alloc(arena, name_len + 1 + comment_size + 2 * len, 1);
    if (!at) return ANL_ENOMEM;
    *to = (anl_read){.name = memcpy(at, name, name_len), .len = (int32_t)len};
    at[name_len] = 0;
    at += name_len + 1;
    if (comment_size) {
        to->comment = memcpy(at, comment, comment_size - 1);
        at[comment_size - 1] = 0;
        at += comment_size;
    }
    to->seq = at;
    to->qual = at + len;
    if (anl_plain_bases(seq, len, at) && anl_plain_qualities(qual, len, at + len)) return qual + len + 1 - text;
    anl_arena_return(arena, before);
    return 0;
}
