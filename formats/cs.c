#include "cs.h"

#include "cigar.h"
#include "cs_text.h"

#include <ctype.h>
#include <stdlib.h>

typedef struct walk {
    kstring_t *out;
    anl_cs_form form;
    const char *md, *seq; /* what is left of both */
    int64_t equal;        /* bases that MD has announced as equal and that are still to come */
    int64_t run;          /* equal bases just before seq that are not written yet */
    int bad;              /* memory was short */
} walk;

static void put(walk *w, char c)
{
    w->bad |= kputc(tolower((unsigned char)c), w->out) < 0;
}

static void end_run(walk *w)
{
    if (!w->run) return;
    if (w->form == ANL_CS_LONG)
        w->bad |= kputc('=', w->out) < 0 || kputsn(w->seq - w->run, (size_t)w->run, w->out) < 0;
    else
        w->bad |= ksprintf(w->out, ":%lld", (long long)w->run) < 0;
    w->run = 0;
}

/* Takes the number that MD has at its start and after every letter. */
static void take_number(walk *w)
{
    if (isdigit((unsigned char)*w->md)) w->equal += strtoll(w->md, (char **)(uintptr_t)&w->md, 10);
}

/* Each returns 1, or 0 where MD says otherwise. */
static int columns(walk *w, int64_t n)
{
    while (n > 0) {
        take_number(w);
        if (w->equal > 0) {
            const int64_t now = n < w->equal ? n : w->equal;
            n -= now, w->equal -= now, w->run += now, w->seq += now;
            continue;
        }
        if (!isalpha((unsigned char)*w->md)) return 0;
        end_run(w);
        put(w, '*');
        put(w, *w->md++);
        put(w, *w->seq++);
        --n;
    }
    return 1;
}

static int deletion(walk *w, int64_t n)
{
    take_number(w);
    if (w->equal || *w->md != '^') return 0;
    end_run(w);
    put(w, '-');
    for (++w->md; n > 0 && isalpha((unsigned char)*w->md); --n) put(w, *w->md++);
    return n == 0;
}

static void insertion(walk *w, int64_t n)
{
    end_run(w);
    put(w, '+');
    while (n-- > 0) put(w, *w->seq++);
}

int anl_cs_append(kstring_t *out, anl_cs_form form, const uint32_t *cigar, int32_t n_cigar, const char *md, const char *seq)
{
    walk w = {.out = out, .form = form, .md = md, .seq = seq};
    int fits = 1;
    for (int32_t i = 0; i < n_cigar && fits; ++i) {
        const int64_t n = anl_cigar_len_of(cigar[i]);
        switch (anl_cigar_op_of(cigar[i])) {
        case ANL_CIGAR_M:
        case ANL_CIGAR_EQ:
        case ANL_CIGAR_X: fits = columns(&w, n); break;
        case ANL_CIGAR_I: insertion(&w, n); break;
        case ANL_CIGAR_D: fits = deletion(&w, n); break;
        case ANL_CIGAR_S:
        case ANL_CIGAR_H:
            end_run(&w);
            w.seq += n;
            break;
        default: fits = 0;
        }
    }
    end_run(&w);
    take_number(&w);
    if (w.bad) return anl_fail(ANL_ENOMEM, "out of memory");
    return fits && !w.equal && !*w.md ? ANL_OK : anl_fail(ANL_EINVAL, "MD '%.100s' does not fit the CIGAR", md);
}

int anl_cs_text(char **text, size_t *cap, const uint32_t *cigar, int32_t n_cigar, const char *md, const char *seq)
{
    kstring_t out = {.s = *text, .m = *cap};
    const int rc =
        kputsn("", 0, &out) < 0 ? anl_fail(ANL_ENOMEM, "out of memory") : anl_cs_append(&out, ANL_CS_SHORT, cigar, n_cigar, md, seq);
    *text = out.s;
    *cap = out.m;
    return rc;
}
