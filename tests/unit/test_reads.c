/* Readers: what is valid is read whole, what is not is refused with one line that names file, record and read. */
#include "files.h"

#include "reads.h"
#include "reference.h"

#include <ctype.h>

static int ahead; /* whether threads of their own inflate */

/* All reads of the input(s) as "name/mate:bases:qualities;", or the error message. */
static const char *read_all(const char *path, const char *mates, int interleaved, int64_t max_bases)
{
    static char text[100000];
    char *to = text;
    anl_reads *r;
    anl_batch b;
    const anl_reads_options o = {.path = path, .mates = mates, .interleaved = interleaved, .ahead = ahead};
    if (anl_reads_open(&r, &o)) return anl_error();
    assert_int_equal(anl_batch_init(&b), 0);
    *to = 0;
    for (;;) {
        if (anl_reads_next(r, max_bases, &b)) {
            strcpy(text, anl_error());
            break;
        }
        if (!b.n) break;
        for (size_t i = 0; i < b.n; ++i) {
            const anl_read *read = &b.reads[i];
            to += sprintf(to, "%s/%d", read->name, read->mate);
            if (read->comment) to += sprintf(to, "(%s)", read->comment);
            *to++ = ':';
            for (int32_t j = 0; j < read->len; ++j) *to++ = "ACGTN"[read->seq[j]];
            *to++ = ':';
            if (!read->qual) *to++ = '*';
            for (int32_t j = 0; read->qual && j < read->len; ++j) *to++ = (char)(read->qual[j] + '!');
            *to++ = ';';
            *to = 0;
        }
    }
    anl_batch_free(&b);
    anl_reads_free(r);
    return text;
}

static void reads_as(const char *content, const char *expected)
{
    assert_string_equal(read_all(write_text("x", content), NULL, 0, 1000), expected);
}

/* The message is "PATH: what". */
static void refused_as(const char *content, const char *what)
{
    const char *path = write_text("x", content), *message = read_all(path, NULL, 0, 1000);
    assert_memory_equal(message, path, strlen(path));
    assert_string_equal(message + strlen(path) + 2, what);
}

static void valid_inputs(void **unused)
{
    (void)unused;
    reads_as("", "");
    reads_as("\n", "");
    reads_as("@a\nACGT\n+\nIIII\n", "a/0:ACGT:IIII;");
    reads_as("\n@a\nACGT\n+\nIIII\n\n \t\n@b\nA\n+\nI\n  \n", "a/0:ACGT:IIII;b/0:A:I;");
    reads_as("\357\273\277@a\nACGT\n+\nIIII\n", "a/0:ACGT:IIII;");
    reads_as("@a\nACGT\n+\nIIII", "a/0:ACGT:IIII;");
    reads_as("@a/1 x y\r\nACgt\r\n+a/1\r\n@+II\r\n", "a/0(x y):ACGT:@+II;");
    reads_as("@a\nAC\nGT\n+\nI@\n+I\n@b\nA\n+\n#\n", "a/0:ACGT:I@+I;b/0:A:#;");
    reads_as("@a\n\n+\n\n@b\nA\n+\nI\n", "a/0::;b/0:A:I;");
    reads_as("@a\n+\n@b\nA\n+\nI\n", "a/0::;b/0:A:I;");
    reads_as("@a\nACGT\n+\n*\n", "a/0:ACGT:*;");
    reads_as("@a\nA\n+\n*\n", "a/0:A:*;");
    reads_as("@a\nANRYU.\n+\nIIIIII\n", "a/0:ANNNTN:IIIIII;");
    reads_as(">a b\nAC\nGT\n>c\nTT\n", "a/0(b):ACGT:*;c/0:TT:*;");
    reads_as(">a\n>b\nA", "a/0::*;b/0:A:*;");
}

