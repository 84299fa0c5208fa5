/* The options of anl_index_options: their names, ranges and words. */
#include "index_build.h"

#include "encoder_shape.h"
#include "gpu.h"

static const char OPTIONS[] = ANL_SECTION_INDEX;

static int set_device(const anl_option *o, const char *called, const char *text, void *options)
{
    (void)o;
    return anl_device_parse(called, text, &((anl_index_options *)options)->device);
}

#define AT(field) offsetof(anl_index_options, field)

static const anl_option list[] = {
    {OPTIONS, .letter = 't', .also = '@', .name = "threads", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(threads), .low = 1,
     .high = 1024, .help = "threads; the index is the same for any number"},
    {OPTIONS, .name = "window", .arg = "W", .kind = ANL_OPTION_INT, .field = AT(window), .low = ANL_ENCODER_MIN_LEN,
     .high = ANL_ENCODER_MAX_LEN, .help = "bp of reference embedded as one vector; about a read's length"},
    {OPTIONS, .name = "stride", .arg = "S", .kind = ANL_OPTION_INT, .field = AT(stride), .low = 1, .high = ANL_ENCODER_MAX_LEN,
     .initial = "48, from 1 Gbp of reference on 56", .help = "bp between windows; smaller finds more and makes a larger index",
     .more = "An index holds up to 4,294,967,294 windows: with the default, references of 240 Gbp."},
    {OPTIONS, .name = "unique-k", .arg = "K", .kind = ANL_OPTION_INT, .field = AT(unique_k), .low = ANL_UNIQUE_MIN_K,
     .high = ANL_UNIQUE_MAX_K, .initial = "by the size of the reference",
     .help = "letters of the k-mers of the uniqueness map, for experiments"},
    {OPTIONS, .name = "alt", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(alt),
     .help = "names of the ALT contigs, one a line, or bwa's .alt; they never lower the MAPQ of other places",
     .more = "Of a line that holds tabs the first field counts; lines that begin with @ do not. Names that the reference does not have are "
             "passed "
             "over, if it has others. align then reports as bwa mem does with a .alt file: the best place on the primary assembly is the "
             "primary "
             "record, a better one on an ALT contig is supplementary."},
    {OPTIONS, .name = "model", .arg = "FILE", .kind = ANL_OPTION_FILE, .field = AT(model), .initial = "the one shipped", .help = "encoder",
     .more = "Or $ANNEAL_MODEL."},
    {OPTIONS, .name = "device", .arg = "D", .kind = ANL_OPTION_SET, .set = set_device, .words = "auto cpu cuda", .initial = "auto",
     .help = "what embeds and clusters: auto, cpu, cuda or cuda:N (a GPU's number); same index",
     .more = "auto takes an NVIDIA GPU if there is one that can, and the CPU for less than 2 MiB of FASTA."},
};

const anl_option_table anl_index_option_table = {list, sizeof list / sizeof *list, 0};
