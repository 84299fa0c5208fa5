/* The model file: what is written comes back, whatever is damaged is refused. */
#include "files.h"

#include "sketch.h"

#include <sys/stat.h>

static void round_trip(void **unused)
{
    (void)unused;
    anl_model *m, *back;
    for (int32_t d = 32; d <= 256; d += 32) {
        assert_int_equal(anl_sketch_new(&m, d, (uint64_t)d), 0);
        assert_int_equal(anl_model_write(m, in_folder("m.anm")), 0);
        assert_int_equal(anl_model_read(&back, in_folder("m.anm")), 0);
        assert_true(anl_model_hash(m) == anl_model_hash(back));
        assert_string_equal(m->name, back->name);
        assert_memory_equal(m->table, back->table, (size_t)(ANL_MODEL_KMERS * d));
        assert_memory_equal(m->blocks[1].down.weights, back->blocks[1].down.weights, (size_t)(2 * d * d));
        back->blocks[0].up.weights[7] ^= 1;
        assert_true(anl_model_hash(m) != anl_model_hash(back));
        anl_model_free(m);
        anl_model_free(back);
    }
    assert_int_equal(anl_sketch_new(&m, 100, 1), ANL_EINVAL);
    assert_int_equal(files_in_folder(), 1);
}

/* Same seed, same bytes: what ships can be made again anywhere. */
static void shipped_model_is_reproducible(void **unused)
{
    (void)unused;
    anl_model *made, *shipped;
    assert_int_equal(anl_sketch_new(&made, 128, 1), 0);
    assert_int_equal(anl_model_read(&shipped, ANNEAL_SOURCE "/data/model/anneal-d128.anm"), 0);
    if (strstr(shipped->provenance, "--init-only --seed 1 ")) assert_true(anl_model_hash(made) == anl_model_hash(shipped));
    anl_model_free(made);
    anl_model_free(shipped);
}

static void damage_is_refused(void **unused)
{
    (void)unused;
    anl_model *m;
    assert_int_equal(anl_sketch_new(&m, 32, 1), 0);
    assert_int_equal(anl_model_write(m, in_folder("m.anm")), 0);
    anl_model_free(m);
    FILE *f = fopen(in_folder("m.anm"), "rb");
    static unsigned char bytes[1 << 18];
    const size_t size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    for (int i = 0; i < 50; ++i) assert_int_equal(anl_model_read(&m, write_bytes("x.anm", bytes, size * (size_t)i / 50)), ANL_EFORMAT);
    for (int i = 0; i < 300; ++i) {
        const size_t at = i < 90 ? (size_t)i + 12 : random_below((uint32_t)size);
        bytes[at] ^= 4;
        assert_int_equal(anl_model_read(&m, write_bytes("x.anm", bytes, size)), ANL_EFORMAT);
        bytes[at] ^= 4;
    }
    bytes[8] = 9;
    assert_int_equal(anl_model_read(&m, write_bytes("x.anm", bytes, size)), ANL_EVERSION);
    assert_int_equal(anl_model_read(&m, in_folder("nothing")), ANL_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(shipped_model_is_reproducible),
        cmocka_unit_test(damage_is_refused),
    };
    return cmocka_run_group_tests(tests, folder_set_up, folder_tear_down);
}
