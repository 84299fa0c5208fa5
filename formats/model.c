#define _GNU_SOURCE /* dladdr */
#include "model.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

static const char magic[8] = "ANLMODEL";
enum { VERSION = 1, MAX_PROVENANCE = 1 << 16, MAX_FILE = 64 << 20 };

static int linear_new(anl_linear *l, int32_t n, int32_t k)
{
    l->n = n;
    l->k = k;
    l->weights = anl_alloc((size_t)n * (size_t)k, 1);
    l->scale = anl_alloc((size_t)n, sizeof *l->scale);
    l->bias = anl_alloc((size_t)n, sizeof *l->bias);
    return l->weights && l->scale && l->bias ? ANL_OK : ANL_ENOMEM;
}

static void linear_free(anl_linear *l)
{
    free(l->weights);
    free(l->scale);
    free(l->bias);
}

int anl_model_new(anl_model **out, int32_t d, int32_t layers)
{
    if (d < 32 || d > ANL_MODEL_MAX_D || d % 32) return anl_fail(ANL_EINVAL, "dimension %d: must be a multiple of 32 from 32 to 256", d);
    if (layers < 0 || layers > ANL_MODEL_MAX_LAYERS) return anl_fail(ANL_EINVAL, "%d layers: must be 0 to 8", layers);
    anl_model *m = anl_alloc(1, sizeof *m);
    if (!m) return ANL_ENOMEM;
    m->d = d;
    m->layers = layers;
    m->provenance = anl_alloc(1, 1);
    m->table = anl_alloc(ANL_MODEL_KMERS, (size_t)d);
    m->blocks = anl_alloc((size_t)layers, sizeof *m->blocks);
    m->gate = anl_alloc((size_t)d, 1);
    m->mean = anl_alloc((size_t)d, sizeof *m->mean);
    int rc = m->provenance && m->table && m->blocks && m->gate && m->mean ? ANL_OK : ANL_ENOMEM;
    const size_t heads = (size_t)d / ANL_MODEL_HEAD;
    for (int32_t i = 0; i < layers && !rc; ++i) {
        anl_block *b = &m->blocks[i];
        b->qk_scale = anl_alloc(heads, sizeof *b->qk_scale);
        b->slope = anl_alloc(heads, sizeof *b->slope);
        if (!b->qk_scale || !b->slope) rc = ANL_ENOMEM;
        if (!rc) rc = linear_new(&b->qkv, 3 * d, d);
        if (!rc) rc = linear_new(&b->out, d, d);
        if (!rc) rc = linear_new(&b->up, 2 * d, d);
        if (!rc) rc = linear_new(&b->down, d, 2 * d);
    }
    if (!rc) rc = linear_new(&m->out, d, d);
    if (rc) {
        anl_model_free(m);
        return rc;
    }
    *out = m;
    return ANL_OK;
}

void anl_model_free(anl_model *m)
{
    if (!m) return;
    for (int32_t i = 0; m->blocks && i < m->layers; ++i) {
        anl_block *b = &m->blocks[i];
        free(b->qk_scale);
        free(b->slope);
        linear_free(&b->qkv);
        linear_free(&b->out);
        linear_free(&b->up);
        linear_free(&b->down);
    }
    linear_free(&m->out);
    free(m->provenance);
    free(m->table);
    free(m->blocks);
    free(m->gate);
    free(m->mean);
    free(m);
}

/* One function walks the weights for sizing, writing, reading and hashing, so the order stands in one place. */
typedef struct walk {
    enum { SIZE, STORE, LOAD } mode;
    uint8_t *at, *end; /* of the buffer; not used for SIZE */
    size_t size;
    int bad;
} walk;

static void item(walk *w, void *p, size_t bytes)
{
    w->size += bytes;
    if (w->mode == SIZE || w->bad) return;
    if ((size_t)(w->end - w->at) < bytes) {
        w->bad = 1;
        return;
    }
    if (w->mode == STORE) memcpy(w->at, p, bytes);
    else memcpy(p, w->at, bytes);
    w->at += bytes;
}

static void walk_linear(walk *w, anl_linear *l)
{
    item(w, l->weights, (size_t)l->n * (size_t)l->k);
    item(w, l->scale, (size_t)l->n * sizeof *l->scale);
    item(w, l->bias, (size_t)l->n * sizeof *l->bias);
}

static void walk_weights(walk *w, anl_model *m)
{
    const size_t d = (size_t)m->d, heads = d / ANL_MODEL_HEAD;
    item(w, &m->norm_scale, sizeof m->norm_scale);
    item(w, &m->radius, sizeof m->radius);
    item(w, m->table, ANL_MODEL_KMERS * d);
    for (int32_t i = 0; i < m->layers; ++i) {
        anl_block *b = &m->blocks[i];
        item(w, b->qk_scale, heads * sizeof *b->qk_scale);
        item(w, b->slope, heads * sizeof *b->slope);
        walk_linear(w, &b->qkv);
        walk_linear(w, &b->out);
        walk_linear(w, &b->up);
        walk_linear(w, &b->down);
    }
    item(w, m->gate, d);
    item(w, &m->gate_scale, sizeof m->gate_scale);
    item(w, &m->gate_bias, sizeof m->gate_bias);
    item(w, m->mean, d * sizeof *m->mean);
    walk_linear(w, &m->out);
}

/* What a file starts with; then the provenance, the weights, and an XXH3 of all before it. Little-endian. */
typedef struct header {
    char magic[8];
    uint32_t version, d, layers, provenance_size;
    char name[64];
} header;

