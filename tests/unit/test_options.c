/* Options as tables: what each kind takes and refuses, what is shown of it, and which names are near. */
#include "near.h"
#include "option.h"

#include "random.h"

#include <string.h>

typedef struct settings {
    int flag, word;
    int32_t whole, first, second;
    int64_t size;
    float number;
    const char *text;
    unsigned given;
    int set;
} settings;

static int set(const anl_option *o, const char *called, const char *text, void *data)
{
    (void)o;
    if (!strcmp(text, "wrong")) return anl_fail(ANL_EINVAL, "%s: wrong", called);
    ((settings *)data)->set = 1;
    return ANL_OK;
}

#define AT(field) offsetof(settings, field)

static const anl_option list[] = {
    {"S", .letter = 'f', .name = "flag", .field = AT(flag), .help = ""},
    {"S", .letter = 't', .also = '@', .name = "threads", .arg = "N", .kind = ANL_OPTION_INT, .field = AT(whole), .low = -3, .high = 1024,
     .given = 4},
    {"S", .letter = 'K', .name = "size", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(size), .low = 1, .high = 1e12},
    {"S", .name = "free", .arg = "N", .kind = ANL_OPTION_SIZE, .field = AT(size), .low = 1, .high = (double)INT64_MAX},
    {"S", .name = "rate", .arg = "R", .kind = ANL_OPTION_NUMBER, .field = AT(number), .low = 0.5, .high = 2},
    {"S", .letter = 'O', .name = "gap", .arg = "N[,N]", .kind = ANL_OPTION_TWO, .field = AT(first), .second = AT(second), .high = 100,
     .given = 1},
    {"S", .name = "path", .arg = "P", .kind = ANL_OPTION_WORD, .field = AT(word), .low = 1, .words = "native faiss"},
    {"S", .name = "text", .arg = "T", .kind = ANL_OPTION_TEXT, .field = AT(text)},
    {"S", .name = "other", .arg = "T", .kind = ANL_OPTION_SET, .set = set, .initial = "so"},
};

static const anl_option_table table = {list, sizeof list / sizeof *list, AT(given)};

static void takes(const char *name, const char *text, settings *s)
{
    if (anl_options_set(&table, name, text, s)) fail_msg("%s %s: %s", name, text ? text : "", anl_error());
}

static void refuses(const char *name, const char *text, const char *says)
{
    settings s = {.whole = 77};
    const settings before = s;
    if (anl_options_set(&table, name, text, &s) != ANL_EINVAL) fail_msg("%s %s was taken", name, text ? text : "");
    if (!strstr(anl_error(), says) || strchr(anl_error(), '\n')) fail_msg("%s %s: said '%s'", name, text ? text : "", anl_error());
    assert_memory_equal(&s, &before, sizeof s);
}

static void every_kind_sets_its_field(void **unused)
{
    (void)unused;
    settings s = {0};
    takes("flag", NULL, &s);
    assert_int_equal(s.flag, 1);
    assert_int_equal(s.given, 0);
    takes("@", "-3", &s);
    assert_int_equal(s.whole, -3);
    takes("t", "1024", &s);
    assert_int_equal(s.whole, 1024);
    assert_int_equal(s.given, 4);
    takes("K", "10M", &s);
    assert_int_equal(s.size, 10000000);
    takes("size", "3k", &s);
    assert_int_equal(s.size, 3000);
    takes("size", "2G", &s);
    assert_int_equal(s.size, 2000000000);
    takes("free", "9223372036854775807", &s);
    assert_true(s.size == INT64_MAX);
    takes("rate", "5e-1", &s);
    assert_true(s.number == 0.5f);
    takes("O", "6", &s);
    assert_true(s.first == 6 && s.second == 6 && s.given == 5);
    takes("gap", "0,100", &s);
    assert_true(s.first == 0 && s.second == 100);
    takes("path", "faiss", &s);
    assert_int_equal(s.word, 2);
    takes("text", "", &s);
    assert_string_equal(s.text, "");
    takes("other", "x", &s);
    assert_int_equal(s.set, 1);
}

