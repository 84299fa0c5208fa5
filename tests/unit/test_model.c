/* The model file: round trip, and every kind of damage refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model.h"
#include "sketch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

static char path[64];

static int prepare(void **unused)
{
    (void)unused;
    strcpy(path, "/tmp/anneal-test-model-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int clean(void **unused)
{
    (void)unused;
    return unlink(path);
}

static uint8_t *load(size_t *size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    uint8_t *p = malloc(1 << 22);
    *size = fread(p, 1, 1 << 22, f);
    fclose(f);
    return p;
}

static void save(const uint8_t *p, size_t size)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, size, f), size);
    fclose(f);
}

static void refused(int code)
{
    anl_model *m = (anl_model *)path;
    assert_int_equal(anl_model_read(&m, path), code);
    assert_null(m);
    assert_int_equal(strncmp(anl_error(), path, strlen(path)), 0);
    assert_null(strchr(anl_error(), '\n'));
}

static void make_light(anl_model *m, int hidden)
{
    assert_int_equal(anl_model_add_light(m, hidden), 0);
    anl_light *l = m->light;
    for (int i = 0; i < ANL_KMER_RANKS * m->dim; ++i) l->table[i] = (int8_t)i;
    for (int i = 0; i < ANL_ENCODER_PLACES; ++i) l->weight[i] = (int8_t)(i - 20);
    for (int i = 0; i < hidden * m->dim; ++i) l->up.w[i] = (int8_t)(3 * i);
    for (int i = 0; i < m->dim; ++i) l->out.bias[i] = (float)i;
}

static uint8_t *sketch_file(int dim, size_t *size)
{
    anl_model *m;
    assert_int_equal(anl_sketch_new(&m, dim, 2, 7), 0);
    make_light(m, 64);
    assert_int_equal(anl_model_save(m, path), 0);
    anl_model_free(m);
    return load(size);
}

static void test_round_trip(void **unused)
{
    (void)unused;
    for (int dim = 32; dim <= 256; dim += 32)
        for (int layers = 0; layers <= 3; ++layers) {
            anl_model *m, *r;
            size_t n1, n2;
            assert_int_equal(anl_sketch_new(&m, dim, layers, 3), 0);
            if (layers % 2) make_light(m, dim);
            assert_int_equal(anl_model_save(m, path), 0);
            uint8_t *first = load(&n1);
            assert_int_equal(anl_model_read(&r, path), 0);
            assert_true(anl_model_hash(r) == anl_model_hash(m) && r->dim == dim && r->layers == layers);
            assert_string_equal(r->name, m->name);
            assert_string_equal(r->provenance, m->provenance);
            assert_memory_equal(r->table, m->table, (size_t)(ANL_KMER_RANKS * dim));
            assert_memory_equal(r->out.scale, m->out.scale, (size_t)dim * sizeof(float));
            assert_int_equal(r->light != NULL, layers % 2);
            if (r->light) {
                const size_t hidden = (size_t)m->light->hidden;
                assert_int_equal(r->light->hidden, hidden);
                assert_memory_equal(r->light->table, m->light->table, (size_t)(ANL_KMER_RANKS * dim));
                assert_memory_equal(r->light->weight, m->light->weight, ANL_ENCODER_PLACES);
                assert_memory_equal(r->light->up.w, m->light->up.w, hidden * (size_t)dim);
                assert_memory_equal(r->light->out.bias, m->light->out.bias, (size_t)dim * sizeof(float));
            }
            assert_int_equal(anl_model_save(r, path), 0);
            uint8_t *second = load(&n2);
            assert_int_equal(n1, n2);
            assert_memory_equal(first, second, n1);
            free(first);
            free(second);
            anl_model_free(m);
            anl_model_free(r);
        }
}

static void test_truncated(void **unused)
{
    (void)unused;
    size_t size;
    uint8_t *p = sketch_file(32, &size);
    for (size_t n = 0; n < size; n += n < 200 || size - n < 200 ? 1 : 997) {
        save(p, n);
        refused(ANL_EFORMAT);
    }
    uint8_t *longer = calloc(size + 1, 1);
    memcpy(longer, p, size);
    save(longer, size + 1);
    refused(ANL_EFORMAT);
    free(longer);
    free(p);
}

static void test_flipped(void **unused)
{
    (void)unused;
    size_t size;
    uint8_t *p = sketch_file(32, &size);
    for (size_t i = 0; i < size; i += i < 200 || size - i < 200 ? 1 : 499) {
        p[i] ^= (uint8_t)(1 << i % 8);
        save(p, size);
        refused((i >= 8 && i < 12) || (i >= 20 && i < 28) ? ANL_EVERSION : ANL_EFORMAT); /* version; tokens */
        p[i] ^= (uint8_t)(1 << i % 8);
    }
    free(p);
}

/* Files of the time before the light encoder. */
static void test_older(void **unused)
{
    (void)unused;
    size_t size;
    uint8_t *p = sketch_file(32, &size);
    for (uint8_t version = 1; version <= 3; version += 2) {
        p[8] = version;
        const uint64_t sum = XXH3_64bits(p, size - 8);
        memcpy(p + size - 8, &sum, 8);
        save(p, size);
        refused(ANL_EVERSION);
        assert_int_equal(strstr(anl_error(), "of an older anneal") != NULL, version == 1);
    }
    free(p);
}