static uint8_t *to_bytes(const anl_model *m, size_t *size)
{
    header h = {.version = VERSION, .d = (uint32_t)m->d, .layers = (uint32_t)m->layers};
    memcpy(h.magic, magic, sizeof magic);
    memcpy(h.name, m->name, sizeof h.name);
    h.provenance_size = (uint32_t)strlen(m->provenance);
    anl_model copy = *m; /* the walk only reads it */
    walk w = {.mode = SIZE};
    walk_weights(&w, &copy);
    size_t before = sizeof h + h.provenance_size, total = before + w.size + sizeof(uint64_t);
    uint8_t *bytes = anl_alloc(total, 1);
    if (!bytes) return NULL;
    memcpy(bytes, &h, sizeof h);
    memcpy(bytes + sizeof h, m->provenance, h.provenance_size);
    w = (walk){.mode = STORE, .at = bytes + before, .end = bytes + total};
    walk_weights(&w, &copy);
    uint64_t sum = XXH3_64bits(bytes, total - sizeof sum);
    memcpy(bytes + total - sizeof sum, &sum, sizeof sum);
    *size = total;
    return bytes;
}

uint64_t anl_model_hash(const anl_model *m)
{
    size_t size;
    uint8_t *bytes = to_bytes(m, &size);
    if (!bytes) return 0;
    const size_t skip = sizeof(header) + strlen(m->provenance);
    uint64_t hash = XXH3_64bits_withSeed(bytes + skip, size - skip - sizeof(uint64_t), (uint64_t)m->d << 32 | (uint64_t)m->layers);
    free(bytes);
    return hash;
}

int anl_model_write(const anl_model *m, const char *path)
{
    size_t size;
    uint8_t *bytes = to_bytes(m, &size);
    char temporary[4096];
    if (!bytes) return ANL_ENOMEM;
    int rc = anl_temporary_name(path, temporary, sizeof temporary);
    if (rc) {
        free(bytes);
        return rc;
    }
    FILE *f = fopen(temporary, "wb");
    int bad = !f || fwrite(bytes, 1, size, f) != size || fflush(f) || fsync(fileno(f));
    int saved = errno;
    if (f && fclose(f) && !bad) bad = 1, saved = errno;
    if (!bad && rename(temporary, path)) bad = 1, saved = errno;
    free(bytes);
    if (!bad) return ANL_OK;
    if (f) unlink(temporary);
    return anl_fail(ANL_EIO, "%s: cannot write: %s", path, strerror(saved));
}

static int from_bytes(anl_model **out, const char *path, const uint8_t *bytes, size_t size)
{
    header h;
    if (size < sizeof h || memcmp(bytes, magic, sizeof magic)) return anl_fail(ANL_EFORMAT, "%s: not an anneal model", path);
    memcpy(&h, bytes, sizeof h);
    if (h.version != VERSION) return anl_fail(ANL_EVERSION, "%s: model version %u, this program reads %d", path, h.version, VERSION);
    uint64_t sum;
    memcpy(&sum, bytes + size - sizeof sum, sizeof sum);
    if (h.provenance_size > MAX_PROVENANCE || size < sizeof h + h.provenance_size + sizeof sum ||
        XXH3_64bits(bytes, size - sizeof sum) != sum)
        return anl_fail(ANL_EFORMAT, "%s: truncated or corrupt model", path);
    int rc = anl_model_new(out, (int32_t)h.d, (int32_t)h.layers);
    if (rc) return anl_fail(ANL_EFORMAT, "%s: impossible shape: dimension %u, %u layers", path, h.d, h.layers);
    anl_model *m = *out;
    memcpy(m->name, h.name, sizeof m->name);
    m->name[sizeof m->name - 1] = 0;
    free(m->provenance);
    m->provenance = anl_alloc(h.provenance_size + 1, 1);
    walk w = {.mode = LOAD, .at = (uint8_t *)(uintptr_t)bytes + sizeof h + h.provenance_size, .end = (uint8_t *)(uintptr_t)bytes + size - sizeof sum};
    if (m->provenance) {
        memcpy(m->provenance, bytes + sizeof h, h.provenance_size);
        walk_weights(&w, m);
    }
    if (!m->provenance || w.bad || w.at != w.end) {
        rc = m->provenance ? anl_fail(ANL_EFORMAT, "%s: size does not fit its shape", path) : ANL_ENOMEM;
        anl_model_free(m);
        *out = NULL;
        return rc;
    }
    return ANL_OK;
}

int anl_model_read(anl_model **out, const char *path)
{
    *out = NULL;
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (!f || fstat(fileno(f), &st)) {
        int rc = anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
        if (f) fclose(f);
        return rc;
    }
    if (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE) {
        fclose(f);
        return anl_fail(ANL_EFORMAT, "%s: not an anneal model", path);
    }
    size_t size = (size_t)st.st_size;
    uint8_t *bytes = anl_alloc(size, 1);
    int rc = bytes ? ANL_OK : ANL_ENOMEM;
    if (!rc && fread(bytes, 1, size, f) != size) rc = anl_fail(ANL_EIO, "%s: cannot read", path);
    fclose(f);
    if (!rc) rc = from_bytes(out, path, bytes, size);
    free(bytes);
    return rc;
}

int anl_model_find(char *path, size_t size)
{
    const char *given = getenv("ANNEAL_MODEL");
    if (given && *given) {
        if (snprintf(path, size, "%s", given) < (int)size) return ANL_OK;
        return anl_fail(ANL_EINVAL, "ANNEAL_MODEL: name too long");
    }
    static const char *const places[] = {"anneal-d128.anm",     "../data/model/anneal-d128.anm", "../../data/model/anneal-d128.anm",
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
    return anl_fail(ANL_EIO, "no model: looked for anneal-d128.anm beside %s/anneal, in ../data/model and ../share/anneal; set ANNEAL_MODEL",
                    bases[0]);
}