static void invalid_inputs(void **unused)
{
    (void)unused;
    refused_as("ACGT\n", "record 1: neither FASTQ nor FASTA: it does not start with '@' or '>'");
    refused_as("@a\nACGT\n+\nIIII\na\nACGT\n+\nIIII\n", "record 2: it does not start with '@'");
    refused_as("@a\nACGT\n+\nIII\n", "record 1 'a': 4 bases but 3 qualities");
    refused_as("@a\nACGT\n+\nIIIII\n", "record 1 'a': 4 bases but 5 qualities");
    refused_as("@a\nACGT\n+\nIII\n@b\nA\n+\nI\n", "record 1 'a': 4 bases but 3 qualities");
    refused_as("@a\nAC\nGT\n+\nII\nI\n", "record 1 'a': 4 bases but 3 qualities");
    refused_as("@a\nACGT\n+\nII\n@b\nA\n+\nI\n", "record 2: it does not start with '@'"); /* '@b' might be qualities */
    refused_as("@a\nACGT\n+\n", "record 1 'a': 4 bases but 0 qualities");
    refused_as("@a\nACGT\n", "record 1 'a': truncated: no '+' line");
    refused_as("@a\rACGT\r+\rIIII\r", "record 1: lines end with a carriage return alone; convert them, as with tr '\\r' '\\n'");
    refused_as(">a\rACGT\r>b\rACGT\r", "record 1: lines end with a carriage return alone; convert them, as with tr '\\r' '\\n'");
    refused_as("@a\nACGT\nIIII\n@b\nA\n+\nI\n", "record 1 'a': '@' is no base");
    refused_as("@a\nAC GT\n+\nIIIII\n", "record 1 'a': a character that is no base");
    refused_as("@a\nAC1T\n+\nIIII\n", "record 1 'a': '1' is no base");
    refused_as("@a\nACGT\n+\nII I\n", "record 1 'a': a quality outside '!' to '~'");
    refused_as("@a\nACGT\n+b\nIIII\n", "record 1 'a': the '+' line repeats another name");
    refused_as("@ a\nACGT\n+\nIIII\n", "record 1: no name");
    refused_as("@a\nA\n+\nI\n>b\nA\n", "record 2: it does not start with '@'");
}

/* Every byte among bases and among qualities, where several are looked at together. */
static void every_byte(void **unused)
{
    (void)unused;
    enum { LEN = 40 };
    char content[200], expected[200], letters[LEN + 1], quals[LEN + 1];
    for (int c = 1; c < 256; ++c) {
        const int at = c % LEN;
        if (c == '\n' || c == '\r') continue;
        for (int i = 0; i < LEN; ++i) letters[i] = "ACGT"[(i + c) % 4], quals[i] = (char)('!' + (i + c) % 94);
        letters[LEN] = quals[LEN] = 0;
        letters[at] = (char)c;
        sprintf(content, "@a\n%s\n+\n%s\n", letters, quals);
        const char *upper = strchr("AaCcGgTtUu", c);
        if (upper) letters[at] = "AACCGGTTTT"[upper - "AaCcGgTtUu"];
        if (!upper) letters[at] = 'N';
        sprintf(expected, "a/0:%s:%s;", letters, quals);
        if (upper || (c < 128 && isalpha(c)) || c == '.' || c == '*' || c == '-')
            reads_as(content, expected);
        else
            assert_non_null(strstr(read_all(write_text("x", content), NULL, 0, 1000), "is no base"));
        for (int i = 0; i < LEN; ++i) letters[i] = "ACGT"[(i + c) % 4];
        quals[at] = (char)c;
        sprintf(content, "@a\n%s\n+\n%s\n", letters, quals);
        sprintf(expected, "a/0:%s:%s;", letters, quals);
        if (c >= '!' && c <= '~')
            reads_as(content, expected);
        else
            refused_as(content, "record 1 'a': a quality outside '!' to '~'");
    }
}

static void nul_bytes(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t n;
        const char *what;
    } cases[] = {
        {"@a\0b\nA\n+\nI\n", 11, "record 1: a NUL byte in the line of the name"},
        {"@a b\0\nA\n+\nI\n", 12, "record 1: a NUL byte in the line of the name"},
        {"@a\nA\0\n+\nII\n", 12, "record 1 'a': a character that is no base"},
        {"@a\nAA\n+\nI\0\n", 12, "record 1 'a': a quality outside '!' to '~'"},
        {"@a\nA\n+\nI\n\0\0\0", 13, "record 2: it does not start with '@'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const char *path = write_bytes("x", cases[i].bytes, cases[i].n), *message = read_all(path, NULL, 0, 1000);
        assert_memory_equal(message, path, strlen(path));
        assert_string_equal(message + strlen(path) + 2, cases[i].what);
    }
}

