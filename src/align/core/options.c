#include "options.h"

#include "align_tuning.h"

anl_align_options anl_align_options_default(void)
{
    return (anl_align_options){
        .threads = 1,
        .align = {.score = {.match = 1, .mismatch = 4, .del_open = 6, .del_extend = 1, .ins_open = 6, .ins_extend = 1},
                  .clip5 = 5,
                  .clip3 = 5},
        .unpaired = 17,
        .min_score = 30,
        .xa_most = ANL_XA_MOST,
        .xa_most_alt = ANL_XA_MOST_ALT,
        .candidates = 64,
        .search = ANL_SEARCH_NATIVE,
    };
}

/* What is not given counts in matches, as in bwa mem: -A multiplies it. */
static void resolve_short(anl_align_options *o)
{
    const anl_align_options usual = anl_align_options_default();
    const anl_sw_params *u = &usual.align.score;
    anl_sw_params *s = &o->align.score;
    if (!(o->given & ANL_GIVEN_MATCH)) return;
    if (!(o->given & ANL_GIVEN_MISMATCH)) s->mismatch = u->mismatch * s->match;
    if (!(o->given & ANL_GIVEN_OPEN)) s->del_open = s->ins_open = u->del_open * s->match;
    if (!(o->given & ANL_GIVEN_EXTEND)) s->del_extend = s->ins_extend = u->del_extend * s->match;
    if (!(o->given & ANL_GIVEN_CLIP)) o->align.clip5 = o->align.clip3 = usual.align.clip5 * s->match;
    if (!(o->given & ANL_GIVEN_UNPAIRED)) o->unpaired = usual.unpaired * s->match;
    if (!(o->given & ANL_GIVEN_LEAST)) o->min_score = usual.min_score * s->match;
}

/* Scores of short reads that differ much: docs/diverged.md has what they were chosen by. */
static void resolve_diverged(anl_align_options *o)
{
    anl_sw_params *s = &o->align.score;
    if (!(o->given & ANL_GIVEN_MATCH)) s->match = 2;
    if (!(o->given & ANL_GIVEN_MISMATCH)) s->mismatch = 3;
    if (!(o->given & ANL_GIVEN_OPEN)) s->del_open = s->ins_open = 5;
    if (!(o->given & ANL_GIVEN_EXTEND)) s->del_extend = s->ins_extend = 2;
    if (!(o->given & ANL_GIVEN_LEAST)) o->min_score = 40;
    if (!(o->given & ANL_GIVEN_UNPAIRED)) o->unpaired = 34;
}

void anl_align_options_resolve(anl_align_options *o)
{
    static const anl_stitch_params presets[] = {
        [ANL_PRESET_SR] = {.score = {{1, 4, 6, 1, 6, 1}, -1, 0}, .drop = 100, .drop_inverted = 100, .min_score = 30},
        [ANL_PRESET_HIFI] = {.score = {{1, 4, 6, 2, 6, 2}, 26, 1}, .drop = 400, .drop_inverted = 200, .min_score = 200},
        [ANL_PRESET_ONT] = {.score = {{2, 4, 4, 2, 4, 2}, 24, 1}, .drop = 400, .drop_inverted = 200, .min_score = 80},
        [ANL_PRESET_DIVERGED] = {.score = {{2, 4, 4, 2, 4, 2}, 24, 1}, .drop = 400, .drop_inverted = 200, .min_score = 80},
    };
    const anl_sw_params *own = &o->align.score;
    anl_stitch_params p = presets[o->preset ? o->preset : ANL_PRESET_ONT];
    anl_sw_params *s = &p.score.score;
    if (o->given & ANL_GIVEN_MATCH) s->match = own->match;
    if (o->given & ANL_GIVEN_MISMATCH) s->mismatch = own->mismatch;
    if (o->given & ANL_GIVEN_OPEN) s->del_open = own->del_open, s->ins_open = own->ins_open;
    if (o->given & ANL_GIVEN_EXTEND) s->del_extend = own->del_extend, s->ins_extend = own->ins_extend;
    if (o->given & (ANL_GIVEN_OPEN | ANL_GIVEN_EXTEND)) p.score.long_open = -1;
    if (o->given & ANL_GIVEN_LEAST) p.min_score = o->min_score > 0 ? o->min_score : 1; /* nothing aligned has none */
    p.clip5 = o->align.clip5;
    p.clip3 = o->align.clip3;
    p.eqx = o->align.eqx;
    o->long_reads = p;
    if (o->preset == ANL_PRESET_DIVERGED)
        resolve_diverged(o);
    else
        resolve_short(o);
}
