/* The inter-sequence recurrence, written once. The including file defines, for one element width:
 *   NAME         the function's name
 *   ELEM, MAXIMUM, LANES
 *   VEC, MASK    a vector of LANES elements, and what a comparison gives
 *   LOAD(p) STORE(p, v) SPLAT(x) ZERO
 *   XOR(a, b) ADDS(a, b) SUBS(a, b) MAX(a, b)   unsigned, saturating
 *   LOOKUP(t, x) one of 16 scores for every element of x; TABLE(bytes[16]) makes t
 *   GREATER(a, b) SELECT(mask, a, b)            a where mask, else b
 *   INDEXES      a type holding one uint16_t a lane; INDEX_SELECT(mask, j, old)
 * and undefines them afterwards. */

static uint64_t NAME(const anl_sw_params *p, const anl_sw_group *g, anl_sw_result *out)
{
    const ELEM *query = g->query, *target = g->target;
    ELEM *h_row = g->rows, *e_row = h_row + (size_t)g->qlen * LANES;
    const int32_t bias = p->mismatch > 1 ? p->mismatch : 1;
    /* Index is query XOR target: 0 for a match, 1-3 for a mismatch, larger when one is N. */
    uint8_t scores[16];
    for (int i = 0; i < 16; ++i) scores[i] = (uint8_t)(i == 0 ? bias + p->match : i < 4 ? bias - p->mismatch : bias - 1);
#define CLAMP(x) SPLAT((ELEM)((x) < (int32_t)MAXIMUM ? (x) : (int32_t)MAXIMUM))
    const VEC table = TABLE(scores), vbias = SPLAT((ELEM)bias), zero = ZERO;
    const VEC del_first = CLAMP(p->del_open + p->del_extend), del_next = CLAMP(p->del_extend);
    const VEC ins_first = CLAMP(p->ins_open + p->ins_extend), ins_next = CLAMP(p->ins_extend), one = SPLAT(1);
#undef CLAMP
    for (int32_t i = 0; i < 2 * g->qlen; ++i) STORE(h_row + (size_t)i * LANES, zero);
    VEC best = zero, best_row = zero;
    INDEXES best_column = {0};
    anl_sw_rows rows = {0};
    for (int32_t j = 0; j < g->tlen; ++j) {
        const VEC base = LOAD(target + (size_t)j * LANES);
        const int32_t before = rows.from;
        rows = anl_sw_rows_at(g->band, g->qlen, j);
        if (rows.from == rows.to) break;
        VEC diagonal = rows.from > before ? LOAD(h_row + (size_t)(rows.from - 1) * LANES) : zero;
        VEC f = zero, top = best, top_row = best_row, row = SPLAT((ELEM)rows.from);
        for (int32_t i = rows.from; i < rows.to; ++i) {
            ELEM *at_h = h_row + (size_t)i * LANES, *at_e = e_row + (size_t)i * LANES;
            VEC h = SUBS(ADDS(diagonal, LOOKUP(table, XOR(LOAD(query + (size_t)i * LANES), base))), vbias);
            VEC e = LOAD(at_e);
            diagonal = LOAD(at_h);
            h = MAX(MAX(h, e), f);
            STORE(at_h, h);
            MASK better = GREATER(h, top);
            top = MAX(top, h);
            top_row = SELECT(better, row, top_row);
            row = ADDS(row, one);
            STORE(at_e, MAX(SUBS(h, del_first), SUBS(e, del_next)));
            f = MAX(SUBS(h, ins_first), SUBS(f, ins_next));
        }
        MASK better = GREATER(top, best);
        best_column = INDEX_SELECT(better, (uint16_t)j, best_column);
        best_row = top_row;
        best = top;
    }
    ELEM best_of[LANES], row_of[LANES];
    uint16_t column_of[LANES];
    memcpy(best_of, &best, sizeof best_of);
    memcpy(row_of, &best_row, sizeof row_of);
    memcpy(column_of, &best_column, sizeof column_of);
    uint64_t overflow = 0;
    for (int lane = 0; lane < LANES; ++lane) {
        int32_t score = best_of[lane];
        out[lane] = (anl_sw_result){score, score ? row_of[lane] + 1 : 0, score ? column_of[lane] + 1 : 0};
        if (score >= (int32_t)MAXIMUM - bias) overflow |= (uint64_t)1 << lane;
    }
    return overflow;
}