/* SAM's rule for names; a first record whose name starts with '@' would be taken for a header. */
static void names(void **unused)
{
    (void)unused;
    char text[600], name[300];
    refused_as("@@a\nA\n+\nI\n", "record 1 '@a': the name has an '@', which SAM does not allow");
    refused_as("@a\nA\n+\nI\n@b@c/1\nA\n+\nI\n", "record 2 'b@c': the name has an '@', which SAM does not allow");
    refused_as("@a\001\nA\n+\nI\n", "record 1: the name has a character that SAM does not allow");
    refused_as(">\303\251\nA\n", "record 1: the name has a character that SAM does not allow");
    for (int n = 254; n < 257; ++n) { /* 256: 254 and the /1 that is left out */
        memset(name, 'n', sizeof name);
        strcpy(name + (n == 256 ? 254 : n), n == 256 ? "/1" : "");
        sprintf(text, "@%s\nA\n+\nI\n", name);
        const char *result = read_all(write_text("x", text), NULL, 0, 1000);
        if (n == 255)
            assert_non_null(strstr(result, "nnn': the name is longer than the 254 characters that SAM allows"));
        else
            assert_string_equal(strchr(result, '/'), "/0:A:I;");
    }
    static const char *const bad[] = {"a@b", "a b", "a\002"};
    for (size_t i = 0; i < 3; ++i) {
        sprintf(text, "@SQ\tSN:c\tLN:9\nx\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n%s\t4\t*\t0\t0\t*\t*\t0\t0\tA\tI\n", bad[i]);
        refused_as(text, i ? "record 2: the name has a character that SAM does not allow"
                           : "record 2 'a@b': the name has an '@', which SAM does not allow");
    }
}

static void compressed_inputs(void **unused)
{
    (void)unused;
    char text[20000] = "", *to = text;
    for (int i = 0; i < 300; ++i) to += sprintf(to, "@read%d\nACGTACGTAC%c\n+\nIIIIIIIIII%c\n", i, "ACGT"[i % 4], 33 + i % 90);
    char expected[100000];
    strcpy(expected, read_all(write_text("plain.fq", text), NULL, 0, 1000));
    assert_string_equal(read_all(write_gzip("one.fq.gz", text, 0), NULL, 0, 77), expected);
    const size_t half = (size_t)(strchr(text + 5000, '@') - text);
    char first[20000];
    memcpy(first, text, half);
    first[half] = 0;
    write_gzip("two.fq.gz", first, 0);
    assert_string_equal(read_all(write_gzip("two.fq.gz", text + half, 1), NULL, 0, 1), expected);
    /* Cut anywhere, it is refused: never a silent end. */
    FILE *f = fopen(in_folder("one.fq.gz"), "rb");
    unsigned char bytes[20000];
    const size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    for (size_t cut = 2; cut < size; cut += cut < 40 || cut + 40 > size ? 1 : 97) {
        const char *path = write_bytes("cut.fq.gz", bytes, cut);
        const char *message = read_all(path, NULL, 0, 1000);
        assert_memory_equal(message, path, strlen(path));
        assert_non_null(strstr(message, "truncated gzip"));
    }
    /* Zeros fill up what tapes and object stores hold; anything else is refused. */
    static unsigned char padded[300000];
    static const size_t zeros[] = {1, 511, 65536, 200000};
    memset(padded, 0, sizeof padded);
    memcpy(padded, bytes, size);
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; ++i)
        assert_string_equal(read_all(write_bytes("padded.fq.gz", padded, size + zeros[i]), NULL, 0, 77), expected);
    static const char *const follows[] = {"text", "\037\213", "\0\0text", "\n"};
    static const size_t lengths[] = {4, 2, 6, 1};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
        memcpy(padded + size, follows[i], lengths[i]);
        const char *message = read_all(write_bytes("behind.fq.gz", padded, size + lengths[i]), NULL, 0, 1000);
        assert_non_null(strstr(message, i == 1 ? "truncated gzip" : "behind.fq.gz: something else follows the gzip data"));
    }
    memset(padded + size, 0, 100);
    memcpy(padded + size + 100, bytes, size);
    assert_non_null(strstr(read_all(write_bytes("behind.fq.gz", padded, 2 * size + 100), NULL, 0, 1000), "something else follows"));
    bytes[size / 2] ^= 0x10;
    assert_non_null(strstr(read_all(write_bytes("flipped.fq.gz", bytes, size), NULL, 0, 1000), "flipped.fq.gz: "));
}

