#include "cluster.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Kept where differences do not overflow. */
static long coordinate(const char *text, char **end)
{
    const long most = LONG_MAX / 4, x = strtol(text, end, 10);
    return x > most ? most : x < -most ? -most : x;
}

int anl_cluster_of(const char *name, anl_cluster *c)
{
    enum { MOST = 7 }; /* colons of a name with a UMI */
    const char *behind[MOST + 1] = {name};
    char *end;
    int n = 0;
    for (const char *colon = name; (colon = strchr(colon, ':'));) {
        if (n == MOST) return 0;
        behind[++n] = ++colon;
    }
    if (n != 3 && n != 4 && n != 6 && n != 7) return 0;
    const char *x = behind[n < 6 ? n - 1 : 5], *y = behind[n < 6 ? n : 6];
    const long at_x = coordinate(x, &end);
    if (end == x) return 0;
    const long at_y = coordinate(y, &end);
    if (end == y) return 0;
    *c = (anl_cluster){at_x, at_y, (int)(x - name)};
    return 1;
}

int anl_clusters_near(const char *first, const anl_cluster *a, const char *second, const anl_cluster *b, long distance)
{
    return labs(a->x - b->x) <= distance && labs(a->y - b->y) <= distance && !strncmp(first, second, (size_t)a->before);
}
