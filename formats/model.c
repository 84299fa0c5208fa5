#define _GNU_SOURCE /* dladdr */
#include "model.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are little-endian and are read without conversion"
#endif

static const char magic[8] = "ANNEALM\n";
enum { VERSION = 2 };

/* Ranges of the numbers in a model, within which no sum or conversion of the forward pass leaves its type (docs/encoder.md). */
enum {
    MOST_SCALE = 32,  /* times a sum of at most 512 products of bytes: below 2^28 */
    INT8_UNITS = 127, /* of one standard deviation, or of an element */
};
#define MOST_BIAS 0x1p28f /* with the product it stays below 2^31 */
#define MOST_TERM 0x1p20f /* of logits and residual units: far beyond what they reach, exact in float */

typedef struct header {
    char magic[8];
    uint32_t version, dim, layers, kmer, group, head, text; /* text: bytes of provenance, without a final 0 */
    uint32_t hidden;                                        /* of the light encoder; 0: there is none */
    char name[ANL_MODEL_NAME];
} header;

/* ---- memory ---- */

static void *zeroed(anl_arena *arena, size_t n, size_t size)
{
    void *p = anl_arena_alloc(arena, n, size);
    if (p) memset(p, 0, n * size);
    return p;
}

static char *copy_text(anl_arena *arena, const char *text, size_t n)
{
    char *p = anl_arena_alloc(arena, n + 1, 1);
    if (!p) return NULL;
    memcpy(p, text, n);
    p[n] = 0;
    return p;
}

static int linear_new(anl_arena *arena, anl_linear *l, int n, int k)
{
    l->n = n;
    l->k = k;
    l->w = zeroed(arena, (size_t)n * (size_t)k, 1);
    l->scale = zeroed(arena, (size_t)n, sizeof *l->scale);
    l->bias = zeroed(arena, (size_t)n, sizeof *l->bias);
    return l->w && l->scale && l->bias ? ANL_OK : ANL_ENOMEM;
}

static int layer_new(anl_arena *arena, anl_layer *l, int dim)
{
    size_t heads = (size_t)dim / ANL_ENCODER_HEAD;
    l->qk_scale = zeroed(arena, heads, sizeof *l->qk_scale);
    l->slope = zeroed(arena, heads, sizeof *l->slope);
    if (!l->qk_scale || !l->slope || linear_new(arena, &l->qkv, 3 * dim, dim) || linear_new(arena, &l->o, dim, dim) ||
        linear_new(arena, &l->up, 2 * dim, dim) || linear_new(arena, &l->down, dim, 2 * dim))
        return ANL_ENOMEM;
    return ANL_OK;
}

static int shape_ok(uint32_t dim, uint32_t layers)
{
    return dim && dim % ANL_ENCODER_HEAD == 0 && dim <= ANL_ENCODER_MAX_DIM && layers <= ANL_ENCODER_MAX_LAYERS;
}

static int hidden_ok(uint32_t dim, uint32_t hidden)
{
    return hidden && hidden % 32 == 0 && hidden <= ANL_ENCODER_MAX_INPUTS - dim;
}

int anl_model_new(anl_model **out, int dim, int layers)
{
    *out = NULL;
    if (dim < 0 || layers < 0 || !shape_ok((uint32_t)dim, (uint32_t)layers))
        return anl_fail(ANL_EINVAL, "a model has a dimension of 32, 64, ... %d and 0 to %d layers, not %d and %d", ANL_ENCODER_MAX_DIM,
                        ANL_ENCODER_MAX_LAYERS, dim, layers);
    anl_arena *arena = anl_arena_new();
    if (!arena) return ANL_ENOMEM;
    anl_model *m = zeroed(arena, 1, sizeof *m);
    if (!m) goto fail;
    m->arena = arena;
    m->dim = dim;
    m->layers = layers;
    m->provenance = zeroed(arena, 1, 1);
    m->table = zeroed(arena, (size_t)ANL_KMER_RANKS * (size_t)dim, 1);
    m->layer = zeroed(arena, (size_t)layers, sizeof *m->layer);
    m->gate = zeroed(arena, (size_t)dim, 1);
    m->mean = zeroed(arena, (size_t)dim, sizeof *m->mean);
    if (!m->provenance || !m->table || !m->layer || !m->gate || !m->mean || linear_new(arena, &m->out, dim, dim)) goto fail;
    for (int i = 0; i < layers; ++i)
        if (layer_new(arena, &m->layer[i], dim)) goto fail;
    m->norm_scale = m->pool_scale = m->radius = 1;
    *out = m;
    return ANL_OK;
fail:
    anl_arena_free(arena);
    return ANL_ENOMEM;
}