/* Compressed otherwise: the line says what to type. */
static void other_compressions(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes, *name, *command;
    } cases[] = {{"BZh91AY&SY", "bzip2", "bzip2 -dc"},
                 {"\375"
                  "7zXZ\0",
                  "xz", "xz -dc"},
                 {"(\265/\375$", "zstd", "zstd -dc"},
                 {"\4\"M\030d", "lz4", "lz4 -dc"},
                 {"\037\235\220", "compress", "gzip -dc"},
                 {"PK\3\4\24", "zip", "unzip -p"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char expected[1000];
        const char *path = write_bytes("x", cases[i].bytes, i == 1 ? 6 : strlen(cases[i].bytes));
        sprintf(expected, "%s: compressed by %s, which is not read here: give <(%s %s) in its place, or '-' behind '%s %s |'", path,
                cases[i].name, cases[i].command, path, cases[i].command, path);
        assert_string_equal(read_all(path, NULL, 0, 9), expected);
        anl_reference *r;
        assert_int_equal(anl_reference_open(&r, path), ANL_EFORMAT);
        assert_string_equal(anl_error(), expected);
    }
}

static void pairs(void **unused)
{
    (void)unused;
    const char *one = write_text("1.fq", "@a/1\nA\n+\nI\n@b/1\nC\n+\nI\n"), *two = write_text("2.fq", "@a/2 x\nG\n+\nI\n@b/2\nT\n+\nI\n");
    for (int64_t max = 1; max < 10; ++max) assert_string_equal(read_all(one, two, 0, max), "a/1:A:I;a/2(x):G:I;b/1:C:I;b/2:T:I;");
    two = write_text("2.fq", "@a\nG\n+\nI\n@c\nT\n+\nI\n");
    assert_non_null(strstr(read_all(one, two, 0, 9), "2.fq: record 2: mates have different names: 'b' and 'c'"));
    two = write_text("2.fq", "@a\nG\n+\nI\n");
    assert_non_null(strstr(read_all(one, two, 0, 9), "2.fq: ends after 1 reads, but "));
    assert_non_null(strstr(read_all(two, one, 0, 9), "2.fq: ends after 1 reads, but "));
    const char *both = write_text("p.fq", "@a/1\nA\n+\nI\n@a/2\nC\n+\nI\n@s\nG\n+\nI\n@b\nT\n+\nI\n@b\nA\n+\nI\n");
    for (int64_t max = 1; max < 10; ++max) assert_string_equal(read_all(both, NULL, 1, max), "a/1:A:I;a/2:C:I;s/0:G:I;b/1:T:I;b/2:A:I;");
}

