#include "align.h"
#include "cli.h"
#include "devices.h"
#include "progress.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: anneal align [OPTIONS] INDEX.anl READS [MATES]\n\n"
    "READS and MATES: FASTQ or FASTA, plain, gzip or bgzip; READS may be '-' (standard input), uBAM, CRAM or SAM.\n\n"
    "Input and output\n"
    "  -o FILE              write there; .sam, .sam.gz, .bam, .cram or .paf sets the format [standard output, SAM]\n"
    "  --output-format F    sam, sam.gz, bam, cram or paf, whatever the name of FILE\n"
    "  --sort               sort by coordinate and write an index beside FILE [input order]\n"
    "  -p                   READS is interleaved: neighbours with one name are a pair\n"
    "  -R LINE              read group, '@RG\\tID:x\\tSM:y'\n"
    "  --rg-id ID           read group ID; --rg TAG:VALUE adds to it\n"
    "  --rg TAG:VALUE       e.g. SM:sample; may be given again\n"
    "  -C                   append what of a FASTQ comment is SAM tags, tab-separated\n"
    "  -a                   write all places found, other than the best as secondary\n"
    "  -M                   flag the shorter parts of split alignments secondary, not supplementary\n"
    "  -Y                   soft clips, not hard clips, in supplementary records\n"
    "  --eqx                = and X instead of M in CIGARs; not for CRAM\n"
    "  --cs[=long]          tag cs, the differences as minimap2 spells them; long: with the equal bases\n"
    "  --MD                 tag MD in PAF, too, which holds the CIGAR as tag cg\n"
    "  --sam-hit-only       leave unmapped reads out\n"
    "  --reference FASTA    for CRAM; without it the CRAM holds the bases itself\n"
    "  --summary FILE       write the summary as JSON\n"
    "  -v N                 1 errors only, 2 summary, 3 also what aligns: GPU or CPU [2]\n\n"
    "Scoring\n"
    "  -x, --preset P       scores of single reads over 400 bp: sr, hifi or ont (list: print them) [ont]; what\n"
    "                       is given below goes before them\n"
    "  -A N  match [1]      -B N  mismatch [4]     -O N[,N]  gap open: deletion, insertion [6]\n"
    "  -E N[,N]  gap extend [1]                    -L N[,N]  clip penalty at the 5' and 3' end [5]\n"
    "  -U N  unpaired [17]  -T N  least score written as mapped [30]\n\n"
    "Search\n"
    "  -t N                 threads; the result is the same for any number [1]\n"
    "  --device D           auto, cpu, cuda or cuda:N (a GPU's number); same result; auto: a GPU if there is one [auto]\n"
    "  -K N                 bp of reads per batch [10000000]\n"
    "  -k N                 neighbouring windows fetched for each read before looking wider [64]\n"
    "  --search native|faiss    our scan of the inverted lists, or FAISS's own; same result [native]\n"
    "  -I MEAN[,SD[,MAX[,MIN]]] insert size (FR); estimated from each batch when not given\n"
    "  --model FILE         encoder that the index was made with [the one shipped]\n";

enum { OPT_FORMAT = 256, OPT_SORT, OPT_RG_ID, OPT_RG, OPT_EQX, OPT_CS, OPT_MD, OPT_HIT_ONLY, OPT_SEARCH, OPT_MODEL, OPT_SUMMARY, OPT_REFERENCE,
       OPT_DEVICE, OPT_HELP };

static const struct option long_options[] = {
    {"output-format", required_argument, NULL, OPT_FORMAT}, {"sort", no_argument, NULL, OPT_SORT},
    {"rg-id", required_argument, NULL, OPT_RG_ID},          {"rg", required_argument, NULL, OPT_RG},
    {"eqx", no_argument, NULL, OPT_EQX},                    {"sam-hit-only", no_argument, NULL, OPT_HIT_ONLY},
    {"cs", optional_argument, NULL, OPT_CS},                {"MD", no_argument, NULL, OPT_MD},
    {"search", required_argument, NULL, OPT_SEARCH},        {"model", required_argument, NULL, OPT_MODEL},
    {"summary", required_argument, NULL, OPT_SUMMARY},      {"reference", required_argument, NULL, OPT_REFERENCE},
    {"device", required_argument, NULL, OPT_DEVICE},        {"help", no_argument, NULL, OPT_HELP},
    {"preset", required_argument, NULL, 'x'},               {NULL, 0, NULL, 0}};