int anl_model_add_light(anl_model *m, int hidden)
{
    const size_t dim = (size_t)m->dim;
    if (hidden < 0 || !hidden_ok((uint32_t)dim, (uint32_t)hidden))
        return anl_fail(ANL_EINVAL, "a light encoder of dimension %d has a hidden layer of 32, 64, ... %d, not %d", m->dim,
                        ANL_ENCODER_MAX_INPUTS - m->dim, hidden);
    anl_light *l = zeroed(m->arena, 1, sizeof *l);
    if (!l) return ANL_ENOMEM;
    l->hidden = hidden;
    l->pool_scale = 1;
    l->table = zeroed(m->arena, ANL_KMER_RANKS * dim, 1);
    l->weight = zeroed(m->arena, ANL_ENCODER_PLACES, 1);
    if (!l->table || !l->weight || linear_new(m->arena, &l->up, hidden, m->dim) || linear_new(m->arena, &l->out, m->dim, m->dim + hidden))
        return ANL_ENOMEM;
    m->light = l;
    return ANL_OK;
}

void anl_model_free(anl_model *m)
{
    if (m) anl_arena_free(m->arena);
}

int anl_model_describe(anl_model *m, const char *name, const char *provenance)
{
    size_t n = strlen(provenance);
    if (strlen(name) >= sizeof m->name || n > ANL_MODEL_TEXT)
        return anl_fail(ANL_EINVAL, "the name of a model is shorter than %d bytes and its provenance at most %d", ANL_MODEL_NAME,
                        ANL_MODEL_TEXT);
    char *text = copy_text(m->arena, provenance, n);
    if (!text) return ANL_ENOMEM;
    m->provenance = text;
    memset(m->name, 0, sizeof m->name);
    memcpy(m->name, name, strlen(name));
    return ANL_OK;
}

/* ---- checks ---- */

static int in_range(const float *v, int n, float low, float high)
{
    for (int i = 0; i < n; ++i)
        if (!(v[i] >= low && v[i] <= high)) return 0; /* a NaN is in no range */
    return 1;
}

static int linear_ok(const anl_linear *l)
{
    return in_range(l->scale, l->n, -MOST_SCALE, MOST_SCALE) && in_range(l->bias, l->n, -MOST_BIAS, MOST_BIAS);
}

static int layer_ok(const anl_layer *l, int heads)
{
    return in_range(l->qk_scale, heads, -MOST_SCALE, MOST_SCALE) && in_range(l->slope, heads, 0, MOST_TERM) && linear_ok(&l->qkv) &&
           linear_ok(&l->o) && linear_ok(&l->up) && linear_ok(&l->down);
}

int anl_model_check(const anl_model *m)
{
    float longest = INT8_UNITS * sqrtf((float)m->dim);
    int ok = in_range(&m->norm_scale, 1, 1, INT8_UNITS) && in_range(&m->gate_scale, 1, -MOST_SCALE, MOST_SCALE) &&
             in_range(&m->gate_bias, 1, -MOST_TERM, MOST_TERM) && in_range(m->mean, m->dim, -MOST_TERM, MOST_TERM) &&
             in_range(&m->pool_scale, 1, 1, INT8_UNITS) && linear_ok(&m->out) && in_range(&m->radius, 1, 1, longest);
    for (int i = 0; ok && i < m->layers; ++i) ok = layer_ok(&m->layer[i], m->dim / ANL_ENCODER_HEAD);
    if (ok && m->light) ok = in_range(&m->light->pool_scale, 1, 1, INT8_UNITS) && linear_ok(&m->light->up) && linear_ok(&m->light->out);
    for (const char *p = m->name; ok && *p; ++p) ok = *p > ' ' && *p <= '~';
    return ok ? ANL_OK : anl_fail(ANL_EINVAL, "a number in the model is out of range");
}

/* ---- bytes ---- */

/* One walk over the weights serves for counting, reading and writing. */
typedef enum stream_way { COUNT, LOAD, STORE } stream_way;

typedef struct stream {
    stream_way way;
    uint8_t *data;
    size_t used;
} stream;

static void move(stream *s, void *p, size_t n)
{
    if (s->way == LOAD) memcpy(p, s->data + s->used, n);
    if (s->way == STORE) memcpy(s->data + s->used, p, n);
    s->used += n;
}

static void move_floats(stream *s, float *p, int n)
{
    move(s, p, (size_t)n * sizeof *p);
}

static void move_linear(stream *s, anl_linear *l)
{
    move(s, l->w, (size_t)l->n * (size_t)l->k);
    move_floats(s, l->scale, l->n);
    move_floats(s, l->bias, l->n);
}