/* Names of mates that differ in .1 and .2, _1 and _2 or :1 and :2, as the SRA writes them. */
static void names_of_mates(void **unused)
{
    (void)unused;
    char text[2][200], expected[200];
    for (const char *sep = "._:/"; *sep; ++sep) {
        for (int mate = 1; mate < 3; ++mate) sprintf(text[mate - 1], "@a.1%c%d\nA\n+\nI\n@a.2%c%d\nC\n+\nI\n", *sep, mate, *sep, mate);
        const char *one = write_text("1.fq", text[0]), *two = write_text("2.fq", text[1]);
        assert_string_equal(read_all(one, two, 0, 9), "a.1/1:A:I;a.1/2:A:I;a.2/1:C:I;a.2/2:C:I;");
        sprintf(text[0], "@a%c1\nA\n+\nI\n@a%c2\nC\n+\nI\n@b%c1\nG\n+\nI\n@b%c2\nT\n+\nI\n", *sep, *sep, *sep, *sep);
        for (int64_t max = 1; max < 10; ++max)
            assert_string_equal(read_all(write_text("p.fq", text[0]), NULL, 1, max), "a/1:A:I;a/2:C:I;b/1:G:I;b/2:T:I;");
        sprintf(expected, *sep == '/' ? "a/0:A:I;a/0:C:I;b/0:G:I;b/0:T:I;" : "a%c1/0:A:I;a%c2/0:C:I;b%c1/0:G:I;b%c2/0:T:I;", *sep, *sep,
                *sep, *sep);
        assert_string_equal(read_all(write_text("p.fq", text[0]), NULL, 0, 9), expected); /* not said to be pairs */
    }
    /* Spots that are numbered, the same name for both mates: nothing is cut off. */
    const char *spots = "@s.1 x\nA\n+\nI\n@s.2 x\nC\n+\nI\n";
    assert_string_equal(read_all(write_text("1.fq", spots), write_text("2.fq", spots), 0, 9),
                        "s.1/1(x):A:I;s.1/2(x):A:I;s.2/1(x):C:I;s.2/2(x):C:I;");
    assert_string_equal(read_all(write_text("p.fq", "@s.1\nA\n+\nI\n@s.1\nC\n+\nI\n@s.2\nG\n+\nI\n@s.2\nT\n+\nI\n"), NULL, 1, 9),
                        "s.1/1:A:I;s.1/2:C:I;s.2/1:G:I;s.2/2:T:I;");
    /* Numbered single reads, a single one before a pair, the second mate before the first. */
    assert_string_equal(read_all(write_text("p.fq", "@s.1\nA\n+\nI\n@s.2\nC\n+\nI\n@s.3\nG\n+\nI\n"), NULL, 1, 9),
                        "s.1/0:A:I;s.2/0:C:I;s.3/0:G:I;");
    assert_string_equal(read_all(write_text("p.fq", "@s.1\nA\n+\nI\n@s.2\nC\n+\nI\n@s.2\nG\n+\nI\n"), NULL, 1, 9),
                        "s.1/0:A:I;s.2/1:C:I;s.2/2:G:I;");
    assert_string_equal(read_all(write_text("p.fq", "@s.2\nA\n+\nI\n@s.1\nC\n+\nI\n"), NULL, 1, 9), "s.2/0:A:I;s.1/0:C:I;");
    const char *one = write_text("1.fq", "@s.1\nA\n+\nI\n@s.2\nA\n+\nI\n"), *two = write_text("2.fq", "@s.2\nA\n+\nI\n@s.3\nA\n+\nI\n");
    assert_non_null(strstr(read_all(one, two, 0, 9), "2.fq: record 2: mates have different names: 's.2' and 's.3'"));
    const char *bam = "r.2\t141\t*\t0\t0\t*\t*\t0\t0\tTTG\tIII\nr.1\t77\t*\t0\t0\t*\t*\t0\t0\tACG\t!#I\n";
    assert_string_equal(read_all(write_text("x.sam", bam), NULL, 0, 9), "r/1:ACG:!#I;r/2:TTG:III;");
}

static void bam_input(void **unused)
{
    (void)unused;
    const char *sam = "@HD\tVN:1.6\n@SQ\tSN:c\tLN:100\n@RG\tID:g\n"
                      "r\t141\t*\t0\t0\t*\t*\t0\t0\tTTG\tIII\n"
                      "r\t77\t*\t0\t0\t*\t*\t0\t0\tACG\t!#I\tRG:Z:g\n"
                      "s\t16\tc\t1\t9\t3M\t*\t0\t0\tACG\t!#I\n"
                      "s\t256\tc\t9\t9\t3M\t*\t0\t0\tACG\t!#I\n"
                      "t\t4\t*\t0\t0\t*\t*\t0\t0\tNA\t*\n";
    assert_string_equal(read_all(write_text("x.sam", sam), NULL, 0, 1000), "r/1:ACG:!#I;r/2:TTG:III;s/0:CGT:I#!;t/0:NA:*;");
    sam = "@SQ\tSN:c\tLN:100\nr\t77\t*\t0\t0\t*\t*\t0\t0\tACG\t!#I\nq\t141\t*\t0\t0\t*\t*\t0\t0\tTTG\tIII\n";
    assert_non_null(strstr(read_all(write_text("x.sam", sam), NULL, 0, 1000), "'r': its mate does not follow"));
    sam = "@SQ\tSN:c\tLN:100\nr\t4\t*\t0\t0\t*\t*\t0\t0\tACG\tI~I\ns\t4\t*\t0\t0\t*\t*\t0\t0\tACG\tII\177\n";
    assert_non_null(strstr(read_all(write_text("x.sam", sam), NULL, 0, 1000), "record 2 's': a quality over 93"));
}

static void corner_files(void **unused)
{
    (void)unused;
    const char *shared = getenv("ANNEAL_SHARED");
    char folder[4096], path[8192];
    snprintf(folder, sizeof folder, "%s/data/corner/biopython+biopython", shared ? shared : ANNEAL_SOURCE "/../shared");
    DIR *d = opendir(folder);
    if (!d) skip();
    int refused = 0, accepted = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (!strstr(e->d_name, ".fastq")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        const char *result = read_all(path, NULL, 0, 1000);
        const int bad = !strncmp(result, path, strlen(path));
        if (bad != (strstr(e->d_name, "error_") != NULL)) fprintf(stderr, "%s: %.200s\n", e->d_name, result);
        assert_int_equal(bad, strstr(e->d_name, "error_") != NULL);
        refused += bad;
        accepted += !bad;
    }
    closedir(d);
    assert_true(refused >= 15 && accepted >= 15);
}

