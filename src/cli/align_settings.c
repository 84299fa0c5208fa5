#include "align_settings.h"

#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

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
    return n < (int)(sizeof s->read_group - used) ? check_read_group(called, g)
                                                  : anl_fail(ANL_EINVAL, "%s: the read group is too long", called);
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

int cli_read_group_expand(const char *called, const char *line, char group[CLI_READ_GROUP])
{
    size_t n = 0;
    for (const char *c = line; *c; ++c) {
        if (n + 1 >= CLI_READ_GROUP) return anl_fail(ANL_EINVAL, "%s: the read group is too long", called);
        if (c[0] == '\\' && (c[1] == 't' || c[1] == '\\'))
            group[n++] = *++c == 't' ? '\t' : '\\';
        else
            group[n++] = *c;
    }
    group[n] = 0;
    return check_read_group(called, group);
}

static int set_read_group(const anl_option *o, const char *called, const char *line, void *settings)
{
    (void)o;
    return cli_read_group_expand(called, line, ((cli_align_settings *)settings)->read_group);
}

static int add_lane(const anl_option *o, const char *called, const char *text, void *settings)
{
    cli_align_settings *s = settings;
    (void)o;
    if (s->n_lanes == CLI_MOST_LANES)
        return anl_fail(ANL_EINVAL, "%s: is given more than %d times; --lanes takes a file", called, CLI_MOST_LANES);
    s->lane_texts[s->n_lanes++] = text;
    return ANL_OK;
}

static int add_header(const anl_option *o, const char *called, const char *text, void *settings)
{
    cli_align_settings *s = settings;
    (void)o;
    if (s->n_headers == CLI_MOST_HEADERS)
        return anl_fail(ANL_EINVAL, "%s: is given more than %d times; put the lines into a file", called, CLI_MOST_HEADERS);
    s->headers[s->n_headers++] = text;
    return ANL_OK;
}

/* What bwa mem does when it is told to, and what is done here in any case. */
static int set_as_always(const anl_option *o, const char *called, const char *text, void *settings)
{
    (void)o, (void)called, (void)text, (void)settings;
    return ANL_OK;
}

static int set_ignored(const anl_option *o, const char *called, const char *text, void *settings)
{
    cli_align_settings *s = settings;
    char *end;
    (void)o;
    strtod(text, &end);
    if (end == text || *end) return anl_fail(ANL_EINVAL, "%s %s: must be a number", called, text);
    const size_t used = strlen(s->ignored);
    if (!strstr(s->ignored, called)) snprintf(s->ignored + used, sizeof s->ignored - used, "%s%s", used ? ", " : "", called);
    return ANL_OK;
}

static int refuse(const anl_option *o, const char *called, const char *text, void *settings)
{
    (void)text, (void)settings;
    return anl_fail(ANL_EINVAL, "%s of bwa mem: %s", called, o->help);
}

/* ---- the table ---- */

#define AT(field) offsetof(cli_align_settings, field)

static const char FILES[] = CLI_SECTION_FILES, RECORDS[] = ANL_SECTION_RECORDS, BWA[] = CLI_SECTION_BWA;
static const char IGNORED[] = "taken and without effect: there are no seeds and no band to tune";

#define IGNORE(c)                                                                                                                          \
    {                                                                                                                                      \
        BWA, .letter = c, .arg = "N", .kind = ANL_OPTION_SET, .set = set_ignored, .help = IGNORED                                          \
    }

