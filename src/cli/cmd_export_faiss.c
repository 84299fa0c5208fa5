#include "cli.h"
#include "command.h"
#include "files.h"
#include "hints.h"
#include "index.h"

static int run(void *settings, const cli_call *call)
{
    anl_index *x;
    (void)settings;
    cli_files f = {0};
    int status = cli_check_index(call), rc = status ? ANL_OK : cli_reads(&f, call->operands[0], "");
    if (!status && !rc) rc = cli_writes(&f, call->operands[1], "");
    if (!status) status = cli_files_check(&f, rc);
    if (status) return status;
    rc = anl_index_open(&x, call->operands[0]);
    if (!rc) {
        rc = anl_index_check(x);
        if (!rc) rc = anl_index_faiss_export(x, call->operands[1]);
        anl_index_free(x);
    }
    return rc ? cli_fail() : 0;
}

const cli_command cmd_export_faiss = {
    .name = "export-faiss",
    .what = "write an index's vectors as a FAISS index file",
    .usage = "INDEX.anl OUT.faiss",
    .about =
        "Writes the vectors as a plain FAISS index (IVF, 8-bit direct codes) that faiss.read_index opens. Ids are window numbers; a vector "
        "element v is stored as v + 128.",
    .needs = "INDEX.anl OUT.faiss",
    .least = 2,
    .most = 2,
    .run = run,
};