/* Contigs as "name:length:bases;" or the message. */
static const char *contigs_of(const char *content)
{
    static char text[10000];
    char *to = text;
    anl_reference *r;
    anl_contig c;
    const uint8_t *seq;
    int more;
    if (anl_reference_open(&r, write_text("x.fa", content))) return anl_error();
    *to = 0;
    while ((more = anl_reference_next(r, &c, &seq)) == 1) {
        to += sprintf(to, "%s:%d:", c.name, (int)c.len);
        for (int64_t i = 0; i < c.len; ++i) *to++ = "ACGTN"[seq[i]];
        to += sprintf(to, ":%.8s;", c.md5);
    }
    if (more < 0) strcpy(text, anl_error());
    anl_reference_free(r);
    return text;
}

static void references(void **unused)
{
    (void)unused;
    /* M5 is the MD5 of the upper-case letters: md5("ACGTN") = 7a90f3f4..., md5("ACGTR") differs. */
    const char *both = contigs_of(">a x\nACgt\nN\n>b\r\nacgtr\r\n");
    assert_memory_equal(both, "a:5:ACGTN:", 10);
    assert_non_null(strstr(both, ";b:5:ACGTN:"));
    assert_memory_not_equal(both + 10, strstr(both, ";b:5:ACGTN:") + 11, 8);
    assert_memory_equal(contigs_of(">a\nACGT"), "a:4:ACGT:f1f8f4bf;", 18); /* md5 of ACGT */
    assert_memory_equal(contigs_of("\357\273\277>a\nACGT"), "a:4:ACGT:f1f8f4bf;", 18);
    assert_memory_equal(contigs_of(">e\n>a\n\nAC\n\nGT\n>z\n"), "a:4:ACGT:f1f8f4bf;", 18);
    assert_non_null(strstr(contigs_of(""), "x.fa: empty"));
    assert_non_null(strstr(contigs_of("ACGT\n"), "x.fa: not a FASTA file"));
    assert_non_null(strstr(contigs_of(">a\n"), "no contig has any bases"));
    assert_non_null(strstr(contigs_of(">a\nACGT\n>p\nMKLV\n"), "contig 'p': 'L' in line 4 is not a nucleotide"));
    assert_non_null(strstr(contigs_of(">a\nACGT\n>a\nA\n"), "two contigs are called 'a'"));
    assert_non_null(strstr(contigs_of(">*a\nACGT\n"), "'*a' is not a legal contig name in SAM, because of '*': rename it"));
    assert_non_null(strstr(contigs_of(">a,b\nACGT\n"), "'a,b' is not a legal contig name in SAM, because of ',': rename it"));
    assert_non_null(strstr(contigs_of(">a\303\251\nACGT\n"), "is not a legal contig name in SAM, because of '?': rename it"));
    assert_memory_equal(contigs_of(">a;*=:|b\nACGT\n"), "a;*=:|b:4:", 10);
    assert_non_null(strstr(contigs_of(">\nACGT\n"), "a contig without a name"));
    assert_non_null(strstr(contigs_of(">a\rACGT\r>b\rACGT\r"), "lines end with a carriage return alone"));
    assert_non_null(strstr(contigs_of(">a b\rACGT\r"), "lines end with a carriage return alone"));
}

/* A number from the bases: not from the name, the same for the reverse complement, for N as well, and for mates that change places. */
static void hashes_of_bases(void **unused)
{
    (void)unused;
    uint8_t bases[700], turned[700];
    uint64_t seen[700];
    random_start();
    for (int32_t len = 0; len < 700; ++len) {
        for (int32_t i = 0; i < len; ++i) bases[i] = (uint8_t)random_below(len % 2 ? 5 : 4);
        for (int32_t i = 0; i < len; ++i) turned[i] = bases[len - 1 - i] > 3 ? 4 : 3 - bases[len - 1 - i];
        const anl_read one = {.name = "one", .seq = bases, .len = len}, other = {.name = "other", .seq = turned, .len = len};
        seen[len] = anl_read_hash(&one);
        assert_true(seen[len] == anl_read_hash(&other));
        for (int32_t i = 4; i < len; ++i) assert_true(seen[i] != seen[len]); /* not so short that they may be the same */
        assert_true(anl_read_hash_both(seen[len], seen[len / 2]) == anl_read_hash_both(seen[len / 2], seen[len]));
        if (len > 8) assert_true(anl_read_hash_both(seen[len], seen[len - 1]) != anl_read_hash_both(seen[len], seen[len - 2]));
        if (!len) continue;
        bases[len / 2] = (uint8_t)((bases[len / 2] + 1) % 4);
        if (len > 8) assert_true(anl_read_hash(&one) != seen[len]);
    }
}

