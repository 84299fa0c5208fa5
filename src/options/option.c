#include "option.h"

#include "near.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fields are int, int32_t, int64_t, float and const char *, wherever the settings have them. */
_Static_assert(sizeof(int) == sizeof(int32_t), "an int field takes an int32_t");

static void put(void *settings, size_t field, const void *value, size_t size)
{
    memcpy((char *)settings + field, value, size);
}

static void get(const void *settings, size_t field, void *value, size_t size)
{
    memcpy(value, (const char *)settings + field, size);
}

size_t anl_word(const char *words, const char **next)
{
    const size_t n = strcspn(words, " ");
    *next = words + n + (words[n] == ' ');
    return n;
}

int anl_parse_whole(const char *text, int units, int64_t *out)
{
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    int64_t unit = 1;
    if (end == text || errno) return 0;
    if (units && *end) {
        const char *const letters = "KkMmGg", *at = strchr(letters, *end);
        for (ptrdiff_t i = at ? (at - letters) / 2 + 1 : 0; i > 0; --i) unit *= 1000;
        end += at != NULL;
    }
    return !*end && !__builtin_mul_overflow((int64_t)value, unit, out);
}

/* ---- values ---- */

static int fail_whole(const anl_option *o, const char *called, const char *text)
{
    const char *unit = o->kind == ANL_OPTION_SIZE ? ", which K, M or G may follow" : "";
    if (o->high > 1e15) return anl_fail(ANL_EINVAL, "%s %s: must be a whole number of at least %.0f%s", called, text, o->low, unit);
    return anl_fail(ANL_EINVAL, "%s %s: must be a whole number from %.0f to %.0f%s", called, text, o->low, o->high, unit);
}

static int set_whole(const anl_option *o, const char *called, const char *text, void *settings)
{
    int64_t v;
    if (!anl_parse_whole(text, o->kind == ANL_OPTION_SIZE, &v) || (double)v < o->low || (double)v > o->high)
        return fail_whole(o, called, text);
    const int32_t small = (int32_t)v;
    if (o->kind == ANL_OPTION_SIZE)
        put(settings, o->field, &v, sizeof v);
    else
        put(settings, o->field, &small, sizeof small);
    return ANL_OK;
}

static int set_number(const anl_option *o, const char *called, const char *text, void *settings)
{
    char *end;
    const double v = strtod(text, &end);
    if (end == text || *end || !(v >= o->low && v <= o->high))
        return anl_fail(ANL_EINVAL, "%s %s: must be a number from %g to %g", called, text, o->low, o->high);
    const float small = (float)v;
    put(settings, o->field, &small, sizeof small);
    return ANL_OK;
}

static int set_two(const anl_option *o, const char *called, const char *text, void *settings)
{
    char part[32];
    int32_t values[2];
    const char *const comma = strchr(text, ','), *at = text;
    for (int i = 0; i < 2; ++i) {
        int64_t v = 0;
        const size_t n = i || !comma ? strlen(at) : (size_t)(comma - at);
        snprintf(part, sizeof part, "%.*s", (int)n, at);
        if (n >= sizeof part || !anl_parse_whole(part, 0, &v) || (double)v < o->low || (double)v > o->high)
            return anl_fail(ANL_EINVAL, "%s %s: must be a whole number from %.0f to %.0f, or two, comma-separated", called, text, o->low,
                            o->high);
        values[i] = (int32_t)v;
        if (comma) at = comma + 1;
    }
    put(settings, o->field, &values[0], sizeof *values);
    put(settings, o->second, &values[1], sizeof *values);
    return ANL_OK;
}

/* "a, b or c" */
static void list_words(const char *words, char *out, size_t size)
{
    size_t used = 0;
    *out = 0;
    for (const char *w = words, *next; *w && used < size; w = next) {
        const size_t n = anl_word(w, &next);
        const char *const before = w == words ? "" : *next ? ", " : " or ";
        used += (size_t)snprintf(out + used, size - used, "%s%.*s", before, (int)n, w);
    }
}

static int set_word(const anl_option *o, const char *called, const char *text, void *settings)
{
    char all[256];
    int value = (int)o->low;
    for (const char *w = o->words, *next; *w; w = next, ++value) {
        const size_t n = anl_word(w, &next);
        if (strlen(text) != n || strncmp(text, w, n)) continue;
        put(settings, o->field, &value, sizeof value);
        return ANL_OK;
    }
    list_words(o->words, all, sizeof all);
    return anl_fail(ANL_EINVAL, "%s %s: must be %s", called, text, all);
}

/* ---- options ---- */

const anl_option *anl_option_find(const anl_option_table *t, const char *name)
{
    for (int i = 0; i < t->n; ++i) {
        const anl_option *o = &t->list[i];
        if (o->name && !strcmp(o->name, name)) return o;
        if (*name && !name[1] && (*name == o->letter || *name == o->also)) return o;
    }
    return NULL;
}

