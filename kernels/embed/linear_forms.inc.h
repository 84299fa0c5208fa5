/* The table's four linear kernels over a level's linear(layer, a, m, epilogue, out, bytes an output). */
static void linear_s8(const anl_linear_packed *l, const uint8_t *a, int m, int8_t *out)
{
    linear(l, a, m, TO_S8, out, sizeof *out);
}

static void linear_u8(const anl_linear_packed *l, const uint8_t *a, int m, uint8_t *out)
{
    linear(l, a, m, TO_U8, out, sizeof *out);
}

static void linear_s32(const anl_linear_packed *l, const uint8_t *a, int m, int32_t *out)
{
    linear(l, a, m, TO_S32, out, sizeof *out);
}

static void linear_add(const anl_linear_packed *l, const uint8_t *a, int m, int16_t *x)
{
    linear(l, a, m, ADD_S16, x, sizeof *x);
}

static void fill_linear(anl_encode_kernels *t)
{
    t->linear_s8 = linear_s8;
    t->linear_u8 = linear_u8;
    t->linear_s32 = linear_s32;
    t->linear_add = linear_add;
}