/* An index made with a model is good for it whatever becomes of the light encoder and the text, and for no other. */
static void test_identity(void **unused)
{
    (void)unused;
    anl_model *m;
    assert_int_equal(anl_sketch_new(&m, 32, 2, 7), 0);
    assert_int_equal(anl_model_save(m, path), 0);
    const uint64_t hash = anl_model_hash(m);
    make_light(m, 32);
    assert_int_equal(anl_model_describe(m, "other", "another text"), 0);
    assert_int_equal(anl_model_save(m, path), 0);
    assert_true(anl_model_hash(m) == hash);
    m->layer[1].down.w[5] ^= 1;
    assert_int_equal(anl_model_save(m, path), 0);
    assert_true(anl_model_hash(m) != hash);
    m->layer[1].down.w[5] ^= 1;
    m->radius += 1;
    assert_int_equal(anl_model_save(m, path), 0);
    assert_true(anl_model_hash(m) != hash);
    anl_model_free(m);
}

/* A wrong number under a right checksum. */
static void test_out_of_range(void **unused)
{
    (void)unused;
    static const uint32_t bad[] = {0x7fc00000, 0x7f800000, 0xff800000, 0x7f000000};
    size_t size;
    uint8_t *p = sketch_file(32, &size);
    for (int i = 0; i < 4; ++i) {
        memcpy(p + size - 12, &bad[i], 4); /* the last bias of the light encoder */
        uint64_t sum = XXH3_64bits(p, size - 8);
        memcpy(p + size - 8, &sum, 8);
        save(p, size);
        refused(ANL_EFORMAT);
    }
    free(p);
}

static void test_arguments(void **unused)
{
    (void)unused;
    anl_model *m;
    assert_int_equal(anl_model_new(&m, 48, 2), ANL_EINVAL);
    assert_int_equal(anl_model_new(&m, 0, 2), ANL_EINVAL);
    assert_int_equal(anl_model_new(&m, 288, 2), ANL_EINVAL);
    assert_int_equal(anl_model_new(&m, 128, 9), ANL_EINVAL);
    assert_int_equal(anl_model_new(&m, -32, 2), ANL_EINVAL);
    assert_int_equal(anl_model_read(&m, "/nonexistent/model"), ANL_EIO);
    assert_int_equal(anl_model_read(&m, "/"), ANL_EIO);
    assert_int_equal(anl_sketch_new(&m, 32, 1, 1), 0);
    assert_int_equal(anl_model_save(m, "/nonexistent/model"), ANL_EIO);
    assert_int_equal(anl_model_describe(m, "a name that does not fit in the header", ""), ANL_EINVAL);
    m->layer[0].o.scale[3] = 1e9f;
    assert_int_equal(anl_model_save(m, path), ANL_EINVAL);
    m->layer[0].o.scale[3] = 1;
    assert_int_equal(anl_model_add_light(m, 0), ANL_EINVAL);
    assert_int_equal(anl_model_add_light(m, 48), ANL_EINVAL);
    assert_int_equal(anl_model_add_light(m, 512), ANL_EINVAL);
    assert_int_equal(anl_model_add_light(m, 480), 0);
    assert_int_equal(anl_model_save(m, path), 0);
    m->light->out.scale[31] = NAN;
    assert_int_equal(anl_model_save(m, path), ANL_EINVAL);
    m->light->out.scale[31] = 1;
    m->light->pool_scale = 200;
    assert_int_equal(anl_model_save(m, path), ANL_EINVAL);
    anl_model_free(m);
}

static void test_find(void **unused)
{
    (void)unused;
    char found[4096];
    assert_int_equal(setenv("ANNEAL_MODEL", "/some/where.anm", 1), 0);
    assert_int_equal(anl_model_find(found, sizeof found), 0);
    assert_string_equal(found, "/some/where.anm");
    assert_int_equal(anl_model_find(found, 4), ANL_EINVAL);
    anl_model *m;
    assert_int_equal(anl_model_open(&m, NULL), ANL_EIO);
    assert_null(m);
    free(sketch_file(32, &(size_t){0}));
    assert_int_equal(anl_model_open(&m, path), 0);
    anl_model_free(m);
    assert_int_equal(setenv("ANNEAL_MODEL", path, 1), 0);
    assert_int_equal(anl_model_open(&m, NULL), 0);
    assert_string_equal(m->path, path);
    anl_model_free(m);
    assert_int_equal(unsetenv("ANNEAL_MODEL"), 0);
    int rc = anl_model_find(found, sizeof found); /* depends on where the test was built */
    assert_true(rc == 0 || (rc == ANL_EIO && strstr(anl_error(), "ANNEAL_MODEL")));
}

/* The shipped weights are what the command says they are, on every machine. */
static void test_seed(void **unused)
{
    (void)unused;
    anl_model *a, *b, *c;
    assert_int_equal(anl_sketch_new(&a, 128, 2, 1), 0);
    assert_int_equal(anl_sketch_new(&b, 128, 2, 1), 0);
    assert_int_equal(anl_sketch_new(&c, 128, 2, 2), 0);
    assert_int_equal(anl_model_save(a, path), 0);
    assert_int_equal(anl_model_save(b, path), 0);
    assert_int_equal(anl_model_save(c, path), 0);
    assert_true(anl_model_hash(a) == anl_model_hash(b) && anl_model_hash(a) != anl_model_hash(c));
    print_message("seed 1: hash %016llx\n", (unsigned long long)anl_model_hash(a));
    assert_true(anl_model_hash(a) == 0x58c05fc53cf922aeu);
    anl_model_free(a);
    anl_model_free(b);
    anl_model_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),   cmocka_unit_test(test_truncated), cmocka_unit_test(test_flipped),
        cmocka_unit_test(test_out_of_range), cmocka_unit_test(test_arguments), cmocka_unit_test(test_find),
        cmocka_unit_test(test_seed),         cmocka_unit_test(test_older),     cmocka_unit_test(test_identity),
    };
    return cmocka_run_group_tests(tests, prepare, clean);
}