int anl_option_set(const anl_option_table *t, const anl_option *o, const char *called, const char *text, void *settings)
{
    static const int on = 1;
    int rc = ANL_OK;
    switch (o->kind) {
    case ANL_OPTION_FLAG: put(settings, o->field, &on, sizeof on); break;
    case ANL_OPTION_INT:
    case ANL_OPTION_SIZE: rc = set_whole(o, called, text, settings); break;
    case ANL_OPTION_NUMBER: rc = set_number(o, called, text, settings); break;
    case ANL_OPTION_TWO: rc = set_two(o, called, text, settings); break;
    case ANL_OPTION_WORD: rc = set_word(o, called, text, settings); break;
    case ANL_OPTION_TEXT:
    case ANL_OPTION_FILE: put(settings, o->field, &text, sizeof text); break;
    case ANL_OPTION_SET: rc = o->set(o, called, text, settings); break;
    }
    if (!rc && o->given) {
        unsigned given;
        get(settings, t->given, &given, sizeof given);
        given |= o->given;
        put(settings, t->given, &given, sizeof given);
    }
    return rc;
}

int anl_options_set(const anl_option_table *t, const char *name, const char *text, void *settings)
{
    const anl_option *o = anl_option_find(t, name);
    if (!o) {
        anl_near near = {.word = name};
        for (int i = 0; i < t->n; ++i)
            if (t->list[i].name) anl_near_look(&near, t->list[i].name);
        return anl_fail(ANL_EINVAL, "there is no option '%s'%s%s%s", name, near.best ? "; did you mean '" : "", near.best ? near.best : "",
                        near.best ? "'?" : "");
    }
    if (!o->arg && text) return anl_fail(ANL_EINVAL, "%s takes no value, but '%s' was given", name, text);
    if (o->arg && *o->arg != '[' && !text) return anl_fail(ANL_EINVAL, "%s needs a value, %s", name, o->arg);
    return anl_option_set(t, o, name, text, settings);
}

static int check_number(const anl_option *o, double v)
{
    if (v >= o->low && v <= o->high) return ANL_OK;
    const char dash[] = {'-', o->letter, 0};
    return anl_fail(ANL_EINVAL, "%s%s %g: must be from %g to %g", o->letter ? dash : "--", o->letter ? "" : o->name, v, o->low, o->high);
}

int anl_options_check(const anl_option_table *t, const void *settings)
{
    int rc = ANL_OK;
    for (int i = 0; i < t->n && !rc; ++i) {
        const anl_option *o = &t->list[i];
        int32_t whole;
        int64_t size;
        float number;
        switch (o->kind) {
        case ANL_OPTION_INT:
        case ANL_OPTION_TWO:
            get(settings, o->field, &whole, sizeof whole);
            rc = check_number(o, whole);
            if (rc || o->kind == ANL_OPTION_INT) break;
            get(settings, o->second, &whole, sizeof whole);
            rc = check_number(o, whole);
            break;
        case ANL_OPTION_SIZE:
            get(settings, o->field, &size, sizeof size);
            rc = check_number(o, (double)size);
            break;
        case ANL_OPTION_NUMBER:
            get(settings, o->field, &number, sizeof number);
            rc = check_number(o, (double)number);
            break;
        default: break;
        }
    }
    return rc;
}

static void show_size(int64_t v, char *out, size_t size)
{
    const char *unit = "";
    if (v && v % 1000000000 == 0)
        v /= 1000000000, unit = "G";
    else if (v && v % 1000000 == 0)
        v /= 1000000, unit = "M";
    snprintf(out, size, "%lld%s", (long long)v, unit);
}

void anl_option_show(const anl_option *o, const void *settings, char *out, size_t size)
{
    int32_t whole, second;
    int64_t large;
    float number;
    const char *text = o->initial ? o->initial : "";
    switch (o->initial ? ANL_OPTION_SET : o->kind) {
    case ANL_OPTION_INT:
        get(settings, o->field, &whole, sizeof whole);
        snprintf(out, size, "%d", whole);
        return;
    case ANL_OPTION_SIZE:
        get(settings, o->field, &large, sizeof large);
        show_size(large, out, size);
        return;
    case ANL_OPTION_NUMBER:
        get(settings, o->field, &number, sizeof number);
        snprintf(out, size, "%g", (double)number);
        return;
    case ANL_OPTION_TWO:
        get(settings, o->field, &whole, sizeof whole);
        get(settings, o->second, &second, sizeof second);
        if (whole == second)
            snprintf(out, size, "%d", whole);
        else
            snprintf(out, size, "%d,%d", whole, second);
        return;
    case ANL_OPTION_WORD: {
        get(settings, o->field, &whole, sizeof whole);
        const char *w = o->words, *next;
        for (int32_t i = (int32_t)o->low; i < whole && *w; ++i) anl_word(w, &w);
        snprintf(out, size, "%.*s", (int)anl_word(w, &next), w);
        return;
    }
    default: snprintf(out, size, "%s", text);
    }
}
