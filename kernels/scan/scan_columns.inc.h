/* The table's dots over a level's columns(panels at once, queries, n, panels, d, out, stride): four panels at a time, then one. */
static void dots(const uint8_t *queries, int32_t n, const int8_t *panels, int32_t n_panels, int32_t d, int32_t *out)
{
    const size_t size = (size_t)d, stride = (size_t)n_panels * ANL_PANEL;
    int32_t p = 0;
    for (; p + 4 <= n_panels; p += 4)
        columns(4, queries, n, panels + (size_t)p * ANL_PANEL * size, size, out + (size_t)p * ANL_PANEL, stride);
    for (; p < n_panels; ++p) columns(1, queries, n, panels + (size_t)p * ANL_PANEL * size, size, out + (size_t)p * ANL_PANEL, stride);
}
