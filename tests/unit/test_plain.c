/* Records that are taken in one pass: the same reads as line by line, and nothing of what is not plain. */
#include "files.h"

#include "plain.h"
#include "reads.h"

static anl_arena *arena;

/* What anl_plain_record says of text[n], which ends at a page that must not be touched. */
static int64_t taken(const char *text, size_t n, anl_read *read)
{
    char *copy = guarded(n);
    memcpy(copy, text, n);
    const int64_t result = anl_plain_record(copy, n, arena, read);
    release(copy, n);
    return result;
}

/* `n` letters of `from`, as a string. */
static void letters(char *to, size_t n, const char *from)
{
    for (size_t i = 0; i < n; ++i) to[i] = from[random_below((uint32_t)strlen(from))];
    to[n] = 0;
}

static void every_length_and_every_cut(void **unused)
{
    (void)unused;
    char name[300], seq[100], qual[100], text[600];
    anl_read read;
    for (size_t len = 1; len < 70; ++len) {
        const size_t name_len = len * 4 > 254 ? 254 : len * 4;
        letters(name, name_len, "abz!~:");
        letters(seq, len, "ACGT");
        letters(qual, len, "!~I#@+");
        const size_t n = (size_t)sprintf(text, "@%s\n%s\n+\n%s\n", name, seq, qual);
        memcpy(text + n, "@the next record", 17);
        for (size_t cut = 0; cut < n; ++cut) assert_int_equal(taken(text, cut, &read), 0);
        for (size_t whole = 2 * len < 16 ? n + 16 : n; whole < n + 17; ++whole) {
            anl_arena_reset(arena);
            assert_int_equal(taken(text, whole, &read), n);
            assert_string_equal(read.name, name);
            assert_null(read.comment);
            assert_int_equal(read.len, len);
            for (size_t i = 0; i < len; ++i) assert_int_equal("ACGT"[read.seq[i]], seq[i]);
            for (size_t i = 0; i < len; ++i) assert_int_equal(read.qual[i] + '!', qual[i]);
        }
    }
}

static void names_and_comments(void **unused)
{
    (void)unused;
    static const char *const headers[][3] = {{"a", "a", NULL},         {"a/1", "a", NULL}, {"a/3", "a/3", NULL},
                                             {"/1", "/1", NULL},       {"a b", "a", "b"},  {"a\tb\tc", "a", "b\tc"},
                                             {"a \t b  ", "a", "b  "}, {"a  ", "a", NULL}, {"a/2 \303\251", "a", "\303\251"}};
    char text[200];
    anl_read read;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; ++i) {
        const int n = sprintf(text, "@%s\nACGTACGTACGTACGTACGT\n+\nIIIIIIIIIIIIIIIIIIII\n", headers[i][0]);
        assert_int_equal(taken(text, (size_t)n, &read), n);
        assert_string_equal(read.name, headers[i][1]);
        assert_true(!read.comment == !headers[i][2]);
        if (read.comment) assert_string_equal(read.comment, headers[i][2]);
    }
    for (int name = 253; name < 256; ++name) { /* SAM allows 254 */
        char longest[400];
        const int n = sprintf(longest, "@%0*d\nACGTACGTACGTACGTACGT\n+\nIIIIIIIIIIIIIIIIIIII\n", name, 0);
        assert_int_equal(taken(longest, (size_t)n, &read), name < 255 ? n : 0);
    }
}

/* Each byte in each place of a record: what line by line would not be the same read is not taken. */
static void every_byte_everywhere(void **unused)
{
    (void)unused;
    static const char record[] = "@abcdefghijklmno/1 comment\nACGTACGTACGTACGTACG\n+\nIIIIIIIIIIIIIIIIIII\n";
    enum { N = sizeof record - 1 };
    char text[N + 1];
    anl_read read;
    for (size_t at = 0; at < N; ++at)
        for (int c = 0; c < 256; ++c) {
            memcpy(text, record, sizeof record);
            text[at] = (char)c;
            anl_arena_reset(arena);
            const int64_t got = taken(text, N, &read);
            const size_t name = 18, header = 26, seq = 46, plus = 48;
            const int blank = c == ' ' || c == '\t';
            const int valid = at == 0          ? c == '@'
                              : at < name      ? (c >= '!' && c <= '~' && c != '@') || (blank && at > 1)
                              : at == name     ? blank || (c >= '!' && c <= '~' && c != '@')
                              : at < header    ? c >= ' ' || c == '\t'
                              : at == header   ? 0
                              : at < seq       ? c && strchr("ACGT", c)
                              : at == plus - 1 ? c == '+'
                              : at <= plus     ? c == '\n'
                              : at < N - 1     ? c >= '!' && c <= '~'
                                               : c == '\n';
            assert_int_equal(got, (at == header || at == seq ? c == '\n' : valid) ? N : 0);
        }
}