/* The same reads and the same messages where a thread inflates; and one that is not done when the file is closed. */
static void inflated_ahead(void **unused)
{
    (void)unused;
    enum { READS = 30000, LONGEST = 100 };
    static char text[READS * (LONGEST + 80)];
    int64_t lengths[2] = {0};
    uint64_t seen[2] = {0};
    size_t used = 0;
    for (int i = 0; i < READS; ++i) {
        const int len = 1 + (int)random_below(LONGEST);
        used += (size_t)sprintf(text + used, ">r%d\n", i);
        for (int j = 0; j < len; ++j) text[used++] = "ACGT"[random_below(4)];
        text[used++] = '\n';
    }
    text[used] = 0;
    const char *path = write_gzip("ahead.fa.gz", text, 0);
    for (ahead = 0; ahead < 2; ++ahead) {
        const anl_reads_options o = {.path = path, .mates = path, .ahead = ahead};
        anl_reads *r;
        anl_batch b;
        assert_int_equal(anl_batch_init(&b), 0);
        assert_int_equal(anl_reads_open(&r, &o), 0);
        do {
            assert_int_equal(anl_reads_next(r, 50000, &b), 0);
            for (size_t i = 0; i < b.n; ++i)
                for (int32_t j = 0; j < b.reads[i].len; ++j) seen[ahead] = seen[ahead] * 5 + b.reads[i].seq[j] + (uint64_t)++lengths[ahead];
        } while (b.n);
        assert_true(anl_reads_share(r) == 1);
        anl_reads_free(r);
        assert_int_equal(anl_reads_open(&r, &o), 0);
        assert_int_equal(anl_reads_next(r, 100, &b), 0);
        anl_reads_free(r);
        anl_batch_free(&b);
    }
    assert_int_equal(lengths[0], lengths[1]);
    assert_true(seen[0] == seen[1]);
    ahead = 1;
    compressed_inputs(NULL);
    other_compressions(NULL);
    ahead = 0;
}

/* Reads of an interleaved file that are looked at in one batch and given in the next. */
static void waiting_reads(void **unused)
{
    (void)unused;
    static char text[60000], expected[100000];
    char *to = text;
    for (int i = 0, spot = 1; i < 200; ++i) {
        const int len = (int)(random_below(2) ? random_below(8) : random_below(120)), twice = (int)random_below(3);
        for (int mate = 0; mate < 1 + (twice == 1); ++mate) {
            to += sprintf(to, "@s.%d %.*s\n", spot, (int)random_below(40), "a comment that is not the same for each");
            for (int j = 0; j < len; ++j) *to++ = "ACGT"[random_below(4)];
            to += sprintf(to, "\n+\n");
            for (int j = 0; j < len; ++j) *to++ = (char)('#' + random_below(40));
            to += sprintf(to, "\n");
            spot += twice == 2;
        }
        spot += twice != 2;
    }
    const char *path = write_text("p.fq", text);
    strcpy(expected, read_all(path, NULL, 1, 1 << 20));
    for (int64_t max = 1; max < 300; ++max) assert_string_equal(read_all(path, NULL, 1, max), expected);
}

/* What two threads read, batch by batch, is what one reads, the message at the end too. The batch before stays as it is, or, unless `keep`, is
 * gone when the next one is read. The number of reads given. */
