#include "align_settings.h"

#include "cli.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static const char INPUT[] = "Input and output";
static const char formats[] = "sam bam cram sam.gz paf"; /* in the order of anl_format */

/* ---- setters ---- */

static int set_cs(const anl_option *o, const char *called, const char *form, void *settings)
{
    (void)o;
    if (form && strcmp(form, "short") && strcmp(form, "long")) return anl_fail(ANL_EINVAL, "%s=%s: must be short or long", called, form);
    ((cli_align_settings *)settings)->output.cs = form && !strcmp(form, "long") ? ANL_CS_LONG : ANL_CS_SHORT;
    return ANL_OK;
}

/* Fields TAG:VALUE of printable characters, each tag once, one of them ID. */
static int check_read_group(const char *called, const char *group)
{
    int ids = 0;
    if (strncmp(group, "@RG\t", 4))
        return anl_fail(ANL_EINVAL, "%s: a read group is '@RG\\tID:...\\tSM:...', with \\t between its fields", called);
    for (const char *f = group + 3; *f; f += 1 + strcspn(f + 1, "\t")) {
        const char *field = f + 1;
        const int n = (int)strcspn(field, "\t");
        if (n < 4 || !isalpha((unsigned char)field[0]) || !isalnum((unsigned char)field[1]) || field[2] != ':')
            return anl_fail(ANL_EINVAL, "%s: '%.*s' in the read group is not TAG:VALUE", called, n, field);
        for (int i = 3; i < n; ++i)
            if (field[i] < ' ' || field[i] > '~')
                return anl_fail(ANL_EINVAL, "%s: the read group's %.2s has a character that SAM does not allow", called, field);
        for (const char *e = group + 3; e < f; e += 1 + strcspn(e + 1, "\t"))
            if (!strncmp(e + 1, field, 3)) return anl_fail(ANL_EINVAL, "%s: the read group has two %.2s", called, field);
        ids += !strncmp(field, "ID:", 3);
    }
    return ids ? ANL_OK : anl_fail(ANL_EINVAL, "%s: the read group has no ID", called);
}

/* "SM:x" to the read group being put together from --rg-id and --rg. */
static int add_read_group(const char *called, const char *field, int is_id, cli_align_settings *s)
{
    char *g = s->read_group;
    const size_t used = strlen(g);
    if (is_id && used) return anl_fail(ANL_EINVAL, "%s: the read group is given twice", called);
    if (!is_id && !used) return anl_fail(ANL_EINVAL, "%s %s: needs --rg-id first", called, field);
    const int n = snprintf(g + used, sizeof s->read_group - used, is_id ? "@RG\tID:%s" : "\t%s", field);
    return n < (int)(sizeof s->read_group - used) ? check_read_group(called, g) : anl_fail(ANL_EINVAL, "%s: the read group is too long", called);
}

static int set_rg_id(const anl_option *o, const char *called, const char *text, void *settings)
{
    (void)o;
    return add_read_group(called, text, 1, settings);
}

static int set_rg(const anl_option *o, const char *called, const char *text, void *settings)
{
    (void)o;
    return add_read_group(called, text, 0, settings);
}

/* As bwa takes it: \t stands for a tab. */
static int set_read_group(const anl_option *o, const char *called, const char *line, void *settings)
{
    cli_align_settings *s = settings;
    size_t n = 0;
    (void)o;
    for (const char *c = line; *c; ++c) {
        if (n + 1 >= sizeof s->read_group) return anl_fail(ANL_EINVAL, "%s: the read group is too long", called);
        if (c[0] == '\\' && (c[1] == 't' || c[1] == '\\')) s->read_group[n++] = *++c == 't' ? '\t' : '\\';
        else s->read_group[n++] = *c;
    }
    s->read_group[n] = 0;
    return check_read_group(called, s->read_group);
}

/* ---- the table ---- */

#define AT(field) offsetof(cli_align_settings, field)

