#include "json.h"

/* Bytes of the UTF-8 character that begins here; 0: none does. Neither overlong forms nor surrogates are characters. */
static int utf8(const unsigned char *c)
{
    const int n = *c < 0x80 ? 1 : *c >= 0xc2 && *c < 0xe0 ? 2 : *c >= 0xe0 && *c < 0xf0 ? 3 : *c >= 0xf0 && *c < 0xf5 ? 4 : 0;
    for (int i = 1; i < n; ++i)
        if (c[i] < 0x80 || c[i] > 0xbf) return 0;
    if ((*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) || (*c == 0xf0 && c[1] < 0x90) || (*c == 0xf4 && c[1] > 0x8f)) return 0;
    return n;
}

void cli_json_string(FILE *to, const char *text)
{
    fputc('"', to);
    for (const unsigned char *c = (const unsigned char *)text; *c;) {
        const int n = utf8(c);
        if (*c == '"' || *c == '\\')
            fprintf(to, "\\%c", *c);
        else if (*c < 0x20 || *c == 0x7f)
            fprintf(to, "\\u%04x", *c);
        else if (!n)
            fputs("\\ufffd", to);
        else
            fprintf(to, "%.*s", n, (const char *)c);
        c += n ? n : 1;
    }
    fputc('"', to);
}