static void move_weights(stream *s, anl_model *m)
{
    int heads = m->dim / ANL_ENCODER_HEAD;
    move(s, m->table, (size_t)ANL_KMER_RANKS * (size_t)m->dim);
    move_floats(s, &m->norm_scale, 1);
    for (int i = 0; i < m->layers; ++i) {
        anl_layer *l = &m->layer[i];
        move_linear(s, &l->qkv);
        move_floats(s, l->qk_scale, heads);
        move_floats(s, l->slope, heads);
        move_linear(s, &l->o);
        move_linear(s, &l->up);
        move_linear(s, &l->down);
    }
    move(s, m->gate, (size_t)m->dim);
    move_floats(s, &m->gate_scale, 1);
    move_floats(s, &m->gate_bias, 1);
    move_floats(s, m->mean, m->dim);
    move_floats(s, &m->pool_scale, 1);
    move_linear(s, &m->out);
    move_floats(s, &m->radius, 1);
}

static void move_light(stream *s, const anl_model *m)
{
    const anl_light *l = m->light;
    if (!l) return;
    move(s, l->table, (size_t)ANL_KMER_RANKS * (size_t)m->dim);
    move(s, l->weight, ANL_ENCODER_PLACES);
    move_floats(s, &m->light->pool_scale, 1);
    move_linear(s, &m->light->up);
    move_linear(s, &m->light->out);
}

/* Bytes of the file up to the checksum. */
static size_t file_size(anl_model *m, size_t text)
{
    stream s = {.way = COUNT, .used = sizeof(header) + text};
    move_weights(&s, m);
    move_light(&s, m);
    return s.used;
}

/* Moves all weights between the model and the file's bytes and sets the hash, which is of the full encoder's weights alone. */
static void move_all(anl_model *m, stream_way way, uint8_t *bytes, size_t text)
{
    const size_t begin = sizeof(header) + text;
    stream s = {.way = way, .data = bytes, .used = begin};
    move_weights(&s, m);
    m->hash = XXH3_64bits_withSeed(bytes + begin, s.used - begin, (uint64_t)m->dim << 32 | (uint64_t)m->layers);
    move_light(&s, m);
}

/* ---- read ---- */

static int check_header(const header *h, const char *path)
{
    if (memcmp(h->magic, magic, sizeof magic)) return anl_fail(ANL_EFORMAT, "%s: not an anneal model", path);
    if (h->version != VERSION)
        return anl_fail(ANL_EVERSION, "%s: a model of version %u%s; this program reads version %d", path, h->version,
                        h->version < VERSION ? ", of an older anneal" : "", VERSION);
    if (h->kmer != ANL_KMER || h->group != ANL_TOKEN_KMERS)
        return anl_fail(ANL_EVERSION, "%s: tokens of %u k-mers of %u bp; this program reads models of %d of %d bp", path, h->group, h->kmer,
                        ANL_TOKEN_KMERS, ANL_KMER);
    if (!shape_ok(h->dim, h->layers) || h->head != ANL_ENCODER_HEAD || h->text > ANL_MODEL_TEXT ||
        (h->hidden && !hidden_ok(h->dim, h->hidden)) || h->name[ANL_MODEL_NAME - 1])
        return anl_fail(ANL_EFORMAT, "%s: the header of the model is corrupt", path);
    return ANL_OK;
}

static int check_end(FILE *f, const uint8_t *bytes, size_t size, size_t got, const char *path)
{
    if (ferror(f)) return anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    if (got < size + sizeof(uint64_t))
        return anl_fail(ANL_EFORMAT, "%s: the model is truncated (%zu bytes of %zu)", path, got, size + sizeof(uint64_t));
    uint64_t sum;
    memcpy(&sum, bytes + size, sizeof sum);
    if (getc(f) != EOF || sum != XXH3_64bits(bytes, size))
        return anl_fail(ANL_EFORMAT, "%s: the model is corrupt (its checksum does not match)", path);
    return ANL_OK;
}

static int read_stream(anl_model **out, FILE *f, const char *path)
{
    header h;
    anl_model *m = NULL;
    uint8_t *bytes = NULL;
    size_t n = fread(&h, 1, sizeof h, f);
    if (ferror(f)) return anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    if (n < sizeof h)
        return anl_fail(ANL_EFORMAT, memcmp(&h, magic, n < 8 ? n : 8) || !n ? "%s: not an anneal model" : "%s: the model is truncated",
                        path);
    int rc = check_header(&h, path);
    if (rc || (rc = anl_model_new(&m, (int)h.dim, (int)h.layers))) return rc;
    if (h.hidden && (rc = anl_model_add_light(m, (int)h.hidden))) goto done;
    const size_t size = file_size(m, h.text);
    bytes = anl_alloc(size + sizeof(uint64_t), 1);
    m->provenance = anl_arena_alloc(m->arena, (size_t)h.text + 1, 1);
    if (!bytes || !m->provenance) {
        rc = ANL_ENOMEM;
        goto done;
    }
    memcpy(bytes, &h, sizeof h);
    n += fread(bytes + n, 1, size + sizeof(uint64_t) - n, f);
    rc = check_end(f, bytes, size, n, path);
    if (rc) goto done;
    if (!(m->path = copy_text(m->arena, path, strlen(path)))) {
        rc = ANL_ENOMEM;
        goto done;
    }
    memcpy(m->name, h.name, sizeof m->name);
    memcpy(m->provenance, bytes + sizeof h, h.text);
    m->provenance[h.text] = 0;
    move_all(m, LOAD, bytes, h.text);
    if (anl_model_check(m)) rc = anl_fail(ANL_EFORMAT, "%s: a number in the model is out of range", path);
done:
    free(bytes);
    if (rc)
        anl_model_free(m);
    else
        *out = m;
    return rc;
}

