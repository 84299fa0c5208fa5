/* A program over libanneal for test_library.py: aligns what standard input holds and prints a line a record.
 *
 *     library_client INDEX batch|each [NAME=VALUE | NAME]... <READS       a line of READS: name, bases[, the mate's bases]; tab-separated
 */
#include <anneal.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096, LONGEST = 1 << 20, MOST_SETTINGS = 32 };

static anl_sequence reads[MOST], mates[MOST];
static size_t n;
static int paired;

static int fail(void)
{
    fprintf(stderr, "%s\n", anl_error());
    return 1;
}

static void read_input(void)
{
    static char line[LONGEST];
    while (n < MOST && fgets(line, sizeof line, stdin)) {
        char *name = strdup(line), *bases = strchr(name, '\t'), *mate;
        name[strcspn(name, "\n")] = 0;
        *bases++ = 0;
        if ((mate = strchr(bases, '\t'))) *mate++ = 0;
        reads[n] = (anl_sequence){name, bases};
        mates[n++] = (anl_sequence){name, mate};
        paired |= mate != NULL;
    }
}

static void print(size_t first, const anl_alignment *a, size_t n_records)
{
    for (size_t i = 0; i < n_records; ++i, ++a) {
        printf("%s\t%d\t%s\t%lld\t%d\t", reads[first + (size_t)a->read].name, a->flag, a->contig ? a->contig : "*", (long long)a->pos + 1,
               a->mapq);
        for (int j = 0; j < a->n_cigar; ++j) printf("%u%c", a->cigar[j] >> 4, "MIDNSHP=X"[a->cigar[j] & 15]);
        printf("%s\t%lld\t%d\t%d\t%d\t%s\n", a->n_cigar ? "" : "*", (long long)a->tlen, a->nm, a->score, a->second, a->md ? a->md : "");
    }
}

int main(int argc, char **argv)
{
    anl_setting settings[MOST_SETTINGS];
    anl_session *s;
    const anl_alignment *a;
    size_t n_settings = 0, n_records;
    for (int i = 3; i < argc && n_settings < MOST_SETTINGS; ++i) {
        char *equals = strchr(argv[i], '=');
        if (equals) *equals = 0;
        settings[n_settings++] = (anl_setting){argv[i], equals ? equals + 1 : NULL};
    }
    if (anl_session_open(&s, argv[1], settings, n_settings)) return fail();
    read_input();
    int failed = 0;
    if (!strcmp(argv[2], "batch")) {
        /* twice: what the first call gave does not leak, and the second is no different */
        failed = anl_session_align_batch(s, reads, paired ? mates : NULL, n, &a, &n_records) ||
                 anl_session_align_batch(s, reads, paired ? mates : NULL, n, &a, &n_records);
        if (failed)
            fail();
        else
            print(0, a, n_records);
    }
    for (size_t i = 0; i < n && !strcmp(argv[2], "each") && !failed; ++i) {
        failed = anl_session_align(s, &reads[i], paired ? &mates[i] : NULL, &a, &n_records);
        if (failed)
            fail();
        else
            print(i, a, n_records);
    }
    anl_session_close(s);
    for (size_t i = 0; i < n; ++i) free((char *)reads[i].name);
    return failed;
}