static size_t same_at_once(const char *one, const char *two, int64_t max_bases, int keep)
{
    anl_reads *in[2];
    anl_batch b[2][2];
    size_t given = 0, n;
    int rc[2], turn = 0;
    char message[1000];
    for (int i = 0; i < 2; ++i) {
        const anl_reads_options o = {.path = one, .mates = two, .ahead = i};
        assert_int_equal(anl_reads_open(&in[i], &o), 0);
        for (int j = 0; j < 2; ++j) assert_int_equal(anl_batch_init(&b[i][j]), 0);
    }
    do {
        turn = !turn;
        for (int i = 0; i < 2; ++i) {
            rc[i] = anl_reads_next(in[i], max_bases, &b[i][turn]);
            if (rc[0] && !i) strcpy(message, anl_error());
        }
        assert_int_equal(rc[0], rc[1]);
        if (rc[0]) assert_string_equal(anl_error(), message);
        assert_int_equal(b[0][turn].n, b[1][turn].n);
        for (int before = 0; before < 2; ++before)
            for (size_t i = 0; i < b[0][turn ^ before].n; ++i) {
                const anl_read *x = &b[0][turn ^ before].reads[i], *y = &b[1][turn ^ before].reads[i];
                assert_string_equal(x->name, y->name);
                assert_true(x->len == y->len && x->mate == y->mate);
                assert_memory_equal(x->seq, y->seq, (size_t)x->len);
                assert_memory_equal(x->qual, y->qual, (size_t)x->len);
            }
        n = b[0][turn].n;
        given += n;
        for (int i = 0; i < 2 && !keep; ++i) {
            anl_batch_free(&b[i][turn]);
            assert_int_equal(anl_batch_init(&b[i][turn]), 0);
        }
    } while (!rc[0] && n);
    for (int i = 0; i < 2; ++i) {
        anl_reads_free(in[i]);
        for (int j = 0; j < 2; ++j) anl_batch_free(&b[i][j]);
    }
    return given;
}

/* Reads whose length changes, so that more are read at once than the batch takes, and faults in one file, the other or both. */
static void read_at_once(void **unused)
{
    (void)unused;
    enum { PAIRS = 6000, LONGEST = 100, TRIALS = 80 };
    static const int64_t batches[] = {10000, 60000, 200000, 1 << 30, INT64_MAX};
    static char text[2][PAIRS * 2 * (LONGEST + 12) + 1];
    static size_t begins[2][PAIRS + 1];
    for (int file = 0; file < 2; ++file) {
        size_t used = 0;
        for (int i = 0; i < PAIRS; ++i) {
            begins[file][i] = used;
            const int len = (int)random_below(i < 1000 ? 10 : i < 3000 ? LONGEST : file ? 20 : LONGEST);
            used += (size_t)sprintf(text[file] + used, "@r%d/%d\n", i, file + 1);
            for (int j = 0; j < len; ++j) text[file][used++] = "ACGT"[random_below(4)];
            used += (size_t)sprintf(text[file] + used, "\n+\n");
            for (int j = 0; j < len; ++j) text[file][used++] = (char)('#' + random_below(40));
            text[file][used++] = '\n';
        }
        begins[file][PAIRS] = used;
    }
    for (int trial = 0; trial < TRIALS; ++trial) {
        const char *paths[2];
        const int64_t max_bases = batches[trial % 5];
        const uint32_t at = random_below(PAIRS);
        for (int file = 0; file < 2; ++file) {
            const size_t record = random_below(2) ? at : random_below(PAIRS), here = begins[file][record];
            const int fault = trial < 5 ? 0 : (int)random_below(6);
            const size_t changed = fault == 5 ? begins[file][record + 1] - 2 : here + (fault == 4);
            const size_t n = fault == 1 ? here : fault == 2 ? here + 3 : begins[file][PAIRS]; /* an end between records, or in one */
            const char was = text[file][changed];
            if (fault > 2) text[file][changed] = fault == 5 ? ' ' : '~'; /* no begin of a record, another name, no quality */
            paths[file] = write_bytes(file ? "2.fq" : "1.fq", text[file], n);
            text[file][changed] = was;
        }
        const size_t given = same_at_once(paths[0], paths[1], max_bases, trial % 2);
        if (trial < 5) assert_int_equal(given, 2 * PAIRS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_of_bases),
        cmocka_unit_test(valid_inputs),
        cmocka_unit_test(invalid_inputs),
        cmocka_unit_test(names),
        cmocka_unit_test(every_byte),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(compressed_inputs),
        cmocka_unit_test(other_compressions),
        cmocka_unit_test(pairs),
        cmocka_unit_test(names_of_mates),
        cmocka_unit_test(bam_input),
        cmocka_unit_test(inflated_ahead),
        cmocka_unit_test(waiting_reads),
        cmocka_unit_test(read_at_once),
        cmocka_unit_test(corner_files),
        cmocka_unit_test(references),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