static const anl_option list[] = {
    {FILES, .letter = 'o', .also = 'f', .name = "output", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(output.path),
     .initial = "standard output, SAM", .help = "write there; .sam, .sam.gz, .bam, .cram or .paf sets the format",
     .more = "In small letters or capitals; a name without an ending is SAM, one with another ending needs --output-format. .sam.gz is "
             "compressed by "
             "blocks, as bgzip does it."},
    {FILES, .name = "output-format", .arg = "F", .kind = ANL_OPTION_WORD, .field = AT(output.format), .words = formats, .initial = "",
     .given = CLI_GIVEN_FORMAT, .help = "sam, sam.gz, bam, cram or paf, whatever the name of FILE",
     .more =
         "PAF is that of minimap2: a line for each alignment, primary, supplementary or secondary, none for an unmapped read; mates are "
         "called NAME/1 and NAME/2."},
    {FILES, .name = "sort", .field = AT(output.sort), .help = "sort by coordinate and write an index beside FILE",
     .more = "Plain SAM gets no index; PAF is not sorted. Mates have the tag ms, so that samtools markdup needs no fixmate before it."},
    {FILES, .name = "sort-memory", .arg = "SIZE", .kind = ANL_OPTION_SIZE, .field = AT(sort_memory), .low = 1000000, .high = 1e15,
     .initial = "768 MiB", .help = "bytes of records that --sort holds before it writes them to temporary files; K, M or G may follow",
     .more = "Of the whole run, not of a thread as samtools sort -m."},
    {FILES, .name = "csi", .field = AT(output.csi), .help = "with --sort: the index of a BAM is .csi, not .bai",
     .more = "As it is anyway where a contig is longer than 512 Mbp."},
    {FILES, .name = "mark-duplicates", .field = AT(output.mark_duplicates), .help = "with --sort: flag 0x400 on copies of a fragment",
     .more = "As samtools fixmate -m, sort and markdup with their defaults set it, for each library (LB of the read groups) by itself. Of "
             "pairs with the "
             "same ends and strands, clips counted as aligned, the one with the highest sum of base qualities of 15 and more stays, of "
             "equals the "
             "one whose name comes first in the alphabet; single reads, and those whose mate is unmapped, are copies of pairs that begin "
             "where they do. "
             "Supplementary and secondary records keep the flag off. No UMIs are looked at."},
    {FILES, .name = "optical-distance", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(output.optical_distance), .high = 1000000000,
     .help = "with --mark-duplicates: tag dt, SQ within N pixels on the flow cell, LB beyond; 0: no tag",
     .more = "As samtools markdup -d; 100 for patternless flow cells, 2500 for patterned ones. Needs names as LANE:TILE:X:Y or longer ones "
             "of Illumina."},
    {FILES, .name = "duplicate-stats", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(duplicate_stats),
     .help = "with --mark-duplicates: write the counts of samtools markdup -f there"},
    {FILES, .letter = 'p', .name = "interleaved", .field = AT(interleaved),
     .help = "READS is interleaved: neighbours with one name are a pair", .more = "Other reads are single."},
    {FILES, .name = "lane", .arg = "R1[,R2][,RG]", .kind = ANL_OPTION_SET, .set = add_lane, .repeats = 1,
     .help = "in place of READS: files, and read group '@RG\\tID:...', of a lane; may be given again",
     .more = "Lanes are read in turn into one output, each as a run of its own would align it, with an insert-size model of its own. "
             "Without a read group "
             "of its own a lane has that of -R."},
    {FILES, .name = "lanes", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(lanes_file),
     .help = "likewise, a line for each lane: R1, R2 or nothing, and the read group, tab-separated",
     .more = "Empty lines and those that begin with # are passed over; the tabs of the read group may be real ones or \\t."},
    {FILES, .name = "un", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(unplaced),
     .help = "write reads that found no place, and pairs of which neither mate did, there as well, as FASTQ; .gz is compressed",
     .more = "Mates follow each other, as -p takes them. With a % in its name there are two files, the first mates in the one with a 1 in "
             "its place, "
             "the second mates in the one with a 2; single reads are refused then. Reads without qualities are written as FASTA."},
    {FILES, .name = "reference", .arg = "FASTA", .kind = ANL_OPTION_FILE, .field = AT(output.reference),
     .help = "for CRAM; without it the CRAM holds the bases itself",
     .more =
         "With an index made by samtools faidx or room for one; it must be what the index was made of. Without it samtools reads the CRAM "
         "without a reference; Picard and GATK read it only when it was written with --sort, without -a, for a genome of up to 67 Mb. MD "
         "and NM are stored in every CRAM."},
    {FILES, .name = "summary", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(summary), .help = "write the summary as JSON"},
    {FILES, .name = "multiqc", .arg = "PREFIX", .kind = ANL_OPTION_FILE, .field = AT(multiqc),
     .help = "write PREFIX.anneal_*_mqc.json, which MultiQC shows",
     .more = "General statistics, reads, duplicates where they are marked, insert sizes, MAPQ, identity, and the version; the sample is "
             "called like the last "
             "part of PREFIX."},
    {FILES, .letter = 'v', .name = "verbosity", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(verbosity), .high = 9,
     .help = "1 errors only, 2 summary and warnings, 3 also what aligns, how far it is, and the time of every stage",
     .more = "On a terminal 2, too, shows how far it is."},
    {FILES, .name = "model", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(model), .initial = "the one shipped",
     .help = "encoder that the index was made with"},
    {RECORDS, .letter = 'R', .name = "read-group", .arg = "LINE", .kind = ANL_OPTION_SET, .set = set_read_group,
     .help = "read group, '@RG\\tID:x\\tSM:y'"},
    {RECORDS, .name = "rg-id", .arg = "ID", .kind = ANL_OPTION_SET, .set = set_rg_id, .help = "ID of the read group; --rg adds to it"},
    {RECORDS, .name = "rg", .arg = "TAG:VALUE", .kind = ANL_OPTION_SET, .set = set_rg, .repeats = 1,
     .help = "e.g. SM:sample; may be given again"},
    {RECORDS, .letter = 'H', .name = "header", .arg = "LINE", .kind = ANL_OPTION_SET, .set = add_header, .repeats = 1,
     .help = "add '@CO\\ttext' or another line, or those of a file, to the header; may be given again",
     .more = "A file where it does not begin with @; lines of it that do not are passed over. @HD and @SQ are anneal's own."},
    {RECORDS, .letter = 'C', .name = "comment-tags", .field = AT(output.comment_tags),
     .help = "append those parts of a FASTQ comment that are SAM tags, as BC:Z:ACGT, tab-separated",
     .more = "Others are left out and counted."},
    {RECORDS, .name = "umi-from-name", .field = AT(output.umi_from_name), .help = "tag RX: the UMI behind the last : or _ of a read's name",
     .more = "As Illumina (LANE:...:ACGT+TTAA) and umi_tools (name_ACGT) put it there; + becomes -. Reads without one have no RX and are "
             "counted."},
    {RECORDS, .name = "cs", .arg = "[=long]", .kind = ANL_OPTION_SET, .set = set_cs, .words = "short long",
     .help = "tag cs, the differences as minimap2 spells them; long: with the equal bases",
     .more = ":10*ag+tt-cc; long: =ACGTACGTAC in place of :10."},
    {RECORDS, .name = "MD", .field = AT(output.paf_md), .help = "tag MD in PAF, too, which holds the CIGAR as tag cg",
     .more = "SAM, BAM and CRAM always have it."},
    {RECORDS, .name = "sam-hit-only", .field = AT(hits_only), .help = "leave unmapped reads out"},
    {BWA, .letter = 'q', .kind = ANL_OPTION_SET, .set = set_as_always,
     .help = "do not lower the MAPQ of supplementary records: never done here"},
    IGNORE('c'),
    IGNORE('d'),
    IGNORE('D'),
    IGNORE('G'),
    IGNORE('m'),
    IGNORE('N'),
    IGNORE('Q'),
    IGNORE('r'),
    IGNORE('s'),
    IGNORE('w'),
    IGNORE('W'),
    IGNORE('X'),
    IGNORE('y'),
    {BWA, .letter = 'V', .kind = ANL_OPTION_SET, .set = refuse,
     .help = "not taken: an index keeps no descriptions of contigs for a tag XR"},
    {BWA, .letter = 'u', .kind = ANL_OPTION_SET, .set = refuse, .help = "not taken: there is no tag XB; XA says where, -a all of it"},
    {BWA, .letter = 'z', .arg = "F", .kind = ANL_OPTION_SET, .set = refuse,
     .help = "not taken: XA is about places with 0.8 of the best score; -a writes all"},
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

int cli_align_settle(cli_align_settings *s)
{
    if (!(s->given & CLI_GIVEN_FORMAT) && s->output.path && take_format(s, s->output.path)) return 2;
    if (s->output.csi && !s->output.sort) return cli_usage("--csi: is the index of sorted output; add --sort");
    if (s->output.csi && s->output.format != ANL_BAM && s->output.format != ANL_SAM_GZ)
        return cli_usage("--csi: is an index of BAM; of CRAM it is .crai");
    if (s->sort_memory && !s->output.sort) return cli_usage("--sort-memory: is that of sorting; add --sort");
    s->output.sort_memory = (size_t)s->sort_memory;
    if (s->output.mark_duplicates && !s->output.sort) return cli_usage("--mark-duplicates: is done while records are sorted; add --sort");
    if (s->output.optical_distance && !s->output.mark_duplicates)
        return cli_usage("--optical-distance: is that of duplicates; add --mark-duplicates");
    if (s->duplicate_stats && !s->output.mark_duplicates) return cli_usage("--duplicate-stats: are those of --mark-duplicates; add it");
    if (s->output.format == ANL_PAF && s->output.sort) return cli_usage("--sort: PAF is written in the order of the reads");
    if (s->output.format == ANL_CRAM && s->align.align.eqx) return cli_usage("--eqx: CRAM has no = and X, only M");
    s->output.threads = s->align.threads;
    s->output.without_seq = s->align.all;
    return 0;
}

/* ---- header ---- */

/* "@CO\ttext" with \t and \\ written out, as bwa takes it. */
static int add_line(FILE *to, const char *called, const char *line, int escapes)
{
    if (!strncmp(line, "@HD", 3) || !strncmp(line, "@SQ", 3)) return anl_fail(ANL_EINVAL, "%s: %.3s lines are anneal's own", called, line);
    if (strlen(line) < 5 || line[0] != '@') return anl_fail(ANL_EINVAL, "%s: '%.40s' is no line of a SAM header", called, line);
    for (const char *c = line; *c && *c != '\n' && *c != '\r'; ++c) {
        const int escaped = escapes && c[0] == '\\' && (c[1] == 't' || c[1] == '\\');
        if (escaped) ++c;
        fputc(escaped && *c == 't' ? '\t' : *c, to);
    }
    fputc('\n', to);
    return ANL_OK;
}

static int add_file(FILE *to, const char *path)
{
    char *line = NULL;
    size_t size = 0;
    int rc = ANL_OK;
    errno = 0;
    FILE *f = fopen(path, "r");
    if (!f) return anl_fail(ANL_EIO, "-H %s: %s; a line begins with @", path, strerror(errno));
    while (!rc && getline(&line, &size, f) > 0)
        if (*line == '@') rc = add_line(to, path, line, 0);
    if (!rc && ferror(f)) rc = anl_fail(ANL_EIO, "-H %s: %s", path, strerror(errno ? errno : EIO));
    free(line);
    fclose(f);
    return rc;
}

int cli_header_lines(const cli_align_settings *s, char **out)
{
    size_t size;
    int rc = ANL_OK;
    *out = NULL;
    if (!s->n_headers) return ANL_OK;
    FILE *to = open_memstream(out, &size);
    if (!to) return anl_fail(ANL_ENOMEM, "out of memory");
    for (int i = 0; i < s->n_headers && !rc; ++i)
        rc = *s->headers[i] == '@' ? add_line(to, "-H", s->headers[i], 1) : add_file(to, s->headers[i]);
    if (fclose(to) && !rc) rc = anl_fail(ANL_ENOMEM, "out of memory");
    if (rc) {
        free(*out);
        *out = NULL;
    }
    return rc;
}