static const anl_option list[] = {
    {INPUT, .letter = 'o', .name = "output", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(output.path), .initial = "standard output, SAM",
     .help = "write there; .sam, .sam.gz, .bam, .cram or .paf sets the format",
     .more = "In small letters or capitals; a name without an ending is SAM, one with another ending needs --output-format. .sam.gz is compressed by "
             "blocks, as bgzip does it."},
    {INPUT, .name = "output-format", .arg = "F", .kind = ANL_OPTION_WORD, .field = AT(output.format), .words = formats, .initial = "",
     .given = CLI_GIVEN_FORMAT, .help = "sam, sam.gz, bam, cram or paf, whatever the name of FILE",
     .more = "PAF is that of minimap2: a line for each alignment, primary, supplementary or secondary, none for an unmapped read; mates are "
             "called NAME/1 and NAME/2."},
    {INPUT, .name = "sort", .field = AT(output.sort), .help = "sort by coordinate and write an index beside FILE",
     .more = "Plain SAM gets no index; PAF is not sorted."},
    {INPUT, .letter = 'p', .name = "interleaved", .field = AT(reads.interleaved),
     .help = "READS is interleaved: neighbours with one name are a pair", .more = "Other reads are single."},
    {INPUT, .letter = 'R', .name = "read-group", .arg = "LINE", .kind = ANL_OPTION_SET, .set = set_read_group,
     .help = "read group, '@RG\\tID:x\\tSM:y'"},
    {INPUT, .name = "rg-id", .arg = "ID", .kind = ANL_OPTION_SET, .set = set_rg_id, .help = "ID of the read group; --rg adds to it"},
    {INPUT, .name = "rg", .arg = "TAG:VALUE", .kind = ANL_OPTION_SET, .set = set_rg, .repeats = 1,
     .help = "e.g. SM:sample; may be given again"},
    {INPUT, .letter = 'C', .name = "comment-tags", .field = AT(output.comment_tags),
     .help = "append what of a FASTQ comment is SAM tags, tab-separated", .more = "As BC:Z:ACGT; other parts are left out and counted."},
    {INPUT, .name = "cs", .arg = "[=long]", .kind = ANL_OPTION_SET, .set = set_cs, .words = "short long",
     .help = "tag cs, the differences as minimap2 spells them; long: with the equal bases",
     .more = ":10*ag+tt-cc; long: =ACGTACGTAC in place of :10."},
    {INPUT, .name = "MD", .field = AT(output.paf_md), .help = "tag MD in PAF, too, which holds the CIGAR as tag cg",
     .more = "SAM, BAM and CRAM always have it."},
    {INPUT, .name = "sam-hit-only", .field = AT(hits_only), .help = "leave unmapped reads out"},
    {INPUT, .name = "reference", .arg = "FASTA", .kind = ANL_OPTION_FILE, .field = AT(output.reference),
     .help = "for CRAM; without it the CRAM holds the bases itself",
     .more = "With an index made by samtools faidx or room for one; it must be what the index was made of. Without it samtools reads the CRAM "
             "without a reference; Picard and GATK read it only when it was written with --sort, without -a, for a genome of up to 67 Mb. MD "
             "and NM are stored in every CRAM."},
    {INPUT, .name = "summary", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(summary), .help = "write the summary as JSON"},
    {INPUT, .letter = 'v', .name = "verbosity", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(verbosity), .high = 9,
     .help = "1 errors only, 2 summary, 3 also what aligns: GPU or CPU"},
    {INPUT, .name = "model", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(model), .initial = "the one shipped",
     .help = "encoder that the index was made with"},
};

const anl_option_table cli_align_files = {list, sizeof list / sizeof *list, AT(given)};

void cli_align_defaults(void *settings)
{
    cli_align_settings *s = settings;
    s->align = anl_align_options_default();
    s->align.device = ANL_DEVICE_AUTO;
    s->verbosity = 2;
}

/* ---- what follows ---- */

/* The format whose name the file's name ends in, in any case; SAM where it has no ending, or is a device or a pipe. */
static int take_format(cli_align_settings *s, const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strchr(slash ? slash : path, '.');
    struct stat st;
    if (!dot || (!stat(path, &st) && !S_ISREG(st.st_mode))) return 0;
    for (; dot; dot = strchr(dot + 1, '.')) {
        int format = ANL_SAM;
        for (const char *w = formats, *next; *w; w = next, ++format) {
            const size_t n = anl_word(w, &next);
            if (strlen(dot + 1) != n || strncasecmp(dot + 1, w, n)) continue;
            s->output.format = (anl_format)format;
            return 0;
        }
    }
    return cli_usage("-o %s: no format has that ending; it is .sam, .sam.gz, .bam, .cram or .paf, or --output-format says it", path);
}

/* Mates that are the same reads again would all be proper pairs. */
static int same_file(const char *a, const char *b)
{
    struct stat x, y;
    if (!strcmp(a, b)) return 1;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int cli_align_settle(cli_align_settings *s, const cli_call *call)
{
    s->index = call->operands[0];
    s->reads.path = call->operands[1];
    s->reads.mates = call->n == 3 ? call->operands[2] : NULL;
    if (s->reads.mates && s->reads.interleaved) return cli_usage("-p: the reads are interleaved in one file, but there are two");
    if (s->reads.mates && same_file(s->reads.path, s->reads.mates))
        return cli_usage("%s and %s: READS and MATES are one file; when it holds both mates in turn, give it once, with -p", s->reads.path, s->reads.mates);
    if (!(s->given & CLI_GIVEN_FORMAT) && s->output.path && take_format(s, s->output.path)) return 2;
    if (s->output.format == ANL_PAF && s->output.sort) return cli_usage("--sort: PAF is written in the order of the reads");
    if (s->output.format == ANL_CRAM && s->align.align.eqx) return cli_usage("--eqx: CRAM has no = and X, only M");
    s->reads.reference = s->output.reference;
    s->output.threads = s->align.threads;
    s->output.without_seq = s->align.all;
    s->output.read_group = *s->read_group ? s->read_group : NULL;
    return 0;
}
