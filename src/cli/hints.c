#include "hints.h"

#include "cli.h"
#include "layout.h"
#include "near.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { LONGEST_PATH = 4096 };

int cli_index_name(const char *reference, char *out, size_t size)
{
    static const char *const endings[] = {".gz", ".bgz", ".fasta", ".fna", ".fa"};
    if (size < 5 || snprintf(out, size - 4, "%s", strcmp(reference, "-") ? reference : "reference") >= (int)size - 4) return -1;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; ++i) {
        const size_t n = strlen(out), m = strlen(endings[i]);
        if (n > m && !strcmp(out + n - m, endings[i])) out[n - m] = 0;
    }
    strcat(out, ".anl");
    return 0;
}

typedef enum kind { UNKNOWN, MISSING, ANNEAL, FASTA, FASTQ, BAM, CRAM, SAM, MINIMAP2, BWA, BOWTIE2 } kind;

static int ends_in(const char *path, const char *const *endings)
{
    const size_t n = strlen(path);
    for (; *endings; ++endings)
        if (n > strlen(*endings) && !strcasecmp(path + n - strlen(*endings), *endings)) return 1;
    return 0;
}

static int exists(const char *path, const char *ending)
{
    char longer[LONGEST_PATH];
    struct stat st;
    return snprintf(longer, sizeof longer, "%s%s", path, ending) < (int)sizeof longer && !stat(longer, &st);
}

/* What the first byte says, unpacked where it is gzip. */
static kind kind_of_text(const char *path, const char start[8])
{
    anl_text *t;
    if (start[0] == '@' && start[3] == '\t') return SAM;
    if (anl_text_open(&t, path)) return UNKNOWN;
    const int first = anl_text_peek(t), packed = start[0] == '\x1f';
    anl_text_free(t);
    return first == '>' ? FASTA : first == '@' ? FASTQ : first == 'B' && packed ? BAM : UNKNOWN;
}

/* Only of regular files: what is read from a pipe is gone. */
static kind kind_of(const char *path)
{
    static const char *const bwa[] = {".bwt", ".pac", ".ann", ".amb", ".sa", ".0123", ".bwt.2bit.64", NULL}, *const bowtie2[] = {
                                                                                                                 ".bt2", ".bt2l", NULL};
    char start[8] = "";
    struct stat st;
    if (stat(path, &st)) return MISSING;
    FILE *f = S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;
    if (!f) return UNKNOWN;
    const size_t n = fread(start, 1, sizeof start, f);
    fclose(f);
    if (n == sizeof start && !memcmp(start, ANL_INDEX_MAGIC, sizeof start)) return ANNEAL;
    if (!memcmp(start, "MMI\2", 4)) return MINIMAP2;
    if (!memcmp(start, "CRAM", 4)) return CRAM;
    if (ends_in(path, bwa)) return BWA;
    if (ends_in(path, bowtie2)) return BOWTIE2;
    return kind_of_text(path, start);
}

static int say_fasta(const char *command, const char *path)
{
    char index[LONGEST_PATH];
    const char *const more = strcmp(command, "align") ? "" : " READS [MATES]";
    if (cli_index_name(path, index, sizeof index)) return 0;
    if (kind_of(index) == ANNEAL)
        return cli_usage("%s: a FASTA file, not an anneal index; its index is there: anneal %s %s%s", path, command, index, more);
    return cli_usage("%s: a FASTA file, not an anneal index; make one by: anneal index -o %s %s", path, index, path);
}

static const char *name_of(kind k)
{
    static const char *const names[] = {[FASTQ] = "reads (FASTQ)",
                                        [BAM] = "a BAM file",
                                        [CRAM] = "a CRAM file",
                                        [SAM] = "a SAM file",
                                        [MINIMAP2] = "an index of minimap2",
                                        [BWA] = "a part of bwa's index",
                                        [BOWTIE2] = "a part of Bowtie 2's index"};
    return names[k];
}

/* The operand that is an index; 0: none is, behind the first. */
static int index_among_reads(const cli_call *call)
{
    for (int i = 1; i < call->n; ++i)
        if (kind_of(call->operands[i]) == ANNEAL) return i;
    return 0;
}