static void wrong_values_change_nothing(void **unused)
{
    (void)unused;
    static const char *const wholes[] = {"-4", "1025", "", "x", "1x", "1.5", "1K", "99999999999999999999", "0x10"};
    for (size_t i = 0; i < sizeof wholes / sizeof *wholes; ++i) refuses("threads", wholes[i], "must be a whole number from -3 to 1024");
    static const char *const sizes[] = {"0", "1KK", "1T", "K", "1 K", "1000000000001", "9999999999G", "99999999999999999999G"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i)
        refuses("size", sizes[i], "must be a whole number from 1 to 1000000000000, which K, M or G may follow");
    refuses("free", "0", "of at least 1, which K");
    static const char *const numbers[] = {"0.4", "2.1", "nan", "", "1x", "inf"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) refuses("rate", numbers[i], "must be a number from 0.5 to 2");
    static const char *const twos[] = {"", ",", "1,", ",1", "1,2,3", "101", "1,101", "-1", "1,x", "00000000000000000000000000000000000001"};
    for (size_t i = 0; i < sizeof twos / sizeof *twos; ++i) refuses("gap", twos[i], "from 0 to 100, or two, comma-separated");
    refuses("path", "nativ", "must be native or faiss");
    refuses("path", "native faiss", "must be");
    refuses("other", "wrong", "other: wrong");
    refuses("flag", "1", "flag takes no value");
    refuses("threads", NULL, "threads needs a value, N");
    refuses("thread", "1", "there is no option 'thread'; did you mean 'threads'?");
    refuses("nonsense", "1", "there is no option 'nonsense'");
    refuses("", "1", "there is no option ''");
}

static void numbers_are_checked_where_they_lie(void **unused)
{
    (void)unused;
    const settings good = {.whole = 1, .size = 1, .number = 1};
    settings s = good;
    assert_int_equal(anl_options_check(&table, &s), ANL_OK);
    s.whole = 1025;
    assert_int_equal(anl_options_check(&table, &s), ANL_EINVAL);
    assert_string_equal(anl_error(), "-t 1025: must be from -3 to 1024");
    s = good, s.second = 101;
    assert_int_equal(anl_options_check(&table, &s), ANL_EINVAL);
    s = good, s.size = 0;
    assert_int_equal(anl_options_check(&table, &s), ANL_EINVAL);
    s = good, s.number = 3;
    assert_int_equal(anl_options_check(&table, &s), ANL_EINVAL);
    assert_non_null(strstr(anl_error(), "--rate 3"));
}

static void shown(const char *name, const settings *s, const char *want)
{
    char text[80];
    anl_option_show(anl_option_find(&table, name), s, text, sizeof text);
    assert_string_equal(text, want);
}

static void defaults_are_shown(void **unused)
{
    (void)unused;
    settings s = {.whole = 4, .size = 10000000, .number = 0.05f, .first = 6, .second = 6, .word = 2};
    shown("threads", &s, "4");
    shown("size", &s, "10M");
    shown("rate", &s, "0.05");
    shown("gap", &s, "6");
    shown("path", &s, "faiss");
    shown("flag", &s, "");
    shown("text", &s, "");
    shown("other", &s, "so");
    s.size = 3000000000;
    shown("size", &s, "3G");
    s.size = 8388608;
    shown("size", &s, "8388608");
    s.second = 7;
    shown("gap", &s, "6,7");
    s.word = 0; /* none of them */
    shown("path", &s, "native");
}

static const char *nearest(const char *word)
{
    static const char *const words[] = {"sort", "sort-memory", "threads", "output", "output-format", "MD", "cs", "search"};
    anl_near n = {.word = word};
    for (size_t i = 0; i < sizeof words / sizeof *words; ++i) anl_near_look(&n, words[i]);
    return n.best;
}

static void near_names(void **unused)
{
    (void)unused;
    assert_string_equal(nearest("srot"), "sort");
    assert_string_equal(nearest("Sort"), "sort");
    assert_string_equal(nearest("thread"), "threads");
    assert_string_equal(nearest("thraeds"), "threads");
    assert_string_equal(nearest("serach"), "search");
    assert_string_equal(nearest("out"), "output"); /* the first that goes on so */
    assert_string_equal(nearest("output-f"), "output-format");
    assert_null(nearest("memory"));
    assert_null(nearest("xy"));
    assert_null(nearest("m"));
    assert_null(nearest(""));
    assert_null(nearest("a word of more than forty letters is near to none of them"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_sets_its_field),
        cmocka_unit_test(wrong_values_change_nothing),
        cmocka_unit_test(numbers_are_checked_where_they_lie),
        cmocka_unit_test(defaults_are_shown),
        cmocka_unit_test(near_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
