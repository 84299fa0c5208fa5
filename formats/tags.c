#include "tags.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A number of a type's letter in SAM and BAM. */
static int is_number(const char *from, const char *end, char type)
{
    static const struct {
        char type;
        double low, high;
    } ranges[] = {{'c', INT8_MIN, INT8_MAX}, {'C', 0, UINT8_MAX},         {'s', INT16_MIN, INT16_MAX},
                  {'S', 0, UINT16_MAX},      {'i', INT32_MIN, INT32_MAX}, {'I', 0, UINT32_MAX}};
    const char *letters = type == 'f' ? "+-.0123456789eE" : "+-0123456789";
    char *stop;
    if (from == end || strspn(from, letters) < (size_t)(end - from)) return 0;
    const double value = strtod(from, &stop);
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; ++i)
        if (ranges[i].type == type && (value < ranges[i].low || value > ranges[i].high)) return 0;
    return stop == end;
}

static int is_array(const char *from, const char *end)
{
    if (from == end || !strchr("cCsSiIf", *from)) return 0;
    const char type = *from++;
    while (from < end) {
        if (*from++ != ',') return 0;
        const char *comma = memchr(from, ',', (size_t)(end - from)), *stop = comma ? comma : end;
        if (!is_number(from, stop, type)) return 0;
        from = stop;
    }
    return 1;
}

static int is_value(const char *from, const char *end, char type)
{
    switch (type) {
    case 'A': return end - from == 1 && isgraph((unsigned char)*from);
    case 'i': return is_number(from, end, 'i') || is_number(from, end, 'I');
    case 'f': return is_number(from, end, 'f');
    case 'B': return is_array(from, end);
    case 'H': return (end - from) % 2 == 0 && strspn(from, "0123456789ABCDEF") >= (size_t)(end - from);
    case 'Z':
        while (from < end && isprint((unsigned char)*from)) ++from;
        return from == end;
    default: return 0;
    }
}

static int is_tag(const char *field)
{
    return isalpha((unsigned char)field[0]) && isalnum((unsigned char)field[1]) && field[2] == ':';
}

int anl_tag_valid(const char *text, size_t n)
{
    return n >= 5 && is_tag(text) && text[4] == ':' && is_value(text + 5, text + n, text[3]);
}

/* Bytes of one number of a BAM type; 0: no such type. */
static int width_of(uint8_t type)
{
    switch (type) {
    case 'A':
    case 'c':
    case 'C': return 1;
    case 's':
    case 'S': return 2;
    case 'i':
    case 'I':
    case 'f': return 4;
    case 'd': return 8;
    default: return 0;
    }
}

/* Bytes of a value of `type` among value[n]; -1: malformed. */
static int64_t value_size(const uint8_t *value, int64_t n, uint8_t type)
{
    if (type == 'Z' || type == 'H') {
        for (int64_t i = 0; i < n; ++i) {
            if (!value[i]) return i + 1;
            if (value[i] < ' ') return -1;
        }
        return -1;
    }
    if (type == 'A') return n > 0 && value[0] >= ' ' ? 1 : -1;
    if (type != 'B') return width_of(type) ? width_of(type) : -1;
    uint32_t count;
    if (n < 5 || !value[0] || !strchr("cCsSiIf", value[0])) return -1;
    memcpy(&count, value + 1, sizeof count);
    return 5 + (int64_t)count * width_of(value[0]);
}

int anl_tag_next(const uint8_t **at, const uint8_t *end, anl_tag *tag)
{
    const uint8_t *from = *at;
    if (from == end) return 0;
    if (end - from < 4 || !isgraph(from[0]) || !isgraph(from[1])) return -1;
    const int64_t size = value_size(from + 3, end - from - 3, from[2]);
    if (size < 0 || size > end - from - 3) return -1;
    *tag = (anl_tag){{(char)from[0], (char)from[1], 0}, (char)from[2], from + 3, (int32_t)size};
    *at = from + 3 + size;
    return 1;
}

/* Name and, where the name alone does not tell, type as in SAM text. */
static const char *const of_alignment[] = {
    /* the SAM tags specification */
    "AM:i",
    "AS",
    "BQ",
    "CC",
    "CG",
    "CM:i",
    "CP",
    "H0",
    "H1",
    "H2",
    "HI",
    "IH",
    "MC",
    "MD",
    "MQ",
    "NH",
    "NM",
    "PQ",
    "PT",
    "SA",
    "SM:i",
    "TS",
    "UQ",
    "PG", /* the program that made the record */
    /* bwa; XT:i is where Picard's MarkIlluminaAdapters saw one, XC:Z and XM:Z are barcodes of Drop-seq */
    "X0:i",
    "X1:i",
    "XA",
    "XC:i",
    "XE:i",
    "XF:i",
    "XG:i",
    "XM:i",
    "XN:i",
    "XO:i",
    "XS",
    "XT:A",
    "pa:f",
    /* minimap2; ts:i, the samples trimmed, is dorado's, tp:B Ultima's */
    "cg",
    "cm:i",
    "cs",
    "de:f",
    "dv:f",
    "ms:i",
    "nn:i",
    "rl:i",
    "s1:i",
    "s2:i",
    "tp:A",
    "ts:A",
    "zd:i",
    /* bowtie2 and HISAT2 */
    "YF:Z",
    "YM:i",
    "YP:i",
    "YS:i",
    "YT:Z",
    "ZP:i",
    "ZS:i",
    "ZU:i",
    "Zs:Z",
    /* STAR and Cell Ranger, whose MM is no base modification; ch:i is a channel of a nanopore */
    "MM:i",
    "ch:A",
    "jI",
    "jM",
    "nM:i",
    "uT:A",
    "vA",
    "vG",
    "vW",
    /* samtools calmd, pbmm2 */
    "ZQ",
    "mg:f",
};

int anl_tag_of_alignment(const anl_tag *tag)
{
    const char type = tag->type && strchr("cCsSI", tag->type) ? 'i' : tag->type;
    for (size_t i = 0; i < sizeof of_alignment / sizeof *of_alignment; ++i) {
        const char *t = of_alignment[i];
        if (t[0] == tag->name[0] && t[1] == tag->name[1]) return !t[2] || t[3] == type;
    }
    return 0;
}
