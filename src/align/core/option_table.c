/* The options of anl_align_options: their names, ranges and words. What an option does is told at its field. */
#include "options.h"

#include "gpu.h"

#include <stdlib.h>
#include <string.h>

static const char RECORDS[] = ANL_SECTION_RECORDS, SCORES[] = ANL_SECTION_SCORES, PAIRS[] = ANL_SECTION_PAIRS,
                  SEARCH[] = ANL_SECTION_SEARCH;

enum { LARGEST_INSERT = 100000000 /* bp; four deviations beyond the mean still fit int32_t */ };

/* MEAN[,SD[,MAX[,MIN]]] */
static int set_insert(const anl_option *o, const char *called, const char *text, void *settings)
{
    anl_align_options *options = settings;
    double v[4] = {0};
    int n = 0;
    (void)o;
    for (const char *at = text; n < 4; ++at) {
        char *end;
        v[n] = strtod(at, &end);
        const int number = end > at && v[n] >= 0 && v[n] <= LARGEST_INSERT;
        if (!number || (*end && *end != ',') || (*end && n == 3))
            return anl_fail(ANL_EINVAL, "%s %s: must be MEAN[,SD[,MAX[,MIN]]] in bp, each from 0 to %d", called, text, LARGEST_INSERT);
        ++n;
        at = end;
        if (!*at) break;
    }
    options->insert_given = 1;
    anl_insert_given(&options->insert, v[0], n > 1 ? v[1] : v[0] * 0.1, (int32_t)v[2], (int32_t)v[3]);
    return ANL_OK;
}

/* N, and as bwa mem has it another number for where some of the places are on ALT contigs. */
static int set_xa(const anl_option *o, const char *called, const char *text, void *settings)
{
    int32_t v[2];
    anl_option two = *o;
    two.kind = ANL_OPTION_TWO;
    two.field = 0;
    two.second = sizeof *v;
    const int rc = anl_option_set(&(anl_option_table){&two, 1, 0}, &two, called, text, v);
    if (rc) return rc;
    ((anl_align_options *)settings)->xa_most = v[0];
    ((anl_align_options *)settings)->xa_most_alt = v[1];
    return ANL_OK;
}

static int set_preset(const anl_option *o, const char *called, const char *text, void *settings)
{
    static const anl_preset presets[] = {ANL_PRESET_SR,   ANL_PRESET_HIFI, ANL_PRESET_ONT, ANL_PRESET_DIVERGED,
                                         ANL_PRESET_HIFI, ANL_PRESET_ONT,  ANL_PRESET_ONT};
    anl_option word = *o;
    int number = 0;
    word.field = 0;
    word.kind = ANL_OPTION_WORD;
    const int rc = anl_option_set(&(anl_option_table){&word, 1, 0}, &word, called, text, &number);
    if (!rc) ((anl_align_options *)settings)->preset = presets[number];
    return rc;
}

static int set_device(const anl_option *o, const char *called, const char *text, void *settings)
{
    (void)o;
    return anl_device_parse(called, text, &((anl_align_options *)settings)->device);
}

#define AT(field) offsetof(anl_align_options, field)

