/* Selection by halving the range of values, and the least of them: each step is one pass that the compiler turns into vectors of the including file's level. */
#include <stdint.h>

static int32_t least(const int32_t *dot, const int32_t *bias, int32_t n)
{
    int32_t found = INT32_MAX;
    for (int32_t j = 0; j < n; ++j) {
        const int32_t v = anl_scan_value(bias[j], dot[j]);
        found = v < found ? v : found;
    }
    return found;
}

static int32_t limit_of_k(const int32_t *values, int32_t n, int32_t k)
{
    int32_t low = values[0], high = values[0];
    for (int32_t i = 1; i < n; ++i) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    while (low < high) {
        const int32_t middle = (int32_t)(((int64_t)low + high) >> 1);
        int32_t count = 0;
        for (int32_t i = 0; i < n; ++i) count += values[i] <= middle;
        if (count == k) return middle;
        if (count > k)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}
