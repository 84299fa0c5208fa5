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
    } ranges[] = {{'c', INT8_MIN, INT8_MAX}, {'C', 0, UINT8_MAX}, {'s', INT16_MIN, INT16_MAX}, {'S', 0, UINT16_MAX},
                  {'i', INT32_MIN, INT32_MAX}, {'I', 0, UINT32_MAX}};
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
