/* A program over libanneal for test_library.py: aligns what standard input holds and prints a line a record.
 *
 *     library_client INDEX batch|each|details [NAME=VALUE | NAME]... <READS   a line of READS: name, bases[, the mate's bases]; tab-separated
 *     library_client INDEX fetch <REGIONS                                     a line of REGIONS: number of the contig, begin, end
 *     library_client INDEX vectors K NPROBE [NAME=VALUE]... <READS            a read's vector, then contig, position and distance of neighbours
 *     library_client INDEX build FASTA [NAME=VALUE]...
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

static int print_details(anl_session *s, const anl_alignment *a, size_t n_records)
{
    for (size_t i = 0; i < n_records; ++i, ++a) {
        const char *cs = "-";
        const int rc = anl_session_cs(s, a, &cs);
        if (rc && (a->n_cigar || rc != ANL_EINVAL)) return fail();
        printf("%s\t%d\t%d\t%lld\t%lld\t%d\t%d\t%lld\t%lld\t%lld\t%s\n", reads[a->read].name, a->flag, a->contig_number, (long long)a->pos,
               (long long)a->end, a->q_begin, a->q_end, (long long)a->matches, (long long)a->length, (long long)a->ambiguous,
               rc ? "-" : cs);
    }
    return 0;
}

static int print_regions(const anl_session *s)
{
    static char line[LONGEST], letters[LONGEST];
    int contig, failed = 0;
    long long begin, end;
    while (fgets(line, sizeof line, stdin) && sscanf(line, "%d %lld %lld", &contig, &begin, &end) == 3) {
        failed |= anl_session_fetch(s, contig, begin, end, letters);
        printf("%.*s\n", failed ? 0 : (int)(end - begin), letters);
    }
    return failed ? fail() : 0;
}

static int print_vectors(anl_session *s, int k, int nprobe)
{
    static const char *bases[MOST];
    const size_t d = (size_t)anl_session_dim(s);
    int8_t *vectors = malloc(n * d + 1);
    anl_neighbour *found = malloc((n * (size_t)(k > 0 ? k : 1) + 1) * sizeof *found);
    for (size_t i = 0; i < n; ++i) bases[i] = reads[i].bases;
    int failed = !vectors || !found || anl_session_embed(s, bases, n, vectors) || anl_session_search(s, vectors, n, k, nprobe, found);
    for (size_t i = 0; i < n && !failed; ++i) {
        for (size_t c = 0; c < d; ++c) printf("%d ", vectors[i * d + c]);
        for (int j = 0; j < k; ++j) {
            const anl_neighbour *w = &found[i * (size_t)k + (size_t)j];
            printf("\t%d %lld %d", w->contig, (long long)w->pos, w->distance);
        }
        putchar('\n');
    }
    free(vectors);
    free(found);
    return failed ? fail() : 0;
}

int main(int argc, char **argv)
{
    anl_setting settings[MOST_SETTINGS];
    anl_session *s;
    const anl_alignment *a;
    size_t n_settings = 0, n_records;
    const int build = !strcmp(argv[2], "build"), vectors = !strcmp(argv[2], "vectors");
    for (int i = vectors ? 5 : build ? 4 : 3; i < argc && n_settings < MOST_SETTINGS; ++i) {
        char *equals = strchr(argv[i], '=');
        if (equals) *equals = 0;
        settings[n_settings++] = (anl_setting){argv[i], equals ? equals + 1 : NULL};
    }
    if (build) return anl_build(argv[3], argv[1], settings, n_settings) ? fail() : 0;
    if (anl_session_open(&s, argv[1], settings, n_settings)) return fail();
    int failed = 0;
    if (!strcmp(argv[2], "fetch"))
        failed = print_regions(s);
    else
        read_input();
    if (vectors) failed = print_vectors(s, atoi(argv[3]), atoi(argv[4]));
    if (!strcmp(argv[2], "details"))
        failed = anl_session_align_batch(s, reads, paired ? mates : NULL, n, &a, &n_records) ? fail() : print_details(s, a, n_records);
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