/* The index is not there: what it may be called, or what makes it. */
static int say_missing(const char *path)
{
    static const char *const index_ending[] = {".anl", NULL}, *const endings[] = {".fa.gz",  ".fa",  ".fasta.gz", ".fasta",
                                                                                  ".fna.gz", ".fna", NULL};
    char other[LONGEST_PATH];
    if (exists(path, ".anl")) return cli_usage("%s: no such file; did you mean %s.anl?", path, path);
    if (exists(path, ".bwt") || exists(path, ".bwt.2bit.64") || exists(path, ".1.bt2"))
        return cli_usage("%s: an index of another aligner; make anneal's of the FASTA by: anneal index REF.fa", path);
    if (!cli_index_name(path, other, sizeof other) && kind_of(other) == ANNEAL)
        return cli_usage("%s: no such file; did you mean %s?", path, other);
    if (!ends_in(path, index_ending)) return 0;
    for (const char *const *e = endings; *e; ++e)
        if (snprintf(other, sizeof other, "%.*s%s", (int)strlen(path) - 4, path, *e) < (int)sizeof other && kind_of(other) == FASTA)
            return cli_usage("%s: no such file; make it by: anneal index -o %s %s", path, path, other);
    anl_fail(ANL_EIO, "%s: No such file or directory; anneal index -o %s REF.fa makes it", path, path);
    return cli_fail();
}

int cli_check_index(const cli_call *call)
{
    char *const *of = call->operands;
    const char *path = of[0], *command = call->argv[0];
    const int align = !strcmp(command, "align"), other = align ? index_among_reads(call) : 0;
    const kind k = kind_of(path);
    if (k == ANNEAL && other) return cli_usage("%s: an anneal index, where reads should be", of[other]);
    if (k == ANNEAL || k == UNKNOWN) return 0;
    if (other && k != MISSING)
        return cli_usage("%s: not an anneal index, but %s is one; it comes first: anneal align %s %s%s%s", path, of[other], of[other], path,
                         call->n > 2 ? " " : "", call->n > 2 ? of[3 - other] : "");
    if (k == FASTA) return say_fasta(command, path);
    if (k != MISSING) return cli_usage("%s: %s, not an anneal index; make one of the FASTA by: anneal index REF.fa", path, name_of(k));
    return say_missing(path);
}

int cli_check_fasta(const char *path)
{
    const kind k = kind_of(path);
    if (k == ANNEAL) return cli_usage("%s: an anneal index already; align to it by: anneal align %s READS [MATES]", path, path);
    return name_of(k) ? cli_usage("%s: %s, not a FASTA file of a reference", path, name_of(k)) : 0;
}

int cli_no_command(const char *name)
{
    static const char *const others[][2] = {{"mem", "align"}, {"aln", "align"}, {"map", "align"}, {"bwasw", "align"}, {"build", "index"}};
    struct stat st;
    anl_near near = {.word = name};
    for (const cli_command *const *c = cli_commands; *c; ++c) anl_near_look(&near, (*c)->name);
    for (size_t i = 0; i < sizeof others / sizeof *others; ++i)
        if (!strcmp(name, others[i][0])) near.best = others[i][1];
    for (const cli_command *const *c = cli_commands; *c && near.best; ++c)
        if (!strcmp((*c)->name, near.best)) {
            const int n = (int)strcspn((*c)->usage, "\n");
            return cli_usage("there is no command '%s'; did you mean: anneal %s%s%.*s", name, near.best, n ? " " : "", n, (*c)->usage);
        }
    if (*name == '-') return cli_usage("the command comes before its options: anneal align %s ...; anneal --help lists the commands", name);
    if (!stat(name, &st))
        return cli_usage("there is no command '%s'; it is a file: anneal %s %s", name, kind_of(name) == FASTA ? "index" : "align",
                         kind_of(name) == FASTA ? name : "[OPTIONS] INDEX.anl READS [MATES]");
    return cli_usage("there is no command '%s'; anneal --help lists them", name);
}