/* LF is taken in one pass, CR LF line by line: the same reads. */
static void as_line_by_line(void **unused)
{
    (void)unused;
    enum { RECORDS = 3000 };
    static char text[2][RECORDS * 700];
    char name[100], comment[100], seq[300], qual[300];
    size_t used[2] = {0};
    anl_reads *in[2];
    anl_batch batch[2];
    for (int i = 0; i < RECORDS; ++i) {
        const size_t len = random_below(4) ? 1 + random_below(200) : random_below(3);
        letters(name, 1 + random_below(60), "ab:/12._");
        letters(comment, random_below(40), " \txyz:");
        letters(seq, len, random_below(3) ? "ACGT" : "ACGTNacgt.");
        letters(qual, len, "!~I#@+*");
        if (len != 1 && !strcmp(qual, "*")) *qual = '!';
        for (int end = 0; end < 2; ++end) {
            const char *eol = end ? "\r\n" : "\n";
            used[end] += (size_t)sprintf(text[end] + used[end], "@%s %s%s%s%s+%s%s%s", name, comment, eol, seq, eol, eol, qual, eol);
        }
    }
    for (int end = 0; end < 2; ++end) {
        const anl_reads_options o = {.path = write_bytes(end ? "crlf.fq" : "lf.fq", text[end], used[end])};
        assert_int_equal(anl_batch_init(&batch[end]), 0);
        assert_int_equal(anl_reads_open(&in[end], &o), 0);
    }
    int n = 0;
    do {
        for (int end = 0; end < 2; ++end) assert_int_equal(anl_reads_next(in[end], 20000, &batch[end]), 0);
        assert_int_equal(batch[0].n, batch[1].n);
        for (size_t i = 0; i < batch[0].n; ++i, ++n) {
            const anl_read *a = &batch[0].reads[i], *b = &batch[1].reads[i];
            assert_string_equal(a->name, b->name);
            assert_true(!a->comment == !b->comment);
            if (a->comment) assert_string_equal(a->comment, b->comment);
            assert_int_equal(a->len, b->len);
            assert_memory_equal(a->seq, b->seq, (size_t)a->len);
            assert_true(a->qual && b->qual);
            assert_memory_equal(a->qual, b->qual, (size_t)a->len);
            assert_true(!a->mate && !a->qc_fail && !a->aux && !a->aux_len);
        }
    } while (batch[0].n);
    assert_int_equal(n, RECORDS);
    for (int end = 0; end < 2; ++end) anl_reads_free(in[end]), anl_batch_free(&batch[end]);
}

/* The end of what is in memory at first, at every place of a record; and of what follows. */
static void ends_of_the_buffer(void **unused)
{
    (void)unused;
    enum { BUFFER = 1 << 18 /* of formats/text.c */, ROUNDS = 3 };
    static char text[ROUNDS * BUFFER + 1000];
    char record[100];
    const int size = sprintf(record, "@r%06d c\nACGTTGCAACGTTGCATCA\n+\nIIII#IIIIIII!IIIII~\n", 0);
    for (int offset = 0; offset < size; ++offset) {
        size_t used = (size_t)sprintf(text, "@first %0*d\nA\n+\nI\n", offset + 1, 0);
        int records = 1, seen = 0;
        for (; used < ROUNDS * BUFFER; ++records) {
            memcpy(text + used, record, (size_t)size);
            for (int digit = 0, left = records; digit < 6; ++digit, left /= 10) text[used + 7 - (size_t)digit] = (char)('0' + left % 10);
            used += (size_t)size;
        }
        const anl_reads_options o = {.path = write_bytes("x", text, used)};
        anl_reads *in;
        anl_batch b;
        assert_int_equal(anl_batch_init(&b), 0);
        assert_int_equal(anl_reads_open(&in, &o), 0);
        do {
            assert_int_equal(anl_reads_next(in, 1 << 20, &b), 0);
            for (size_t i = 0; i < b.n; ++i, ++seen) {
                if (!seen) continue;
                assert_int_equal(atoi(b.reads[i].name + 1), seen);
                assert_string_equal(b.reads[i].comment, "c");
                assert_int_equal(b.reads[i].len, 19);
                assert_memory_equal(b.reads[i].seq, "\0\1\2\3\3\2\1\0\0\1\2\3\3\2\1\0\3\1\0", 19);
                assert_int_equal(b.reads[i].qual[18], '~' - '!');
            }
        } while (b.n);
        assert_int_equal(seen, records);
        anl_reads_free(in);
        anl_batch_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_and_every_cut), cmocka_unit_test(names_and_comments),
        cmocka_unit_test(every_byte_everywhere),      cmocka_unit_test(as_line_by_line),
        cmocka_unit_test(ends_of_the_buffer),
    };
    random_start();
    if (!(arena = anl_arena_new())) return 1;
    const int failed = cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
    anl_arena_free(arena);
    return failed;
}
