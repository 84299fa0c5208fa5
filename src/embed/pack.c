#include "pack.h"

void *anl_pack_room(anl_arena *arena, size_t n, size_t size)
{
    char *p = anl_arena_alloc(arena, n * size + 64, 1);
    return p ? p + (-(uintptr_t)p & 63) : NULL;
}

int anl_pack_linear(anl_arena *arena, const anl_encode_kernels *k, const anl_linear *from, int offset, anl_linear_packed *to)
{
    const int n = from->n, inputs = from->k;
    void *w = anl_pack_room(arena, k->pack_size(n, inputs), 1);
    int32_t *init = anl_pack_room(arena, (size_t)n, sizeof *init);
    if (!w || !init) return ANL_ENOMEM;
    k->pack(from->w, n, inputs, w);
    for (int o = 0; o < n; ++o) {
        int32_t sum = 0;
        for (int i = 0; i < offset; ++i) sum += from->w[(size_t)o * inputs + i];
        init[o] = -ANL_ENCODER_OFFSET * sum;
    }
    *to = (anl_linear_packed){.n = n, .k = inputs, .w = w, .init = init, .scale = from->scale, .shift = from->bias};
    return ANL_OK;
}