int anl_model_read(anl_model **out, const char *path)
{
    *out = NULL;
    FILE *f = fopen(path, "rb");
    if (!f) return anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    int rc = read_stream(out, f, path);
    fclose(f);
    return rc;
}

/* ---- write ---- */

int anl_model_write(anl_model *m, anl_output *to)
{
    int rc = anl_model_check(m);
    if (rc) return rc;
    const size_t text = strlen(m->provenance), size = file_size(m, text);
    uint64_t sum;
    uint8_t *bytes = anl_alloc(size + sizeof sum, 1);
    if (!bytes) return ANL_ENOMEM;
    header h = {.version = VERSION,
                .dim = (uint32_t)m->dim,
                .layers = (uint32_t)m->layers,
                .kmer = ANL_KMER,
                .group = ANL_TOKEN_KMERS,
                .head = ANL_ENCODER_HEAD,
                .text = (uint32_t)text,
                .hidden = m->light ? (uint32_t)m->light->hidden : 0};
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.name, m->name, sizeof h.name);
    memcpy(bytes, &h, sizeof h);
    memcpy(bytes + sizeof h, m->provenance, text);
    move_all(m, STORE, bytes, text);
    sum = XXH3_64bits(bytes, size);
    memcpy(bytes + size, &sum, sizeof sum);
    FILE *file = anl_output_stream(to);
    if (!file)
        rc = ANL_EIO;
    else if (fwrite(bytes, size + sizeof sum, 1, file) != 1)
        rc = anl_output_fail(to);
    free(bytes);
    return rc;
}

int anl_model_save(anl_model *m, const char *path)
{
    anl_output *to;
    int rc = anl_output_open(&to, path, ANL_OUTPUT_STREAM);
    if (rc) return rc;
    if (!(rc = anl_model_write(m, to))) return anl_output_close(to);
    anl_output_abort(to);
    return rc;
}

uint64_t anl_model_hash(const anl_model *m)
{
    return m->hash;
}

/* ---- find ---- */

int anl_model_find(char *path, size_t size)
{
    const char *given = getenv("ANNEAL_MODEL");
    if (given && *given) {
        if (snprintf(path, size, "%s", given) < (int)size) return ANL_OK;
        return anl_fail(ANL_EINVAL, "ANNEAL_MODEL: name too long");
    }
    static const char *const places[] = {"anneal-d128.anm", "../data/model/anneal-d128.anm", "../../data/model/anneal-d128.anm",
                                         "../share/anneal/anneal-d128.anm", "../../share/anneal/anneal-d128.anm"};
    /* The program's folder, then the one of the file that holds this function: libanneal.so in a program that lies elsewhere. */
    char bases[2][4096];
    ssize_t n = readlink("/proc/self/exe", bases[0], sizeof bases[0] - 1);
    bases[0][n > 0 ? n : 0] = 0;
    Dl_info library;
    snprintf(bases[1], sizeof bases[1], "%s", dladdr(__func__, &library) && library.dli_fname ? library.dli_fname : "");
    for (int b = 0; b < 2; ++b) {
        char *slash = strrchr(bases[b], '/');
        if (!slash) continue;
        *slash = 0;
        for (size_t i = 0; i < sizeof places / sizeof *places; ++i)
            if (snprintf(path, size, "%s/%s", bases[b], places[i]) < (int)size && access(path, R_OK) == 0) return ANL_OK;
    }
    return anl_fail(
        ANL_EIO, "no model: looked for anneal-d128.anm beside %s/anneal, in ../data/model and ../share/anneal; set ANNEAL_MODEL", bases[0]);
}

int anl_model_open(anl_model **out, const char *path)
{
    char found[4096];
    *out = NULL;
    int rc = path ? ANL_OK : anl_model_find(found, sizeof found);
    return rc ? rc : anl_model_read(out, path ? path : found);
}
