/* What aligns short reads to a genome of one contig, as the program does: for tests of how they are found. */
#ifndef ANL_TEST_ALIGNER_H
#define ANL_TEST_ALIGNER_H

#include "files.h"
#include "models.h"

#include "find.h"
#include "index_build.h"

static anl_model *model;
static anl_index *index_file;
static anl_encoder *encoder;
static anl_search *search;
static anl_align_options options;
static anl_context context;
static anl_scratch scratch;
static anl_sw_queue queue;
static anl_arena *results;
static anl_find_counts counts;

/* Aligns to genome[len] from now on, as it now is; unique_k: of the uniqueness map, 0: by its size. */
static inline void use_genome(const uint8_t *genome, int32_t len, int32_t unique_k)
{
    anl_index_options o = anl_index_options_default();
    anl_index_builder *b;
    const anl_contig c = {.name = "chr1", .len = len, .md5 = "0123456789abcdef0123456789abcdef"};
    anl_search_free(search);
    anl_index_free(index_file);
    o.unique_k = unique_k;
    assert_int_equal(anl_index_builder_new(&b, &o, model), 0);
    assert_int_equal(anl_index_builder_add(b, &c, genome, NULL), 0);
    assert_int_equal(anl_index_builder_write(b, in_folder("x.anl")), 0);
    anl_index_builder_free(b);
    assert_int_equal(anl_index_open(&index_file, in_folder("x.anl")), 0);
    assert_int_equal(anl_search_new(&search, index_file, ANL_SEARCH_NATIVE), 0);
    anl_search_competing_only(search);
    context.index = index_file;
    context.search = search;
}

/* The folder, and the model that is shipped. */
static inline void read_model(void **unused)
{
    assert_int_equal(folder_set_up(unused), 0);
    assert_int_equal(anl_model_read(&model, ANNEAL_SOURCE "/data/model/anneal-d128.anm"), 0);
}

/* With the model that was read. */
static inline void aligner_set_up(anl_preset preset, const uint8_t *genome, int32_t len, int32_t unique_k)
{
    options = anl_align_options_default();
    options.preset = preset;
    anl_align_options_resolve(&options);
    assert_int_equal(anl_encoder_new(&encoder, model), 0);
    context = (anl_context){.options = &options, .encoder = encoder, .kernels = anl_kernels_get()};
    use_genome(genome, len, unique_k);
    assert_int_equal(anl_scratch_init(&scratch, &context), 0);
    counts = (anl_find_counts){0};
    assert_non_null(results = anl_arena_new());
}

static inline int aligner_tear_down(void **unused)
{
    anl_arena_free(results);
    anl_scratch_free(&scratch);
    anl_sw_queue_free(&queue);
    queue = (anl_sw_queue){0};
    anl_search_free(search);
    anl_encoder_free(encoder);
    anl_index_free(index_file);
    anl_model_free(model);
    search = NULL;
    index_file = NULL;
    return folder_tear_down(unused);
}

#endif