typedef struct settings {
    anl_align_options align;
    anl_reads_options reads;
    anl_alignments_options output;
    const char *index, *model, *summary;
    char read_group[4096];
    char command_line[4096];
    int format_given, hits_only, verbosity;
} settings;

static const char *const formats[] = {"sam", "bam", "cram", "sam.gz", "paf"}; /* in the order of anl_format */
enum { N_FORMATS = sizeof formats / sizeof *formats };

static int set_format(settings *s, const char *name)
{
    for (int i = 0; i < N_FORMATS; ++i)
        if (!strcmp(name, formats[i])) {
            s->output.format = (anl_format)i;
            return 0;
        }
    return cli_usage("--output-format %s: must be sam, sam.gz, bam, cram or paf", name);
}

/* The format whose name the file's name ends in, SAM otherwise. */
static void guess_format(settings *s, const char *path)
{
    for (const char *dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.'))
        for (int i = 0; i < N_FORMATS; ++i)
            if (!strcmp(dot + 1, formats[i])) s->output.format = (anl_format)i;
}

static int set_cs(settings *s, const char *form)
{
    if (form && strcmp(form, "short") && strcmp(form, "long")) return cli_usage("--cs=%s: must be short or long", form);
    s->output.cs = form && !strcmp(form, "long") ? ANL_CS_LONG : ANL_CS_SHORT;
    return 0;
}

/* Fields TAG:VALUE of printable characters, each tag once, one of them ID. Prints what is wrong. */
static int check_read_group(const char *option, const char *group)
{
    int ids = 0;
    if (strncmp(group, "@RG\t", 4)) return cli_usage("%s: a read group is '@RG\\tID:...\\tSM:...', with \\t between its fields", option);
    for (const char *f = group + 3; *f; f += 1 + strcspn(f + 1, "\t")) {
        const char *field = f + 1;
        const int n = (int)strcspn(field, "\t");
        if (n < 4 || !isalpha((unsigned char)field[0]) || !isalnum((unsigned char)field[1]) || field[2] != ':')
            return cli_usage("%s: '%.*s' in the read group is not TAG:VALUE", option, n, field);
        for (int i = 3; i < n; ++i)
            if (field[i] < ' ' || field[i] > '~') return cli_usage("%s: the read group's %.2s has a character that SAM does not allow", option, field);
        for (const char *e = group + 3; e < f; e += 1 + strcspn(e + 1, "\t"))
            if (!strncmp(e + 1, field, 3)) return cli_usage("%s: the read group has two %.2s", option, field);
        ids += !strncmp(field, "ID:", 3);
    }
    return ids ? 0 : cli_usage("%s: the read group has no ID", option);
}

/* "SM:x" to the read group being put together from --rg-id and --rg. */
static int add_read_group(settings *s, const char *field, int is_id)
{
    char *g = s->read_group;
    size_t used = strlen(g);
    if (is_id && used) return cli_usage("--rg-id: the read group is given twice");
    if (!is_id && !used) return cli_usage("--rg %s: needs --rg-id first", field);
    int n = snprintf(g + used, sizeof s->read_group - used, is_id ? "@RG\tID:%s" : "\t%s", field);
    return n < (int)(sizeof s->read_group - used) ? check_read_group(is_id ? "--rg-id" : "--rg", g) : cli_usage("the read group is too long");
}

/* -R as bwa takes it: \t stands for a tab. */
static int set_read_group(settings *s, const char *line)
{
    size_t n = 0;
    for (const char *c = line; *c; ++c) {
        if (n + 1 >= sizeof s->read_group) return cli_usage("-R: the read group is too long");
        if (c[0] == '\\' && (c[1] == 't' || c[1] == '\\')) s->read_group[n++] = *++c == 't' ? '\t' : '\\';
        else s->read_group[n++] = *c;
    }
    s->read_group[n] = 0;
    return check_read_group("-R", s->read_group);
}

static int set_insert(settings *s, const char *text)
{
    double v[4] = {0};
    int n = 0;
    const char *at = text;
    for (char *end; n < 4; at = end + 1) {
        v[n] = strtod(at, &end);
        if (end == at || v[n] < 0 || v[n] > 1e9) return cli_usage("-I %s: must be MEAN[,SD[,MAX[,MIN]]]", text);
        ++n;
        if (!*end) break;
        if (*end != ',' || n == 4) return cli_usage("-I %s: must be MEAN[,SD[,MAX[,MIN]]]", text);
    }
    s->align.insert_given = 1;
    anl_insert_given(&s->align.insert, v[0], n > 1 ? v[1] : v[0] * 0.1, (int32_t)v[2], (int32_t)v[3]);
    return 0;
}

static int set_integer(const char *name, int64_t low, int64_t high, int32_t *to)
{
    int64_t v;
    if (cli_integer(name, optarg, low, high, &v)) return 2;
    *to = (int32_t)v;
    return 0;
}

/* One value for both, or one for each. */
static int set_two(const char *name, int32_t *first, int32_t *second)
{
    int64_t v[2];
    int n = cli_integers(name, optarg, 1, 2, v);
    if (n < 0) return 2;
    *first = (int32_t)v[0];
    *second = (int32_t)v[n - 1];
    return 0;
}

static int set_preset(settings *s, const char *name)
{
    const char *const *names = anl_preset_names();
    for (int i = 0; names[i]; ++i)
        if (!strcmp(name, names[i])) {
            s->align.preset = (anl_preset)(ANL_PRESET_NONE + 1 + i);
            return 0;
        }
    return cli_usage("--preset %s: there is no such preset; --preset list prints them", name);
}

static int set_option(settings *s, int c)
{
    anl_align_options *o = &s->align;
    int64_t v;
    switch (c) {
    case 't': return set_integer("-t", 1, 1024, &o->threads);
    case 'o': s->output.path = optarg; return 0;
    case 'R': return set_read_group(s, optarg);
    case 'K': return cli_integer("-K", optarg, 1, INT64_C(1) << 40, &o->batch_bases) ? 2 : 0;
    case 'A': o->given |= ANL_GIVEN_MATCH; return set_integer("-A", 1, 100, &o->align.score.match);
    case 'B': o->given |= ANL_GIVEN_MISMATCH; return set_integer("-B", 0, 100, &o->align.score.mismatch);
    case 'O': o->given |= ANL_GIVEN_OPEN; return set_two("-O", &o->align.score.del_open, &o->align.score.ins_open);
    case 'E': o->given |= ANL_GIVEN_EXTEND; return set_two("-E", &o->align.score.del_extend, &o->align.score.ins_extend);
    case 'x': return set_preset(s, optarg);
    case 'L': return set_two("-L", &o->align.clip5, &o->align.clip3);
    case 'U': return set_integer("-U", 0, 10000, &o->unpaired);
    case 'T': o->given |= ANL_GIVEN_LEAST; return set_integer("-T", 0, 1000000, &o->min_score);
    case 'k': return set_integer("-k", 1, 2048, &o->candidates);
    case 'a': o->all = 1; return 0;
    case 'M': o->parts_secondary = 1; return 0;
    case 'Y': o->parts_whole = 1; return 0;
    case 'C': s->output.comment_tags = 1; return 0;
    case 'p': s->reads.interleaved = 1; return 0;
    case 'I': return set_insert(s, optarg);
    case 'v':
        if (cli_integer("-v", optarg, 0, 9, &v)) return 2;
        s->verbosity = (int)v;
        return 0;
    case OPT_FORMAT: s->format_given = 1; return set_format(s, optarg);
    case OPT_SORT: s->output.sort = 1; return 0;
    case OPT_RG_ID: return add_read_group(s, optarg, 1);
    case OPT_RG: return add_read_group(s, optarg, 0);
    case OPT_EQX: o->align.eqx = 1; return 0;
    case OPT_CS: return set_cs(s, optarg);
    case OPT_MD: s->output.paf_md = 1; return 0;
    case OPT_HIT_ONLY: s->hits_only = 1; return 0;
    case OPT_MODEL: s->model = optarg; return 0;
    case OPT_DEVICE: return cli_device(optarg, &o->device) ? 2 : 0;
    case OPT_SUMMARY: s->summary = optarg; return 0;
    case OPT_REFERENCE: s->output.reference = s->reads.reference = optarg; return 0;
    case OPT_SEARCH:
        if (!strcmp(optarg, "native")) o->search = ANL_SEARCH_NATIVE;
        else if (!strcmp(optarg, "faiss")) o->search = ANL_SEARCH_FAISS;
        else return cli_usage("--search %s: must be native or faiss", optarg);
        return 0;
    default: return 2; /* getopt has said what is wrong */
    }
}

/* 0: go on; otherwise the exit status is *status. */
static int parse(int argc, char **argv, settings *s, int *status)
{
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, ":t:o:R:K:A:B:O:E:L:U:T:k:x:aMYCpI:v:h", long_options, NULL)) != -1;) {
        if (c == 'h' || c == OPT_HELP) {
            fputs(help, stdout);
            *status = 0;
            return 1;
        }
        if (c == 'x' && !strcmp(optarg, "list")) {
            for (const char *const *name = anl_preset_names(); *name; ++name) puts(*name);
            *status = 0;
            return 1;
        }
        *status = c == '?' || c == ':' ? cli_bad_option("align", c, argv) : set_option(s, c);
        if (*status) return 1;
    }
    int n = argc - optind;
    if (n < 2 || n > 3) {
        *status = cli_usage("align: needs INDEX.anl READS [MATES]; anneal align --help tells more");
        return 1;
    }
    s->index = argv[optind];
    s->reads.path = argv[optind + 1];
    s->reads.mates = n == 3 ? argv[optind + 2] : NULL;
    if (s->reads.mates && s->reads.interleaved) {
        *status = cli_usage("-p: the reads are interleaved in one file, but there are two");
        return 1;
    }
    if (!s->format_given && s->output.path) guess_format(s, s->output.path);
    if (s->output.format == ANL_PAF && s->output.sort) *status = cli_usage("--sort: PAF is written in the order of the reads");
    if (s->output.format == ANL_CRAM && s->align.align.eqx) *status = cli_usage("--eqx: CRAM has no = and X, only M");
    if (*status) return 1;
    s->output.threads = s->align.threads;
    s->output.without_seq = s->align.all;
    s->output.read_group = *s->read_group ? s->read_group : NULL;
    return 0;
}

