/* libanneal in a program of one's own: aligns a read, or a pair, given on the command line and prints what SAM would say of it.
 *
 *     cc example.c $(pkg-config --cflags --libs anneal) -o example
 *     ./example ref.anl ACGTTGCA... [ACCTTGAA...]
 */
#include <anneal.h>
#include <stdio.h>

static void print_alignment(const anl_alignment *a)
{
    printf("%d\t%d\t%s\t%lld\t%d\t", a->mate + 1, a->flag, a->contig ? a->contig : "*", (long long)a->pos + 1, a->mapq);
    for (int i = 0; i < a->n_cigar; ++i) printf("%u%c", a->cigar[i] >> 4, "MIDNSHP=X"[a->cigar[i] & 15]);
    printf("%s\t%lld", a->n_cigar ? "" : "*", (long long)a->tlen);
    if (a->n_cigar) printf("\tNM:i:%d\tMD:Z:%s\tAS:i:%d\tXS:i:%d", a->nm, a->md, a->score, a->second);
    putchar('\n');
}

int main(int argc, char **argv)
{
    anl_session *session;
    const anl_alignment *alignments;
    size_t n;
    if (argc < 3) {
        fprintf(stderr, "usage: example INDEX.anl READ [MATE]\n");
        return 2;
    }
    const anl_setting settings[] = {{"insert-size", "400,50"}, {"threads", "2"}}; /* pairs about 400 +- 50 bp apart, end to end */
    if (anl_session_open(&session, argv[1], settings, sizeof settings / sizeof *settings)) {
        fprintf(stderr, "example: %s\n", anl_error());
        return 1;
    }
    const anl_sequence read = {.name = "example", .bases = argv[2]}, mate = {.name = "example", .bases = argc > 3 ? argv[3] : NULL};
    const int failed = anl_session_align(session, &read, argc > 3 ? &mate : NULL, &alignments, &n);
    if (failed)
        fprintf(stderr, "example: %s\n", anl_error());
    else
        for (size_t i = 0; i < n; ++i) print_alignment(&alignments[i]);
    anl_session_close(session);
    return failed ? 1 : 0;
}
