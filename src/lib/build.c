#include "anneal.h"

#include "index_build.h"
#include "model.h"
#include "path.h"

#include <limits.h>
#include <omp.h>

/* Nothing that is read may be written over: neither the FASTA nor the model, wherever that is found. */
static int check_paths(const anl_index_options *o)
{
    char found[PATH_MAX];
    const char *const inputs[] = {o->reference, o->model ? o->model : anl_model_find(found, sizeof found) ? NULL : found, o->alt};
    return anl_paths_check(&o->output, 1, inputs, 3);
}

int anl_build(const char *fasta, const char *index, const anl_setting *settings, size_t n)
{
    anl_index_options o = anl_index_options_default();
    anl_index_report report;
    int rc = ANL_OK;
    o.reference = fasta;
    o.output = index;
    for (size_t i = 0; i < n && !rc; ++i) rc = anl_options_set(&anl_index_option_table, settings[i].name, settings[i].value, &o);
    if (!rc) rc = check_paths(&o);
    if (!rc) rc = anl_threads_start(o.threads);
    if (rc) return rc;
    const int before = omp_get_max_threads(); /* of this thread's regions: FAISS goes by it */
    omp_set_num_threads(o.threads);
    rc = anl_index_build(&o, NULL, &report);
    omp_set_num_threads(before);
    return rc;
}