static void print_summary(const anl_summary *s, double seconds)
{
    const anl_counts *c = &s->counts;
    fprintf(stderr, "%lld reads, %lld mapped (%.2f%%)", (long long)c->reads, (long long)c->mapped,
            c->reads ? 100.0 * (double)c->mapped / (double)c->reads : 0.0);
    if (c->pairs) fprintf(stderr, ", %lld of %lld pairs proper (%.2f%%)", (long long)c->proper, (long long)c->pairs,
                          100.0 * (double)c->proper / (double)c->pairs);
    if (s->insert.usable) fprintf(stderr, ", insert size %.1f +- %.1f", s->insert.mean, s->insert.sd);
    fprintf(stderr, ", %.0f reads/s\n", (double)c->reads / (seconds + 1e-9));
}

/* The summary as JSON. */
static int summary_write(anl_output *to, const anl_summary *s, double seconds)
{
    FILE *f = anl_output_stream(to);
    if (!f) return ANL_EIO;
    const anl_counts *c = &s->counts;
    fprintf(f, "{\"reads\": %lld, \"mapped\": %lld, \"pairs\": %lld, \"proper_pairs\": %lld, ", (long long)c->reads,
            (long long)c->mapped, (long long)c->pairs, (long long)c->proper);
    if (s->insert.usable) fprintf(f, "\"insert_size\": {\"mean\": %.2f, \"sd\": %.2f}, ", s->insert.mean, s->insert.sd);
    else fputs("\"insert_size\": null, ", f);
    fprintf(f, "\"seconds\": %.3f, \"reads_per_second\": %.1f}\n", seconds, (double)c->reads / (seconds + 1e-9));
    return anl_output_finish(to);
}

