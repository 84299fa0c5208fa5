/* Setting up a thread's tiles. */
#include <immintrin.h>
#include <stdint.h>

enum { TILE = 16, EDGE = 2 * TILE };

typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} tile_config;

/* Tiles 0 to 3 take sums, `rows` x 16 words; 4 and 5 take `step` bytes of as many rows, 6 and 7 what meets them in 16 columns. */
static inline void configure(int rows, int step)
{
    tile_config c = {.palette = 1};
    for (int i = 0; i < 8; ++i) {
        c.bytes[i] = (uint16_t)(i == 4 || i == 5 ? step : 4 * TILE);
        c.rows[i] = (uint8_t)(i < 6 ? rows : step / 4);
    }
    _tile_loadconfig(&c);
}
