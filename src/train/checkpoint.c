#include "checkpoint.h"

#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const char magic[8] = "ANLTRN1\n";

typedef struct header {
    char magic[8];
    uint64_t options, size, n_hard_pairs;
    int64_t step;
    uint64_t checksum; /* of the arrays, one after the other */
} header;

typedef struct part {
    void *data;
    size_t bytes;
} part;

enum { PARTS = 4, MOST_HARD_PAIRS = 1 << 28 /* more than windows are mined for: a corrupt number */ };

static void parts_of(const anl_checkpoint *c, part p[PARTS])
{
    size_t bytes = c->size * sizeof(float);
    p[0] = (part){c->weights, bytes};
    p[1] = (part){c->first, bytes};
    p[2] = (part){c->second, bytes};
    p[3] = (part){c->hard_pairs, c->n_hard_pairs * sizeof *c->hard_pairs};
}

static int checksum(const anl_checkpoint *c, uint64_t *out)
{
    part p[PARTS];
    XXH3_state_t *state = XXH3_createState();
    if (!state) return anl_fail(ANL_ENOMEM, "out of memory");
    XXH3_64bits_reset(state);
    parts_of(c, p);
    for (int i = 0; i < PARTS; ++i) XXH3_64bits_update(state, p[i].data, p[i].bytes);
    *out = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return ANL_OK;
}

int anl_checkpoint_new(anl_checkpoint **out, size_t size)
{
    *out = NULL;
    anl_checkpoint *c = anl_alloc(1, sizeof *c);
    if (!c) return ANL_ENOMEM;
    c->size = size;
    c->weights = anl_alloc(size, sizeof *c->weights);
    c->first = anl_alloc(size, sizeof *c->first);
    c->second = anl_alloc(size, sizeof *c->second);
    if (!c->weights || !c->first || !c->second) {
        anl_checkpoint_free(c);
        return ANL_ENOMEM;
    }
    *out = c;
    return ANL_OK;
}

void anl_checkpoint_free(anl_checkpoint *c)
{
    if (!c) return;
    free(c->weights);
    free(c->first);
    free(c->second);
    free(c->hard_pairs);
    free(c);
}

static int put(const anl_checkpoint *c, const header *h, anl_output *to)
{
    part p[PARTS];
    FILE *f = anl_output_stream(to);
    if (!f) return ANL_EIO;
    parts_of(c, p);
    int bad = fwrite(h, sizeof *h, 1, f) != 1;
    for (int i = 0; i < PARTS && !bad; ++i) bad = p[i].bytes && fwrite(p[i].data, p[i].bytes, 1, f) != 1;
    return bad ? anl_output_fail(to) : ANL_OK;
}

int anl_checkpoint_write(const anl_checkpoint *c, const char *path)
{
    header h = {.options = c->options, .size = c->size, .n_hard_pairs = c->n_hard_pairs, .step = c->step};
    anl_output *to;
    memcpy(h.magic, magic, sizeof magic);
    int rc = checksum(c, &h.checksum);
    if (!rc) rc = anl_output_open(&to, path, ANL_OUTPUT_STREAM);
    if (rc) return rc;
    if (!(rc = put(c, &h, to))) return anl_output_close(to);
    anl_output_abort(to);
    return rc;
}

static int read_stream(anl_checkpoint *c, FILE *f, const char *path)
{
    header h;
    part p[PARTS];
    uint64_t sum;
    if (fread(&h, sizeof h, 1, f) != 1 || memcmp(h.magic, magic, sizeof magic)) return anl_fail(ANL_EFORMAT, "%s: not a checkpoint", path);
    if ((c->options && h.options != c->options) || h.size != c->size)
        return anl_fail(ANL_EVERSION, "%s: the checkpoint of a run with other options or genomes", path);
    if (h.n_hard_pairs > MOST_HARD_PAIRS) return anl_fail(ANL_EFORMAT, "%s: the checkpoint is corrupt", path);
    free(c->hard_pairs);
    c->hard_pairs = anl_alloc(h.n_hard_pairs ? h.n_hard_pairs : 1, sizeof *c->hard_pairs);
    if (!c->hard_pairs) return ANL_ENOMEM;
    c->n_hard_pairs = h.n_hard_pairs;
    c->step = h.step;
    parts_of(c, p);
    for (int i = 0; i < PARTS; ++i)
        if (p[i].bytes && fread(p[i].data, p[i].bytes, 1, f) != 1) return anl_fail(ANL_EFORMAT, "%s: the checkpoint is truncated", path);
    int rc = checksum(c, &sum);
    if (!rc && sum != h.checksum) rc = anl_fail(ANL_EFORMAT, "%s: the checkpoint is corrupt", path);
    return rc;
}

int anl_checkpoint_read(anl_checkpoint *c, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) return anl_fail(ANL_EIO, "%s: %s", path, strerror(errno));
    int rc = read_stream(c, f, path);
    fclose(f);
    return rc;
}