static void show(void *data, const anl_summary *s)
{
    anl_meter_update(data, s->counts.reads, 0);
}

static int run(const settings *s)
{
    anl_aligner *aligner = NULL;
    anl_reads *reads = NULL;
    anl_alignments *out = NULL;
    anl_summary summary = {0};
    anl_output *json = NULL; /* opened before there is work to lose */
    anl_meter meter;
    double start = anl_now();
    anl_meter_start(&meter, "reads");
    if (s->verbosity < 2) meter.on = 0;
    int rc = anl_threads_start(s->align.threads);
    if (!rc && s->summary) rc = anl_output_open(&json, s->summary, ANL_OUTPUT_STREAM);
    if (!rc) rc = anl_aligner_open(&aligner, s->index, s->model, &s->align);
    if (!rc && s->verbosity > 2) {
        const char *gpu = anl_aligner_gpu(aligner), *why = NULL;
        anl_device first;
        if (!gpu && s->align.device == ANL_DEVICE_AUTO && anl_devices_find(&first, 1, &why)) why = "the GPU is too old";
        fprintf(stderr, "aligning on %s%s%s\n", gpu ? gpu : "the CPU", why ? ": " : "", why ? why : "");
    }
    if (!rc) rc = anl_reads_open(&reads, &s->reads);
    if (!rc) {
        const anl_index *x = anl_aligner_index(aligner);
        anl_alignments_options output = s->output;
        output.extra_header = anl_reads_header(reads);
        rc = anl_alignments_open(&out, &output, x->contigs, x->n_contigs);
    }
    if (!rc) rc = anl_align(aligner, reads, out, s->hits_only, &summary, show, &meter);
    anl_meter_finish(&meter);
    if (!rc) rc = anl_alignments_finish(out);
    double seconds = anl_now() - start;
    const long long left_out = rc ? 0 : (long long)anl_alignments_left_out(out);
    if (!rc && s->summary) rc = summary_write(json, &summary, seconds);
    if (!rc) {
        rc = anl_alignments_close(out);
        out = NULL;
    }
    if (!rc && json) {
        rc = anl_output_close(json);
        json = NULL;
    }
    if (!rc && left_out && s->verbosity >= 2) fprintf(stderr, "anneal: -C: %lld parts of comments are no SAM tags and were left out\n", left_out);
    if (!rc && s->verbosity >= 2) print_summary(&summary, seconds);
    anl_output_abort(json);
    anl_alignments_abort(out);
    anl_reads_free(reads);
    anl_aligner_free(aligner);
    return rc ? cli_fail() : 0;
}

/* No file that is read is written over: 0 or an exit status. */
static int check_files(const settings *s)
{
    cli_files f = {0};
    const char *indexes = s->output.sort ? ".bai .csi .crai" : "";
    int rc = cli_reads(&f, s->index, "");
    if (!rc) rc = cli_reads(&f, s->reads.path, "");
    if (!rc) rc = cli_reads(&f, s->reads.mates, "");
    if (!rc) rc = cli_reads(&f, s->output.reference, ".fai .gzi");
    if (!rc) rc = cli_reads_model(&f, s->model);
    if (!rc) rc = cli_writes(&f, s->output.path ? s->output.path : "-", s->output.path ? indexes : "");
    if (!rc) rc = cli_writes(&f, s->summary, "");
    return cli_files_check(&f, rc);
}

int cmd_align(int argc, char **argv)
{
    settings s = {.align = anl_align_options_default(), .verbosity = 2};
    int status = 0;
    s.align.device = ANL_DEVICE_AUTO;
    cli_command_line(argc, argv, s.command_line, sizeof s.command_line);
    s.output.command_line = s.command_line;
    s.output.version = ANNEAL_VERSION;
    if (parse(argc, argv, &s, &status) || (status = check_files(&s))) return status;
    return run(&s);
}
