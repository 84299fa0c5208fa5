/* A program that uses the installed libanneal: prints where the sequence of its second argument lies. */
#include <anneal.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    anl_session *s;
    const anl_alignment *a;
    int n;
    int64_t len;
    if (argc != 3) return 2;
    const anl_sequence read = {"r", argv[2]};
    if (anl_session_open(&s, argv[1], NULL, 0, 0) || anl_session_align(s, &read, NULL, &a, &n)) {
        fprintf(stderr, "%s\n", anl_error());
        return 1;
    }
    printf("%d %s %s %lld %d\n", anl_session_contigs(s), anl_session_contig(s, 0, &len), a[0].contig ? a[0].contig : "*", (long long)a[0].pos + 1, n);
    anl_session_close(s);
    return 0;
}
