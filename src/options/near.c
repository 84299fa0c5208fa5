#include "near.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 40, FARTHEST = 3, GOES_ON = 3 /* in halves: behind one letter, before two */, FAR = 100 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein's distance, where two letters swapped count once. */
static int distance(const char *a, const char *b)
{
    int d[LONGEST + 1][LONGEST + 1];
    const int n = (int)strlen(a), m = (int)strlen(b);
    for (int i = 0; i <= n; ++i) d[i][0] = i;
    for (int j = 0; j <= m; ++j) d[0][j] = j;
    for (int i = 1; i <= n; ++i)
        for (int j = 1; j <= m; ++j) {
            const int changed = tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]);
            d[i][j] = least(d[i - 1][j - 1] + changed, least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[n][m];
}

void anl_near_look(anl_near *n, const char *candidate)
{
    const size_t len = strlen(n->word);
    if (!len || len > LONGEST || strlen(candidate) > LONGEST) return;
    const int d = distance(n->word, candidate);
    int halves = d <= FARTHEST && (size_t)d * 3 <= len ? 2 * d : FAR;
    if (halves > GOES_ON && len > 1 && !strncasecmp(n->word, candidate, len)) halves = GOES_ON;
    if (halves == FAR || (n->best && halves >= n->halves)) return;
    n->best = candidate;
    n->halves = halves;
}