static const anl_option list[] = {
    {RECORDS, .letter = 'a', .name = "all", .field = AT(all), .help = "write all places found, other than the best as secondary"},
    {RECORDS, .letter = 'h', .name = "xa-limit", .arg = "N[,N]", .kind = ANL_OPTION_SET, .set = set_xa, .high = ANL_GPU_MOST_HITS,
     .initial = "5,200", .help = "tag XA where at most N other places have 0.8 of the best score; second N: if some are on ALT contigs",
     .more = "Without a value, -h tells how to use the command."},
    {RECORDS, .letter = 'j', .name = "ignore-alt", .field = AT(ignore_alt),
     .help = "take ALT contigs for others, as if the index had been built without --alt"},
    {RECORDS, .letter = 'M', .name = "split-secondary", .field = AT(parts_secondary),
     .help = "flag the shorter segments of split reads secondary, not supplementary"},
    {RECORDS, .letter = '5', .name = "primary-5prime", .field = AT(leftmost_primary),
     .help = "of split reads the segment that begins first in the read is primary, not the best one",
     .more = "With -S and -P for Hi-C: -5SP."},
    {RECORDS, .letter = 'Y', .name = "soft-clip", .field = AT(parts_whole), .help = "soft clips, not hard clips, in supplementary records"},
    {RECORDS, .name = "eqx", .field = AT(align.eqx), .help = "= and X instead of M in CIGARs; not for CRAM",
     .more = "It has no such operations."},
    {SCORES, .letter = 'x', .name = "preset", .arg = "P", .kind = ANL_OPTION_SET, .set = set_preset, .initial = "ont",
     .words = "sr hifi ont diverged map-hifi map-ont map-pb",
     .help =
         "for reads over 400 bp sr, hifi or ont; for short reads with 8 to 25% of differences diverged; -A, -B, -O, -E, -T and -U override "
         "it",
     .more = "diverged is -A 2 -B 3 -O 5 -E 2 -T 40 -U 34 with a search of its own. minimap2's names are known, too: map-hifi is hifi; "
             "map-ont and map-pb are ont. list prints them."},
    {SCORES, .letter = 'A', .name = "match", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(align.score.match), .low = 1, .high = 100,
     .given = ANL_GIVEN_MATCH, .help = "score of a match; multiplies -B, -O, -E, -L, -U and -T of short reads where these are not given",
     .more = "As bwa mem's does; not with -x diverged."},
    {SCORES, .letter = 'B', .name = "mismatch", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(align.score.mismatch), .high = 100,
     .given = ANL_GIVEN_MISMATCH, .help = "penalty of a mismatch"},
    {SCORES, .letter = 'O', .name = "gap-open", .arg = "N[,N]", .kind = ANL_OPTION_TWO, .field = AT(align.score.del_open),
     .second = AT(align.score.ins_open), .high = 100, .given = ANL_GIVEN_OPEN, .help = "penalty of a gap: deletion, insertion"},
    {SCORES, .letter = 'E', .name = "gap-extend", .arg = "N[,N]", .kind = ANL_OPTION_TWO, .field = AT(align.score.del_extend),
     .second = AT(align.score.ins_extend), .low = 1, .high = 100, .given = ANL_GIVEN_EXTEND, .help = "and of each base of it"},
    {SCORES, .letter = 'L', .name = "clip-penalty", .arg = "N[,N]", .kind = ANL_OPTION_TWO, .field = AT(align.clip5),
     .second = AT(align.clip3), .high = 10000, .given = ANL_GIVEN_CLIP, .help = "penalty of clipping at the 5' and 3' end"},
    {SCORES, .letter = 'T', .name = "min-score", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(min_score), .high = 1000000,
     .given = ANL_GIVEN_LEAST, .help = "least score written as mapped",
     .more = "Unless it is given, the shorter segments of a split read need only the score that chance does not give, 20 in a bacterium."},
    {PAIRS, .letter = 'I', .name = "insert-size", .arg = "MEAN[,SD[,MAX[,MIN]]]", .kind = ANL_OPTION_SET, .set = set_insert,
     .help = "insert size of FR pairs in bp; estimated from each batch when not given"},
    {PAIRS, .letter = 'U', .name = "unpaired-penalty", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(unpaired), .high = 10000,
     .given = ANL_GIVEN_UNPAIRED, .help = "penalty of an unpaired pair"},
    {PAIRS, .letter = 'S', .name = "skip-rescue", .field = AT(no_rescue), .help = "do not look for mates beside each other"},
    {PAIRS, .letter = 'P', .name = "skip-pairing", .field = AT(no_pairing), .help = "place mates on their own; no pair is proper",
     .more = "Mates are still looked for beside each other, unless -S is given."},
    {SEARCH, .letter = 't', .also = '@', .name = "threads", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(threads), .low = 1,
     .high = 1024, .help = "threads; the result is the same for any number"},
    {SEARCH, .name = "device", .arg = "D", .kind = ANL_OPTION_SET, .set = set_device, .words = "auto cpu cuda", .initial = "auto",
     .help = "what embeds, searches and scores: auto, cpu, cuda or cuda:N (a GPU's number); same result",
     .more = "auto takes an NVIDIA GPU if there is one whose memory holds the index, and the CPU for less than 16 MiB of reads."},
    {SEARCH, .letter = 'K', .name = "batch-bases", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(batch_bases),
     .high = (double)(INT64_C(1) << 40),
     .help = "bp of reads per batch; insert sizes are estimated per batch; 0: 10M to 40M, by the size of the index"},
    {SEARCH, .letter = 'k', .name = "candidates", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(candidates), .low = 1,
     .high = ANL_GPU_MOST_HITS,
     .help = "neighbouring windows fetched for each read before looking wider; not bwa mem's -k: there are no seeds"},
    {SEARCH, .name = "search", .arg = "S", .kind = ANL_OPTION_WORD, .field = AT(search), .low = ANL_SEARCH_NATIVE, .words = "native faiss",
     .help = "native: our scan of the inverted lists; faiss: FAISS's own; same result"},
    {SEARCH, .name = "exhaustive", .field = AT(exhaustive),
     .help = "search every read in all lists, and prove nothing: the yardstick of the search"},
};

_Static_assert(ANL_SEARCH_FAISS == ANL_SEARCH_NATIVE + 1, "the words of --search are in the order of anl_search_path");

const anl_option_table anl_align_option_table = {list, sizeof list / sizeof *list, AT(given)};
