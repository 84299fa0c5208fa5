/* Preloaded: a qsort that leaves equal elements in the opposite order, as the C standard allows. */
#include <stdlib.h>
#include <string.h>

typedef int compare(const void *, const void *);

/* Sorts at[n], pointers to elements, backwards from their order where the elements are equal. */
static void sort(char **at, char **spare, size_t n, compare *cmp)
{
    if (n < 2) return;
    const size_t half = n / 2;
    sort(at, spare, half, cmp);
    sort(at + half, spare, n - half, cmp);
    memcpy(spare, at, n * sizeof *at);
    for (size_t i = 0, j = half, k = 0; k < n; ++k) at[k] = j < n && (i == half || cmp(spare[j], spare[i]) <= 0) ? spare[j++] : spare[i++];
}

void qsort(void *base, size_t n, size_t size, compare *cmp)
{
    char *copy = malloc(n * size + 1), **at = malloc((n + 1) * sizeof *at), **spare = malloc((n + 1) * sizeof *spare);
    if (!copy || !at || !spare) abort();
    memcpy(copy, base, n * size);
    for (size_t i = 0; i < n; ++i) at[i] = copy + i * size;
    sort(at, spare, n, cmp);
    for (size_t i = 0; i < n; ++i) memcpy((char *)base + i * size, at[i], size);
    free(copy);
    free(at);
    free(spare);
}
